import { dns1123Label, dns1123Subdomain, invalid, labelValueProblems, qualifiedName, required } from '#meta';
import type { Problem } from '#model';
import type {
  Affinity,
  NodeAffinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '#pod';
import { each, items, type Problems, supportedOnly } from '../../validation/checks.js';
import { labelKeys, operands, selectedKeys, validateLabelSelector } from '../../validation/labels.js';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

export function validateAffinity(field: string, affinity: Affinity | undefined): Problems {
  if (!affinity) return [];
  return [
    ...nodeAffinityProblems(`${field}.nodeAffinity`, affinity.nodeAffinity),
    ...podAffinityProblems(`${field}.podAffinity`, affinity.podAffinity),
    ...podAffinityProblems(`${field}.podAntiAffinity`, affinity.podAntiAffinity),
  ];
}

function nodeAffinityProblems(field: string, affinity: NodeAffinity | undefined): Problems {
  if (!affinity) return [];
  const found: Problem[] = [];
  const required_ = affinity[REQUIRED];
  if (required_) {
    const at = `${field}.${REQUIRED}.nodeSelectorTerms`;
    const terms = items(required_.nodeSelectorTerms);
    if (terms.length === 0) found.push(required(at, 'must have at least one node selector term'));
    found.push(...terms.flatMap((term, i) => nodeTerm(`${at}[${i}]`, term)));
  }
  items(affinity[PREFERRED]).forEach((term, i) => {
    const at = `${field}.${PREFERRED}[${i}]`;
    found.push(...weight(`${at}.weight`, term.weight), ...nodeTerm(`${at}.preference`, term.preference));
  });
  return found;
}

function weight(field: string, value: number): Problems {
  return value >= 1 && value <= 100 ? [] : [invalid(field, value, 'must be in the range 1-100')];
}

function nodeTerm(field: string, term: NodeSelectorTerm): Problems {
  return [
    ...items(term.matchExpressions).flatMap((e, i) => nodeExpression(`${field}.matchExpressions[${i}]`, e)),
    ...items(term.matchFields).flatMap((e, i) => nodeField(`${field}.matchFields[${i}]`, e)),
  ];
}

function nodeExpression(field: string, { key, operator, values }: NodeSelectorRequirement): Problems {
  const count = items(values).length;
  const found: Problem[] = [];
  if (operator === 'Gt' || operator === 'Lt') {
    if (count !== 1)
      found.push(required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else found.push(...operands(field, operator, count));
  found.push(...each(`${field}.key`, key, qualifiedName(key)));
  return [
    ...found,
    ...items(values).flatMap((value, i) => each(`${field}.values[${i}]`, value, labelValueProblems(value))),
  ];
}

/** Fields of a node by which pods may choose it: its name alone. */
function nodeField(field: string, { key, operator, values }: NodeSelectorRequirement): Problems {
  const found: Problem[] = [];
  if (operator !== 'In' && operator !== 'NotIn')
    found.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'));
  else if (items(values).length !== 1) {
    found.push(
      required(`${field}.values`, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"),
    );
  }
  if (key !== 'metadata.name') return [...found, invalid(`${field}.key`, key, 'not a valid field selector key')];
  return [
    ...found,
    ...items(values).flatMap((value, i) => each(`${field}.values[${i}]`, value, dns1123Subdomain(value))),
  ];
}

function podAffinityProblems(field: string, affinity: PodAffinity | undefined): Problems {
  if (!affinity) return [];
  return [
    ...items(affinity[REQUIRED]).flatMap((term, i) => podTerm(`${field}.${REQUIRED}[${i}]`, term)),
    ...items(affinity[PREFERRED]).flatMap((term, i) => {
      const at = `${field}.${PREFERRED}[${i}]`;
      return [...weight(`${at}.weight`, term.weight), ...podTerm(`${at}.podAffinityTerm`, term.podAffinityTerm)];
    }),
  ];
}

function podTerm(field: string, term: PodAffinityTerm): Problems {
  const found: Problem[] = [
    ...validateLabelSelector(`${field}.labelSelector`, term.labelSelector),
    ...validateLabelSelector(`${field}.namespaceSelector`, term.namespaceSelector),
    ...items(term.namespaces).flatMap((name) => each(`${field}.namespace`, name, dns1123Label(name))),
    ...labelKeys(`${field}.matchLabelKeys`, term.matchLabelKeys, term.labelSelector),
    ...labelKeys(`${field}.mismatchLabelKeys`, term.mismatchLabelKeys, term.labelSelector),
    ...selectedKeys(field, term.matchLabelKeys, term.labelSelector),
  ];
  items(term.matchLabelKeys).forEach((key, i) => {
    if (!items(term.mismatchLabelKeys).includes(key)) return;
    found.push(invalid(`${field}.matchLabelKeys[${i}]`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'));
  });
  if (term.topologyKey === '') found.push(required(`${field}.topologyKey`, 'can not be empty'));
  return [...found, ...each(`${field}.topologyKey`, term.topologyKey, qualifiedName(term.topologyKey))];
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
export function validateTolerations(field: string, tolerations: readonly Toleration[] | undefined): Problems {
  return items(tolerations).flatMap((toleration, i) => {
    const at = `${field}[${i}]`;
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    const found: Problem[] = key === '' ? [] : [...each(`${at}.key`, key, qualifiedName(key))];
    if (key === '' && operator !== 'Exists') {
      found.push(
        invalid(
          `${at}.operator`,
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    }
    if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
      found.push(invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    }
    if (operator === 'Equal' || operator === '')
      found.push(...each(`${at}.operator`, value, labelValueProblems(value)));
    else if (operator === 'Exists') {
      if (value !== '') found.push(invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"));
    } else {
      // Comparisons are known by name though the feature is off.
      const known = operator === 'Lt' || operator === 'Gt' ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists'];
      found.push({ type: 'NotSupported', field: `${at}.operator`, value: operator, detail: '', supported: known });
    }
    if (effect !== '') found.push(...supportedOnly(`${at}.effect`, effect, EFFECTS));
    return found;
  });
}

export function validateSpread(field: string, constraints: readonly TopologySpreadConstraint[] | undefined): Problems {
  const pairs = items(constraints).map((c) => `{${c.topologyKey}, ${c.whenUnsatisfiable}}`);
  return items(constraints).flatMap((constraint, i) => {
    const at = `${field}[${i}]`;
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint;
    const found: Problem[] = [];
    if (maxSkew <= 0) found.push(invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero'));
    if (topologyKey === '') found.push(required(`${at}.topologyKey`, 'can not be empty'));
    found.push(...supportedOnly(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']));
    const pair = pairs[i] ?? '';
    if (pairs.includes(pair, i + 1)) {
      found.push({ type: 'Duplicate', field: `${at}.{topologyKey, whenUnsatisfiable}`, value: pair, detail: '' });
    }
    if (minDomains !== undefined) found.push(...minDomainsProblems(`${at}.minDomains`, minDomains, whenUnsatisfiable));
    found.push(...supportedOnly(`${at}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy, ['Honor', 'Ignore']));
    found.push(...supportedOnly(`${at}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, ['Honor', 'Ignore']));
    found.push(...labelKeys(`${at}.matchLabelKeys`, constraint.matchLabelKeys, constraint.labelSelector));
    found.push(...selectedKeys(at, constraint.matchLabelKeys, constraint.labelSelector));
    return [...found, ...validateLabelSelector(`${at}.labelSelector`, constraint.labelSelector)];
  });
}
function minDomainsProblems(field: string, value: number, whenUnsatisfiable: string): Problems {
  const found: Problem[] = value <= 0 ? [invalid(field, value, 'must be greater than zero')] : [];
  if (whenUnsatisfiable === 'DoNotSchedule') return found;
  return [
    ...found,
    invalid(field, value, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`),
  ];
}

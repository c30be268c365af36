import { invalid, labelValueProblems, parseCidr, qualifiedName, quantityOf } from '#meta';
import type { Problem } from '#model';
import { familyProblems } from '../../pod-template/validation/families.js';
import { amountProblems } from '../../pod-template/validation/resources.js';
import type { Node } from './schema.js';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateNode(object: Node): readonly Problem[] {
  return [...taintProblems(object), ...resourceProblems(object), ...cidrProblems(object)];
}

/** A change of the node itself is checked as a creation too; a change of its status only as a change. */
export function validateNodeUpdate(object: Node, old: Node): readonly Problem[] {
  return [...validateNode(object), ...validateNodeChange(object, old)];
}

export function validateNodeChange(object: Node, old: Node): readonly Problem[] {
  const problems: Problem[] = [...resourceProblems(object), ...addressProblems(object)];
  const { podCIDRs = [], providerID = '', externalID = '' } = object.spec;
  const before = old.spec.podCIDRs ?? [];
  const moved =
    before.length !== podCIDRs.length ? before.slice(0, 1) : before.filter((cidr, i) => cidr !== podCIDRs[i]);
  for (const _cidr of moved) problems.push(fixed('spec.podCIDRs', 'podCIDR'));
  if (old.spec.providerID && providerID !== old.spec.providerID) problems.push(fixed('spec.providerID', 'providerID'));
  problems.push(...taintProblems(object));
  if (externalID !== (old.spec.externalID ?? '')) {
    problems.push({ type: 'Forbidden', field: 'spec.externalID', detail: 'may not be updated' });
  }
  return problems;
}
function fixed(field: string, what: string): Problem {
  return { type: 'Forbidden', field, detail: `node updates may not change ${what} except from "" to valid` };
}

function taintProblems(object: Node): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [i, taint] of (object.spec.taints ?? []).entries()) {
    const field = `metadata.taints[${i}]`;
    const { key = '', value = '', effect = '' } = taint;
    for (const detail of qualifiedName(key))
      problems.push({ type: 'Invalid', field: `${field}.key`, value: key, detail });
    const wrong = labelValueProblems(value);
    if (wrong.length > 0) problems.push({ type: 'Invalid', field: `${field}.value`, value, detail: wrong.join(';') });
    if (effect === '') problems.push({ type: 'Required', field: `${field}.effect`, detail: '' });
    else if (!EFFECTS.includes(effect)) {
      problems.push({ type: 'NotSupported', field: `${field}.effect`, value: effect, detail: '', supported: EFFECTS });
    }
    const pair = `${key} ${effect}`;
    if (seen.has(pair)) {
      const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null };
      const detail = 'taints must be unique by key and effect pair';
      problems.push({ type: 'Duplicate', field, value: shown, detail });
    }
    seen.add(pair);
  }
  return problems;
}

function resourceProblems(object: Node): readonly Problem[] {
  return (['capacity', 'allocatable'] as const).flatMap((part) =>
    Object.entries(object.status?.[part] ?? {}).flatMap(([name, amount]) =>
      amountProblems(`status.${part}.${name}`, name, quantityOf(amount)),
    ),
  );
}

function cidrProblems(object: Node): readonly Problem[] {
  const field = 'spec.podCIDRs';
  const cidrs = object.spec.podCIDRs ?? [];
  return [
    ...cidrs.flatMap((value, i) => (parseCidr(value) ? [] : [invalid(`${field}[${i}]`, value, CIDR_WORDS)])),
    ...familyProblems(field, cidrs, 'CIDR', cidrs),
  ];
}
const CIDR_WORDS = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

function addressProblems(object: Node): readonly Problem[] {
  const seen = new Set<string>();
  return (object.status?.addresses ?? []).flatMap(({ type, address }, i): readonly Problem[] => {
    const pair = `${type} ${address}`;
    const isRepeated = seen.has(pair);
    seen.add(pair);
    if (!isRepeated) return [];
    return [
      { type: 'Duplicate', field: `status.addresses[${i}]`, value: { Type: type, Address: address }, detail: '' },
    ];
  });
}

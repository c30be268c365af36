import { invalid, required } from '#meta';
import { items, type Problems } from '../validation/checks.js';
import { validateLabelSelector } from '../validation/labels.js';
import type { AggregationRule, Rules, StoredPolicyRule } from './rules.schema.js';

export function validateRules({ rules, aggregationRule }: Rules, isNamespaced: boolean): Problems {
  return [
    ...items(rules).flatMap((rule, i) => validateRule(`rules[${i}]`, rule, isNamespaced)),
    ...(aggregationRule ? validateAggregation(aggregationRule) : []),
  ];
}

function validateRule(field: string, rule: StoredPolicyRule, isNamespaced: boolean): Problems {
  const { apiGroups, resources, resourceNames, nonResourceURLs } = rule;
  const verbs =
    items(rule.verbs).length === 0 ? [required(`${field}.verbs`, 'verbs must contain at least one value')] : [];
  if (items(nonResourceURLs).length > 0) {
    const wrong = (detail: string) => invalid(`${field}.nonResourceURLs`, nonResourceURLs, detail);
    const isMixed = [apiGroups, resources, resourceNames].some((list) => items(list).length > 0);
    return [
      ...verbs,
      ...(isNamespaced ? [wrong('namespaced rules cannot apply to non-resource URLs')] : []),
      ...(isMixed ? [wrong('rules cannot apply to both regular resources and non-resource URLs')] : []),
    ];
  }
  const missing = (name: string, what: string) =>
    required(`${field}.${name}`, `resource rules must supply at least one ${what}`);
  return [
    ...verbs,
    ...(items(apiGroups).length === 0 ? [missing('apiGroups', 'api group')] : []),
    ...(items(resources).length === 0 ? [missing('resources', 'resource')] : []),
  ];
}

function validateAggregation({ clusterRoleSelectors }: AggregationRule): Problems {
  const field = 'aggregationRule.clusterRoleSelectors';
  if (items(clusterRoleSelectors).length === 0)
    return [required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  return items(clusterRoleSelectors).flatMap((selector, i) => {
    const at = `${field}[${i}]`;
    const problems = validateLabelSelector(at, selector);
    return problems.length === 0 ? [] : [...problems, invalid(at, null, 'invalid label selector.')];
  });
}

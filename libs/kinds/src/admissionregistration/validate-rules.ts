import { duplicate, invalid, notSupported, pathSegment, required } from '#meta';
import { each, items, supportedOnly, type Problems } from '../validation/checks.js';
import { validateLabelSelector } from '../validation/labels.js';
import type { MatchResourcesField, NamedRule } from './match.schema.js';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];

/** A RuleWithOperations, as webhooks and policies have it. */
export type RuleWithOperations = Omit<NamedRule, 'resourceNames'>;

export function validateMatchResources(field: string, match: MatchResourcesField | undefined): Problems {
  if (match === undefined) return [];
  return [
    ...supportedOnly(`${field}.matchPolicy`, match.matchPolicy, ['Equivalent', 'Exact']),
    ...validateLabelSelector(`${field}.namespaceSelector`, match.namespaceSelector),
    ...validateLabelSelector(`${field}.objectSelector`, match.objectSelector),
    ...items(match.resourceRules).flatMap((rule, i) => namedRule(`${field}.resourceRules[${i}]`, rule)),
    ...items(match.excludeResourceRules).flatMap((rule, i) => namedRule(`${field}.excludeResourceRules[${i}]`, rule)),
  ];
}

function namedRule(field: string, rule: NamedRule): Problems {
  const names = items(rule.resourceNames);
  const first = new Map<string, number>();
  for (const [i, name] of names.entries()) if (!first.has(name)) first.set(name, i);
  return [
    ...validateRule(field, rule),
    ...names.flatMap((name, i) => {
      const place = `${field}.resourceNames[${i}]`;
      const twice = first.get(name) === i ? [] : [duplicate(place, name)];
      return [...each(place, name, name === '' ? [] : pathSegment(name)), ...twice];
    }),
  ];
}

export function validateRule(field: string, rule: RuleWithOperations): Problems {
  const operations = items(rule.operations);
  const versions = items(rule.apiVersions);
  return [
    ...filled(`${field}.operations`, operations, 'operations'),
    ...operations.flatMap((operation, i) =>
      OPERATIONS.includes(operation) ? [] : [notSupported(`${field}.operations[${i}]`, operation, OPERATIONS)],
    ),
    ...filled(`${field}.apiGroups`, items(rule.apiGroups), 'API groups'),
    ...filled(`${field}.apiVersions`, versions, 'API versions'),
    ...versions.flatMap((version, i) => (version === '' ? [required(`${field}.apiVersions[${i}]`)] : [])),
    ...resourceProblems(`${field}.resources`, items(rule.resources)),
    ...supportedOnly(`${field}.scope`, rule.scope, SCOPES),
  ];
}

/** Something must be named, and beside everything nothing else. */
function filled(field: string, values: readonly string[], what: string): Problems {
  if (values.length === 0) return [required(field)];
  if (values.length === 1 || !values.includes('*')) return [];
  return [invalid(field, values, `if '*' is present, must not specify other ${what}`)];
}

function resourceProblems(field: string, resources: readonly string[]): Problems {
  if (resources.length === 0) return [required(field)];
  const problems: Problems[number][] = [];
  const allOf = new Set<string>();
  const partOfAll = new Set<string>();
  for (const [i, resource] of resources.entries()) {
    const place = `${field}[${i}]`;
    const slash = resource.indexOf('/');
    if (resource === '') problems.push(required(place));
    if (slash < 0) continue;
    const [main, part] = [resource.slice(0, slash), resource.slice(slash + 1)];
    if (allOf.has(main))
      problems.push(invalid(place, resource, `if '${main}/*' is present, must not specify ${resource}`));
    if (partOfAll.has(part))
      problems.push(invalid(place, resource, `if '*/${part}' is present, must not specify ${resource}`));
    if (part === '*') allOf.add(main);
    if (main === '*') partOfAll.add(part);
  }
  if (resources.length > 1 && resources.includes('*/*'))
    problems.push(invalid(field, resources, "if '*/*' is present, must not specify other resources"));
  const others = resources.some((resource) => resource !== '' && resource !== '*' && !resource.includes('/'));
  if (resources.includes('*') && others)
    problems.push(
      invalid(field, resources, "if '*' is present, must not specify other resources without subresources"),
    );
  return problems;
}

import type { RequestAttributes, VersionedResource } from './attributes.js';

/** `RuleWithOperations` of webhooks; `NamedRuleWithOperations` of policies with `resourceNames`. */
export interface ResourceRule {
  readonly operations?: readonly string[] | null;
  readonly apiGroups?: readonly string[] | null;
  readonly apiVersions?: readonly string[] | null;
  readonly resources?: readonly string[] | null;
  readonly scope?: string | null;
  readonly resourceNames?: readonly string[] | null;
}
export type MatchPolicy = 'Exact' | 'Equivalent';

/**
 * The version of the resource in which one of the rules matches the request: the requested one if any rule has it, else,
 * under `Equivalent`, the first equivalent version that a rule has, in the order of the rules. Undefined when none matches.
 */
export function matchingVersion(
  rules: readonly ResourceRule[],
  policy: string | undefined,
  request: RequestAttributes,
): VersionedResource | undefined {
  const { requested, equivalents } = request;
  if (rules.some((rule) => ruleMatches(rule, request, requested))) return requested;
  if (policy !== 'Equivalent') return undefined;
  for (const rule of rules) {
    const found = equivalents.find(
      (one) => !(one.group === requested.group && one.version === requested.version) && ruleMatches(rule, request, one),
    );
    if (found) return found;
  }
  return undefined;
}

function ruleMatches(rule: ResourceRule, request: RequestAttributes, resource: VersionedResource): boolean {
  return (
    scopeMatches(rule.scope, request, resource) &&
    has(rule.operations, request.operation) &&
    has(rule.apiGroups, resource.group) &&
    has(rule.apiVersions, resource.version) &&
    (rule.resources ?? []).some((pattern) => resourceMatches(pattern, resource.resource, request.subresource)) &&
    nameMatches(rule.resourceNames, request.name)
  );
}

function has(items: readonly string[] | null | undefined, value: string): boolean {
  return items?.some((item) => item === '*' || item === value) ?? false;
}

/** A Namespace is cluster-scoped although its requests carry a namespace. */
function scopeMatches(scope: string | null | undefined, request: RequestAttributes, on: VersionedResource): boolean {
  if (scope !== 'Namespaced' && scope !== 'Cluster') return true;
  const isNamespaced = request.namespace !== '' && !(on.group === '' && on.resource === 'namespaces');
  return isNamespaced === (scope === 'Namespaced');
}

// `pods` is the main resource alone, `pods/*` it and all its subresources, `*/scale` the scale of each resource.
function resourceMatches(pattern: string, resource: string, subresource: string): boolean {
  const slash = pattern.indexOf('/');
  const [main, part] = slash < 0 ? [pattern, ''] : [pattern.slice(0, slash), pattern.slice(slash + 1)];
  return (main === '*' || main === resource) && (part === '*' || part === subresource);
}

function nameMatches(names: readonly string[] | null | undefined, name: string): boolean {
  return !names || names.length === 0 || names.includes(name);
}

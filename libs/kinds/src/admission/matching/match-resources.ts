import type { LabelSelector } from '#meta';
import type { RequestAttributes, VersionedResource } from './attributes.js';
import { matchingVersion, type ResourceRule } from './rules.js';
import { namespaceSelected, objectSelected } from './selectors.js';

/** `MatchResources` of policies and bindings. */
export interface MatchResources {
  readonly namespaceSelector?: LabelSelector | null;
  readonly objectSelector?: LabelSelector | null;
  readonly resourceRules?: readonly ResourceRule[] | null;
  readonly excludeResourceRules?: readonly ResourceRule[] | null;
  readonly matchPolicy?: string | null;
}

/**
 * The version in which the request matches, or why it does not. Excluding rules come first; without rules every resource
 * matches. `missing` when all but the namespace selector matches and the namespace does not exist.
 */
export function matchResources(
  match: MatchResources,
  request: RequestAttributes,
): VersionedResource | 'missing' | undefined {
  const isIn = namespaceSelected(match.namespaceSelector, request);
  if (isIn === false || !objectSelected(match.objectSelector, request)) return undefined;
  const policy = match.matchPolicy ?? undefined;
  if (matchingVersion(match.excludeResourceRules ?? [], policy, request)) return undefined;
  const rules = match.resourceRules ?? [];
  const found = rules.length === 0 ? request.requested : matchingVersion(rules, policy, request);
  return found && isIn === 'missing' ? isIn : found;
}

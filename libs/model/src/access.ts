import type { Instant } from '#std';
import type { UserInfo } from './command.js';
import type { KubeObject } from './kube-object.js';
import type { Refusal, StatusDetails } from './refusal.js';

/** What somebody wants to do: a verb on a resource, or on a path that is none. */
export interface AccessAttributes {
  readonly verb: string;
  readonly isResource: boolean;
  /** Of a request for no resource. */
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Requirements of the field selector by which a field equals a value. */
  readonly fields?: readonly FieldRequirement[];
}
export interface FieldRequirement {
  readonly field: string;
  readonly value: string;
}

/** What an authorizer says of it. */
export interface AccessVerdict {
  readonly allowed: boolean;
  /** By what right, or what was missing; '' where there is nothing to say. */
  readonly reason: string;
  /** Allowed by a right that does not look at the name: the same verb is allowed for every name. */
  readonly ofAnyName?: true;
}

/** One rule of a role: verbs on resources, or on paths that are none. `*` stands for all. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  /** `pods`, `pods/log`, `*` and `*` + `/scale`. */
  readonly resources?: readonly string[];
  /** None: whatever the name. */
  readonly resourceNames?: readonly string[];
  /** `/healthz`, and `/api/*` for all that begins with `/api/`. */
  readonly nonResourceURLs?: readonly string[];
}

/** The rules that hold for a user, as far as they can be told. */
export interface UserRules {
  readonly rules: readonly PolicyRule[];
  /** Whether there may be more than could be listed. */
  readonly incomplete: boolean;
  readonly evaluationError?: string;
}

/** Whose a token is and which of the asked audiences it is for, or why it is nobody's. */
export type Identity = { readonly user: UserInfo; readonly audiences: readonly string[] } | { readonly error: string };

/** An object as a claim of a token names it. */
export interface ObjectClaim {
  readonly name: string;
  readonly uid: string;
}
/** What a service account's token is to be good for. */
export interface TokenWish {
  readonly namespace: string;
  readonly account: ObjectClaim;
  /** None: the server itself. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly bound?: BoundClaims;
}
/** The object that a token dies with, and the claim that names it. */
export interface BoundClaims {
  readonly claim: 'pod' | 'secret' | 'node';
  readonly object: ObjectClaim;
  /** The node of a pod; without a uid while there is no such Node. */
  readonly node?: { readonly name: string; readonly uid?: string };
}
export interface IssuedToken {
  readonly token: string;
  readonly audiences: readonly string[];
  readonly expires: Instant;
}

export function objectClaim({ metadata: { name, uid } }: KubeObject): ObjectClaim {
  return { name, uid };
}

/** Whether a rule allows what is asked. */
export function covers(rule: PolicyRule, asked: AccessAttributes): boolean {
  if (!includes(rule.verbs, asked.verb)) return false;
  if (!asked.isResource) return (rule.nonResourceURLs ?? []).some((url) => coversPath(url, asked.path));
  const names = rule.resourceNames ?? [];
  return (
    includes(rule.apiGroups ?? [], asked.group) &&
    (rule.resources ?? []).some((resource) => coversResource(resource, asked)) &&
    (names.length === 0 || names.includes(asked.name))
  );
}

const includes = (listed: readonly string[], one: string): boolean => listed.includes('*') || listed.includes(one);

function coversPath(url: string, path: string): boolean {
  return url.endsWith('*') ? path.startsWith(url.replace(/\*+$/, '')) : url === path;
}
function coversResource(listed: string, { resource, subresource }: AccessAttributes): boolean {
  if (listed === '*') return true;
  if (subresource === '') return listed === resource;
  return listed === `${resource}/${subresource}` || listed === `*/${subresource}`;
}

/** Kubernetes' sentence about who may not do what. */
export function accessForbidden(user: UserInfo, asked: AccessAttributes, because = ''): Refusal {
  const why = because === '' ? '' : `: ${because}`;
  const who = `User ${JSON.stringify(user.name)} cannot`;
  if (!asked.isResource) {
    return refusal(`forbidden: ${who} ${asked.verb} path ${JSON.stringify(asked.path)}${why}`, {});
  }
  const { group, resource, subresource, namespace, name } = asked;
  const qualified = group ? `${resource}.${group}` : resource;
  const subject = name ? `${qualified} ${JSON.stringify(name)}` : qualified;
  const what = JSON.stringify(subresource ? `${resource}/${subresource}` : resource);
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  return refusal(
    `${subject} is forbidden: ${who} ${asked.verb} resource ${what} in API group ${JSON.stringify(group)} ${where}${why}`,
    {
      ...(name && { name }),
      ...(group && { group }),
      kind: resource,
    },
  );
}
function refusal(message: string, details: StatusDetails): Refusal {
  return { refused: true, code: 403, reason: 'Forbidden', message, details };
}

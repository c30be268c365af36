import {
  refusals,
  type AccessAttributes,
  type KubeObject,
  type PolicyRule,
  type Refusal,
  type StrategyContext,
} from '#model';
import { jsonEquals, type Json } from '#std';
import { RBAC_GROUP, type Rules } from '../rbac/rules.schema.js';
import { items } from '../validation/checks.js';
import { authorize, MASTERS } from './authorizer.js';
import type { AnyBinding } from '../rbac/indexes.js';
import { rulesFor, rulesOf } from './rbac.js';
import { COMBINATIONS_MAX, missingGrants, type Grant } from './rule-coverage.js';

/** What takes all rights there are. */
const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** Nobody writes a role that is greater than their own rights, unless they may `escalate` it. */
export function permitsRole(
  role: KubeObject & Rules,
  old: (KubeObject & Rules) | undefined,
  context: StrategyContext,
): Refusal | undefined {
  const { command, kind } = context;
  if (isAlwaysFine(role, old, context)) return undefined;
  // A new object's name stands in its body, which authorization does not read.
  const name = command.verb === 'create' ? '' : command.name;
  if (may(context, { verb: 'escalate', resource: kind.names.plural, name })) return undefined;
  if ((role.aggregationRule ?? old?.aggregationRule) !== undefined && unheld(context, EVERYTHING) !== undefined)
    return forbidden(context, role, 'must have cluster-admin privileges to use the aggregationRule');
  const why = unheld(context, items(role.rules));
  return why === undefined ? undefined : forbidden(context, role, why);
}

/** Nobody grants a role that is greater than their own rights, unless they may `bind` it. */
export function permitsBinding<B extends AnyBinding>(
  binding: B,
  old: B | undefined,
  context: StrategyContext,
): Refusal | undefined {
  const { kind, view } = context;
  if (isAlwaysFine(binding, old, context)) return undefined;
  const { roleRef } = binding;
  if (roleRef.kind !== 'Role' && roleRef.kind !== 'ClusterRole') return undefined;
  const resource = roleRef.kind === 'Role' ? 'roles' : 'clusterroles';
  if (may(context, { verb: 'bind', resource, name: roleRef.name })) return undefined;
  const { namespace } = binding.metadata;
  if (namespace === undefined && roleRef.kind === 'Role') return refusals.badRequest('Namespace parameter required.');
  const rules = rulesOf(view, roleRef, namespace);
  if (rules === undefined)
    return refusals.notFound({ group: RBAC_GROUP, resource: kind.names.plural, kind: '', name: roleRef.name });
  const why = unheld(context, rules);
  return why === undefined ? undefined : forbidden(context, binding, why);
}

/** Masters write what they like, and the garbage collector must be able to let go of every object. */
function isAlwaysFine(object: KubeObject, old: KubeObject | undefined, { command }: StrategyContext): boolean {
  if (command.actor.groups.includes(MASTERS)) return true;
  return old !== undefined && jsonEquals(withoutCollected(object), withoutCollected(old));
}
function withoutCollected(object: KubeObject): Json {
  const { ownerReferences, finalizers, managedFields, resourceVersion, ...metadata } = object.metadata;
  return { ...object, metadata } as unknown as Json;
}

function may(context: StrategyContext, asked: Pick<AccessAttributes, 'verb' | 'resource' | 'name'>): boolean {
  const { command, kind, view } = context;
  const attributes = {
    ...asked,
    isResource: true,
    path: '',
    group: RBAC_GROUP,
    version: kind.names.version,
    namespace: command.namespace ?? '',
    subresource: '',
  };
  return authorize(command.actor, attributes, view).allowed;
}

/** Why the actor may not hand out these rules; undefined when all of them are held. */
function unheld({ command, view }: StrategyContext, wanted: readonly PolicyRule[]): string | undefined {
  const { actor, namespace = '' } = command;
  const { rules, errors } = rulesFor(view, actor, namespace);
  const missing = missingGrants(rules, wanted);
  if (missing.length === 0) return undefined;
  const groups = actor.groups.map((group) => JSON.stringify(group)).join(' ');
  const who = `user ${JSON.stringify(actor.name)} (groups=[${groups}])`;
  if (missing === 'too many')
    return `${who} is attempting to grant RBAC permissions in more than ${COMBINATIONS_MAX} combinations, which are not compared; grant them in smaller roles`;
  const list = missing.map(described).sort().join('\n');
  const trouble = errors.length > 0 ? `; resolution errors: [${errors.join(' ')}]` : '';
  return `${who} is attempting to grant RBAC permissions not currently held:\n${list}${trouble}`;
}

function described({ group, resource, name, url, verbs }: Grant): string {
  const list = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
  const parts =
    url === undefined
      ? [
          `APIGroups:${list([group ?? ''])}`,
          `Resources:${list([resource ?? ''])}`,
          ...(name === undefined ? [] : [`ResourceNames:${list([name])}`]),
        ]
      : [`NonResourceURLs:${list([url])}`];
  return `{${[...parts, `Verbs:${list(verbs)}`].join(', ')}}`;
}

function forbidden({ kind }: StrategyContext, { metadata }: KubeObject, why: string): Refusal {
  const { plural } = kind.names;
  return refusals.forbidden({ group: RBAC_GROUP, resource: plural, kind: '', name: metadata.name }, why);
}

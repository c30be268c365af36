import { describe, expect, it } from '@jest/globals';
import type { PolicyRule, UserInfo } from '#model';
import { specification, type TestCommand } from '#model/testing';
import type { Json, JsonObject } from '#std';
import { registry } from '../index.js';

const GROUP = 'rbac.authorization.k8s.io';
const EVE: UserInfo = { name: 'eve', groups: ['g1', 'system:authenticated'] };
const { given } = specification(registry);

const pods = (...verbs: string[]): PolicyRule => ({ apiGroups: [''], resources: ['pods'], verbs });
const powers = (resource: string, name: string, ...verbs: string[]): PolicyRule => ({
  apiGroups: [GROUP],
  resources: [resource],
  verbs,
  resourceNames: [name],
});
const kind = (plural: string): string => `${GROUP}.${plural}`;
const role = (name: string, rules: readonly PolicyRule[], more: Partial<TestCommand> = {}): TestCommand => ({
  ...{ verb: 'create', kind: kind('roles'), namespace: 'n', name: '' },
  body: { metadata: { name }, rules: rules as unknown as Json },
  ...more,
});
const binding = (name: string, to: string, more: Partial<TestCommand> = {}): TestCommand => ({
  ...{ verb: 'create', kind: kind('rolebindings'), namespace: 'n', name: '' },
  body: {
    metadata: { name },
    subjects: [{ kind: 'User', name: 'eve' }],
    roleRef: { kind: 'Role', name: to },
  },
  ...more,
});
const clusterRole = (name: string, body: JsonObject, more: Partial<TestCommand> = {}): TestCommand => ({
  ...{ verb: 'create', kind: kind('clusterroles'), name: '', body: { metadata: { name }, ...body } },
  ...more,
});
/** Eve may get and list pods in the namespace n. */
const home = () =>
  given()
    .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n' } } })
    .and(role('own', [pods('get', 'list')]))
    .and(role('great', [pods('get', 'delete'), { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]))
    .and(binding('b', 'own'));
const by = { actor: EVE };
const lacking = (what: string, ...lines: string[]): string =>
  `${what} is forbidden: user "eve" (groups=["g1" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}`;

describe('a role', () => {
  it('is written by those who hold all that it grants', () => {
    home()
      .when(role('new', [pods('list')], by))
      .thenObject({});
    home()
      .when(role('new', [{ ...pods('get'), resourceNames: ['p'] }], by))
      .thenObject({});
    home()
      .when(role('new', [pods('watch', 'get'), { apiGroups: ['', 'apps'], resources: ['nodes'], verbs: ['x'] }], by))
      .thenRefused(
        403,
        lacking(
          'roles.rbac.authorization.k8s.io "new"',
          '{APIGroups:[""], Resources:["nodes"], Verbs:["x"]}',
          '{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}',
          '{APIGroups:["apps"], Resources:["nodes"], Verbs:["x"]}',
        ),
      );
  });

  it('that is greater is not even labelled by others, and may be deleted', () => {
    const label: Partial<TestCommand> = { verb: 'patch', name: 'great', patchType: 'merge', ...by };
    home()
      .when(role('', [], { ...label, body: { metadata: { labels: { a: 'b' } } } }))
      .thenRefused(403);
    home()
      .when(role('', [], { verb: 'delete', name: 'great', body: {}, ...by }))
      .thenObject({});
    // The garbage collector lets go of it whatever it may do itself.
    const held = home().and(role('held', [pods('delete')], { body: heldBody() }));
    held.when(role('', [], { ...label, name: 'held', body: { metadata: { finalizers: null } } })).thenObject({});
  });

  it('may be greater for those who may escalate it, by its name in the URL', () => {
    const chosen = home()
      .and(role('powers', [powers('roles', 'chosen', 'escalate')]))
      .and(binding('c', 'powers'));
    const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
    chosen.when(role('chosen', everything, by)).thenRefused(403);
    chosen.when(role('chosen', everything, { verb: 'update', name: 'chosen', ...by })).thenObject({});
  });

  it('aggregates for those alone who may do everything', () => {
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] };
    const why =
      'clusterroles.rbac.authorization.k8s.io "agg" is forbidden: must have cluster-admin privileges to use the aggregationRule';
    home()
      .when(clusterRole('agg', { aggregationRule }, by))
      .thenRefused(403, why);
    const there = home().and(clusterRole('agg', { aggregationRule }));
    const patch = { verb: 'patch', name: 'agg', patchType: 'merge', ...by } as const;
    there.when(clusterRole('', {}, { ...patch, body: { aggregationRule: null } })).thenRefused(403, why);
  });

  it('of more combinations than are compared one by one is refused at once', () => {
    // One by one, 125 million combinations would take longer than a test may.
    const many = (letter: string): string[] => Array.from({ length: 500 }, (_, i) => `${letter}${i}`);
    const rule = { apiGroups: many('g'), resources: many('r'), resourceNames: many('n'), verbs: ['get'] };
    const { refusal } = home().when(role('new', [rule], by));
    expect(refusal.message).toContain('in more than 100000 combinations');
  });
});

function heldBody(): JsonObject {
  return {
    metadata: { name: 'held', finalizers: ['example.com/f'] },
    rules: [pods('delete')] as unknown as Json,
  };
}

describe('a binding', () => {
  it('is written by those who hold all that its role grants, or may bind it', () => {
    home()
      .when(binding('x', 'own', by))
      .thenObject({});
    home()
      .when(binding('x', 'great', by))
      .thenRefused(
        403,
        lacking(
          'rolebindings.rbac.authorization.k8s.io "x"',
          '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
          '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
        ),
      );
    const binder = home()
      .and(role('powers', [powers('roles', 'great', 'bind')]))
      .and(binding('c', 'powers'));
    binder.when(binding('x', 'great', by)).thenObject({});
  });

  it('of a role that does not exist is made by masters only', () => {
    home().when(binding('x', 'none')).thenObject({});
    home()
      .when(binding('x', 'none', by))
      .thenRefused(404, 'rolebindings.rbac.authorization.k8s.io "none" not found');
    const body = { metadata: { name: 'x' }, roleRef: { kind: 'Role', name: 'own' } };
    home()
      .when({ verb: 'create', kind: kind('clusterrolebindings'), body, ...by })
      .thenRefused(400, 'Namespace parameter required.');
  });

  it('never changes its role', () => {
    const why =
      'RoleBinding.rbac.authorization.k8s.io "b" is invalid: roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"great"}: cannot change roleRef';
    home()
      .when(binding('', '', { verb: 'patch', name: 'b', patchType: 'merge', body: { roleRef: { name: 'great' } } }))
      .thenRefused(422, why);
  });
});

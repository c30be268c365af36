import { describe, expect, it } from '@jest/globals';
import { bootstrapObjects, clusterRoleBindings, clusterRoles, isBootstrapped, registry, roles } from '#kinds';
import { isRefusal, type Change, type Command, type KubeObject, type Loop } from '#model';
import { submit, testCommand, TEST_NOW, TestView, type TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { bootstrap } from '../namespace/index.js';
import { bootstrapRoles, clusterRoleAggregation } from './index.js';

/** Carries out what a loop decides about all its keys, until nothing is left. */
function run(loop: Loop, view: TestView): readonly Command[] {
  const carried: Command[] = [];
  for (let round = 0; round < 10; round++) {
    const wanted = loop.keysAtStart(view).flatMap((key) => loop.reconcile(view, key, TEST_NOW));
    const commands = wanted.flatMap((one) =>
      one.is === 'submit' ? [one.command, ...(one.then ?? []).map(({ command }) => command)] : [],
    );
    if (commands.length === 0) return carried;
    for (const one of commands) {
      const command = testCommand({
        ...one,
        options: { fieldManager: 'kube-apiserver', ...one.options },
      } as TestCommand);
      const result = submit(registry, view, command, TEST_NOW);
      if (isRefusal(result)) throw new Error(result.message);
      carried.push(command);
    }
  }
  throw new Error(`${loop.name} does not come to rest`);
}
function started(): TestView {
  const view = new TestView(registry);
  run(bootstrap, view);
  run(bootstrapRoles, view);
  return view;
}
const edit = (view: TestView, kind: { id: string }, name: string, body: JsonObject): void => {
  submit(registry, view, testCommand({ verb: 'patch', patchType: 'merge', kind: kind.id, name, body }), TEST_NOW);
};
const ADMIN = 'cluster-admin';

describe('the roles that every cluster has', () => {
  it('are made at the first start, and a second one finds nothing to do', () => {
    const view = started();
    expect(isBootstrapped(view)).toBe(true);
    expect(run(bootstrapRoles, view)).toEqual([]);
    expect(view.get(clusterRoles, undefined, ADMIN)?.metadata).toMatchObject({
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
      managedFields: [{ manager: 'kube-apiserver', operation: 'Update' }],
    });
    expect(bootstrapObjects.length).toBeGreaterThan(140);
  });

  it('wait for their namespace', () => {
    const view = new TestView(registry);
    run(bootstrapRoles, view);
    const name = 'system:controller:bootstrap-signer';
    expect(view.get(roles, 'kube-public', name)).toBeUndefined();
    run(bootstrap, view);
    const after = view.get({ id: 'core.namespaces' }, undefined, 'kube-public') as KubeObject;
    const change: Change = { kind: 'core.namespaces', position: 1, before: undefined, after };
    expect(bootstrapRoles.keysOf(change, view)).toEqual([
      `Role/kube-public/${name}`,
      `RoleBinding/kube-public/${name}`,
    ]);
  });

  it('get back what they lack and keep what was added, unless they are not to be updated', () => {
    const view = started();
    const mine = { apiGroups: ['mine'], resources: ['x'], verbs: ['get'] };
    edit(view, clusterRoles, 'system:discovery', { rules: [mine], metadata: { labels: null } });
    edit(view, clusterRoleBindings, 'system:discovery', { subjects: [{ kind: 'User', name: 'me' }] });
    const off = { metadata: { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } } };
    edit(view, clusterRoles, 'system:basic-user', { ...off, rules: [] });
    expect(run(bootstrapRoles, view)).toHaveLength(2);
    const discovery = view.get(clusterRoles, undefined, 'system:discovery');
    expect(discovery?.rules?.map(({ verbs, resources }) => [verbs, resources])).toEqual([
      [['get'], ['x']],
      [['get'], undefined],
    ]);
    expect(discovery?.metadata.labels).toEqual({ 'kubernetes.io/bootstrapping': 'rbac-defaults' });
    expect(view.get(clusterRoleBindings, undefined, 'system:discovery')?.subjects?.map(({ name }) => name)).toEqual([
      'me',
      'system:authenticated',
    ]);
    expect(view.get(clusterRoles, undefined, 'system:basic-user')?.rules).toBeNull();
  });

  it('are bound anew where somebody bound another role by their name', () => {
    const view = started();
    const about = { kind: clusterRoleBindings.id, name: ADMIN } as const;
    submit(registry, view, testCommand({ verb: 'delete', ...about }), TEST_NOW);
    const body = { metadata: { name: ADMIN }, roleRef: { kind: 'ClusterRole', name: 'view' } };
    submit(registry, view, testCommand({ verb: 'create', kind: clusterRoleBindings.id, body }), TEST_NOW);
    run(bootstrapRoles, view);
    expect(view.get(clusterRoleBindings, undefined, ADMIN)?.roleRef.name).toBe(ADMIN);
  });
});

describe('aggregation', () => {
  it('makes admin, edit and view of their parts, and comes to rest', () => {
    const view = started();
    run(clusterRoleAggregation, view);
    const resources = (name: string): readonly string[] =>
      (view.get(clusterRoles, undefined, name)?.rules ?? []).flatMap((rule) => rule.resources ?? []);
    expect(resources('view')).not.toContain('secrets');
    expect(resources('edit')).toContain('secrets');
    expect(resources('admin')).toContain('rolebindings');
    expect(view.get(clusterRoles, undefined, 'view')?.metadata.managedFields?.map(({ manager }) => manager)).toEqual([
      'clusterrole-aggregation-controller',
      'kube-apiserver',
    ]);
  });

  it('follows its parts: each rule once, by name; edited rules are put back; the last part leaves nothing', () => {
    const view = new TestView(registry);
    const make = (name: string, body: JsonObject, labels: JsonObject = {}): void => {
      const whole = { metadata: { name, labels }, ...body };
      submit(registry, view, testCommand({ verb: 'create', kind: clusterRoles.id, body: whole }), TEST_NOW);
    };
    const rule = (resource: string): JsonObject => ({ apiGroups: [''], resources: [resource], verbs: ['get'] });
    make('sum', { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { agg: 'r' } }] }, rules: [rule('gone')] });
    make('b', { rules: [rule('pods')] }, { agg: 'r' });
    make('a', { rules: [rule('nodes'), rule('pods')] }, { agg: 'r' });
    make('x', { rules: [rule('secrets')] }, { agg: 'other' });
    const sum = (): unknown => {
      run(clusterRoleAggregation, view);
      return view.get(clusterRoles, undefined, 'sum')?.rules?.map(({ resources }) => resources?.[0]) ?? null;
    };
    expect(sum()).toEqual(['nodes', 'pods']);
    edit(view, clusterRoles, 'x', { metadata: { labels: { agg: 'r' } } });
    expect(sum()).toEqual(['nodes', 'pods', 'secrets']);
    edit(view, clusterRoles, 'sum', { rules: [] });
    expect(sum()).toEqual(['nodes', 'pods', 'secrets']);
    for (const name of ['a', 'b', 'x']) edit(view, clusterRoles, name, { metadata: { labels: null } });
    expect(sum()).toBeNull();
  });

  it('looks at the sums that selected a changed role before or select it now', () => {
    const view = started();
    const name = 'system:aggregate-to-view';
    const before = view.get(clusterRoles, undefined, name) as KubeObject;
    const after = { ...before, metadata: { ...before.metadata, labels: {} } };
    const change: Change = { kind: clusterRoles.id, position: 1, before, after };
    expect(clusterRoleAggregation.keysOf(change, view)).toEqual(['view']);
    const other = view.get(clusterRoles, undefined, ADMIN) as KubeObject;
    expect(clusterRoleAggregation.keysOf({ ...change, before: other, after: other }, view)).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { loopUser } from '#engine';
import { accessPolicy, apiServices, clusterRoles, registry } from '#kinds';
import { isRefusal, type Command } from '#model';
import { submit, testCommand, TEST_NOW, TestView, type TestCommand } from '#model/testing';
import { bootstrap } from '../namespace/index.js';
import { bootstrapRoles, clusterRoleAggregation } from '../roles/index.js';
import { metricsRegistration } from './index.js';
import type { Loop } from '#model';

const NAME = 'v1beta1.metrics.k8s.io';

/** Carries out once what a loop wants; the commands. */
function run(loop: Loop, view: TestView): readonly Command[] {
  const wanted = loop.keysAtStart(view).flatMap((key) => loop.reconcile(view, key, TEST_NOW));
  return wanted.flatMap((one) => {
    if (one.is !== 'submit') return [];
    const command = testCommand({ ...one.command, actor: loopUser(loop) } as unknown as TestCommand);
    const result = submit(registry, view, command, TEST_NOW);
    if (isRefusal(result)) throw new Error(result.message);
    return command;
  });
}
function started(): TestView {
  const view = new TestView(registry);
  for (const loop of [bootstrap, bootstrapRoles]) run(loop, view);
  return view;
}

describe('the group of measurements', () => {
  it('is one of the API where the process that answers for it has started, with what readers need', () => {
    const view = started();
    expect(registry.at(view).byResource('metrics.k8s.io', 'v1beta1', 'pods')).toBeUndefined();
    expect(run(metricsRegistration, view)).toHaveLength(2);
    const kinds = registry.at(view);
    expect(['nodes', 'pods'].map((plural) => kinds.byResource('metrics.k8s.io', 'v1beta1', plural)?.verbs)).toEqual([
      ['get', 'list'],
      ['get', 'list'],
    ]);
    expect(view.get(apiServices, undefined, NAME)?.status?.conditions).toMatchObject([{ reason: 'Local' }]);
    for (let round = 0; round < 2; round++) run(clusterRoleAggregation, view);
    const rules = view.get(clusterRoles, undefined, 'view')?.rules ?? [];
    expect(rules.find(({ apiGroups }) => apiGroups?.includes('metrics.k8s.io'))?.resources).toEqual(['pods', 'nodes']);
    expect(run(metricsRegistration, view)).toEqual([]);
  });

  it('is the group of another server once its APIService names one, which a start leaves as it is', () => {
    const view = started();
    run(metricsRegistration, view);
    const spec = { service: { namespace: 'kube-system', name: 'metrics-server' } };
    const body = { spec };
    submit(
      registry,
      view,
      testCommand({ verb: 'patch', patchType: 'merge', kind: apiServices.id, name: NAME, body }),
      TEST_NOW,
    );
    expect(registry.at(view).byResource('metrics.k8s.io', 'v1beta1', 'pods')).toBeUndefined();
    expect(run(metricsRegistration, view)).toEqual([]);
    expect(view.get(apiServices, undefined, NAME)?.spec.service?.name).toBe('metrics-server');
  });

  it('is registered by an account that may do this and no more', () => {
    const view = started();
    const may = (verb: string, group: string, resource: string): boolean =>
      accessPolicy.authorize(
        loopUser(metricsRegistration),
        {
          ...{ isResource: true, path: '', version: 'v1', namespace: '', subresource: '', name: '' },
          ...{ verb, group, resource },
        },
        view,
      ).allowed;
    expect(may('create', 'apiregistration.k8s.io', 'apiservices')).toBe(true);
    expect(may('create', 'rbac.authorization.k8s.io', 'clusterroles')).toBe(true);
    expect(may('delete', 'apiregistration.k8s.io', 'apiservices')).toBe(false);
    expect(may('escalate', 'rbac.authorization.k8s.io', 'clusterroles')).toBe(false);
    expect(may('create', 'rbac.authorization.k8s.io', 'clusterrolebindings')).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import { loopUser } from '#engine';
import { accessPolicy, registry, services } from '#kinds';
import { isRefusal } from '#model';
import { submit, testCommand, TEST_NOW, TestView, type TestCommand } from '#model/testing';
import { bootstrap } from '../namespace/index.js';
import { bootstrapRoles } from '../roles/index.js';
import { clusterDnsRegistration } from './registration.js';
import { answer, ClusterZone } from './index.js';
import type { KubeObject, Loop } from '#model';

/** Carries out once what a loop wants; what it made. */
function run(loop: Loop, view: TestView): readonly KubeObject[] {
  const wanted = loop.keysAtStart(view).flatMap((key) => loop.reconcile(view, key, TEST_NOW));
  const all = wanted.flatMap((one) => (one.is === 'submit' ? [one, ...(one.then ?? [])] : []));
  return all.flatMap((one) => {
    const command = testCommand({ ...one.command, actor: loopUser(loop) } as unknown as TestCommand);
    const result = submit(registry, view, command, TEST_NOW);
    if (isRefusal(result)) throw new Error(result.message);
    return [view.get(one.command.kind ? { id: one.command.kind } : services, 'kube-system', 'kube-dns') as KubeObject];
  });
}

describe('the service of cluster DNS', () => {
  it('is made once its namespace is there, answers for itself, and is nobody’s but the administrator’s then', () => {
    const view = new TestView(registry);
    expect(run(clusterDnsRegistration, view)).toEqual([]);
    for (const loop of [bootstrap, bootstrapRoles]) run(loop, view);
    const made = run(clusterDnsRegistration, view);
    expect(made).toMatchObject([
      {
        metadata: { labels: { 'k8s-app': 'kube-dns' } },
        spec: { clusterIP: '10.96.0.10', ports: [{ port: 53 }, { port: 53 }] },
      },
      { addressType: 'IPv4', endpoints: [{ addresses: ['10.96.0.10'] }] },
    ]);
    expect(run(clusterDnsRegistration, view)).toEqual([]);
    const zone = new ClusterZone('cluster.local');
    zone.take('core.services/kube-system/kube-dns', made[0]);
    const question = { name: '_dns._udp.kube-dns.kube-system.svc.cluster.local', type: 'SRV' };
    expect(answer(question, zone)?.answers).toMatchObject([{ port: 53 }]);
  });
  it('is looked for again when its namespace appears', () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'u' } };
    const keys = (before?: KubeObject): readonly string[] =>
      clusterDnsRegistration.keysOf(
        { kind: 'core.namespaces', position: 1, after: namespace, before } as never,
        new TestView(registry),
      );
    expect([keys(), keys(namespace)]).toEqual([['service', 'slice'], []]);
  });
  it('is made by an account that may make it and no more', () => {
    const view = new TestView(registry);
    for (const loop of [bootstrap, bootstrapRoles]) run(loop, view);
    const may = (verb: string, resource: string): boolean => {
      const target = {
        isResource: true,
        path: '',
        version: 'v1',
        namespace: 'kube-system',
        subresource: '',
        name: '',
        group: '',
      };
      return accessPolicy.authorize(loopUser(clusterDnsRegistration), { ...target, verb, resource }, view).allowed;
    };
    expect([may('create', 'services'), may('delete', 'services'), may('create', 'pods')]).toEqual([true, false, false]);
  });
});

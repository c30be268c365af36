import { describe, expect, it } from '@jest/globals';
import { ipAddresses, registry, SERVICE_CIDR_FINALIZER, serviceCidrs, services } from '#kinds';
import { isRefusal, RecordedOutside, type Change, type KubeObject, type Loop, type Outside } from '#model';
import { submit, testCommand, TEST_NOW, TestView, type TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { bootstrap } from '../namespace/index.js';
import { serviceAddresses } from '../service-addresses/index.js';
import { blockers } from './blockers.js';
import { serviceCidrLifecycle } from './index.js';

/** Carries out what the loops decide about all their keys, until nothing is left. */
function settle(
  view: TestView,
  loops: readonly Loop[] = [serviceAddresses, serviceCidrLifecycle],
  outside?: Outside,
): void {
  for (let round = 0; round < 20; round++) {
    const wanted = loops.flatMap((loop) =>
      loop.keysAtStart(view).flatMap((key) => loop.reconcile(view, key, TEST_NOW, outside)),
    );
    const submits = wanted.flatMap((one) => (one.is === 'submit' ? [one] : []));
    if (submits.length === 0) return;
    const seen = new Map(
      submits.flatMap(({ basedOn = [] }) => basedOn).map((stream) => [stream, revision(view, stream)]),
    );
    for (const { command, basedOn = [], then = [] } of submits) {
      // What a loop decided on an older state is refused; then it looks again.
      if (basedOn.some((stream) => revision(view, stream) !== seen.get(stream))) continue;
      for (const one of [command, ...then.map((next) => next.command)])
        submit(registry, view, testCommand(one as TestCommand), TEST_NOW);
    }
  }
  throw new Error('the loops do not come to rest');
}
function revision(view: TestView, stream: string): number | undefined {
  return view.stream(stream)?.revision;
}
function carry(view: TestView, command: TestCommand): void {
  const result = submit(registry, view, testCommand(command), TEST_NOW);
  if (isRefusal(result)) throw new Error(result.message);
}
function started(): TestView {
  const view = new TestView(registry);
  settle(view, [bootstrap, serviceAddresses, serviceCidrLifecycle]);
  return view;
}
const service = (name: string, spec: JsonObject = {}): TestCommand => ({
  verb: 'create',
  kind: services.id,
  body: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ port: 80 }], ...spec },
  },
});
const range = (name: string, ...cidrs: readonly string[]): TestCommand => ({
  verb: 'create',
  kind: serviceCidrs.id,
  body: { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name }, spec: { cidrs } },
});
const remove = (kind: { readonly id: string }, name: string, namespace?: string): TestCommand => ({
  verb: 'delete',
  kind: kind.id,
  name,
  ...(namespace !== undefined && { namespace }),
});
const readyOf = (view: TestView, name: string): JsonObject | undefined =>
  view
    .get(serviceCidrs, undefined, name)
    ?.status?.conditions?.map(({ status, reason }) => ({ status, reason }) as JsonObject)[0];
const held = (view: TestView): readonly string[] => view.list(ipAddresses).map(({ metadata }) => metadata.name);

describe('the range of every cluster', () => {
  it('is made and is ready, also without controllers', () => {
    const view = new TestView(registry);
    settle(view, [bootstrap]);
    expect(view.get(serviceCidrs, undefined, 'kubernetes')).toMatchObject({
      metadata: { finalizers: [SERVICE_CIDR_FINALIZER] },
      spec: { cidrs: ['10.96.0.0/16'] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
  });
  it('is there and ready before the first namespace, so that no service comes too early', () => {
    const view = new TestView(registry);
    settle(view, [bootstrap]);
    const first = view.events.findIndex(({ stream }) => stream.startsWith('core.'));
    expect(view.events.slice(0, first).map(({ stream, type }) => `${stream} ${type}`)).toEqual([
      'networking.k8s.io.servicecidrs/_/kubernetes Created',
      'networking.k8s.io.servicecidrs/_/kubernetes StatusReported',
    ]);
  });
  it('has a second one where the cluster has two families, also when that comes later, and keeps it', () => {
    const cidrs = (view: TestView): unknown => view.get(serviceCidrs, undefined, 'kubernetes')?.spec.cidrs;
    const outside = new RecordedOutside({ serviceCidrIpv6: 'fd00:96::/108' });
    const view = new TestView(registry);
    settle(view, [bootstrap], outside);
    expect(cidrs(view)).toEqual(['10.96.0.0/16', 'fd00:96::/108']);
    const later = started();
    settle(later, [bootstrap, serviceCidrLifecycle], outside);
    expect(cidrs(later)).toEqual(['10.96.0.0/16', 'fd00:96::/108']);
    expect(readyOf(later, 'kubernetes')).toEqual({ status: 'True', reason: '' });
    settle(later, [bootstrap, serviceCidrLifecycle]);
    expect(cidrs(later)).toEqual(['10.96.0.0/16', 'fd00:96::/108']);
    carry(later, service('dual', { ipFamilyPolicy: 'RequireDualStack' }));
    settle(later);
    expect(held(later).filter((ip) => ip.startsWith('fd00:96::'))).toHaveLength(1);
    expect(held(later)).toHaveLength(3);
  });
  it('comes back when it was deleted, once another range has its addresses', () => {
    const view = started();
    carry(view, remove(serviceCidrs, 'kubernetes'));
    settle(view, [bootstrap, serviceAddresses, serviceCidrLifecycle]);
    expect(readyOf(view, 'kubernetes')).toEqual({ status: 'False', reason: 'Terminating' });
    const { uid } = view.get(serviceCidrs, undefined, 'kubernetes')?.metadata ?? {};
    carry(view, range('wide', '10.96.0.0/15'));
    settle(view, [bootstrap, serviceAddresses, serviceCidrLifecycle]);
    expect(readyOf(view, 'kubernetes')).toEqual({ status: 'True', reason: '' });
    expect(view.get(serviceCidrs, undefined, 'kubernetes')?.metadata.uid).not.toBe(uid);
  });
});

describe('the addresses of services', () => {
  it('are objects as long as a service holds them', () => {
    const view = started();
    expect(held(view)).toEqual(['10.96.0.1']);
    carry(view, service('s', { clusterIP: '10.96.0.7' }));
    carry(view, service('headless', { clusterIP: 'None' }));
    settle(view);
    expect(held(view)).toEqual(['10.96.0.1', '10.96.0.7']);
    expect(view.get(ipAddresses, undefined, '10.96.0.7')).toMatchObject({
      metadata: {
        labels: {
          'ipaddress.kubernetes.io/ip-family': 'IPv4',
          'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        },
      },
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 's' } },
    });
    carry(view, remove(services, 's', 'default'));
    settle(view);
    expect(held(view)).toEqual(['10.96.0.1']);
  });
  it('have canonical names, however the service spells them', () => {
    const view = started();
    carry(view, service('s', { clusterIP: '10.96.0.07' }));
    settle(view);
    expect(held(view)).toEqual(['10.96.0.1', '10.96.0.7']);
    expect(view.get(services, 'default', 's')?.spec.clusterIP).toBe('10.96.0.07');
  });
  it('that two services of an older log hold belong to the older one, until it goes', () => {
    const view = started();
    const named = (name: string, ip: string, second: number): KubeObject => ({
      ...{ apiVersion: 'v1', kind: 'Service' },
      metadata: { name, namespace: 'default', uid: name, creationTimestamp: `2026-01-01T00:00:0${second}Z` },
      spec: { clusterIP: ip, clusterIPs: [ip], ports: [] },
    });
    view.put(named('a', '10.96.0.07', 2));
    view.put(named('b', '10.96.0.7', 1));
    settle(view);
    expect(view.get(ipAddresses, undefined, '10.96.0.7')?.spec.parentRef.name).toBe('b');
    carry(view, remove(services, 'b', 'default'));
    settle(view);
    expect(view.get(ipAddresses, undefined, '10.96.0.7')?.spec.parentRef.name).toBe('a');
  });
  it('come back when they are deleted, and change hands with the service', () => {
    const view = started();
    carry(view, service('a', { clusterIP: '10.96.0.7' }));
    settle(view);
    carry(view, remove(ipAddresses, '10.96.0.7'));
    settle(view);
    expect(held(view)).toContain('10.96.0.7');
    carry(view, remove(services, 'a', 'default'));
    carry(view, service('b', { clusterIP: '10.96.0.7' }));
    settle(view);
    expect(view.get(ipAddresses, undefined, '10.96.0.7')?.spec.parentRef.name).toBe('b');
  });
  it('are looked at for the services that a change concerns, and no others', () => {
    const view = started();
    carry(view, service('s', { clusterIP: '10.96.0.7' }));
    settle(view);
    const address = view.get(ipAddresses, undefined, '10.96.0.7') as KubeObject;
    const changeOf = (kind: string, before: KubeObject | undefined, after: KubeObject | undefined): Change => ({
      ...{ kind, position: 1 },
      before,
      after,
    });
    expect(serviceAddresses.keysOf(changeOf(ipAddresses.id, address, undefined), view)).toEqual(['default/s']);
    const holder = view.get(services, 'default', 's') as KubeObject;
    const labelled = { ...holder, metadata: { ...holder.metadata, labels: { a: 'b' } } };
    expect(serviceAddresses.keysOf(changeOf(services.id, holder, labelled), view)).toEqual([]);
    expect(serviceCidrLifecycle.keysOf(changeOf(services.id, holder, undefined), view)).toEqual([]);
  });
});

describe('a range that is deleted', () => {
  const withRange = (): TestView => {
    const view = started();
    carry(view, range('more', '10.9.0.0/24'));
    settle(view);
    carry(view, service('s', { clusterIP: '10.9.0.7' }));
    settle(view);
    expect(readyOf(view, 'more')).toEqual({ status: 'True', reason: '' });
    return view;
  };
  it('may go at once while it has not been said to be ready, since nobody has an address of it', () => {
    const view = started();
    carry(view, range('more', '10.9.0.0/24'));
    expect(() => carry(view, service('s', { clusterIP: '10.9.0.7' }))).toThrow('does not match the current range');
    carry(view, remove(serviceCidrs, 'more'));
    expect(view.get(serviceCidrs, undefined, 'more')).toBeUndefined();
    carry(view, range('more', '10.9.0.0/24'));
    settle(view);
    carry(view, service('s', { clusterIP: '10.9.0.7' }));
  });
  it('waits for those who hold its addresses, and gives no more', () => {
    const view = withRange();
    carry(view, remove(serviceCidrs, 'more'));
    settle(view);
    expect(readyOf(view, 'more')).toEqual({ status: 'False', reason: 'Terminating' });
    expect(() => carry(view, service('t', { clusterIP: '10.9.0.8' }))).toThrow('does not match the current range');
    carry(view, remove(services, 's', 'default'));
    settle(view);
    expect(view.get(serviceCidrs, undefined, 'more')).toBeUndefined();
  });
  it('waits for no address that another range has', () => {
    const view = withRange();
    carry(view, remove(serviceCidrs, 'more'));
    settle(view);
    carry(view, range('wide', '10.8.0.0/15'));
    settle(view);
    expect(view.get(serviceCidrs, undefined, 'more')).toBeUndefined();
    expect(held(view)).toContain('10.9.0.7');
  });
  it('waits for an address that a client holds', () => {
    const view = withRange();
    carry(view, {
      verb: 'create',
      kind: ipAddresses.id,
      body: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IPAddress',
        metadata: { name: '10.9.0.9' },
        spec: { parentRef: { resource: 'things', name: 'x' } },
      },
    });
    carry(view, remove(services, 's', 'default'));
    carry(view, remove(serviceCidrs, 'more'));
    settle(view);
    expect(readyOf(view, 'more')).toMatchObject({ reason: 'Terminating' });
    carry(view, remove(ipAddresses, '10.9.0.9'));
    settle(view);
    expect(view.get(serviceCidrs, undefined, 'more')).toBeUndefined();
  });
  it('is blocked by the same holders whether the view is followed or not', () => {
    const view = withRange();
    carry(view, remove(serviceCidrs, 'more'));
    blockers.follow(view);
    const kept = (): readonly string[] => [...(blockers.of(view).picture.get('more')?.holders ?? [])];
    expect(kept()).toHaveLength(2);
    const before = view.get(services, 'default', 's') as KubeObject;
    carry(view, remove(services, 's', 'default'));
    blockers.changed(view, [{ kind: services.id, position: 1, before, after: undefined }]);
    const followed = kept();
    blockers.leave(view);
    expect(followed).toEqual(kept());
    expect(followed).toHaveLength(1);
  });
});

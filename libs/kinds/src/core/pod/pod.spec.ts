import { describe, expect, it } from '@jest/globals';
import { specification, TEST_NOW, type Given, type TestCommand } from '#model/testing';
import type { KubeObject } from '#model';
import { registry } from '../../index.js';

const { given } = specification(registry);
const pods = { kind: 'core.pods', namespace: 'n' } as const;
const create = (spec: object = {}): TestCommand => ({
  ...pods,
  verb: 'create',
  body: { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i:1' }], ...spec } },
});
const bind = (node: string): TestCommand => ({
  ...pods,
  verb: 'create',
  name: 'p',
  subresource: 'binding',
  body: { metadata: { name: 'p' }, target: { name: node } },
});
const remove = (body: object = {}): TestCommand => ({ ...pods, verb: 'delete', name: 'p', body: body as never });
const home = (): Given =>
  given()
    .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'n' } } })
    .and({ verb: 'create', kind: 'core.serviceaccounts', namespace: 'n', body: { metadata: { name: 'default' } } });

describe('a pod', () => {
  it('is born pending, with its account, its token, its priority and its tolerations', () => {
    const { object } = home().when(create()).thenEvent('Created').accepted;
    expect(object['status']).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
    expect(object['spec']).toMatchObject({
      serviceAccountName: 'default',
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
    });
    const { volumes, containers, tolerations } = object['spec'] as Record<
      string,
      { name: string; volumeMounts?: { name: string }[] }[]
    >;
    expect(volumes?.[0]?.name).toMatch(/^kube-api-access-.{5}$/);
    expect(containers?.[0]?.volumeMounts?.[0]?.name).toBe(volumes?.[0]?.name);
    expect(tolerations).toHaveLength(2);
  });
  it('takes defaults that templates do not get', () => {
    const container = { name: 'c', image: 'i:1', ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1' } } };
    const spec = { containers: [container], hostNetwork: true, terminationGracePeriodSeconds: -5 };
    const full = { ports: [{ hostPort: 80 }], resources: { requests: { cpu: '1' } } };
    const pod = home().when(create(spec)).thenEvent('Created').accepted.object['spec'];
    expect(pod).toMatchObject({ terminationGracePeriodSeconds: 1, containers: [full], enableServiceLinks: true });
    const body = { metadata: { name: 't' }, template: { spec } };
    const made = home().when({ ...pods, verb: 'create', kind: 'core.podtemplates', body });
    const { template } = made.thenEvent('Created').accepted.object as unknown as { template: { spec: object } };
    expect(template.spec).toMatchObject({ terminationGracePeriodSeconds: -5 });
    expect(template.spec).toHaveProperty('containers.0.resources', container.resources);
    expect(template.spec).not.toHaveProperty('containers.0.ports.0.hostPort');
  });
  it('fills in what it asks for as a whole', () => {
    const container = { name: 'c', image: 'i:1', resources: { requests: { cpu: '100m', memory: '1Gi' } } };
    const resources = { limits: { cpu: '2' } };
    const { object } = home()
      .when(create({ containers: [container], resources }))
      .thenEvent('Created').accepted;
    expect(object).toHaveProperty('spec.resources', { limits: { cpu: '2' }, requests: { cpu: '100m', memory: '1Gi' } });
    // As a whole it asks for what it says, even if that is nothing.
    const silent = home()
      .when(create({ containers: [container], resources: {} }))
      .thenEvent('Created').accepted;
    expect(silent.object).toHaveProperty('status.qosClass', 'BestEffort');
  });
  it('needs its account', () => {
    home()
      .when(create({ serviceAccountName: 'x' }))
      .thenRefused(403);
  });
  it('is bound once', () => {
    home()
      .and(create())
      .when(bind('one'))
      .thenEvent('PodBound', { node: 'one' })
      .thenObject({ spec: { nodeName: 'one' } });
    home()
      .and(create())
      .and(bind('one'))
      .when(bind('two'))
      .thenRefused(409, 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "one"');
    home()
      .and(create({ schedulingGates: [{ name: 'example.com/g' }] }))
      .when(bind('one'))
      .thenRefused(409);
  });
  it('that no node has goes at once, one that runs gets its grace', () => {
    home()
      .and(create())
      .when(remove())
      .thenEvent('DeletionRequested')
      .thenObject({ metadata: { deletionGracePeriodSeconds: 0 } });
    const running = () => home().and(create()).and(bind('one'));
    running()
      .when(remove())
      .thenEvent('DeletionRequested')
      .thenObject({ metadata: { deletionGracePeriodSeconds: 30, generation: 2 } });
    running().and(remove()).when(remove()).thenNothing();
    running()
      .and(remove())
      .when(remove({ gracePeriodSeconds: 5 }), TEST_NOW + 1000)
      .thenObject({ metadata: { deletionTimestamp: '2026-01-01T12:00:05Z' } });
    running()
      .and(remove())
      .when(remove({ gracePeriodSeconds: 0 }))
      .thenEvent('MetadataChanged')
      .thenObject({ metadata: { deletionGracePeriodSeconds: 0 } });
    running()
      .and(remove({ gracePeriodSeconds: 0 }))
      .when(remove())
      .thenRefused(404);
  });
  it('is evicted with a reason', () => {
    const evict: TestCommand = {
      ...pods,
      verb: 'create',
      name: 'p',
      subresource: 'eviction',
      body: { metadata: { name: 'p' } },
    };
    const evicted = home().and(create()).and(bind('one')).when(evict).thenEvent('DeletionRequested');
    const { conditions } = evicted.accepted.object['status'] as { conditions: { type: string }[] };
    expect(conditions.map((condition) => condition.type)).toContain('DisruptionTarget');
    expect(evicted.accepted.response).toMatchObject({ kind: 'Status', code: 201 });
  });
  it('whose container was restarted has an event of that name', () => {
    const report = (restartCount: number): TestCommand => ({
      ...pods,
      verb: 'patch',
      patchType: 'merge',
      name: 'p',
      subresource: 'status',
      body: { status: { containerStatuses: [{ name: 'c', image: 'i:1', imageID: '', ready: true, restartCount }] } },
    });
    home().and(create()).when(report(0)).thenEvent('StatusReported');
    home().and(create()).and(report(0)).when(report(1)).thenEvent('ContainerRestarted');
  });
});

describe('a scheduler that decided on an old view', () => {
  const node: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', uid: 'n' },
    spec: {},
    status: { allocatable: { cpu: '1', memory: '1Gi', pods: '5' } },
  };
  const pod = (name: string, nodeName?: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name },
    spec: {
      containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '600m' } } }],
      ...(nodeName && { nodeName }),
    },
  });
  const bindLate = (basis: boolean): TestCommand => ({
    verb: 'create',
    kind: 'core.pods',
    namespace: 'default',
    name: 'late',
    subresource: 'binding',
    body: { metadata: { name: 'late' }, target: { kind: 'Node', name: 'n' } },
    ...(basis && { basis: { loop: 'scheduling', key: 'queue', view: 1, now: '2026-01-01T00:00:00Z', build: 'test' } }),
  });
  const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', uid: 'ns' } };
  const full = (): Given => given([namespace, node, pod('first', 'n'), pod('late')]);

  it('is refused when the room is gone', () => {
    const outcome = full().when(bindLate(true)).decided;
    expect(outcome).toMatchObject({ refused: true, code: 409 });
    expect(JSON.stringify(outcome)).toContain('has no room any more: Insufficient cpu');
  });
  it('but people may bind what they like', () => {
    expect(full().when(bindLate(false)).decided).not.toMatchObject({ refused: true });
  });
});

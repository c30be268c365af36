import { Projection } from '#engine';
import { describe, expect, it } from '@jest/globals';
import type { Change, KubeObject } from '#model';
import { assignmentDigest, streamOf } from '#model';
import { Assignments } from './assignments.js';

const PODS = 'core.pods';
const pod = (name: string, volumes: unknown): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: name },
    spec: { nodeName: 'n', volumes },
  }) as unknown as KubeObject;
const BROKEN = pod('broken', [null]);
const WHOLE = pod('whole', [{ configMap: { name: 'settings' } }]);

function viewOf(...objects: readonly KubeObject[]): { view: Projection; changes: readonly Change[] } {
  const view = new Projection((state, event) => state ?? { ...event, object: undefined });
  const changes = objects.map((object, i) => {
    const stream = streamOf(PODS, object.metadata.namespace, object.metadata.name);
    return view.put(stream, { revision: 0, position: i + 1, object }, i + 1);
  });
  return { view, changes };
}

const SLICES = 'discovery.k8s.io.endpointslices';
const slice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'default', uid: 'slice' },
  addressType: 'IPv4',
  endpoints: [],
} as unknown as KubeObject;

describe('what all nodes need alike', () => {
  it('has endpoint slices beside services, from the beginning and with each change', () => {
    const view = new Projection((state, event) => state ?? { ...event, object: undefined });
    const stream = streamOf(SLICES, 'default', 'web-1');
    const added = view.put(stream, { revision: 0, position: 7, object: slice }, 7);
    const assignments = new Assignments(view, () => undefined);
    const assigned = { stream, uid: 'slice', position: 7 };
    expect(assignments.of('n').objects).toEqual([{ ...assigned, object: slice }]);
    expect(assignments.take([added])).toEqual({ shared: [{ ...assigned, object: slice }], own: new Map() });
    const gone: Change = { ...added, before: slice, after: undefined, position: 8 };
    expect(assignments.take([gone]).shared).toEqual([{ ...assigned, position: 8, object: null }]);
  });
});

const NODES = 'core.nodes';
const node = (status: object, spec: object = { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] }): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'a', uid: 'node-a', labels: { x: 'y' } },
    spec,
    status,
  }) as unknown as KubeObject;

describe('where nodes are', () => {
  const address = { type: 'InternalIP', address: '192.0.2.1' };
  const condition = { type: 'NetworkUnavailable', status: 'False', reason: 'PodRoutes' };
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady' };
  const before = node({
    addresses: [address, { type: 'Hostname', address: 'a' }],
    conditions: [condition, { type: 'MemoryPressure', status: 'False' }, { ...ready, lastHeartbeatTime: 'x' }],
  });
  const stream = streamOf(NODES, undefined, 'a');
  const place = { stream: 'node-places/_/a', uid: 'node-a' };
  const setUp = () => {
    const view = new Projection((state, event) => state ?? { ...event, object: undefined });
    view.put(stream, { revision: 0, position: 3, object: before }, 3);
    const change = (position: number, object: KubeObject) =>
      view.put(stream, { revision: position, position, object }, position);
    return { assignments: new Assignments(view, () => undefined), change };
  };

  it('is told to all: their ranges, addresses, how their pods are reached and whether they are well, and nothing else', () => {
    expect(setUp().assignments.of('b').objects).toEqual([
      {
        ...place,
        position: 3,
        object: {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name: 'a', uid: 'node-a' },
          spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] },
          status: { addresses: [address], conditions: [condition, { type: 'Ready', status: 'True' }] },
        },
      },
    ]);
  });
  it('is told again when it has changed, and when the node is gone, but not with each change of a node', () => {
    const { assignments, change } = setUp();
    const images = node({ ...(before['status'] as object), images: [{ names: ['a:1'] }], addresses: [address] });
    expect(assignments.take([change(4, images)]).shared).toEqual([]);
    const moved = node({ addresses: [{ ...address, address: '192.0.2.9' }], conditions: [condition] });
    expect(assignments.take([change(5, moved)]).shared).toMatchObject([
      { ...place, position: 5, object: { status: { addresses: [{ address: '192.0.2.9' }] } } },
    ]);
    const gone: Change = { kind: NODES, position: 6, before: moved, after: undefined };
    expect(assignments.take([gone]).shared).toEqual([{ ...place, position: 6, object: null }]);
    expect(assignments.of('b').objects).toEqual([]);
  });
  it('travels again neither because a node changed otherwise nor because this app was started anew', () => {
    const { assignments, change } = setUp();
    const held = assignmentDigest(assignments.of('b').objects);
    assignments.take([change(4, node({ ...(before['status'] as object), images: [] }))]);
    const { view } = { view: new Projection((state, event) => state ?? { ...event, object: undefined }) };
    view.put(stream, { revision: 9, position: 9, object: before }, 9);
    const again = new Assignments(view, () => undefined);
    for (const one of [assignments, again]) expect(one.of('b', { shared: held, own: '' }).same).toContain('shared');
    const moved = node({ addresses: [], conditions: [condition] });
    again.take([view.put(stream, { revision: 10, position: 10, object: moved }, 10)]);
    expect(again.of('b', { shared: held, own: '' }).same).not.toContain('shared');
  });
});

describe('a pod whose needs cannot be read', () => {
  it('is handed to its node alone, and takes nothing from the other pods', () => {
    const faults: string[] = [];
    const { view } = viewOf(BROKEN, WHOLE);
    const assignments = new Assignments(view, (stream) => faults.push(stream));
    expect(assignments.of('n').objects.map(({ stream }) => stream)).toEqual([
      'core.pods/default/broken',
      'core.pods/default/whole',
    ]);
    expect(faults).toEqual(['core.pods/default/broken']);
  });
  it('is told to its node when it changes, as the others are', () => {
    const assignments = new Assignments(viewOf().view, () => undefined);
    const told = assignments.take(viewOf(BROKEN, WHOLE).changes);
    expect(told.own.get('n')?.map(({ uid }) => uid)).toEqual(['broken', 'whole']);
  });
});

describe('certificates of ingresses', () => {
  const put = (view: Projection, stream: string, object: object, position: number): Change =>
    view.put(stream, { revision: position, position, object: object as KubeObject }, position);
  const machine = (name: string, labels: object = {}): object => ({
    ...{ apiVersion: 'v1', kind: 'Node' },
    metadata: { name, uid: name, labels },
  });
  const secret = (name: string, type: string): object => ({
    ...{ apiVersion: 'v1', kind: 'Secret', type },
    metadata: { name, namespace: 'default', uid: name },
  });
  const ingress = (className: string, ...secrets: readonly string[]): object => ({
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' },
    metadata: { name: 'web', namespace: 'default', uid: 'web' },
    spec: { ingressClassName: className, tls: secrets.map((secretName) => ({ secretName })) },
  });
  const ingressClass = { metadata: { name: 'shiplog', uid: 'c' }, spec: { controller: 'shiplog.io/ingress' } };
  const WEB = 'networking.k8s.io.ingresses/default/web';
  const SERVES = { 'shiplog.io/serves-ingress': 'true' };
  const setUp = () => {
    const view = new Projection((state, event) => state ?? { ...event, object: undefined });
    put(view, 'core.nodes/_/a', machine('a', SERVES), 1);
    const excluded = { ...SERVES, 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
    put(view, 'core.nodes/_/b', machine('b', excluded), 2);
    put(view, 'core.nodes/_/off', machine('off', { 'shiplog.io/serves-ingress': 'false' }), 2);
    put(view, 'core.nodes/_/old', machine('old'), 2);
    put(view, 'networking.k8s.io.ingressclasses/_/shiplog', ingressClass, 3);
    put(view, 'core.secrets/default/tls', secret('tls', 'kubernetes.io/tls'), 4);
    put(view, 'core.secrets/default/opaque', secret('opaque', 'Opaque'), 5);
    put(view, 'core.secrets/default/unnamed', secret('unnamed', 'kubernetes.io/tls'), 6);
    return view;
  };
  const secretsOf = (assignments: Assignments, node: string): readonly string[] =>
    assignments.of(node).objects.flatMap(({ stream }) => (stream.startsWith('core.secrets/') ? [stream] : []));

  it('go to nodes that serve, and only those that an ingress of our class names', () => {
    const view = setUp();
    put(view, WEB, ingress('shiplog', 'tls', 'opaque'), 7);
    const assignments = new Assignments(view, () => undefined);
    expect(secretsOf(assignments, 'a')).toEqual(['core.secrets/default/tls']);
    for (const node of ['b', 'off', 'old', 'unknown']) expect([node, ...secretsOf(assignments, node)]).toEqual([node]);
  });
  it('are told with the ingress that begins to name them, and with each change', () => {
    const view = setUp();
    const assignments = new Assignments(view, () => undefined);
    const named = assignments.take([put(view, WEB, ingress('shiplog', 'tls', 'opaque'), 7)]);
    expect([...named.own].map(([node, list]) => [node, list.map(({ stream }) => stream)])).toEqual([
      ['a', ['core.secrets/default/tls']],
    ]);
    expect(named.shared.map(({ stream }) => stream)).toEqual([WEB]);
    const changed = put(view, 'core.secrets/default/tls', secret('tls', 'kubernetes.io/tls'), 8);
    expect([...assignments.take([changed]).own.keys()]).toEqual(['a']);
    const other = put(view, 'core.secrets/default/unnamed', secret('unnamed', 'kubernetes.io/tls'), 9);
    expect(assignments.take([other]).own.size).toBe(0);
    assignments.take([put(view, WEB, ingress('nginx', 'tls'), 10)]);
    expect(secretsOf(assignments, 'a')).toEqual([]);
  });
});

describe('the runtime class of a pod', () => {
  const CLASS = 'node.k8s.io.runtimeclasses/_/sandboxed';
  const sandboxed = (uid: string): KubeObject =>
    ({
      apiVersion: 'node.k8s.io/v1',
      kind: 'RuntimeClass',
      metadata: { name: 'sandboxed', uid },
      handler: 'kata',
    }) as unknown as KubeObject;
  const apart = { ...pod('apart', []), spec: { nodeName: 'n', runtimeClassName: 'sandboxed' } } as KubeObject;

  it('goes to the nodes of its pods, before them, and with each change; to no other', () => {
    const { view, changes } = viewOf(apart);
    const assignments = new Assignments(view, () => undefined);
    const made = view.put(CLASS, { revision: 0, position: 5, object: sandboxed('one') }, 5);
    const news = assignments.take([made]);
    expect(news.shared).toEqual([]);
    expect([...news.own]).toEqual([['n', [{ stream: CLASS, uid: 'one', position: 5, object: sandboxed('one') }]]]);
    const streams = (node: string): readonly string[] => assignments.of(node).objects.map(({ stream }) => stream);
    expect(streams('n')).toEqual(['core.pods/default/apart', CLASS]);
    expect(streams('m')).toEqual([]);
    const gone: Change = { ...made, before: made.after, after: undefined, position: 6 };
    expect([...assignments.take([gone]).own]).toEqual([
      ['n', [{ stream: CLASS, uid: 'one', position: 6, object: null }]],
    ]);
    const again = new Assignments(viewOf().view, () => undefined);
    expect([...again.take(changes).own.keys()]).toEqual(['n']);
  });
});

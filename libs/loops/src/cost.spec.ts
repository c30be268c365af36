import { describe, expect, test } from '@jest/globals';
import { builtinKinds, nodes, pods, replicaSets, services, type Node } from '#kinds';
import { streamOf, type Change, type KindRef, type KubeObject, type Loop, type ObjectIndex, type View } from '#model';
import { TestView } from '#model/testing';
import { type Pod } from '#pod';
import { nodeLoops, workloadLoops } from './index.js';

const NAMESPACE = 'big';
/** Each set and each service has this many pods. */
const PODS_EACH = 4;
/** What one look at one key may ask for, however many objects there are. */
const HANDED_MAX = 60;

/** Counts the objects that it hands out. */
class CountingView implements View {
  handed = 0;
  private readonly undeclared = new Set<string>();

  constructor(
    private readonly view: View,
    private readonly declared: ReadonlySet<ObjectIndex>,
  ) {}

  get position(): number {
    return this.view.position;
  }
  /** Names of indexes that were queried and that nobody declares. */
  get missing(): readonly string[] {
    return [...this.undeclared];
  }
  get<T extends KubeObject>(kind: KindRef<T>, namespace: string | undefined, name: string): T | undefined {
    this.handed++;
    return this.view.get(kind, namespace, name);
  }
  list<T extends KubeObject>(kind: KindRef<T>, namespace?: string): readonly T[] {
    return this.counted(this.view.list(kind, namespace));
  }
  by<T extends KubeObject>(index: ObjectIndex<T>, value: string): readonly T[] {
    if (!this.declared.has(index)) this.undeclared.add(index.name);
    return this.counted(this.view.by(index, value));
  }
  stream(stream: string) {
    return this.view.stream(stream);
  }
  childrenEver(owner: string): number {
    return this.view.childrenEver(owner);
  }
  private counted<T>(objects: readonly T[]): readonly T[] {
    this.handed += objects.length;
    return objects;
  }
}

const name = (prefix: string, n: number): string => `${prefix}${n}`;

function podOf(n: number, isReady: boolean): Pod {
  const set = name('s', Math.floor(n / PODS_EACH));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: name('p', n),
      namespace: NAMESPACE,
      uid: name('p', n),
      labels: { app: set },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: set, uid: set, controller: true }],
    },
    spec: { nodeName: name('n', n), containers: [{ name: 'c', image: 'i' }] },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      podIPs: [{ ip: '10.0.0.1' }],
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
    },
  } as unknown as Pod;
}
function nodeOf(n: number): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: name('n', n), uid: name('n', n), annotations: { 'node.alpha.kubernetes.io/ttl': '0' } },
    spec: { podCIDR: `10.244.${n}.0/24` },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  } as unknown as Node;
}

/** As many pods as nodes, and a set and a service for every few of them. */
function clusterOf(size: number): TestView {
  const view = new TestView();
  for (let n = 0; n < size; n++) view.put(nodeOf(n));
  for (let n = 0; n < size / PODS_EACH; n++) {
    const app = name('s', n);
    const metadata = { name: app, namespace: NAMESPACE, uid: app };
    const template = { metadata: { labels: { app } }, spec: {} };
    const spec = { replicas: PODS_EACH, selector: { matchLabels: { app } }, template };
    view.append(streamOf(replicaSets.id, NAMESPACE, app), 'Created', {
      object: { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec, status: {} },
    });
    view.append(streamOf(services.id, NAMESPACE, app), 'Created', {
      object: {
        ...{ apiVersion: 'v1', kind: 'Service' },
        metadata: { ...metadata, uid: `service-${app}` },
        spec: { selector: { app }, clusterIP: '10.96.0.9', ports: [{ port: 80 }] },
      },
    });
  }
  for (let n = 0; n < size; n++) view.put(podOf(n, true));
  return view;
}

const CHANGES: readonly { readonly what: string; readonly kind: KindRef; readonly after: KubeObject }[] = [
  { what: 'a pod becomes unready', kind: pods, after: podOf(7, false) },
  { what: 'a pod ends', kind: pods, after: { ...podOf(7, false), status: { phase: 'Failed' } } },
  {
    what: 'a pod loses its owner',
    kind: pods,
    after: { ...podOf(7, true), metadata: { ...podOf(7, true).metadata, ownerReferences: [] } },
  },
  {
    what: 'a node reports',
    kind: nodes,
    after: { ...nodeOf(7), status: { conditions: [{ type: 'Ready', status: 'True' }], images: [] } },
  },
  { what: 'a node has no part of the pod network', kind: nodes, after: { ...nodeOf(7), spec: {} } },
];

describe('a look at one key costs what changed, not what there is:', () => {
  const loops: readonly Loop[] = [...workloadLoops, ...nodeLoops];
  const declared = new Set([...builtinKinds, ...loops].flatMap(({ indexes = [] }) => indexes));

  test.each(CHANGES)('$what', ({ kind, after }) => {
    const view = clusterOf(120);
    const { namespace, name: named } = after.metadata;
    const before = view.get(kind, namespace, named);
    view.put(after);
    const change: Change = { kind: kind.id, position: view.position, before, after: view.get(kind, namespace, named) };
    const dear: string[] = [];
    let looks = 0;
    for (const loop of loops) {
      const asked = new CountingView(view, declared);
      // What the loops of a new node's pool or the ended pods look at is one key, too.
      const keys = [...loop.keysOf(change, asked), ...(loop.name === 'pod-cidr' ? loop.keysAtStart(asked) : [])];
      for (const key of keys) loop.reconcile(asked, key, Date.UTC(2026, 0, 1));
      looks += keys.length;
      if (asked.handed > HANDED_MAX) dear.push(`${loop.name} was handed ${asked.handed} objects`);
      for (const index of asked.missing) dear.push(`${loop.name} queries "${index}", which nobody declares`);
    }
    expect(looks).toBeGreaterThan(0);
    expect(dear).toEqual([]);
  });
});

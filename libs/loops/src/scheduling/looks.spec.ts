import { afterEach, describe, expect, it } from '@jest/globals';
import { pods, registry } from '#kinds';
import type { Decision, KubeObject } from '#model';
import { TestView } from '#model/testing';
import { scheduling } from './index.js';

const NOW = Date.UTC(2026, 0, 1);
const views: TestView[] = [];
afterEach(() => {
  for (const view of views.splice(0)) scheduling.picture?.leave(view);
});

const node = (n: number): KubeObject => {
  const name = `n${n}`;
  const amounts = { cpu: '64', memory: '256Gi', pods: '1000' };
  const status = { capacity: amounts, allocatable: amounts, conditions: [{ type: 'Ready', status: 'True' }] };
  const labels = { 'kubernetes.io/hostname': name, zone: `z${n % 3}` };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, uid: name, labels }, spec: {}, status } as KubeObject;
};
const pod = (n: number, more: object = {}, app = `a${n % 7}`): KubeObject => {
  const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '10m' } } }];
  const metadata = { name: `p${n}`, namespace: 'default', uid: `p${n}`, labels: { app } };
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata },
    ...{ spec: { containers, schedulerName: 'default-scheduler', ...more }, status: { phase: 'Pending' } },
  } as KubeObject;
};
/** Apart from its own app on each node, and evenly over the zones. */
const apart = (n: number): object => {
  const labelSelector = { matchLabels: { app: `a${n % 7}` } };
  const term = { labelSelector, topologyKey: 'kubernetes.io/hostname' };
  return {
    affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
    topologySpreadConstraints: [{ maxSkew: 5, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector }],
  };
};

/** A followed view with so many nodes and pods that wait, and as many that run there. */
function cluster(nodeCount: number, podCount: number, spec: (n: number) => object = () => ({}), running = 0): TestView {
  const view = new TestView(registry);
  for (let n = 0; n < nodeCount; n++) view.put(node(n));
  for (let n = 0; n < running; n++) view.put(pod(n + podCount, { nodeName: `n${n % nodeCount}` }, 'other'));
  for (let n = 0; n < podCount; n++) view.put(pod(n, spec(n)));
  scheduling.picture?.follow(view);
  views.push(view);
  return view;
}
/** How many pods each look binds, until all are bound, and whether it asked for the next one at once. */
function looks(view: TestView): readonly { readonly bound: number; readonly isCut: boolean }[] {
  const taken: { bound: number; isCut: boolean }[] = [];
  for (;;) {
    const decisions: readonly Decision[] = scheduling.reconcile(view, 'queue', NOW);
    const binds = decisions.flatMap((one) =>
      one.is === 'submit' && one.command.subresource === 'binding' ? [one] : [],
    );
    if (binds.length === 0) return taken;
    taken.push({ bound: binds.length, isCut: decisions.some((one) => one.is === 'wake' && one.at === NOW) });
    for (const { command } of binds) {
      const before = view.get(pods, command.namespace, command.name) as KubeObject & { readonly spec: object };
      const target = (command.body as { readonly target: { readonly name: string } }).target;
      const after = { ...before, spec: { ...before.spec, nodeName: target.name } };
      view.put(after);
      const change = { kind: pods.id, position: view.position, before, after };
      scheduling.picture?.changed(view, [change]);
    }
  }
}

describe('a look of the scheduler', () => {
  it('binds 256 pods at most where they cost little', () => {
    expect(looks(cluster(10, 600)).map(({ bound }) => bound)).toEqual([256, 256, 88]);
  });
  it('leaves the rest to the next one after so much work, by nodes and by rules about other pods', () => {
    const plain = looks(cluster(3000, 300));
    const spread = looks(cluster(3000, 300, apart));
    for (const all of [plain, spread]) {
      expect(all.reduce((sum, { bound }) => sum + bound, 0)).toBe(300);
      expect(all.slice(0, -1).every(({ isCut }) => isCut)).toBe(true);
    }
    expect(plain[0]?.bound).toBeGreaterThan(100);
    // Each rule is one more pass over the nodes.
    expect(spread.at(1)?.bound).toBeGreaterThan(10);
    expect(spread.at(1)?.bound).toBeLessThan((plain[0]?.bound ?? 0) / 2);
  });
  it('counts the pods of new selectors over several looks', () => {
    // Two selectors of each of seven apps, each over 40,000 pods.
    expect(looks(cluster(100, 14, apart, 40_000))).toEqual([
      { bound: 4, isCut: true },
      { bound: 10, isCut: false },
    ]);
  });
});

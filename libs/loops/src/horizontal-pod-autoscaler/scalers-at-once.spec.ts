import { beforeEach, describe, expect, it } from '@jest/globals';
import { deployments, horizontalPodAutoscalers, registry, type Deployment, type HorizontalPodAutoscaler } from '#kinds';
import { MEASUREMENTS, parseQuestion, submitsOf, type MetricAnswer, type Submit } from '#model';
import type { Pod } from '#pod';
import { toTime, type Json } from '#std';
import { TestCluster } from '../shared/testing/index.js';
import { horizontalPodAutoscaler } from './index.js';

const KEY = 'default/web';
const loop = horizontalPodAutoscaler(registry);
let answer: MetricAnswer;
let cluster: TestCluster;

/** Every pod uses so many thousandths of a core; the target is 50. */
function use(milli: number): void {
  answer = { pods: { p0: [milli, cluster.now, 15_000], p1: [milli, cluster.now, 15_000] } };
}
beforeEach(() => {
  cluster = new TestCluster([loop], { [MEASUREMENTS]: (text) => parseQuestion(text) && (answer as unknown as Json) });
  use(100);
  const metadata = { name: 'web', namespace: 'default' };
  const labels = { app: 'web' };
  const containers = [{ name: 'a', image: 'example.com/a:1', resources: { requests: { cpu: '100m' } } }];
  const template = { metadata: { labels }, spec: { containers } };
  cluster.put<Deployment>({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
    status: { replicas: 2 },
  });
  const started = toTime(cluster.now - 3_600_000);
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: started }];
  for (const name of ['p0', 'p1'])
    cluster.put<Pod>({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels }, spec: { containers } },
      status: { phase: 'Running', startTime: started, conditions },
    } as never);
  const target = { type: 'Utilization', averageUtilization: 50 };
  cluster.put<HorizontalPodAutoscaler>({
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata },
    spec: {
      ...{ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 20 },
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }],
    },
  });
});
const size = (): number | undefined => cluster.view.get(deployments, 'default', 'web')?.spec.replicas;
const scaledAt = (): string | undefined =>
  cluster.view.get(horizontalPodAutoscalers, 'default', 'web')?.status?.lastScaleTime;
const refused = (): readonly string[] => cluster.refused.map(({ reason }) => reason);

/** A look whose scaler dies after so many of the writes that follow on each other. */
function dyingAfter(writes: number): void {
  const { decisions, ...batch } = cluster.decide(loop, KEY);
  const cut = (submits: readonly Submit[] = [], left: number): readonly Submit[] =>
    left === 0 ? [] : submits.map((one) => ({ ...one, then: cut(one.then, left - 1) }));
  cluster.carryOut({ ...batch, decisions: cut(submitsOf(decisions).slice(0, 1), writes) });
}

describe('two scalers at once', () => {
  it('scale once: the second rests on what the first has remembered', () => {
    const [one, other] = [cluster.decide(loop, KEY), cluster.decide(loop, KEY)];
    cluster.carryOut(one);
    cluster.carryOut(other);
    expect(size()).toBe(4);
    expect(refused()).toEqual(['Stale']);
  });
  it.each([
    ['and scales', Infinity, 4],
    ['and dies', 1, 2],
  ])(
    'scale once when the second decides between the writes of the first %s: the last remembered scales',
    (_, writes, to) => {
      use(75);
      const first = cluster.decide(loop, KEY);
      use(100);
      cluster.onChange = ({ kind }) => {
        if (kind !== horizontalPodAutoscalers.id) return;
        cluster.onChange = () => undefined;
        dyingAfter(writes);
      };
      cluster.carryOut(first);
      expect(size()).toBe(to);
      expect(refused()).toEqual(['Stale']);
    },
  );
  it('see whose the new size is: who decides right after it waits', () => {
    cluster.onChange = ({ kind }) => {
      if (kind !== deployments.id) return;
      use(500);
      expect(submitsOf(cluster.decide(loop, KEY).decisions)).toEqual([]);
    };
    cluster.carryOut(cluster.decide(loop, KEY));
    expect(size()).toBe(4);
  });
});

describe('a scaler that dies', () => {
  it('after a change and before it said so: the next waits as after any change, and says it', () => {
    dyingAfter(2);
    expect(size()).toBe(4);
    expect(scaledAt()).toBeUndefined();
    const madeAt = toTime(cluster.now);
    use(500);
    cluster.settle().pass(14_000);
    expect(size()).toBe(4);
    use(100);
    cluster.pass(1000);
    expect(scaledAt()).toBe(madeAt);
    expect(size()).toBe(4);
  });
  it('after a change that somebody takes back at once: the next waits as after any change', () => {
    dyingAfter(2);
    expect(size()).toBe(4);
    cluster.edit(deployments, 'default', 'web', { spec: { replicas: 2 } });
    cluster.settle().pass(14_000);
    expect(size()).toBe(2);
    cluster.pass(2000);
    expect(size()).toBe(4);
  });
  it('after a change: the policies of a behavior count it', () => {
    const policies = [{ type: 'Pods', value: 2, periodSeconds: 60 }];
    cluster.edit(horizontalPodAutoscalers, 'default', 'web', { spec: { behavior: { scaleUp: { policies } } } });
    dyingAfter(2);
    expect(size()).toBe(4);
    const sizes: (number | undefined)[] = [];
    for (let s = 0; s < 75; s += 15) {
      use(500);
      cluster.pass(15_000);
      sizes.push(size());
    }
    expect(sizes).toEqual([4, 4, 4, 6, 6]);
  });
  it('before the change: the next decides anew at once', () => {
    dyingAfter(1);
    expect(size()).toBe(2);
    cluster.now += 1;
    cluster.carryOut(cluster.decide(loop, KEY));
    expect(size()).toBe(4);
  });
});

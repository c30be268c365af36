import { beforeEach, describe, expect, it } from '@jest/globals';
import { deployments, registry, SCALE_ON_PRESSURE, type Deployment, type HorizontalPodAutoscaler } from '#kinds';
import { MEASUREMENTS, parseQuestion, submitsOf, type MetricAnswer, type PodFigure } from '#model';
import type { Pod } from '#pod';
import { toTime, type Json } from '#std';
import { TestCluster } from '../shared/testing/index.js';
import { horizontalPodAutoscaler } from './index.js';

const loop = horizontalPodAutoscaler(registry);
let answer: MetricAnswer;
let cluster: TestCluster;
beforeEach(() => {
  cluster = new TestCluster([loop], {
    [MEASUREMENTS]: (text) => parseQuestion(text) && (answer as unknown as Json),
  });
});

type Spec = HorizontalPodAutoscaler['spec'];
const CPU = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }];
function make(spec: Partial<Spec> = {}, annotations: Readonly<Record<string, string>> = {}): void {
  cluster.put<HorizontalPodAutoscaler>({
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
    metadata: { name: 'web', namespace: 'default', annotations },
    spec: {
      ...{ scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 20 },
      ...{ metrics: CPU, ...spec },
    },
  });
}
function target(replicas: number): void {
  cluster.put<Deployment>({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' } },
    spec: {
      ...{ replicas, selector: { matchLabels: { app: 'web' } } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'a', image: 'example.com/a:1' }] },
      },
      strategy: { type: 'RollingUpdate' },
    },
    status: { replicas },
  } as never);
  for (let i = 0; i < replicas; i++) pod(`p${i}`);
}
function pod(name: string, { phase = 'Running', isReady = true } = {}): void {
  const started = toTime(cluster.now - 3_600_000);
  cluster.put<Pod>({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels: { app: 'web' } } },
    spec: { containers: [{ name: 'a', image: 'example.com/a:1', resources: { requests: { cpu: '200m' } } }] },
    status: {
      ...{ phase, startTime: started },
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: started }],
    },
  } as never);
}
const figure = (milli: number, demand?: number): PodFigure =>
  demand === undefined ? [milli, cluster.now - 400, 1000] : [milli, cluster.now - 400, 1000, demand];
/** Why the target's size is changed, and to which. */
function reason(): readonly [string, number | undefined] {
  const { decisions } = cluster.decide(loop, 'default/web');
  for (const { command, because } of submitsOf(decisions))
    if (command.subresource === 'scale')
      return [because, (command.body as { spec: { replicas: number } }).spec.replicas];
  return ['', undefined];
}
const size = (): number | undefined => cluster.view.get(deployments, 'default', 'web')?.spec.replicas;

describe('the reason of a size', () => {
  it('names the figures, their age, and the pods that were left out or guessed', () => {
    target(3);
    pod('starting', { phase: 'Pending' });
    pod('dark');
    pod('dead', { phase: 'Failed' });
    make();
    answer = { pods: { p0: figure(400), p1: figure(400), p2: figure(400) } };
    expect(reason()).toEqual([
      'cpu resource utilization (percentage of request) above target: 200 % of a target of 50 % (ratio 4), ' +
        'measured 0.4 s ago over 1 s on 3 pods; starting (not ready, counted as idle); dark (without figures, counted ' +
        'as idle); dead (ended or on their way out, left out): 12 replicas, limited to 6 by ScaleUpLimit (twice the size ' +
        'or 4 replicas at once)',
      6,
    ]);
  });
  it('names the policy that limited it', () => {
    target(2);
    make({ behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } } });
    answer = { pods: { p0: figure(400), p1: figure(400) } };
    expect(reason()[0]).toContain('limited to 3 by ScaleUpLimit (policy Pods 1 in 60 s)');
  });
  it('of something outside says how old the answer is', () => {
    target(2);
    const external = { metric: { name: 'rate' }, target: { type: 'AverageValue', averageValue: '5' } };
    make({ metrics: [{ type: 'External', external }] });
    answer = { values: [20_000], at: cluster.now - 1500 };
    expect(reason()).toEqual([
      'external metric rate(nil) above target: 10 of a target of 5 (ratio 2), answered 1.5 s ago: 4 replicas',
      4,
    ]);
  });
});

describe('pods at their limit', () => {
  /** Load for so many pods at their limit of 200m, of which each pod gets its share, and asks for all of it. */
  const rounds = (load: number): readonly (number | undefined)[] => {
    const sizes = [size()];
    for (let i = 0; i < 8; i++) {
      const replicas = size() ?? 1;
      for (let n = 0; n < replicas; n++) pod(`p${n}`);
      const share = (load * 100) / replicas;
      const used = Math.min(share, 200);
      answer = {
        pods: Object.fromEntries(
          Array.from({ length: replicas }, (_, n) => [`p${n}`, share > used ? figure(used, share) : figure(used)]),
        ),
      };
      cluster.pass(15_000);
      if (size() !== sizes.at(-1)) sizes.push(size());
    }
    return sizes;
  };
  it('tell with the annotation what they would use: five times the load takes one round', () => {
    target(1);
    answer = { pods: { p0: figure(100) } };
    make({}, { [SCALE_ON_PRESSURE]: 'true' });
    cluster.settle();
    expect(rounds(5)).toEqual([1, 5]);
  });
  it.each([[{}], [{ [SCALE_ON_PRESSURE]: 'false' }]])('hide it without: %j', (annotations) => {
    target(1);
    answer = { pods: { p0: figure(100) } };
    make({}, annotations);
    cluster.settle();
    expect(rounds(5)).toEqual([1, 2, 4, 5]);
  });
  it('are not believed beyond ten times what they use, and say what was held back', () => {
    target(1);
    make({ maxReplicas: 100 }, { [SCALE_ON_PRESSURE]: 'true' });
    answer = { pods: { p0: figure(100, 1_000_000) } };
    const [because, replicas] = reason();
    expect(replicas).toBe(10);
    expect(because).toContain('held back by limits or neighbours');
  });
});

import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  deployments,
  horizontalPodAutoscalers,
  pods,
  registry,
  type Deployment,
  type HorizontalPodAutoscaler,
} from '#kinds';
import {
  MEASUREMENTS,
  parseQuestion,
  RecordedOutside,
  submitsOf,
  type MetricAnswer,
  type MetricQuestion,
} from '#model';
import type { Pod } from '#pod';
import { toTime, type Json } from '#std';
import { incidentsIn, TestCluster } from '../shared/testing/index.js';
import { horizontalPodAutoscaler } from './index.js';

let answers: (question: MetricQuestion) => MetricAnswer | undefined;
let cluster: TestCluster;
beforeEach(() => {
  answers = () => undefined;
  cluster = new TestCluster([horizontalPodAutoscaler(registry)], {
    [MEASUREMENTS]: (text) => {
      const question = parseQuestion(text);
      return question && (answers(question) as Json | undefined);
    },
  });
});

function make(spec: Partial<HorizontalPodAutoscaler['spec']> = {}, name = 'web'): void {
  cluster.put<HorizontalPodAutoscaler>({
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name, namespace: 'default' } },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 10, ...spec },
  });
}
/** A deployment with pods that have been ready for long. */
function target(replicas: number, { cpu = '100m', name = 'web' }: { cpu?: string; name?: string } = {}): void {
  const containers = [{ name: 'a', image: 'example.com/a:1', resources: { requests: { cpu } } }];
  cluster.put<Deployment>({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' } },
    spec: {
      ...{ replicas, selector: { matchLabels: { app: 'web' } } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
    },
    status: { replicas },
  });
  for (let i = 0; i < replicas; i++) pod(`p${i}`, { cpu });
}
function pod(name: string, { cpu = '100m', phase = 'Running', isReady = true, ageS = 3600 } = {}): void {
  const started = toTime(cluster.now - ageS * 1000);
  cluster.put<Pod>({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels: { app: 'web' } } },
    spec: { containers: [{ name: 'a', image: 'example.com/a:1', resources: { requests: { cpu } } }] },
    status: {
      ...{ phase, startTime: started },
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: started }],
    },
  } as never);
}
/** Every pod uses so many thousandths of a core. */
function use(milli: Readonly<Record<string, number>>): void {
  answers = () => ({
    pods: Object.fromEntries(Object.entries(milli).map(([name, value]) => [name, [value, cluster.now, 15_000]])),
  });
}
const found = (name = 'web'): HorizontalPodAutoscaler => {
  const autoscaler = cluster.view.get(horizontalPodAutoscalers, 'default', name);
  if (!autoscaler) throw new Error('there is no autoscaler');
  return autoscaler;
};
const size = (): number | undefined => cluster.view.get(deployments, 'default', 'web')?.spec.replicas;
const condition = (type: string, name = 'web'): string => {
  const one = found(name).status?.conditions?.find((other) => other.type === type);
  return one ? `${one.status} ${one.reason ?? ''}: ${one.message ?? ''}` : '';
};
const incidents = (): readonly string[] => incidentsIn(cluster, 'HorizontalPodAutoscaler');
const cpuOf = (averageUtilization: number) => [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } },
];

describe('without figures', () => {
  const NO_API =
    'unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';
  it('says so, and changes nothing', () => {
    target(2);
    make();
    cluster.settle();
    expect(size()).toBe(2);
    expect(condition('AbleToScale')).toBe(
      "True SucceededGetScale: the HPA controller was able to get the target's current scale",
    );
    expect(condition('ScalingActive')).toBe(
      `False FailedGetResourceMetric: the HPA was unable to compute the replica count: failed to get cpu utilization: ${NO_API}`,
    );
    expect(found().status).toMatchObject({ currentReplicas: 2, desiredReplicas: 0, currentMetrics: [{ type: '' }] });
    expect(incidents()).toEqual([
      `FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: ${NO_API} (1)`,
      `FailedGetResourceMetric: failed to get cpu utilization: ${NO_API} (1)`,
    ]);
  });
  it.each([
    [1, { minReplicas: 2, maxReplicas: 4 }, 2, 'below Spec.MinReplicas'],
    [9, { minReplicas: 2, maxReplicas: 4 }, 4, 'above Spec.MaxReplicas'],
  ])('keeps %d within %j', (replicas, bounds, wanted, why) => {
    target(replicas);
    make(bounds);
    cluster.settle();
    expect(size()).toBe(wanted);
    expect(incidents()).toContain(
      `SuccessfulRescale: New size: ${wanted}; reason: Current number of replicas ${why} (1)`,
    );
    expect(condition('AbleToScale')).toBe(
      `True SucceededRescale: the HPA controller was able to update the target scale to ${wanted}`,
    );
    expect(found().status?.desiredReplicas).toBe(wanted);
    cluster.pass(16_000);
    expect(condition('AbleToScale')).toContain('SucceededGetScale');
    expect(size()).toBe(wanted);
  });
  it('leaves a target alone that somebody scaled to nothing', () => {
    target(0);
    make({ minReplicas: 2 });
    cluster.settle();
    expect(size()).toBe(0);
    expect(condition('ScalingActive')).toBe(
      'False ScalingDisabled: scaling is disabled since the replica count of the target is zero',
    );
  });
  it('writes nothing while nothing changes', () => {
    target(2);
    make();
    cluster.settle();
    cluster.pass(3_600_000);
    const { position } = cluster.view;
    cluster.pass(15_000).pass(15_000);
    expect(cluster.view.position).toBe(position);
  });
});

describe('a target that cannot be scaled', () => {
  it.each([
    ['example.com/v1', 'Nothing', 'no matches for kind "Nothing" in group "example.com"'],
    ['apps/v1', 'Deployment', 'deployments.apps "web" not found'],
    ['v1', 'ConfigMap', 'the server could not find the requested resource'],
  ])('is named: %s %s', (apiVersion, kind, why) => {
    make({ scaleTargetRef: { apiVersion, kind, name: 'web' } });
    cluster.settle();
    expect(condition('AbleToScale')).toBe(
      `False FailedGetScale: the HPA controller was unable to get the target's current scale: ${why}`,
    );
    expect(incidents()).toEqual([`FailedGetScale: ${why} (1)`]);
  });
  it('is scaled once it is there', () => {
    make({ minReplicas: 3 });
    cluster.settle();
    target(1);
    cluster.settle();
    expect(size()).toBe(3);
  });
  it('is tried again later when its scale cannot be written', () => {
    target(1);
    make({ minReplicas: 3 });
    cluster.refuse = ({ command }) => (command.subresource === 'scale' ? 'the quota is full' : undefined);
    cluster.settle();
    expect(size()).toBe(1);
    expect(condition('AbleToScale')).toContain('False FailedUpdateScale');
    expect(incidents()[0]).toContain('FailedRescale: New size: 3');
    cluster.refuse = () => undefined;
    cluster.pass(16_000);
    expect(size()).toBe(3);
  });
});

describe('with figures', () => {
  it('has as many pods as the load needs: twice the target makes twice as many', () => {
    target(2);
    make({ metrics: cpuOf(50) });
    use({ p0: 100, p1: 100 });
    cluster.settle();
    expect(size()).toBe(4);
    expect(found().status?.currentMetrics).toEqual([
      { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 100, averageValue: '100m' } } },
    ]);
    expect(condition('ScalingActive')).toBe(
      'True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
    );
    expect(incidents()).toContain(
      'SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target (1)',
    );
  });
  it('does nothing within a tenth of the target, or within the tolerance of the behavior', () => {
    target(2);
    make({ metrics: cpuOf(50) });
    use({ p0: 54, p1: 55 });
    cluster.settle();
    expect(size()).toBe(2);
    expect(condition('AbleToScale')).toBe('True ReadyForNewScale: recommended size matches current size');
    cluster.edit(horizontalPodAutoscalers, 'default', 'web', { spec: { behavior: { scaleUp: { tolerance: '50m' } } } });
    cluster.settle();
    expect(size()).toBe(3);
  });
  it('goes down only after five minutes of less', () => {
    target(4);
    make({ metrics: cpuOf(50) });
    const idle = (): void => use({ p0: 10, p1: 10, p2: 10, p3: 10 });
    idle();
    cluster.settle();
    expect(condition('AbleToScale')).toContain('True ScaleDownStabilized');
    for (let s = 0; s < 285; s += 15) {
      idle();
      cluster.pass(15_000);
      expect(size()).toBe(4);
    }
    idle();
    cluster.pass(15_000);
    expect(size()).toBe(1);
  });
  it('remembers the window through a restart of its process: a copy of the loop that knows the log alone goes on', () => {
    target(4);
    make({ metrics: cpuOf(50) });
    use({ p0: 10, p1: 10, p2: 10, p3: 10 });
    cluster.settle();
    const restarted = horizontalPodAutoscaler(registry);
    const decide = (): readonly string[] => {
      use({ p0: 10, p1: 10, p2: 10, p3: 10 });
      const { decisions } = cluster.decide(restarted, 'default/web');
      return submitsOf(decisions).flatMap(({ command }) => (command.subresource === 'scale' ? ['scale'] : []));
    };
    cluster.now += 200_000;
    expect(decide()).toEqual([]);
    cluster.now += 100_000;
    expect(decide()).toEqual(['scale']);
  });
  it('counts pods that start as idle on the way up, and not at all on the way down', () => {
    target(2);
    pod('p2', { isReady: false, ageS: 60 });
    make({ metrics: cpuOf(50) });
    use({ p0: 100, p1: 100, p2: 90 });
    cluster.settle();
    // (100 + 100 + 0) / 3 = 66 % of a target of 50 %: 1.32 times three pods.
    expect(size()).toBe(4);
  });
  it('never turns the direction by what it does not know', () => {
    target(4);
    make({ metrics: cpuOf(50) });
    // One of four idles; the three without figures count as loaded, which would ask for more.
    use({ p0: 1 });
    cluster.settle();
    expect(size()).toBe(4);
  });
  it('does not scale down while one of several metrics is missing, but up', () => {
    target(4);
    const hits = {
      type: 'Pods',
      pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '10' } },
    };
    make({ metrics: [...cpuOf(50), hits], behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } });
    const cpu = (value: number): void => {
      answers = ({ of }) =>
        of === 'resource'
          ? { pods: Object.fromEntries([0, 1, 2, 3].map((i) => [`p${i}`, [value, cluster.now, 15_000] as const])) }
          : { error: 'the adapter is away' };
    };
    cpu(10);
    cluster.settle();
    expect(size()).toBe(4);
    expect(condition('ScalingActive')).toContain('False FailedGetPodsMetric');
    cpu(100);
    cluster.pass(15_000);
    expect(size()).toBe(8);
  });
  it.each<[string, MetricAnswer | object]>([
    ['NaN', { pods: { p0: [NaN, 0, 0], p1: [NaN, 0, 0] } }],
    ['infinite', { pods: { p0: [Infinity, 0, 0] } }],
    ['negative', { pods: { p0: [-5, 0, 0], p1: [-5, 0, 0] } }],
    ['text', { pods: { p0: 'much' } }],
    ['a list', []],
    ['nothing', {}],
  ])('takes figures that cannot be true for missing: %s', (_name, answer) => {
    target(2);
    make({ metrics: cpuOf(50), behavior: { scaleDown: { stabilizationWindowSeconds: 0 } } });
    answers = () => answer as MetricAnswer;
    cluster.settle();
    expect(size()).toBe(2);
    expect(condition('ScalingActive')).toContain('False FailedGetResourceMetric');
  });
  it('says which container does not request what is measured', () => {
    target(1);
    make({
      metrics: [
        { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
    });
    use({ p0: 100 });
    cluster.settle();
    expect(condition('ScalingActive')).toContain('missing request for memory in container a of Pod p0');
  });
  it('decides the same again from what its decision recorded', () => {
    target(2);
    make({ metrics: cpuOf(50) });
    use({ p0: 100, p1: 100 });
    const loop = horizontalPodAutoscaler(registry);
    const outside = new RecordedOutside({ [MEASUREMENTS]: (text) => answers(parseQuestion(text) as never) as Json });
    const decided = loop.reconcile(cluster.view, 'default/web', cluster.now, outside);
    expect(outside.recorded).toEqual({
      [MEASUREMENTS]: {
        '{"namespace":"default","of":"resource","resource":"cpu","selector":"app=web"}': {
          pods: { p0: [100, cluster.now, 15_000], p1: [100, cluster.now, 15_000] },
        },
      },
    });
    const again = new RecordedOutside(outside.recorded ?? {});
    expect(loop.reconcile(cluster.view, 'default/web', cluster.now, again)).toEqual(decided);
  });
  it('says what it was told and calculated in the event of the change', () => {
    target(2);
    make({ metrics: cpuOf(50), maxReplicas: 3 });
    use({ p0: 100, p1: 100 });
    const { decisions } = cluster.decide(horizontalPodAutoscaler(registry), 'default/web');
    const scale = submitsOf(decisions).find(({ command }) => command.subresource === 'scale');
    expect(scale).toMatchObject({
      because:
        'cpu resource utilization (percentage of request) above target: 100 % of a target of 50 % (ratio 2), measured 0 s ago over 15 s on 2 pods: 4 replicas, limited to 3 by TooManyReplicas (maxReplicas 3)',
    });
  });
});

describe('a behavior', () => {
  const loaded = (): void => {
    const names = cluster.view.list(pods, 'default').map(({ metadata }) => metadata.name);
    use(Object.fromEntries(names.map((name) => [name, 1000])));
  };
  it('limits a change within a period', () => {
    target(2);
    make({
      ...{ metrics: cpuOf(50), maxReplicas: 20 },
      behavior: { scaleUp: { policies: [{ type: 'Pods', value: 3, periodSeconds: 60 }] } },
    });
    const sizes: (number | undefined)[] = [];
    for (let i = 0; i < 6; i++) {
      loaded();
      cluster.pass(15_000);
      sizes.push(size());
    }
    expect(sizes).toEqual([5, 5, 5, 5, 8, 8]);
    expect(condition('ScalingLimited')).toContain('True ScaleUpLimit');
  });
  it('may forbid a direction', () => {
    target(2);
    make({ metrics: cpuOf(50), behavior: { scaleUp: { selectPolicy: 'Disabled' } } });
    loaded();
    cluster.settle();
    expect(size()).toBe(2);
  });
});

describe('two autoscalers of one target', () => {
  it('scale nothing, and say so', () => {
    target(2);
    make({ metrics: cpuOf(50) });
    make({ metrics: cpuOf(50) }, 'other');
    use({ p0: 1000, p1: 1000 });
    cluster.settle();
    expect(size()).toBe(2);
    for (const name of ['web', 'other'])
      expect(condition('ScalingActive', name)).toBe(
        'False AmbiguousSelector: pods by selector app=web are controlled by multiple HPAs: [{default other} {default web}]',
      );
  });
});

import { describe, expect, it } from '@jest/globals';
import { MemoryLogStore } from '#adapters';
import { deployments, horizontalPodAutoscalers, pods } from '#kinds';
import {
  CREATED,
  MEASUREMENTS,
  questionText,
  streamOf,
  type EventMetadata,
  type KubeObject,
  type LoopBasis,
  type MetricAnswer,
  type StoredEvent,
} from '#model';
import { toTime, type Json, type JsonObject } from '#std';
import { Loads } from '../load/loads.js';
import { EventChecks } from './event-checks.js';
import { sizesAreSound } from './sizes.js';

const START = Date.UTC(2026, 0, 1);
const QUESTION = questionText({ of: 'resource', resource: 'cpu', namespace: 'n', selector: 'app=web' });
const METRIC = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } };

/** A world of one deployment with an autoscaler: pods with 100m requested, and the demand for all of them. */
class Written {
  readonly events: StoredEvent[] = [];
  private now = START;
  readonly loads = new Loads(() => this.now - START);

  constructor(
    private replicas: number,
    demand: number,
    spec: object = {},
  ) {
    this.put('core.namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', uid: 'n' } });
    this.put(horizontalPodAutoscalers.id, {
      ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: meta('web') },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        ...{ minReplicas: 2, maxReplicas: 6, metrics: [METRIC], ...spec },
      },
    });
    this.put(deployments.id, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('web'), spec: { replicas } });
    for (let i = 0; i < replicas; i++) this.put(pods.id, pod(`p${i}`));
    this.loads.set('n/web', { is: 'flat', milli: demand });
  }

  /** The demand is another one from now on. */
  demand(milli: number): this {
    this.loads.set('n/web', { is: 'flat', milli });
    return this;
  }
  after(seconds: number): this {
    this.now += seconds * 1000;
    return this;
  }
  /** The autoscaler's loop makes it so many replicas, on these figures of the pods; on an error without them. */
  scaled(replicas: number, figures?: readonly (number | undefined)[]): this {
    this.violations();
    for (let i = 0; i < this.replicas; i++) this.loads.work(`p${i}`);
    const at = this.now;
    const entries = figures?.flatMap((milli, i) =>
      milli === undefined ? [] : [[`p${i}`, [milli, at, 1000] as const] as const],
    );
    const answer: MetricAnswer = entries ? { pods: Object.fromEntries(entries) } : { error: 'nobody knows' };
    const basis: LoopBasis = {
      ...{ loop: 'horizontal-pod-autoscaler', key: 'n/web', view: this.events.length, now: toTime(at), build: 'b' },
      facts: { [MEASUREMENTS]: { [QUESTION]: answer as unknown as Json } },
    };
    this.add(streamOf(deployments.id, 'n', 'web'), 'DeploymentScaled', {
      data: { uid: 'web', set: [[['spec', 'replicas'], replicas]] },
      basis,
    });
    this.replicas = replicas;
    this.add(streamOf(horizontalPodAutoscalers.id, 'n', 'web'), 'StatusReported', {
      data: { uid: 'web', set: [[['status', 'desiredReplicas'], replicas]] },
      basis,
    });
    return this;
  }
  violations(): readonly string[] {
    const momentOf = (time: string): number => Date.parse(time) - START;
    const more = [this.loads.follower, sizesAreSound({ loads: this.loads, momentOf, isSet: () => false })];
    const checks = new EventChecks(new MemoryLogStore({ events: this.events }), undefined, more);
    checks.catchUp();
    return checks.violations.map(({ message }) => message);
  }

  private put(kind: string, object: object): void {
    const { namespace, name } = (object as KubeObject).metadata;
    this.add(streamOf(kind, namespace, name), CREATED, { data: { object: object as unknown as Json } });
  }
  private add(stream: string, type: string, { data, basis }: { data: JsonObject; basis?: LoopBasis }): void {
    const revision = this.events.filter((event) => event.stream === stream).length;
    const position = this.events.length + 1;
    const metadata: EventMetadata = {
      ...{ epoch: 1, actor: 'test', via: 'test', correlationId: 'test', schemaVersion: 1 },
      ...(basis && { basis }),
    };
    this.events.push({
      id: String(position),
      type,
      stream,
      revision,
      position,
      time: toTime(this.now),
      data,
      metadata,
    });
  }
}
const meta = (name: string): object => ({ name, namespace: 'n', uid: name });
const pod = (name: string): object => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { ...meta(name), labels: { app: 'web' } } },
  spec: { containers: [{ name: 'app', image: 'i', resources: { requests: { cpu: '100m' } } }] },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: toTime(START - 60_000) }],
  },
});
const AT_ONCE = { behavior: { scaleDown: { stabilizationWindowSeconds: 0 }, scaleUp: {} } };

describe('of sizes that autoscalers choose', () => {
  it('those that follow the load are right', () => {
    expect(new Written(2, 200, AT_ONCE).scaled(4, [100, 100]).violations()).toEqual([]);
    expect(new Written(4, 100, AT_ONCE).scaled(2, [25, 25, 25, 25]).violations()).toEqual([]);
  });
  it('one out of bounds is found', () => {
    expect(new Written(4, 20, AT_ONCE).scaled(1, [5, 5, 5, 5]).violations()).toEqual([
      'n/web scaled web from 4 to 1: its bounds are 2 and 6',
    ]);
  });
  it('one that is smaller without figures is found, and one for which a pod without one counted as idle', () => {
    expect(new Written(4, 20, AT_ONCE).scaled(3).violations()).toEqual([
      'n/web scaled web from 4 to 3: nothing was known of metric 1 of 1',
    ]);
    expect(new Written(4, 100, AT_ONCE).scaled(2, [25, 25, undefined, undefined]).violations()).toEqual([
      'n/web scaled web from 4 to 2: metric 1 asks for 5 at least',
    ]);
  });
  it('one is found for which a counter that began anew was a spike, or whose figures are of nobody', () => {
    expect(new Written(2, 100, AT_ONCE).scaled(6, [50, 4000]).violations()).toEqual([
      'n/web scaled web from 2 to 6: p1 has a figure of 4000, its load was between 50 and 50',
    ]);
  });
  it('one that is larger than its figures ask for is found', () => {
    expect(new Written(2, 150, AT_ONCE).scaled(5, [75, 75]).violations()).toEqual([
      'n/web scaled web from 2 to 5: its metrics ask for 4 at most',
    ]);
  });
  it('one that forgets its window is found', () => {
    const window = { behavior: { scaleDown: { stabilizationWindowSeconds: 60 }, scaleUp: {} } };
    const up = (): Written => new Written(2, 150, window).scaled(3, [75, 75]);
    expect(up().demand(20).after(90).scaled(2, [10, 10, undefined]).violations().join()).not.toContain('window');
    expect(up().demand(20).after(30).scaled(2, [10, 10]).violations()).toEqual([
      'n/web scaled web from 3 to 2: 30 s after it scaled up to 3, its window is 60 s',
    ]);
  });
  it('one that follows before the last change can show is found, whichever scaler made it', () => {
    const once = (): Written => new Written(2, 150, AT_ONCE).scaled(3, [75, 75]).demand(200);
    expect(once().after(2).scaled(4, [100, 100]).violations()).toEqual([
      'n/web scaled web from 3 to 4: 2 s after it scaled from 2 to 3',
    ]);
    expect(once().after(15).scaled(4, [100, 100]).violations()).toEqual([]);
  });
  it('one that only an earlier recommendation asked for begins no window', () => {
    const raised = new Written(2, 20, {}).scaled(3, [10, 10]);
    expect(raised.after(100).scaled(2, [10, 10, undefined]).violations().join()).not.toContain('window');
  });
  it('seed 24566024: one that its pods, with one that has no figure and is idle, do not ask for begins no window', () => {
    const window = { behavior: { scaleDown: { stabilizationWindowSeconds: 60 }, scaleUp: {} } };
    const raised = (figures: readonly (number | undefined)[]): Written =>
      new Written(3, 165, window).scaled(4, figures).demand(20).after(30).scaled(3, [10, 10, 10, 10]);
    expect(raised([55, 55, undefined]).violations().join()).not.toContain('window');
    expect(raised([85, 85, 85]).violations().join()).toContain('its window is 60 s');
  });
  it('one that still changes under a load that has long been steady is found', () => {
    const world = new Written(2, 200, AT_ONCE);
    world.loads.settle();
    expect(
      world
        .after(16 * 60)
        .scaled(4, [100, 100])
        .violations(),
    ).toEqual(['n/web scaled web from 2 to 4: the load is steady']);
  });
});

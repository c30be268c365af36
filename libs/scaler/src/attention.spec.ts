import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryBusHub, type MemoryBus } from '#adapters';
import { encodeMessage, subjects } from '#engine';
import { autoscalingLoops } from '#loops';
import { MEASUREMENTS, MeasurementEncoder, parseQuestion, RecordedOutside, type Decision } from '#model';
import { toTime, type Json } from '#std';
import { serveScaler } from './listen.js';
import { Scaler } from './scaler.js';
import { TestNodes, type TestPod } from './test-samples.js';

const KEY = 'default/web';

let nodes: TestNodes;
let hub: MemoryBusHub;
let scaler: Scaler;
let pods: TestPod[];
let encoder: MeasurementEncoder;
/** When the key was looked at, and when a look was foreseen; seconds since the beginning. */
let pokes: number[];
let foreseen: number;
let began: number;

const [loop] = autoscalingLoops;
function look(): readonly Decision[] {
  const measurements = scaler.measurementsFor(KEY);
  const facts = (text: string): Json | undefined => {
    const question = parseQuestion(text);
    return question && (measurements.answer(question) as Json | undefined);
  };
  return loop?.reconcile(nodes.view, KEY, nodes.clock.now(), new RecordedOutside({ [MEASUREMENTS]: facts })) ?? [];
}

beforeEach(() => {
  nodes = new TestNodes();
  hub = new MemoryBusHub(nodes.clock);
  encoder = new MeasurementEncoder();
  [pokes, foreseen] = [[], 0];
  const bus = hub.connect('scaler');
  agent = hub.connect('agent');
  scaler = new Scaler({ reads: { projection: nodes.view, onChanges: () => () => undefined }, bus, clock: nodes.clock });
  serveScaler(bus, scaler);
  scaler.wake({
    poke: () => {
      pokes.push((nodes.clock.monotonic() - began) / 1000);
      look();
    },
    foresee: () => {
      foreseen++;
      return look();
    },
  });
  pods = ['p', 'q'].map((name) => nodes.pod(name, ['a'], 'n1', { app: 'web' }));
  onNode('n1');
  nodes.view.put({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default', uid: 'web' } },
    ...{ spec: { replicas: 2, selector: { matchLabels: { app: 'web' } } }, status: { replicas: 2 } },
  } as never);
  autoscaler([
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
  ]);
});
/** The pods run on a node for an hour already, or wait for one. */
function onNode(nodeName: string | undefined): void {
  const long = toTime(nodes.clock.now() - 3_600_000);
  const running = {
    ...{ phase: 'Running', startTime: long },
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: long }],
  };
  for (const { name, uid } of pods)
    nodes.view.put({
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { name, uid, namespace: 'default', labels: { app: 'web' } },
      spec: {
        ...(nodeName !== undefined && { nodeName }),
        containers: [{ name: 'a', resources: { requests: { cpu: '200m' } } }],
      },
      status: nodeName === undefined ? { phase: 'Pending' } : running,
    } as never);
}
function autoscaler(metrics: Json): void {
  nodes.view.put({
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
    metadata: { name: 'web', namespace: 'default', uid: 'hpa' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 10, metrics },
  } as never);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
async function pass(ms: number): Promise<void> {
  const until = nodes.clock.monotonic() + ms;
  do await turn();
  while (nodes.clock.ringNext(until));
  nodes.clock.advanceTo(until);
  await turn();
}
let agent: MemoryBus;
async function use(milli: number | (() => number), seconds: number, node = 'n1'): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    await pass(800);
    for (const { containers } of pods)
      for (const one of containers) one.usageNanos += (typeof milli === 'number' ? milli : milli()) * 1e6;
    nodes.clock.advance(200);
    agent.publish(subjects.measurements(node), encoder.encode(nodes.sample(pods, node)));
    await pass(0);
  }
  await pass(100);
}
/** From now on counts. */
async function begin(): Promise<void> {
  await use(100, 20);
  look();
  [pokes, foreseen, began] = [[], 0, nodes.clock.monotonic()];
}

describe('a key whose figures are measured', () => {
  it('is looked at within two intervals of a load that rose', async () => {
    await begin();
    await use(400, 4);
    expect(pokes.length).toBeGreaterThan(0);
    expect(pokes[0]).toBeGreaterThan(1);
    expect(pokes[0]).toBeLessThanOrEqual(2.3);
  });
  it('is left alone by a steady load, and by one that changes no size', async () => {
    await begin();
    let i = 0;
    await use(() => 100 + (i++ % 5) - 2, 60);
    expect([pokes, foreseen]).toEqual([[], 0]);
    await use(106, 20);
    expect(pokes).toEqual([]);
    expect(foreseen).toBeLessThan(5);
  });
  it('is looked at when there are figures of pods that had no node at its last look', async () => {
    onNode(undefined);
    look();
    onNode('n1');
    [pokes, began] = [[], nodes.clock.monotonic()];
    await use(100, 5);
    expect(pokes[0]).toBeLessThanOrEqual(2.3);
  });
  it('is looked at by figures of another node, when its pods have gone there', async () => {
    await begin();
    encoder.startOver();
    nodes.node('n2');
    pods = pods.map((pod) => ({ ...pod, uid: `${pod.uid}-2` }));
    onNode('n2');
    await use(400, 8, 'n2');
    expect(pokes[0]).toBeLessThanOrEqual(6);
  });
  it('is left alone by a burst of a second', async () => {
    await begin();
    await use(200, 1);
    await use(100, 20);
    expect(pokes).toEqual([]);
  });
});

describe('a key whose figures others serve', () => {
  it('is looked at when an answer says otherwise, and when there is none any more', async () => {
    let answer: Json = { values: [10_000] };
    hub.connect('api').subscribe(subjects.query('api', 'metric'), () => encodeMessage(answer));
    const metric = { name: 'rate' };
    autoscaler([{ type: 'External', external: { metric, target: { type: 'AverageValue', averageValue: '5' } } }]);
    began = nodes.clock.monotonic();
    look();
    await pass(1000);
    expect(pokes).toHaveLength(1);
    await pass(10_000);
    expect(pokes).toHaveLength(1);
    answer = { values: [30_000] };
    await pass(3500);
    expect(pokes).toHaveLength(2);
    answer = { error: 'it is away' };
    await pass(3500);
    expect(pokes).toHaveLength(3);
  });
});

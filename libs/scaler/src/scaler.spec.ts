import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryBusHub, type MemoryBus } from '#adapters';
import { decodeMessage, encodeMessage, subjects } from '#engine';
import { DELETED, MeasurementEncoder, type Change, type MetricAnswer, type MetricQuestion } from '#model';
import { toTime, type Json } from '#std';
import { serveScaler } from './listen.js';
import { Scaler } from './scaler.js';
import { TestNodes, type TestPod } from './test-samples.js';

const CPU: MetricQuestion = { of: 'resource', resource: 'cpu', namespace: 'default', selector: 'app=web' };
const RATE: MetricQuestion = { of: 'external', metric: 'rate', namespace: 'default', metricSelector: '' };

let nodes: TestNodes;
let hub: MemoryBusHub;
let agent: MemoryBus;
let api: MemoryBus;
let scaler: Scaler;
let encoder: MeasurementEncoder;
let change: (changes: readonly Change[]) => void;
let faults: string[];

beforeEach(() => {
  nodes = new TestNodes();
  hub = new MemoryBusHub(nodes.clock);
  agent = hub.connect('agent');
  api = hub.connect('api');
  encoder = new MeasurementEncoder();
  faults = [];
  start();
});
function start(): void {
  const bus = hub.connect('scaler');
  const onChanges = (listener: typeof change): (() => void) => {
    change = listener;
    return () => undefined;
  };
  scaler = new Scaler({
    ...{ reads: { projection: nodes.view, onChanges }, bus, clock: nodes.clock },
    onFault: (what) => faults.push(what),
  });
  serveScaler(bus, scaler);
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Lets time pass with all that is due in it. */
async function pass(ms: number): Promise<void> {
  const until = nodes.clock.monotonic() + ms;
  do await turn();
  while (nodes.clock.ringNext(until));
  nodes.clock.advanceTo(until);
  await turn();
}
async function measure(pods: readonly TestPod[], milli: number, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    await pass(1000);
    for (const { containers } of pods) for (const one of containers) one.usageNanos += milli * 1e6;
    agent.publish(subjects.measurements('n1'), encoder.encode(nodes.sample(pods)));
    await pass(0);
  }
}
const asked = async (what: string, question: Json = {}): Promise<Json> => {
  const answer = api.request(subjects.query('scaler', what), encodeMessage(question), 1000);
  await pass(0);
  return decodeMessage(await answer);
};
const web = (name: string): TestPod => nodes.pod(name, ['a'], 'n1', { app: 'web' });

describe('the scaler', () => {
  it('answers on the bus what agents send', async () => {
    const pods = [web('p'), nodes.pod('other')];
    await measure(pods, 150, 3);
    expect(await asked('pods', { namespace: 'default', name: 'p' })).toMatchObject({
      figures: [{ name: 'p', windowMs: 2000, containers: [{ name: 'a', cpuNanoCores: 150e6, memoryBytes: 1000 }] }],
    });
    expect(await asked('nodes')).toMatchObject({ figures: [{ name: 'n1', memoryBytes: 1e9 }] });
    expect(await asked('history', { of: 'pods', sinceMs: 2000 })).toMatchObject({
      figures: [{ name: 'p' }, { name: 'other' }],
    });
    expect(faults).toEqual([]);
  });
  it('says once of a node that what it sends is none, and goes on', async () => {
    const pods = [web('p')];
    await measure(pods, 150, 2);
    for (let i = 0; i < 3; i++) agent.publish(subjects.measurements('n1'), Uint8Array.of(9, 9, 9));
    agent.publish(subjects.measurements('stranger'), Uint8Array.of(9, 9, 9));
    await pass(0);
    expect(faults).toEqual(['measurements of n1', 'measurements of n1']);
    encoder = new MeasurementEncoder();
    await measure(pods, 150, 2);
    expect(await asked('pods')).toMatchObject({ figures: [{ name: 'p' }] });
  });
  it('asks the agent for a frame that stands alone, once a second', async () => {
    let keys = 0;
    hub.connect('n1').subscribe(subjects.keySample('n1'), () => void keys++);
    const pods = [web('p')];
    encoder.encode(nodes.sample(pods));
    await measure(pods, 100, 3);
    expect(keys).toBe(3);
  });
  it('forgets pods that are gone', async () => {
    const pods = [web('p')];
    await measure(pods, 150, 2);
    const before = nodes.view.get({ id: 'core.pods' }, 'default', 'p');
    nodes.view.append('core.pods/default/p', DELETED, {});
    change([{ kind: 'core.pods', position: 1, before, after: undefined }]);
    await measure(pods, 150, 2);
    expect(await asked('pods')).toMatchObject({ figures: [] });
  });
});

describe('the load of pods', () => {
  const answer = (question = CPU): MetricAnswer | undefined => scaler.measurements.answer(question);
  it('is that of the pods that a selector matches', async () => {
    await measure([web('p'), web('q'), nodes.pod('other')], 150, 4);
    const at = nodes.clock.now();
    expect(answer()).toEqual({ pods: { p: [150, at, 3000], q: [150, at, 3000] } });
    expect(answer({ ...CPU, resource: 'memory' })).toEqual({ pods: { p: [1e6, at, 3000], q: [1e6, at, 3000] } });
    expect(answer({ ...CPU, container: 'a' })).toEqual({ pods: { p: [150, at, 3000], q: [150, at, 3000] } });
    expect(answer({ ...CPU, container: 'b' })).toEqual({
      error: 'container b not present in metrics for pod default/p',
    });
    expect(answer({ ...CPU, resource: 'example.com/gpu' })).toEqual({ pods: {} });
  });
  it('is waited for after a start, and then said to be missing', async () => {
    web('p');
    expect(answer()).toEqual({ isPending: true });
    await pass(2400);
    expect(answer()).toEqual({ isPending: true });
    await pass(200);
    expect(answer()).toEqual({ error: 'no metrics returned from resource metrics API' });
    start();
    const pods = [web('p')];
    await measure(pods, 100, 2);
    expect(answer()).toMatchObject({ pods: { p: [100, nodes.clock.now(), 1000] } });
  });
  it('of a pod that became ready is only what it used since', async () => {
    const pods = [web('p')];
    await measure(pods, 900, 5);
    nodes.view.put({
      ...(nodes.view.get({ id: 'core.pods' }, 'default', 'p') as never as object),
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: toTime(nodes.clock.now()) }],
      },
    } as never);
    await measure(pods, 100, 1);
    expect(answer()).toEqual({ pods: { p: [100, nodes.clock.now(), 1000] } });
    await measure(pods, 100, 3);
    expect(answer()).toEqual({ pods: { p: [100, nodes.clock.now(), 4000] } });
  });
  it('says what would have been used without a limit', async () => {
    const pods = [web('p')];
    for (let i = 0; i < 4; i++) {
      for (const container of pods[0]?.containers ?? []) {
        container.periods += 10;
        container.throttledPeriods += 10;
        container.throttledNanos += 800e6;
      }
      await measure(pods, 200, 1);
    }
    expect(answer()).toEqual({ pods: { p: [200, nodes.clock.now(), 3000, 1000] } });
  });
});

describe('metrics that others serve', () => {
  let served: (question: MetricQuestion) => Json | undefined;
  let questions: number;
  beforeEach(() => {
    questions = 0;
    served = () => ({ values: [7000] });
  });
  const serve = (): void => {
    api.subscribe(subjects.query('api', 'metric'), (data) => {
      questions++;
      const answer = served(decodeMessage(data) as unknown as MetricQuestion);
      return answer === undefined ? new Promise(() => undefined) : encodeMessage(answer);
    });
  };
  const answer = (question = RATE): MetricAnswer | undefined => scaler.measurements.answer(question);

  it('are asked for at once and then every few seconds, as long as somebody wants to know', async () => {
    serve();
    expect(answer()).toEqual({ isPending: true });
    await pass(10);
    expect(answer()).toMatchObject({ values: [7000] });
    served = () => ({ values: [9000] });
    await pass(3100);
    expect(answer()).toMatchObject({ values: [9000] });
    await pass(70_000);
    const before = questions;
    await pass(70_000);
    expect(questions).toBe(before);
    expect(answer()).toEqual({ isPending: true });
  });
  it('fail in words within five seconds, each by itself, and come back alone', async () => {
    const other: MetricQuestion = { ...RATE, metric: 'other' };
    served = (question) => ('metric' in question && question.metric === 'other' ? { values: [1] } : undefined);
    serve();
    answer();
    answer(other);
    await pass(100);
    expect(answer(other)).toMatchObject({ values: [1] });
    expect(answer()).toEqual({ isPending: true });
    await pass(4500);
    expect(answer()).toMatchObject({
      error: expect.stringMatching(/^unable to fetch metrics from external metrics API: /),
    });
    served = () => ({ values: [2] });
    await pass(3100);
    expect(answer()).toMatchObject({ values: [2] });
  });
  it('fail where nobody answers', async () => {
    answer();
    await pass(100);
    expect(answer()).toMatchObject({
      error: expect.stringMatching(/^unable to fetch metrics from external metrics API: /),
    });
  });
  it.each<[string, Json, MetricAnswer]>([
    ['an error', { error: 'x'.repeat(5000) }, { error: 'x'.repeat(1024) }],
    ['text', 'lies', { error: 'unable to fetch metrics from external metrics API: the answer is no object' }],
    ['nothing', {}, { error: 'unable to fetch metrics from external metrics API: the answer has no figures' }],
    [
      'ten megabytes',
      { values: [1], lies: 'x'.repeat(10_000_000) },
      { error: 'unable to fetch metrics from external metrics API: the answer has more than 1048576 bytes' },
    ],
  ])('are bounded where the answer is %s', async (_what, lie, expected) => {
    served = () => lie;
    serve();
    answer();
    await pass(100);
    expect(answer()).toEqual(expected);
  });
});

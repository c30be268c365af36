import { describe, expect, it } from '@jest/globals';
import { FakeMeter, type FakeLoad } from '#adapters';
import { MeasurementDecoder, type NodeSample } from '#model';
import { TestNode, testPod } from '../test-node.js';

const BUSY: FakeLoad = { cpuMilli: 400, memoryBytes: 2 ** 20 };

/** A node of a test whose samples are collected. */
async function measured(load: () => FakeLoad | undefined): Promise<{ node: TestNode; samples: NodeSample[] }> {
  const samples: NodeSample[] = [];
  const node = new TestNode({}, (clock) => new FakeMeter({ clock, load }));
  const decoder = new MeasurementDecoder(() => true);
  node.hub.connect('scaler').subscribe('measure.n1', (data) => {
    const decoded = decoder.decode(data);
    if ('sample' in decoded) samples.push(decoded.sample);
  });
  await node.start();
  return { node, samples };
}
const nanos = (sample: NodeSample | undefined): number | undefined => sample?.pods[0]?.containers[0]?.cpu?.usageNanos;

describe('an agent that measures', () => {
  it('publishes each second what runs, and from it the load can be told', async () => {
    const { node, samples } = await measured(() => BUSY);
    node.assign(testPod('web'));
    await node.run(5000);
    samples.splice(0);
    await node.run(10_000);
    expect(samples).toHaveLength(10);
    const [first, ...rest] = samples;
    const last = rest.at(-1);
    expect(first).toMatchObject({ node: 'n1', boot: 'boot-1', pods: [{ name: 'web', containers: [{ name: 'c' }] }] });
    const milli =
      ((nanos(last) ?? NaN) - (nanos(first) ?? NaN)) / 1000 / ((last?.ticksMs ?? 0) - (first?.ticksMs ?? 0));
    expect(milli).toBeCloseTo(400, 0);
  });

  it('names a restarted container by another life, whose counter begins anew', async () => {
    const { node, samples } = await measured(() => BUSY);
    node.assign(testPod('web'));
    await node.run(20_000);
    const before = samples.at(-1)?.pods[0]?.containers[0];
    node.runtime.crash(before?.id ?? '');
    await node.run(20_000);
    const after = samples.at(-1)?.pods[0]?.containers[0];
    expect(after?.id).not.toBe(before?.id);
    expect(after?.startedAt).toBeGreaterThan(before?.startedAt ?? Infinity);
    for (const [i, sample] of samples.entries()) {
      const [now] = sample.pods[0]?.containers ?? [];
      const [then] = samples[i - 1]?.pods[0]?.containers ?? [];
      if (now && then && now.id === then.id)
        expect(now.cpu?.usageNanos ?? 0).toBeGreaterThanOrEqual(then.cpu?.usageNanos ?? Infinity);
    }
  });

  it('tells intervals by a clock that nobody sets', async () => {
    const { node, samples } = await measured(() => BUSY);
    node.assign(testPod('web'));
    await node.run(5000);
    node.clock.step(-3_600_000);
    await node.run(5000);
    const steps = samples
      .slice(1)
      .map((sample, i) => [sample.ticksMs - (samples[i]?.ticksMs ?? 0), sample.at - (samples[i]?.at ?? 0) > 0]);
    expect(new Set(steps.map(([ticks]) => ticks))).toEqual(new Set([1000]));
    expect(steps.filter(([, isForward]) => isForward === false)).toHaveLength(1);
  });

  it('goes on after a pause, and no sample is made up for it', async () => {
    const { node, samples } = await measured(() => BUSY);
    node.assign(testPod('web'));
    await node.run(10_000);
    const before = samples.at(-1);
    await node.restartAgent(30_000);
    await node.run(3000);
    const lives = new Set(samples.map(({ boot }) => boot));
    expect([...lives]).toEqual(['boot-1', 'boot-2']);
    const after = samples.find(({ boot }) => boot === 'boot-2' && nanos(samples.at(-1)) !== undefined);
    expect(after?.sequence).toBe(1);
    // The counter is the kernel's: what was used meanwhile is in it, and the interval is as long as it was.
    const last = samples.at(-1);
    const milli =
      ((nanos(last) ?? NaN) - (nanos(before) ?? NaN)) / 1000 / ((last?.ticksMs ?? 0) - (before?.ticksMs ?? 0));
    expect(milli).toBeCloseTo(400, 0);
  });

  it('measures a rise of load again soon, once in five seconds', async () => {
    let cpuMilli = 100;
    const { node, samples } = await measured(() => ({ cpuMilli, memoryBytes: 2 ** 20 }));
    node.assign(testPod('web'));
    await node.run(10_000);
    const stepsAfter = async (milli: number, ms: number): Promise<number[]> => {
      cpuMilli = milli;
      samples.splice(0, samples.length - 1);
      await node.run(ms);
      return samples.slice(1).map(({ ticksMs }, i) => ticksMs - (samples[i]?.ticksMs ?? 0));
    };
    expect(await stepsAfter(140, 3000)).toEqual([1000, 1000, 1000]);
    expect(await stepsAfter(500, 3000)).toEqual([1000, 400, 600, 1000]);
    expect(await stepsAfter(2000, 3000)).toEqual([1000, 1000, 1000]);
    expect(await stepsAfter(100, 3000)).toEqual([1000, 1000, 1000]);
    expect(await stepsAfter(500, 3000)).toEqual([1000, 400, 600, 1000]);
  });

  it('drops what cannot be sent, and begins with a key when the bus is back', async () => {
    const { node, samples } = await measured(() => BUSY);
    await node.run(3000);
    const before = samples.length;
    node.bus.connected = false;
    await node.run(10_000);
    expect(samples).toHaveLength(before);
    node.bus.connected = true;
    await node.run(2000);
    expect(samples.length - before).toBeLessThanOrEqual(3);
    expect((samples.at(-1)?.sequence ?? 0) - (samples[before - 1]?.sequence ?? 0)).toBeGreaterThanOrEqual(11);
  });

  it('sends its last sample again when somebody asks for a key', async () => {
    const { node, samples } = await measured(() => BUSY);
    await node.run(3500);
    const heard: unknown[] = [];
    const late = new MeasurementDecoder(() => true);
    const scaler = node.hub.connect('late');
    scaler.subscribe('measure.n1', (data) => void heard.push(late.decode(data)));
    scaler.publish('node.n1.key-sample', new Uint8Array());
    await node.run(100);
    expect(heard).toEqual([{ sample: samples.at(-1) }]);
    await node.run(1000);
    expect(heard[1]).toHaveProperty('sample.sequence', (samples.at(-2)?.sequence ?? 0) + 1);
  });

  it('shows nothing of a container that cannot be read, and survives a meter that fails', async () => {
    let isFailing = false;
    const { node, samples } = await measured(() => {
      if (isFailing) throw new Error('the kernel is odd');
      return undefined;
    });
    node.assign(testPod('web'));
    await node.run(5000);
    expect(samples.at(-1)?.pods).toEqual([]);
    isFailing = true;
    await node.run(5000);
    expect(node.log.filter((line) => line === 'measuring: the kernel is odd')).toHaveLength(1);
    isFailing = false;
    const before = samples.length;
    await node.run(2000);
    expect(samples.length).toBeGreaterThan(before);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MeasurementDecoder, MeasurementEncoder, MEASUREMENT_BYTES_MAX, type DecodedSample } from './index.js';
import { FrameWriter } from './wire/frame-bytes.js';
import type { ContainerReading, NodeSample, PodReading } from './node-sample.js';

const all = (): boolean => true;
const GIGABYTE = 2 ** 30;

const amount = fc.oneof(
  fc.nat(4000),
  fc.nat(1000).map((pages) => pages * 4096),
  fc.maxSafeNat(),
);
/** Beyond 2^56 nanoseconds, two years of a processor, doubles no longer hold each microsecond. */
const nanos = fc
  .oneof(
    fc.nat(),
    fc.maxSafeNat().map((n) => n % 2 ** 46),
  )
  .map((micros) => micros * 1000);
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
const usage = {
  cpu: fc.record(
    {
      usageNanos: nanos,
      limitMilli: amount,
      periods: amount,
      throttledPeriods: amount,
      throttledNanos: nanos,
      pressureNanos: nanos,
    },
    { requiredKeys: ['usageNanos'] },
  ),
  memory: fc.record(
    {
      usage: amount,
      workingSet: amount,
      rss: amount,
      cache: amount,
      swap: amount,
      limit: amount,
      pageFaults: amount,
      majorPageFaults: amount,
      oomKills: amount,
      pressureNanos: nanos,
    },
    { requiredKeys: ['usage', 'workingSet', 'rss'] },
  ),
  io: fc.record({ readBytes: amount, writeBytes: amount, reads: amount, writes: amount }),
  pids: amount,
};
const files = {
  usedBytes: amount,
  capacityBytes: amount,
  availableBytes: amount,
  inodesUsed: amount,
  inodes: amount,
  inodesFree: amount,
  isPartial: fc.constant(true as const),
};
const fileSystem = fc.record(files, { requiredKeys: ['usedBytes'] });
const interfaces = fc.array(
  fc.record(
    {
      name,
      receivedBytes: amount,
      receivedPackets: amount,
      receiveErrors: amount,
      receiveDrops: amount,
      sentBytes: amount,
      sentPackets: amount,
      sendErrors: amount,
      sendDrops: amount,
    },
    { requiredKeys: ['name', 'receivedBytes', 'receiveErrors', 'sentBytes', 'sendErrors'] },
  ),
  { maxLength: 2 },
);
const container = fc.record(
  {
    name,
    id: fc.oneof(fc.stringMatching(/^[0-9a-f]{64}$/), fc.string({ maxLength: 40 })),
    startedAt: amount,
    rootfs: fileSystem,
    logs: fileSystem,
    ...usage,
  },
  { requiredKeys: ['name', 'id', 'startedAt'] },
);
const pod = fc.record(
  {
    uid: fc.uuid(),
    namespace: name,
    name,
    startedAt: amount,
    containers: fc.array(container, { maxLength: 3 }),
    network: interfaces,
    volumes: fc.array(fc.record({ name, ...files }, { requiredKeys: ['name', 'usedBytes'] }), { maxLength: 2 }),
  },
  { requiredKeys: ['uid', 'namespace', 'name', 'startedAt', 'containers'] },
);
const machine = fc.record(
  {
    startedAt: amount,
    cpus: amount,
    memoryBytes: amount,
    network: interfaces,
    fileSystem,
    imageFileSystem: fileSystem,
    pidsMax: amount,
    ...usage,
  },
  { requiredKeys: ['startedAt', 'cpus', 'memoryBytes'] },
);
const pods = fc.uniqueArray(pod, { maxLength: 5, selector: ({ uid }) => uid });
/** Some samples of one life of an agent. Pods come, go, change their order and their figures. */
const lives = fc.record({
  boot: fc.uuid(),
  first: fc.nat(1000),
  all: pods,
  steps: fc.array(
    fc.record({
      at: amount,
      ticksMs: amount,
      machine,
      shown: fc.array(fc.nat(4), { maxLength: 5 }),
      changed: fc.dictionary(fc.nat(4).map(String), container, { maxKeys: 2 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});
type Life = typeof lives extends fc.Arbitrary<infer Made> ? Made : never;
function samplesOf({ boot, first, all: known, steps }: Life): NodeSample[] {
  const now: PodReading[] = [...known];
  return steps.map(({ at, ticksMs, machine: of, shown, changed }, i) => {
    for (const [index, next] of Object.entries(changed)) {
      const before = now[Number(index)];
      if (before) now[Number(index)] = { ...before, containers: changedIn(before, next) };
    }
    return {
      node: 'n1',
      boot,
      sequence: first + i,
      at,
      ticksMs,
      machine: of,
      pods: [...new Set(shown)].flatMap((index) => now[index] ?? []),
    };
  });
}
/** The figures of `next`; its id too when the pod has no container. */
function changedIn({ containers }: PodReading, next: ContainerReading): readonly ContainerReading[] {
  const [first, ...rest] = containers;
  return first === undefined ? [next] : [{ ...next, name: first.name, id: first.id }, ...rest];
}
const sampleIn = (decoded: DecodedSample): NodeSample | undefined => ('sample' in decoded ? decoded.sample : undefined);

const runs = (numRuns: number): { numRuns: number } => ({ numRuns });

describe('measurements on the wire', () => {
  it('arrive as they were sent', () => {
    fc.assert(
      fc.property(lives, fc.integer({ min: 1, max: 6 }), (life, keyEvery) => {
        const encoder = new MeasurementEncoder(keyEvery);
        const decoder = new MeasurementDecoder(all);
        for (const sample of samplesOf(life)) {
          expect(decoder.decode(encoder.encode(sample))).toEqual({ sample });
          expect(decoder.needsKey).toBe(false);
        }
      }),
      runs(150),
    );
  });

  it('are right or absent when frames are lost, doubled and out of order, of several lives', () => {
    fc.assert(
      fc.property(lives, lives, fc.array(fc.nat(), { maxLength: 40 }), (one, other, deliveries) => {
        const sent = [one, { ...other, boot: `another than ${one.boot}` }].flatMap((life) => {
          const encoder = new MeasurementEncoder(4);
          return samplesOf(life).map((sample) => ({ sample, frame: encoder.encode(sample) }));
        });
        const decoder = new MeasurementDecoder(all);
        let before: NodeSample | undefined;
        for (const delivery of deliveries) {
          const { sample, frame } = sent[delivery % sent.length] ?? { sample: undefined, frame: new Uint8Array() };
          const decoded = sampleIn(decoder.decode(frame));
          if (decoded === undefined) continue;
          expect(decoded).toEqual(sample);
          if (before?.boot === decoded.boot) expect(decoded.sequence).toBeGreaterThan(before.sequence);
          before = decoded;
        }
      }),
      runs(150),
    );
  });

  it('go on with the next key after a loss, and with one that was asked for', () => {
    const encoder = new MeasurementEncoder(4);
    const decoder = new MeasurementDecoder(all);
    const outcome = (sequence: number, isLost = false): unknown => {
      const frame = encoder.encode(sampleOf(sequence));
      if (isLost) return 'lost';
      const decoded = decoder.decode(frame);
      return 'sample' in decoded ? decoded.sample.sequence : decoded;
    };
    const gap = { skipped: 'gap' };
    expect([outcome(1), outcome(2, true), outcome(3), outcome(4), outcome(5)]).toEqual([1, 'lost', gap, gap, 5]);
    expect([outcome(6, true), outcome(7)]).toEqual(['lost', gap]);
    expect(decoder.needsKey).toBe(true);
    expect([outcome(7), outcome(8), decoder.needsKey]).toEqual([7, 8, false]);
  });

  it('of a life that has ended are old, even its keys', () => {
    const late = new MeasurementEncoder().encode(sampleOf(9));
    const decoder = new MeasurementDecoder(all);
    decoder.decode(new MeasurementEncoder().encode(sampleOf(8)));
    expect(decoder.decode(new MeasurementEncoder().encode({ ...sampleOf(1), boot: 'b2' }))).toHaveProperty('sample');
    expect(decoder.decode(late)).toEqual({ skipped: 'old' });
  });

  it('of pods that the node does not have are left out', () => {
    const decoder = new MeasurementDecoder(({ uid }) => uid !== 'p1');
    const decoded = sampleIn(decoder.decode(new MeasurementEncoder().encode(sampleOf(1))));
    expect(decoded?.pods.map(({ uid }) => uid)).toEqual(['p0', 'p2']);
  });

  it('are small: a hundred busy containers take less than 25 bytes each', () => {
    const encoder = new MeasurementEncoder();
    let bytes = 0;
    for (let second = 0; second < 60; second++) bytes += encoder.encode(busy(second, 100)).length;
    expect(bytes / 60 / 100).toBeLessThan(25);
  });

  it('that make no sense are refused with a reason, and never crash', () => {
    const valid = new MeasurementEncoder().encode(sampleOf(1));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), fc.nat(), (garbage, isKey, at) => {
        const decoder = new MeasurementDecoder(all);
        const started = Uint8Array.of(1, isKey ? 1 : 0, ...garbage);
        const damaged = valid.slice();
        damaged.set(garbage.subarray(0, 3), at % (valid.length - 3));
        for (const bytes of [garbage, started, damaged, valid.subarray(0, at % valid.length)]) {
          const decoded = decoder.decode(bytes);
          expect(Object.keys(decoded)).toHaveLength(1);
          if ('refused' in decoded) expect(decoded.refused).not.toBe('');
        }
      }),
      runs(500),
    );
    const decoder = new MeasurementDecoder(all);
    expect(decoder.decode(Uint8Array.of(7))).toEqual({ refused: 'version 7' });
    expect(decoder.decode(Uint8Array.of(...valid, 0))).toEqual({ refused: 'more bytes than it needs' });
    expect(decoder.decode(valid.subarray(0, -1))).toEqual({ refused: 'it ends too early' });
    expect(decoder.decode(new Uint8Array(MEASUREMENT_BYTES_MAX + 1))).toHaveProperty('refused');
  });

  it('that would take much memory or time are refused', () => {
    const tooMuch = { refused: 'more than 4194304 bytes to hold' };
    // Every name is the same short text, so that a container takes a few bytes of the frame and hundreds in memory.
    const manyContainers = bomb(1, 100_000);
    const manyPods = bomb(1000, 30);
    const start = performance.now();
    for (let i = 0; i < 20; i++) {
      expect(new MeasurementDecoder(all).decode(manyContainers)).toEqual(tooMuch);
      expect(new MeasurementDecoder(all).decode(manyPods)).toEqual(tooMuch);
    }
    expect(performance.now() - start).toBeLessThan(4000);
    const atMost = new MeasurementEncoder().encode(busy(1, 2000));
    expect(sampleIn(new MeasurementDecoder(all).decode(atMost))?.pods).toHaveLength(1024);
  });

  it('that name a figure which is no count, or a long name, are not sent, and what follows is a key', () => {
    const encoder = new MeasurementEncoder();
    encoder.encode(sampleOf(1));
    const broken = sampleOf(2);
    expect(() => encoder.encode({ ...broken, machine: { ...broken.machine, pids: -1 } })).toThrow(RangeError);
    expect(() => encoder.encode({ ...broken, machine: { ...broken.machine, pids: NaN } })).toThrow(RangeError);
    // Not rounded to a counter that stands at zero.
    const cpu = { usageNanos: -1 };
    expect(() => encoder.encode({ ...broken, machine: { ...broken.machine, cpu } })).toThrow(RangeError);
    expect(() => encoder.encode({ ...broken, node: 'n'.repeat(256) })).toThrow(RangeError);
    expect(new MeasurementDecoder(all).decode(encoder.encode(sampleOf(3)))).toEqual({ sample: sampleOf(3) });
  });
});

/** A key frame of so many pods, each with so many containers. */
function bomb(podCount: number, containers: number): Uint8Array {
  const writer = new FrameWriter();
  for (const byte of [1, 1]) writer.byte(byte);
  for (const text of ['boot', 'n1']) writer.text(text);
  for (const count of [1, 0, 0]) writer.count(count);
  writer.flags(() => false, 1);
  writer.count(podCount);
  writer.count(podCount * 4 + 2);
  for (let i = 0; i < podCount; i++) {
    for (const text of ['n', 'n', `uid${i}`]) writer.text(text);
    writer.count(containers);
    for (let j = 0; j < 2 * containers; j++) writer.text('n');
    for (const count of [0, 0]) writer.count(count);
    writer.flags(() => false, containers + 1);
  }
  return writer.done();
}
function sampleOf(sequence: number): NodeSample {
  return { ...busy(sequence, 3), sequence };
}
/** Containers whose figures all move as those of a busy container do. */
function busy(second: number, count: number): NodeSample {
  return {
    node: 'node-1',
    boot: '4f2d6a0e-3f0e-4d7e-9c4c-0a9f3c1d2e5b',
    sequence: second,
    at: 1_790_000_000_000 + second * 1000,
    ticksMs: 5000 + second * 1000,
    machine: {
      startedAt: 1_780_000_000_000,
      cpus: 8,
      memoryBytes: 32 * GIGABYTE,
      cpu: { usageNanos: second * 3_141_592_000 },
    },
    pods: Array.from({ length: count }, (_, i) => ({
      uid: `p${i}`,
      namespace: 'default',
      name: `web-6d4b75cb6d-${i}`,
      startedAt: 1_789_000_000_000,
      network: [
        { name: 'eth0', receivedBytes: second * 900, receiveErrors: 0, sentBytes: second * 800, sendErrors: 0 },
      ],
      containers: [
        {
          name: 'web',
          id: `${i}`.padStart(64, 'c0ffee'),
          startedAt: 1_789_000_001_000 + i,
          cpu: { usageNanos: second * (400_000_000 + i * 1_234_000) + (second % 7) * 1_000_000, periods: second * 10 },
          memory: {
            usage: 64 * 2 ** 20 + ((second * 37) % 100) * 4096,
            workingSet: 60 * 2 ** 20 + ((second * 31) % 100) * 4096,
            rss: 50 * 2 ** 20 + ((second * 29) % 100) * 4096,
            pageFaults: second * 120,
          },
          pids: 5 + (second % 3),
        },
      ],
    })),
  };
}

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemoryEventLog, MemoryLogStore } from '#adapters';
import { createRegistry, namespaceKind } from '#kinds';
import { CREATED, DELETED, foldEvent, type StoredEvent } from '#model';
import { prng, toEventTime } from '#std';
import { Projection } from './projection.js';
import { MemoryCheckpoints, testPlane } from './testing.js';
import { TimeIndex } from './time-index.js';

const kinds = createRegistry([namespaceKind]);
const START = Date.UTC(2026, 0, 1);

/** A few namespaces that come and go for a long time, by a clock that somebody sets now and then. */
function logOf(count: number, seed = 1, stepMs = 1000): StoredEvent[] {
  const chance = prng(seed);
  let now = START;
  const revisions = new Map<string, number>();
  return Array.from({ length: count }, (_, index): StoredEvent => {
    now += chance.below(stepMs);
    if (chance.chance(0.01)) now += (chance.chance(0.5) ? 1 : -1) * chance.below(100 * stepMs);
    // Each name lives for ten events and never comes again.
    const name = `n-${Math.floor(index / 10)}`;
    const stream = `core.namespaces/_/${name}`;
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const uid = `uid-of-${name}`;
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid }, spec: {}, status: {} };
    const [type, data] =
      revision === 0
        ? [CREATED, { object }]
        : revision === 9
          ? [DELETED, { uid }]
          : ['StatusReported', { uid, set: [[['status', 'phase'], `${index}`]] }];
    return {
      ...{
        id: `e${index}`,
        type,
        time: toEventTime(now),
        data: data as never,
        stream,
        revision,
        position: 3 * index + 1,
      },
      metadata: { epoch: 1, actor: 'a', via: 'v', correlationId: 'c', schemaVersion: 1 },
    };
  });
}

describe('the last position whose time is not after a moment', () => {
  it('is exact whatever the clock did, with one time for a thousand events, from a checkpoint too', async () => {
    const events = logOf(4500);
    const checkpoints = new MemoryCheckpoints();
    const options = { checkpoints, eventsPerCheckpoint: 2300, eventsKeptAtStart: 100 };
    const first = testPlane(new MemoryEventLog({ store: new MemoryLogStore({ events }) }), kinds, options);
    await first.start();
    const second = testPlane(new MemoryEventLog({ store: new MemoryLogStore({ events }) }), kinds, options);
    await second.start();
    expect((await checkpoints.positions()).length).toBeGreaterThan(0);
    const clamped: number[] = [];
    for (const { time } of events) clamped.push(Math.max(clamped.at(-1) ?? 0, Date.parse(time)));
    const chance = prng(7);
    for (let round = 0; round < 60; round++) {
      const at = chance.below(events.length);
      const instant = (clamped[at] as number) + chance.below(3) - 1;
      const expected = events[clamped.findLastIndex((time) => time <= instant)]?.position;
      for (const { history } of [first, second]) {
        const answer = await history.positionAt(instant, Infinity);
        expect(typeof answer === 'number' ? answer : undefined).toBe(expected);
        expect(await history.timeOf(3 * at + 1 + chance.below(3))).toBe(clamped[at]);
      }
    }
    await first.stop();
    await second.stop();
  });

  it('lies between two entries whose number is bounded, and that are as good when they were written down and read', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 200 }), fc.nat(200), (steps, cut) => {
        let index = new TimeIndex(8, 3);
        let now = 100;
        const times: number[] = [];
        for (const [at, step] of steps.entries()) {
          if (at === cut) {
            const dumped = index.dump();
            index = new TimeIndex(8, 3);
            index.restore(dumped);
          }
          now += step;
          index.add(at + 1, now);
          times.push(Math.max(times.at(-1) ?? 0, now));
        }
        expect(index.dump().entries.length).toBeLessThanOrEqual(8);
        expect(index.length).toBe(steps.length);
        for (let instant = 80; instant < 150; instant++) {
          const position = times.findLastIndex((time) => time <= instant) + 1;
          const span = index.before(instant);
          if (position === 0) expect(span).toBeUndefined();
          else expect((span?.position ?? 0) <= position && position < (span?.next ?? Infinity)).toBe(true);
        }
      }),
    );
  });
});

describe('what a process keeps of a log that is ten times as long', () => {
  const LENGTHS = [5000, 50_000];
  it('is as large, in its checkpoint and, while it reads, in its memory', async () => {
    const sizes: { readonly checkpoint: number; readonly streams: number; readonly slice: number }[] = [];
    for (const length of LENGTHS) {
      // A minute from one event to the next: what went is soon forgotten.
      const events = logOf(length, 1, 60_000);
      const checkpoints = new MemoryCheckpoints();
      let slice = 0;
      let checkpoint = 0;
      checkpoints.write = async (_position, slices) => {
        checkpoint = 0;
        for await (const text of slices) {
          checkpoint += text.length;
          slice = Math.max(slice, text.length);
        }
      };
      const log = new MemoryEventLog({ store: new MemoryLogStore({ events }) });
      const plane = testPlane(log, kinds, { checkpoints, eventsKeptAtStart: 0, endsKeptMs: 3_600_000 });
      await plane.start();
      await plane.reads.checkpoint();
      sizes.push({ checkpoint, slice, streams: plane.reads.projection.size.streams });
      await plane.stop();
    }
    const [short, long] = sizes as [(typeof sizes)[0], (typeof sizes)[0]];
    // One entry of times for a thousand events is all that is more.
    expect(long.checkpoint).toBeLessThan(short.checkpoint + 45 * 40);
    expect(long.streams).toBeLessThanOrEqual(short.streams + 10);
    expect(long.slice).toBeLessThan(200_000);
  });

  it('a rebuild forgets on its way, not only at its end', async () => {
    const events = logOf(200_000, 1, 60_000);
    const log = new MemoryEventLog({ store: new MemoryLogStore({ events }) });
    const view = new Projection(foldEvent, 3_600_000);
    let most = 0;
    await view.rebuild(undefined, log.readAll(0), {
      codec: { decode: (event) => event },
      soon: setImmediate,
      upTo: events.at(-1)?.position ?? 0,
      each: () => (most = Math.max(most, view.size.streams)),
    });
    expect(most).toBeLessThan(10_000);
  });
});

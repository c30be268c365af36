import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, MemoryLogStore, VirtualClock } from '#adapters';
import { configMapKind, createRegistry, namespaceKind } from '#kinds';
import { isRefusal, type StoredEvent } from '#model';
import { LogDamaged } from '#ports';
import { ANCHOR_AFTER_MS } from './anchors.js';
import { CHECKPOINT_STREAM } from './own-streams.js';
import { MemoryCheckpoints, testCreate, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, configMapKind]);
type Options = NonNullable<Parameters<typeof testPlane>[2]>;
const turns = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};
const anchorsIn = (store: MemoryLogStore) => store.events.filter(({ stream }) => stream === CHECKPOINT_STREAM);

async function written(options: Options = {}, store = new MemoryLogStore()) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const plane = testPlane(new MemoryEventLog({ store }), kinds, { clock, ...options });
  await plane.start();
  const writer = await plane.becomeWriter('test');
  const put = async (name: string) => {
    const result = await writer.submit(testCreate('core.namespaces', { metadata: { name } }));
    if (isRefusal(result)) throw new Error(result.message);
  };
  return { store, clock, plane, put };
}
async function reading(store: MemoryLogStore, options: Options = {}) {
  const fatal: unknown[] = [];
  const plane = testPlane(new MemoryEventLog({ store }), kinds, { onFatal: (cause) => fatal.push(cause), ...options });
  await plane.start();
  return { plane, fatal };
}

describe('the hash chain of a log', () => {
  it('is pinned some seconds after something was written; an idle cluster writes nothing', async () => {
    const { store, clock, plane, put } = await written();
    await put('a');
    clock.advance(ANCHOR_AFTER_MS);
    await turns();
    expect(anchorsIn(store)).toEqual([
      expect.objectContaining({
        type: 'CheckpointMade',
        data: { position: 2, hash: expect.stringMatching(/^[\w-]{43}$/) },
      }),
    ]);
    for (let i = 0; i < 100; i++) {
      clock.advance(ANCHOR_AFTER_MS);
      await turns();
    }
    expect(anchorsIn(store)).toHaveLength(1);
    await put('b');
    clock.advance(ANCHOR_AFTER_MS);
    await turns();
    expect(anchorsIn(store).map(({ data }) => data['position'])).toEqual([2, 4]);
    await plane.stop();
  });

  it('is pinned every so many events, by the writer of the term only', async () => {
    const { store, plane, put } = await written({ eventsPerAnchor: 10, onFatal: () => undefined });
    const second = await written({ eventsPerAnchor: 10 }, store);
    for (let i = 0; i < 40; i++) await second.put(`n-${i}`);
    await turns();
    const anchors = anchorsIn(store);
    expect(anchors.length).toBeGreaterThanOrEqual(3);
    expect(anchors.length).toBeLessThanOrEqual(6);
    expect(new Set(anchors.map(({ metadata }) => metadata.epoch)).has(2)).toBe(true);
    await expect(put('late')).rejects.toThrow();
    const { plane: reader, fatal } = await reading(store);
    expect(fatal).toEqual([]);
    for (const one of [plane, second.plane, reader]) await one.stop();
  });

  it('is of the events as they are stored, although a rebuild writes to them', async () => {
    const { store, plane, put } = await written({
      ...{ eventsPerAnchor: 5, snapshotEvery: 2 },
      onFatal: () => undefined,
    });
    for (let i = 0; i < 5; i++) await put(`n-${i}`);
    const other = testPlane(new MemoryEventLog({ store }), kinds, { eventsPerAnchor: 5, snapshotEvery: 2 });
    await other.start();
    const writer = await other.becomeWriter('test');
    for (let i = 0; i < 20; i++)
      await writer.submit(testPatch('core.namespaces', undefined, 'n-0', { metadata: { labels: { n: `${i}` } } }));
    await turns();
    const reader = await reading(store, { eventsKeptAtStart: 0 });
    expect(reader.fatal).toEqual([]);
    for (const one of [plane, other, reader.plane]) await one.stop();
  });

  it('every reader holds it against what it reads, from the start, from a checkpoint and live', async () => {
    const { store, plane, put } = await written({ eventsPerAnchor: 10 });
    for (let i = 0; i < 25; i++) await put(`n-${i}`);
    await turns();
    const checkpoints = new MemoryCheckpoints();
    const first = await reading(store, { checkpoints, eventsKeptAtStart: 0 });
    await first.plane.reads.checkpoint();
    for (let i = 25; i < 60; i++) await put(`n-${i}`);
    await turns();
    expect(first.fatal).toEqual([]);
    const again = await reading(store, { checkpoints });
    expect(again.fatal).toEqual([]);
    for (const one of [first, again]) await one.plane.stop();
    // An event is altered, with all of its stream, after the anchors were made.
    for (const [index, from] of [
      [5, undefined],
      [store.events.findIndex(({ data }) => JSON.stringify(data).includes('"n-45"')), checkpoints],
    ] as const) {
      const events = store.events.map((event, at) => (at === index ? altered(event) : event));
      const start = reading(new MemoryLogStore({ events }), {
        eventsKeptAtStart: 0,
        ...(from && { checkpoints: from }),
      });
      await expect(start).rejects.toThrow(LogDamaged);
      await expect(start).rejects.toThrow(
        /hash of its events up to position \d+ .*CheckpointMade event at position \d+/,
      );
    }
    await plane.stop();
    // Live: the anchor itself lies.
    const live = await reading(store);
    const last = anchorsIn(store).at(-1) as StoredEvent;
    const { data, ...rest } = last;
    store.add(CHECKPOINT_STREAM, { ...rest, id: 'another', data: { ...data, hash: 'x'.repeat(43) } });
    await turns();
    expect(live.fatal).toEqual([expect.any(LogDamaged)]);
    await live.plane.stop();
  });
});

function altered(event: StoredEvent): StoredEvent {
  return { ...event, metadata: { ...event.metadata, correlationId: 'somebody else' } };
}

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemoryEventLog, MemoryLogStore } from '#adapters';
import { CREATED, DELETED, type StoredEvent } from '#model';
import { LogDamaged, type HistoryIndex, type HistoryScope, type RecordedEvent } from '#ports';
import type { JsonObject } from '#std';

/** Where an index keeps what it holds. */
export interface IndexPlace {
  /** Opens it, or opens it again: what was added before is there. */
  open(): HistoryIndex;
  remove(): Promise<void>;
}

const STREAMS = ['core.pods/a/x', 'core.pods/a/x-1', 'core.pods/a-b/x', 'core.nodes/_/x', 'core.nodes/_/y'] as const;
const SCOPES: readonly Omit<HistoryScope, 'at'>[] = [
  { kind: 'core.pods' },
  { kind: 'core.pods', namespace: 'a' },
  { kind: 'core.pods', namespace: 'a-b' },
  { kind: 'core.pods', namespace: 'nowhere' },
  { kind: 'core.nodes' },
  { kind: 'core.services' },
];

interface Step {
  readonly stream: string;
  readonly does: 'create' | 'change' | 'snapshot' | 'delete';
  /** Of a writer that was voted out. */
  readonly isStale: boolean;
  /** Positions have gaps. */
  readonly skips: number;
}
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    stream: fc.constantFrom(...STREAMS),
    does: fc.constantFrom<Step['does']>('create', 'create', 'change', 'snapshot', 'delete'),
    isStale: fc.nat(9).map((n) => n === 0),
    skips: fc.nat(3),
  }),
  { minLength: 1, maxLength: 40 },
);

/** As a writer would write them: nothing is created twice, and what is not there does not change. */
function logOf(all: readonly Step[]): StoredEvent[] {
  const log: StoredEvent[] = [];
  const living = new Set<string>();
  const lengths = new Map<string, number>();
  let position = 0;
  for (const { stream, does, isStale, skips } of all) {
    if ((does === 'create') === living.has(stream)) continue;
    position += 1 + skips;
    if (!isStale && does === 'create') living.add(stream);
    if (!isStale && does === 'delete') living.delete(stream);
    const revision = lengths.get(stream) ?? 0;
    lengths.set(stream, revision + 1);
    log.push(eventOf({ stream, revision, position }, does, isStale ? 1 : 2));
  }
  return log;
}

const DATA: { readonly [does in Step['does']]: readonly [type: string, data: JsonObject] } = {
  create: [CREATED, { object: { metadata: { name: 'x' } } }],
  change: ['SpecChanged', { uid: 'u', set: [[['spec', 'text'], 'Käse 語 🚢']] }],
  snapshot: ['SpecChanged', { snapshot: { metadata: { name: 'x' } }, uid: 'u', set: [[['spec', 'n'], 1]] }],
  delete: [DELETED, { uid: 'u' }],
};

type Place = Pick<StoredEvent, 'stream' | 'revision' | 'position'>;

function eventOf(place: Place, does: Step['does'], epoch = 2): StoredEvent {
  const [type, data] = DATA[does];
  return {
    ...{ id: `00000000-0000-5000-8000-${String(place.position).padStart(12, '0')}`, type },
    ...{ time: '2026-11-30T13:00:00.000Z', data },
    metadata: { epoch, actor: 'a', via: 'v', correlationId: 'c', schemaVersion: 1 },
    ...place,
  };
}

/** As a log gives them. */
async function recorded(events: readonly StoredEvent[]): Promise<readonly RecordedEvent[]> {
  const log = new MemoryEventLog({ store: new MemoryLogStore({ events }) });
  const all: RecordedEvent[] = [];
  for await (const batch of log.readAll(0)) all.push(...batch);
  return all;
}

// ---- the model, as plain as possible

const counted = (log: readonly StoredEvent[]) => log.filter(({ metadata }) => metadata.epoch >= 2);

function getOf(log: readonly StoredEvent[], stream: string, at: number, below = Infinity): readonly StoredEvent[] {
  const events = counted(log).filter((event) => event.stream === stream && event.position <= at);
  const isWhole = ({ type, data, position }: StoredEvent) =>
    position < below && (type === DELETED || 'object' in data || 'snapshot' in data);
  const begin = events.findLastIndex(isWhole);
  return begin < 0 || events[begin]?.type === DELETED ? [] : events.slice(begin);
}
function scanOf(log: readonly StoredEvent[], { kind, namespace, at, from = '' }: HistoryScope) {
  const prefix = namespace === undefined ? `${kind}/` : `${kind}/${namespace}/`;
  return [...STREAMS]
    .filter((stream) => stream.startsWith(prefix) && stream.slice(kind.length + 1) >= from)
    .sort()
    .map((stream) => getOf(log, stream, at))
    .filter((events) => events.length > 0);
}

// ---- the questions

async function scanned(index: HistoryIndex, scope: HistoryScope) {
  const objects: (readonly StoredEvent[])[] = [];
  const counts: number[] = [];
  for await (const slice of index.scan(scope)) {
    objects.push(...slice.objects);
    counts.push(objects.length + slice.left);
  }
  // Each slice says how many follow.
  expect(new Set(counts)).toEqual(new Set([objects.length]));
  return objects;
}
async function changed(index: HistoryIndex, kind: string, after: number, upTo: number) {
  const events: StoredEvent[] = [];
  const before = new Map<string, readonly StoredEvent[]>();
  let reached = after;
  for await (const slice of index.changes(kind, after, upTo)) {
    for (const made of slice.before) {
      const stream = made[0]?.stream ?? '';
      if (!events.some((event) => event.stream === stream)) before.set(stream, made);
    }
    events.push(...slice.events);
    expect(slice.upTo).toBeGreaterThan(reached);
    reached = slice.upTo;
  }
  if (upTo > after) expect(reached).toBe(upTo);
  return { events, before };
}

/** What every index of the log does, wherever it is kept. */
export function historyIndexContract(name: string, makePlace: () => Promise<IndexPlace>): void {
  describe(`${name}: the contract of a history index`, () => {
    let place: IndexPlace;
    let index: HistoryIndex;
    beforeEach(async () => {
      place = await makePlace();
      index = place.open();
    });
    afterEach(async () => {
      await index.close();
      await place.remove();
    });
    const add = async (events: readonly StoredEvent[], mark: JsonObject = {}, epoch = 2): Promise<void> =>
      index.add(await recorded(events), { epoch, mark });

    it('answers as a reading of the whole log would, at every position', async () => {
      await fc.assert(
        fc.asyncProperty(steps, fc.nat(40), fc.nat(40), async (all, cut, after) => {
          await index.clear();
          const log = logOf(all);
          await add(log.slice(0, cut));
          await add(log.slice(cut));
          const last = log.at(-1)?.position ?? 0;
          for (let at = 1; at <= last + 2; at++) {
            for (const stream of STREAMS) {
              expect(await index.get({ stream, at })).toEqual(getOf(log, stream, at));
              const below = Math.max(1, at - 2);
              expect(await index.get({ stream, at, below })).toEqual(getOf(log, stream, at, below));
            }
            for (const scope of SCOPES)
              expect(await scanned(index, { ...scope, at })).toEqual(scanOf(log, { ...scope, at }));
            for (const kind of ['core.pods', 'core.nodes']) {
              const of = counted(log).filter(({ stream, position }) => stream.startsWith(kind) && position <= at);
              expect(await index.lastChange(kind, at)).toBe(of.at(-1)?.position ?? 0);
              const { events, before } = await changed(index, kind, after, at);
              expect(events).toEqual(of.filter(({ position }) => position > after));
              for (const { stream } of events) expect(before.get(stream) ?? []).toEqual(getOf(log, stream, after));
            }
          }
        }),
        { numRuns: 25 },
      );
    });

    it('keeps what was added, and its mark, when it is opened again', async () => {
      expect(await index.mark()).toBeUndefined();
      const log = logOf(STREAMS.map((stream) => ({ stream, does: 'create', isStale: false, skips: 1 })));
      await add(log.slice(0, 3), { at: 3 });
      await index.close();
      index = place.open();
      expect(await index.mark()).toEqual({ at: 3 });
      await add(log.slice(3), { at: 5 });
      expect(await index.mark()).toEqual({ at: 5 });
      for (const { stream, position } of log)
        expect(await index.get({ stream, at: position })).toEqual(getOf(log, stream, position));
    });

    it('has copied the bytes of what is added when the call returns', async () => {
      const created = eventOf({ stream: STREAMS[0], revision: 0, position: 1 }, 'create');
      const bytes = Buffer.from(`${' '.repeat(99)}${JSON.stringify(created)}`);
      const [event] = (await recorded([created])) as [RecordedEvent];
      // A part of a page, whose memory holds other events as soon as it is given back.
      const shared = Object.create(event, { raw: { value: bytes.subarray(99) } }) as RecordedEvent;
      const added = index.add([shared], { epoch: 2, mark: {} });
      bytes.fill(0);
      await added;
      expect(await index.get({ stream: STREAMS[0], at: 1 })).toEqual([created]);
    });

    it('is not misled by what an event says', async () => {
      const stream = STREAMS[0];
      const words = { object: {}, snapshot: {}, type: 'Deleted', metadata: { epoch: 9 } };
      const place = (revision: number): Place => ({ stream, revision, position: revision + 1 });
      const created = eventOf(place(0), 'create');
      const change = eventOf(place(1), 'change');
      const told = { ...change, data: { uid: 'u', set: [[['spec'], { ...words, text: JSON.stringify(words) }]] } };
      const basis = { facts: { x: { metadata: { epoch: 9 } } } } as unknown as NonNullable<
        StoredEvent['metadata']['basis']
      >;
      const stale = eventOf(place(2), 'change', 1);
      const log = [
        created,
        { ...told, metadata: { ...told.metadata, basis } },
        { ...stale, metadata: { ...stale.metadata, basis, because: ',"metadata":{"epoch":9' } },
        { ...eventOf(place(3), 'change'), data: { set: [], object: { metadata: { name: 'upserted' } } } },
      ] as const;
      await add(log);
      for (const at of [1, 2, 3, 4]) expect(await index.get({ stream, at })).toEqual(getOf(log, stream, at));
      expect(await index.get({ stream, at: 3 })).toHaveLength(2);
      expect(await scanned(index, { kind: 'core.pods', at: 4 })).toEqual([[log[3]]]);
    });

    it('lists from a name on', async () => {
      const log = logOf(STREAMS.map((stream) => ({ stream, does: 'create', isStale: false, skips: 0 })));
      await add(log);
      for (const from of ['', 'a-b/x', 'a/x', 'a/x\0', 'a/x-0', 'a/x-1', 'a/z', '~']) {
        const scope = { kind: 'core.pods', at: 9, from };
        expect(await scanned(index, scope)).toEqual(scanOf(log, scope));
      }
    });

    it('takes nothing of a batch in which an event of a stream is missing, and says where', async () => {
      const [created, changed, again] = [0, 1, 2].map((revision) =>
        eventOf({ stream: STREAMS[0], revision, position: revision + 1 }, revision === 0 ? 'create' : 'change'),
      ) as [StoredEvent, StoredEvent, StoredEvent];
      await add([created], { at: 1 });
      const other = eventOf({ stream: STREAMS[1], revision: 0, position: 2 }, 'create');
      await expect(add([other, again], { at: 3 })).rejects.toThrow(LogDamaged);
      await expect(add([again])).rejects.toThrow(/position 3 is revision 2 of stream core.pods.a.x.*revision 0/);
      expect(await index.mark()).toEqual({ at: 1 });
      expect(await index.get({ stream: STREAMS[1], at: 9 })).toEqual([]);
      await add([changed, again], { at: 3 });
      expect(await index.get({ stream: STREAMS[0], at: 3 })).toEqual([created, changed, again]);
    });

    it('begins in the middle of a stream whose first events are archived', async () => {
      const stream = STREAMS[0];
      const log = (['change', 'snapshot', 'change', 'delete'] as const).map((does, i) =>
        eventOf({ stream, revision: 7 + i, position: 20 + i }, does),
      );
      await add(log);
      for (const [at, count] of [
        [20, 0],
        [21, 1],
        [22, 2],
        [23, 0],
      ] as const) {
        expect(await index.get({ stream, at })).toHaveLength(count);
        expect(await scanned(index, { kind: 'core.pods', at })).toHaveLength(count === 0 ? 0 : 1);
      }
    });

    it('answers many questions at a time, while more is added, with objects of every size', async () => {
      const log = Array.from({ length: 60 }, (_, i) => {
        const event = eventOf(
          { stream: `core.pods/a/p${String(i).padStart(2, '0')}`, revision: 0, position: i + 1 },
          'create',
        );
        return { ...event, data: { object: { text: 'x'.repeat(i % 10 === 0 ? 400_000 : 10) } } };
      });
      const added = add(log.slice(0, 40)).then(() => add(log.slice(40)));
      await added;
      const asked = [10, 25, 40, 60].map(async (at) => {
        const objects = await scanned(index, { kind: 'core.pods', namespace: 'a', at });
        expect(objects.flat()).toEqual(log.slice(0, at));
        const { events } = await changed(index, 'core.pods', 5, at);
        expect(events).toEqual(log.slice(5, at));
      });
      await Promise.all(asked);
    });

    it('is empty after it was cleared, and can be filled again', async () => {
      const log = logOf(STREAMS.map((stream) => ({ stream, does: 'create', isStale: false, skips: 0 })));
      await add(log, { at: 5 });
      await index.clear();
      expect(await index.mark()).toBeUndefined();
      expect(await scanned(index, { kind: 'core.pods', at: 9 })).toEqual([]);
      await add(log, { at: 5 });
      expect((await scanned(index, { kind: 'core.pods', at: 9 })).flat()).toEqual(
        log.filter(({ stream }) => stream.startsWith('core.pods')).sort((a, b) => (a.stream < b.stream ? -1 : 1)),
      );
    });
  });
}

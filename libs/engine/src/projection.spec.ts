import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { podsByNode } from '#kinds';
import {
  CREATED,
  DELETED,
  foldEvent,
  objectsByOwner,
  objectsByUid,
  streamOf,
  type StoredEvent,
  type View,
} from '#model';
import type { RecordedEvent } from '#ports';
import { fromEventTime, toEventTime, type JsonObject } from '#std';
import { WRITER_STREAM } from './own-streams.js';
import { Projection } from './projection.js';

const PODS = { id: 'core.pods' };
const fold = foldEvent;

/** What happens to one of a few pods, or who writes from now on. */
type Step =
  | { readonly does: 'create'; readonly pod: number; readonly owner: number }
  | { readonly does: 'bind' | 'own'; readonly pod: number; readonly to: number }
  | {
      readonly does: 'report';
      readonly pod: number;
      readonly key: string;
      readonly stale: boolean;
      readonly snapshot: boolean;
    }
  | { readonly does: 'delete'; readonly pod: number }
  | { readonly does: 'elect' };
const pod = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant('create' as const), pod, owner: fc.nat(2) }),
  fc.record({ does: fc.constantFrom('bind' as const, 'own' as const), pod, to: fc.nat(2) }),
  fc.record({
    ...{ does: fc.constant('report' as const), pod, key: fc.constantFrom('b', 'a', 'c') },
    ...{ stale: fc.boolean(), snapshot: fc.boolean() },
  }),
  fc.record({ does: fc.constant('delete' as const), pod }),
  fc.record({ does: fc.constant('elect' as const) }),
);

const ownersOf = (owner: number): JsonObject[] => [
  { apiVersion: 'v1', kind: 'Node', name: `n${owner}`, uid: `owner-${owner}`, controller: true },
];

/** A log of such steps. Every call makes it anew, so that whoever gets it owns it. */
function logOf(steps: readonly Step[]): StoredEvent[] {
  const revisions = new Map<string, number>();
  const view = new Projection(fold);
  let epoch = 1;
  return steps.map((now, index): StoredEvent => {
    const position = index + 1;
    const stream = now.does === 'elect' ? WRITER_STREAM : streamOf(PODS.id, 'default', `p${now.pod}`);
    const revision = revisions.get(stream) ?? 0;
    revisions.set(stream, revision + 1);
    if (now.does === 'elect') epoch++;
    const metadata = { actor: 'a', via: 'v', correlationId: 'c', schemaVersion: 1, epoch };
    if (now.does === 'report' && now.stale) metadata.epoch--;
    const base = { id: `e${position}`, time: timeOf(position), stream, revision, position, metadata };
    const event = { ...base, ...contentOf(now, position, epoch) };
    view.apply(structuredClone(event));
    const { object, createdAt } = view.stream(stream) ?? {};
    // Older builds wrote snapshots that do not say where the object was created.
    const isNew = position % 2 === 0 && createdAt !== undefined;
    // What a writer that was voted out believes is not what is.
    const snapshot = metadata.epoch < view.epoch ? { metadata: { uid: 'of another world' } } : object;
    if (now.does !== 'report' || !now.snapshot || !object) return event;
    const parts = { snapshot: structuredClone(snapshot) as unknown as JsonObject, ...(isNew && { createdAt }) };
    return { ...event, data: { ...parts, ...event.data } };
  });
}
/** A second later each time, by clocks that do not agree. */
const timeOf = (position: number): string => toEventTime((position + (position % 3)) * 1000);
/** So short that of most worlds something is forgotten. */
const KEPT_MS = 4000;

function contentOf(now: Step, position: number, epoch: number): { type: string; data: JsonObject } {
  const change = (set: JsonObject[string]) => ({ type: 'Changed', data: { uid: 'u', set } });
  switch (now.does) {
    case 'create':
      return {
        type: CREATED,
        data: {
          object: {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: {
              name: `p${now.pod}`,
              namespace: 'default',
              uid: `u${position}`,
              ...(now.owner > 0 && { ownerReferences: ownersOf(now.owner) }),
            },
            spec: { containers: [] },
            status: {},
          },
        },
      };
    case 'bind':
      return change([[['spec', 'nodeName'], `n${now.to}`]]);
    case 'own':
      return change([[['metadata', 'ownerReferences'], ownersOf(now.to)]]);
    case 'report':
      return change([[['status', now.key], { at: position, list: [now.key] }]]);
    case 'delete':
      return { type: DELETED, data: { uid: 'u' } };
    case 'elect':
      return { type: 'WriterElected', data: { epoch, cluster: 'c' } };
  }
}

async function* batches(events: readonly StoredEvent[]): AsyncIterable<readonly RecordedEvent[]> {
  const recorded = events.map((event) => ({
    ...event,
    instant: fromEventTime(event.time),
    // So long that not all of a log is set aside.
    bytes: 1024 * 1024,
    raw: Buffer.from(JSON.stringify(event)),
    firstKey: Object.keys(event.data)[0] ?? '',
    mayHave: (key: string) => JSON.stringify(event.data).includes(key),
    open: () => event,
    fact: () => event,
    done: () => undefined,
  }));
  for (let from = 0; from < recorded.length; from += 3) yield recorded.slice(from, from + 3);
}

/** All that a view answers. */
function answersOf(view: View & Projection): unknown {
  return {
    position: view.position,
    epoch: view.epoch,
    streams: [...view.entries()].sort(),
    list: view.list(PODS),
    inNamespace: view.list(PODS, 'default'),
    owned: [0, 1, 2].map((owner) => view.by(objectsByOwner, `owner-${owner}`)),
    ever: [0, 1, 2].map((owner) => view.childrenEver(`owner-${owner}`)),
    onNode: ['', 'n0', 'n1', 'n2'].map((node) => view.by(podsByNode, node)),
    byUid: view.list(PODS).map((object) => view.by(objectsByUid, object.metadata.uid)),
  };
}

function deepFrozen(...values: readonly unknown[]): void {
  for (const value of values) {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) continue;
    Object.freeze(value);
    deepFrozen(...Object.values(value));
  }
}

describe('a projection', () => {
  it('begins with the last snapshot that counts and parses nothing before it', async () => {
    const report: Step = { does: 'report', pod: 0, key: 'a', stale: false, snapshot: false };
    const steps: Step[] = [
      { does: 'create', pod: 0, owner: 1 },
      ...Array<Step>(5).fill(report),
      { ...report, snapshot: true },
      { does: 'elect' },
      { ...report, key: 'b' },
      { ...report, snapshot: true },
      { ...report, stale: true, snapshot: true },
      report,
    ];
    const slow = new Projection(fold);
    for (const event of logOf(steps)) slow.apply(event);
    const opened: number[] = [];
    const counting = async function* () {
      for await (const events of batches(logOf(steps)))
        yield events.map((event) => ({ ...event, fact: () => (opened.push(event.position), event.fact()) }));
    };
    const fast = new Projection(fold);
    await fast.rebuild(undefined, counting(), { codec: { decode: (event) => event }, soon: queueMicrotask, upTo: 12 });
    expect(answersOf(fast)).toEqual(answersOf(slow));
    // The birth is counted for its owner; the stale snapshot is looked at and does not count.
    expect([...new Set(opened)].sort((a, b) => a - b)).toEqual([1, 7, 8, 10, 11, 12]);
  });
  it('forgets a name some time after its last object went, counted by the ends of others', () => {
    const view = new Projection(fold, KEPT_MS);
    const [one, other] = [0, 1].map((n) => streamOf(PODS.id, 'default', `p${n}`)) as [string, string];
    const steps: Step[] = [
      { does: 'create', pod: 0, owner: 0 },
      { does: 'delete', pod: 0 },
      ...Array<Step>(10).fill({ does: 'elect' }),
      { does: 'create', pod: 1, owner: 0 },
      { does: 'delete', pod: 1 },
    ];
    const log = logOf(steps);
    for (const event of log.slice(0, -1)) view.apply(event);
    expect(view.stream(one)).toMatchObject({ revision: 1, object: undefined, ended: { at: timeOf(2), uid: 'u' } });
    view.apply(log.at(-1) as StoredEvent);
    expect(view.stream(one)).toBeUndefined();
    expect(view.stream(other)).toMatchObject({ revision: 1 });
    const again = logOf([...steps, { does: 'create', pod: 0, owner: 0 }]).at(-1) as StoredEvent;
    view.apply(again);
    expect(view.stream(one)).toMatchObject({ revision: 2, object: { metadata: { uid: 'u15' } } });
  });
  it('that is rebuilt answers as one that took every event as it came, and goes on the same way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(30), fc.nat(30), async (steps, first, second) => {
        const slow = new Projection(fold, KEPT_MS);
        const [restored, rebuilt] = [Math.min(first, second), Math.max(first, second)];
        const before = new Projection(fold, KEPT_MS);
        for (const event of logOf(steps)) slow.apply(event);
        // What a view shows is written to by nobody: not by later events, and not by a rebuild that begins with it.
        for (const event of logOf(steps).slice(0, restored)) deepFrozen([...before.entries()], before.apply(event));
        const fast = new Projection(fold, KEPT_MS);
        const { position, epoch, cluster, lastEnd } = before;
        const from = { entries: before.entries(), children: before.childCounts(), position, epoch, cluster, lastEnd };
        await fast.rebuild(from, batches(logOf(steps).slice(restored, rebuilt)), {
          codec: { decode: (event) => event },
          soon: queueMicrotask,
          upTo: rebuilt,
        });
        for (const event of logOf(steps).slice(rebuilt)) deepFrozen([...fast.entries()], fast.apply(event));
        expect(answersOf(fast)).toEqual(answersOf(slow));
      }),
    );
  });
});

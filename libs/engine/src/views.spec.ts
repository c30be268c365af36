import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemoryEventLog } from '#adapters';
import { podsByNode, registry } from '#kinds';
import {
  CREATED,
  DELETED,
  foldEvent,
  isRefusal,
  labelIndex,
  labelValue,
  objectsByOwner,
  objectsByUid,
  parseStream,
  streamOf,
  type KindRef,
  type KubeObject,
  type NewEvent,
  type ObjectIndex,
  type StoredEvent,
  type StreamState,
  type View,
} from '#model';
import { TestView } from '#model/testing';
import { toEventTime, type Json, type JsonObject } from '#std';
import { ChangeWindow } from './change-window.js';
import { WRITER_STREAM } from './own-streams.js';
import { Projection } from './projection.js';
import { testPlane } from './testing.js';

const KINDS = ['core.pods', 'apps.replicasets', 'core.nodes'] as const;
const API: Readonly<Record<string, readonly [string, string]>> = {
  'core.pods': ['v1', 'Pod'],
  'apps.replicasets': ['apps/v1', 'ReplicaSet'],
  'core.nodes': ['v1', 'Node'],
};
/** In the order of streams `a-b/x` comes before `a/x`. */
const NAMESPACES = ['a', 'a-b'] as const;
const NAMES = ['x', 'x-1', 'y'] as const;
const NODES = ['', 'n0', 'n1'] as const;
const LABELS = ['red', 'blue'] as const;

const podsByLabel: ObjectIndex = labelIndex('test: pods by label', { id: 'core.pods' });
const INDEXES: readonly ObjectIndex[] = [objectsByUid, objectsByOwner, podsByNode, podsByLabel];

const fold = (state: StreamState | undefined, event: Parameters<typeof foldEvent>[1], owned?: boolean) =>
  foldEvent(state, event, owned);

// ---- histories

interface Target {
  readonly kind: (typeof KINDS)[number];
  readonly namespace: (typeof NAMESPACES)[number];
  readonly name: (typeof NAMES)[number];
}
interface Step {
  readonly does: 'create' | 'bind' | 'label' | 'own' | 'report' | 'delete' | 'elect';
  readonly to: Target;
  readonly owner: Target;
  readonly node: string;
  readonly label: string;
  /** Written by a writer that was voted out. */
  readonly isStale: boolean;
}
const target: fc.Arbitrary<Target> = fc.record({
  kind: fc.constantFrom(...KINDS),
  namespace: fc.constantFrom(...NAMESPACES),
  name: fc.constantFrom(...NAMES),
});
const stepOf = (isCalm: boolean): fc.Arbitrary<Step> =>
  fc.record({
    does: fc.constantFrom<Step['does']>(
      ...(['create', 'create', 'create', 'bind', 'label', 'own', 'report', 'delete'] as const),
      isCalm ? 'report' : 'elect',
    ),
    to: target,
    owner: target,
    node: fc.constantFrom(...NODES),
    label: fc.constantFrom(...LABELS),
    isStale: isCalm ? fc.constant(false) : fc.nat(7).map((n) => n === 0),
  });
/** Calm ones have one writer. */
const history = (isCalm = false) => fc.array(stepOf(isCalm), { minLength: 1, maxLength: 40 });

const streamFor = ({ kind, namespace, name }: Target): string =>
  streamOf(kind, kind === 'core.nodes' ? undefined : namespace, name);

/** A log of such steps; every call makes it anew, so that whoever gets it owns it. */
function logOf(steps: readonly Step[]): StoredEvent[] {
  const log: StoredEvent[] = [];
  let epoch = 1;
  for (const step of steps) {
    const position = log.length + 1;
    const model = new ModelView(log);
    const stream = step.does === 'elect' ? WRITER_STREAM : streamFor(step.to);
    if (step.does === 'elect') epoch++;
    const revision = log.filter((event) => event.stream === stream).length;
    const metadata = { actor: 'a', via: 'v', correlationId: 'c', schemaVersion: 1, epoch };
    log.push({
      ...{ id: `e${position}`, time: toEventTime((position + (position % 3)) * 1000), stream, revision, position },
      metadata: step.isStale && step.does !== 'elect' ? { ...metadata, epoch: epoch - 1 } : metadata,
      ...contentOf(step, { position, epoch, model }),
    });
  }
  return structuredClone(log);
}

function contentOf(
  { does, to, owner, node, label }: Step,
  { position, epoch, model }: { readonly position: number; readonly epoch: number; readonly model: ModelView },
): { readonly type: string; readonly data: JsonObject } {
  const uid = model.stream(streamFor(to))?.object?.metadata.uid ?? 'nobody';
  const ownerReferences = [
    {
      ...{ apiVersion: 'v1', kind: 'Thing', name: owner.name, controller: true },
      uid: model.stream(streamFor(owner))?.object?.metadata.uid ?? 'nobody',
    },
  ];
  const change = (path: readonly string[], value: Json) => ({
    type: 'SpecChanged',
    data: { uid, set: [[[...path], value]] as Json[] },
  });
  switch (does) {
    case 'create': {
      const [apiVersion, kind] = API[to.kind] as readonly [string, string];
      const metadata = {
        name: to.name,
        ...(to.kind !== 'core.nodes' && { namespace: to.namespace }),
        uid: `u${position}`,
        labels: { color: label },
        ...(owner.name !== 'y' && { ownerReferences }),
      };
      return { type: CREATED, data: { object: { apiVersion, kind, metadata, spec: {}, status: {} } } };
    }
    case 'bind':
      return change(['spec', 'nodeName'], node);
    case 'label':
      return change(['metadata', 'labels'], { color: label, size: 'l' });
    case 'own':
      return change(['metadata', 'ownerReferences'], ownerReferences);
    case 'report':
      return change(['status', 'phase'], `at ${position}`);
    case 'delete':
      return { type: DELETED, data: { uid } };
    case 'elect':
      return { type: 'WriterElected', data: { epoch, cluster: 'c' } };
  }
}

// ---- the model

/** What a view answers, written as plainly as possible: everything is worked out anew from the events. */
class ModelView implements View {
  readonly position: number;
  private readonly states = new Map<string, { revision: number; position: number; object: KubeObject | undefined }>();
  private readonly births: string[] = [];

  constructor(events: readonly StoredEvent[]) {
    let epoch = 0;
    for (const event of events) {
      const before = this.states.get(event.stream)?.object;
      const isElection = event.stream === WRITER_STREAM;
      if (isElection) epoch = Number(event.data['epoch']);
      const counts = !isElection && event.metadata.epoch >= epoch;
      const object = counts ? folded(before, event) : before;
      const { revision, position } = event;
      const known = this.states.get(event.stream);
      this.states.set(event.stream, { revision, position: counts || !known ? position : known.position, object });
      const owner = object?.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
      if (owner !== undefined && object?.metadata.uid !== before?.metadata.uid) this.births.push(owner);
    }
    this.position = events.at(-1)?.position ?? 0;
  }

  stream(stream: string): StreamState | undefined {
    return this.states.get(stream);
  }
  get<T extends KubeObject>(kind: KindRef<T>, namespace: string | undefined, name: string): T | undefined {
    return this.states.get(streamOf(kind.id, namespace, name))?.object as T | undefined;
  }
  list<T extends KubeObject>(kind: KindRef<T>, namespace?: string): readonly T[] {
    return this.living()
      .filter(([stream]) => parseStream(stream).kind === kind.id)
      .map(([, object]) => object as T)
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
  }
  by<T extends KubeObject>(index: ObjectIndex<T>, value: string): readonly T[] {
    return this.living()
      .filter(([stream]) => index.kind === undefined || parseStream(stream).kind === index.kind.id)
      .map(([, object]) => object as T)
      .filter((object) => index.values(object).includes(value));
  }
  childrenEver(ownerUid: string): number {
    return this.births.filter((uid) => uid === ownerUid).length;
  }
  private living(): readonly (readonly [string, KubeObject])[] {
    const found = [...this.states].flatMap(([stream, { object }]) => (object ? [[stream, object] as const] : []));
    return found.sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

function folded(before: KubeObject | undefined, event: StoredEvent): KubeObject | undefined {
  const object = event.type === CREATED ? (event.data['object'] as unknown as KubeObject) : changed(before, event);
  return object && { ...object, metadata: { ...object.metadata, resourceVersion: String(event.position) } };
}
function changed(before: KubeObject | undefined, event: StoredEvent): KubeObject | undefined {
  if (event.type === DELETED || !before) return undefined;
  const [[[first, second], value]] = event.data['set'] as unknown as readonly [[readonly [string, string], Json]];
  return { ...before, [first]: { ...(before[first] as JsonObject), [second]: value } };
}

// ---- the suite

/** All that a view can be asked about such a history. Of uids that no object has, counts are not promised. */
function answersOf(view: View, log: readonly StoredEvent[]) {
  const streams = [...new Set(log.map(({ stream }) => stream))].filter((stream) => stream !== WRITER_STREAM).sort();
  const uids = log.flatMap(({ data }) => (data['object'] as KubeObject | undefined)?.metadata.uid ?? []);
  const labels = NAMESPACES.flatMap((namespace) => LABELS.map((label) => labelValue(namespace, 'color', label)));
  const values = [...uids, 'nobody', ...NAMESPACES, ...NODES, ...labels, labelValue('a', 'size', 'l')];
  return {
    streams: streams.map((stream) => [stream, view.stream(stream)?.revision, view.stream(stream)?.object]),
    got: streams.map(parseStream).map(({ kind, namespace, name }) => view.get({ id: kind }, namespace, name)),
    all: KINDS.map((id) => view.list({ id })),
    lists: KINDS.flatMap((id) => NAMESPACES.map((namespace) => view.list({ id }, namespace))),
    indexes: INDEXES.map((index) => [index.name, values.map((value) => [value, view.by(index, value)])]),
    children: uids.flatMap((uid) => (view.by(objectsByUid, uid).length > 0 ? [[uid, view.childrenEver(uid)]] : [])),
  };
}
const expected = (log: readonly StoredEvent[], upTo: number) => answersOf(new ModelView(log.slice(0, upTo)), log);

/** What the past can be asked: of what was there, and by indexes of one kind. */
function pastAnswersOf(view: View, log: readonly StoredEvent[]) {
  const streams = [...new Set(log.map(({ stream }) => stream))].filter((stream) => stream !== WRITER_STREAM).sort();
  const labels = NAMESPACES.flatMap((namespace) => LABELS.map((label) => labelValue(namespace, 'color', label)));
  return {
    streams: streams.map((stream) => view.stream(stream)?.object),
    got: streams.map(parseStream).map(({ kind, namespace, name }) => view.get({ id: kind }, namespace, name)),
    all: KINDS.map((id) => view.list({ id })),
    lists: KINDS.flatMap((id) => NAMESPACES.map((namespace) => view.list({ id }, namespace))),
    onNodes: NODES.map((node) => view.by(podsByNode, node)),
    labeled: labels.map((label) => view.by(podsByLabel, label)),
  };
}

function applied(log: readonly StoredEvent[]): Projection {
  const projection = new Projection(fold);
  for (const event of log) projection.apply(event);
  return projection;
}

describe('every view answers as the model does:', () => {
  it('a projection, after each event; also an index that is asked for late', () => {
    fc.assert(
      fc.property(history(), fc.nat(40), (steps, late) => {
        const log = logOf(steps);
        const projection = new Projection(fold);
        logOf(steps).forEach((event, i) => {
          projection.apply(event);
          if (i >= late) expect(answersOf(projection, log)).toEqual(expected(log, i + 1));
        });
        expect(answersOf(applied(logOf(steps)), log)).toEqual(expected(log, log.length));
      }),
    );
  });

  it("the writer's look ahead, with decisions whose appends are under way and are folded later", () => {
    fc.assert(
      fc.property(history(true), fc.nat(40), (steps, from) => {
        const log = logOf(steps);
        const durable = applied(logOf(steps).slice(0, from));
        const ahead = durable.copy();
        for (const { stream, revision, position } of log.slice(from)) {
          const object = new ModelView(log.slice(0, position)).stream(stream)?.object;
          ahead.put(stream, { revision, position: Number.MAX_SAFE_INTEGER, object }, ahead.position);
          expect(answersOf(ahead, log)).toEqual(expected(log, position));
        }
        for (const event of logOf(steps).slice(from)) {
          durable.apply(event);
          // As the writer does: only the newest decision of a stream is replaced by what was folded.
          const state = durable.stream(event.stream) as StreamState;
          if (state.revision === ahead.stream(event.stream)?.revision) ahead.put(event.stream, state, event.position);
        }
        expect(answersOf(ahead, log)).toEqual(expected(log, log.length));
      }),
    );
  });

  it('a view that is rewound, also while the present moves on', () => {
    fc.assert(
      fc.property(history(), fc.nat(40), fc.nat(40), (steps, first, second) => {
        const log = logOf(steps);
        const [moment, present] = [Math.min(first, second), Math.max(first, second)];
        const projection = new Projection(fold);
        const window = new ChangeWindow(projection);
        const take = (event: StoredEvent): void => {
          const before = projection.stream(event.stream);
          window.add(projection.apply(event), { stream: event.stream, before, at: 0 });
        };
        logOf(steps).slice(0, present).forEach(take);
        const position = log[Math.min(moment, log.length) - 1]?.position ?? 0;
        const view = window.viewAt(position) as View;
        expect(answersOf(view, log)).toEqual(expected(log, position));
        logOf(steps).slice(present).forEach(take);
        expect(answersOf(view, log)).toEqual(expected(log, position));
        expect(answersOf(window.viewAt(position) as View, log)).toEqual(expected(log, position));
      }),
    );
  });

  it('a view that is rewound, of what is forgotten since', () => {
    fc.assert(
      fc.property(history(), fc.nat(40), (steps, moment) => {
        const log = logOf(steps);
        const projection = new Projection(fold, 4000);
        const window = new ChangeWindow(projection);
        let then: unknown;
        let position = 0;
        for (const event of logOf(steps)) {
          const before = projection.stream(event.stream);
          window.add(projection.apply(event), { stream: event.stream, before, at: 0 });
          if (event.position > moment) continue;
          position = event.position;
          then = answersOf(projection, log);
        }
        then ??= answersOf(new Projection(fold), log);
        expect(answersOf(window.viewAt(position) as View, log)).toEqual(then);
      }),
    );
  });

  it('a moment of the past, out of the history index', async () => {
    await fc.assert(
      fc.asyncProperty(history(), fc.nat(40), fc.nat(40), async (steps, moment, kept) => {
        const log = logOf(steps);
        const store = new MemoryEventLog();
        const positions: number[] = [];
        for (const { stream, revision, position: _, ...event } of logOf(steps))
          positions.push((await store.append(stream, event as NewEvent, revision - 1)).position);
        const plane = testPlane(store, registry, { eventsKeptAtStart: kept });
        await plane.start();
        const at = Math.max(1, Math.min(moment, log.length));
        const then = await plane.history.at(positions[at - 1] as number);
        if (isRefusal(then)) throw new Error(then.message);
        expect(await then.look((view) => pastAnswersOf(view, log))).toEqual(
          pastAnswersOf(new ModelView(log.slice(0, at)), log),
        );
        await plane.stop();
      }),
      { numRuns: 50 },
    );
  });

  it('the view of tests', () => {
    fc.assert(
      fc.property(history(true), (steps) => {
        const log = logOf(steps);
        const view = new TestView(registry);
        for (const event of logOf(steps)) view.fold(event);
        expect(answersOf(view, log)).toEqual(expected(log, log.length));
      }),
    );
  });
});

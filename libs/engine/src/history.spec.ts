import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, MemoryHistoryIndex, MemoryLogStore, VirtualClock } from '#adapters';
import { configMapKind, createRegistry, namespaceKind } from '#kinds';
import { isRefusal, objectsByUid, type Change, type KubeObject, type View } from '#model';
import { HistoryIndexFailed, type RecordedEvent } from '#ports';
import { Bug } from '#std';
import { INDEX_TIMEOUT_MS } from './history-feed.js';
import { INDEX_RETRY_MS } from './log-away.js';
import type { PastCluster } from './past-cluster.js';
import { testCreate, testDelete, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, configMapKind]);
const CONFIG_MAPS = 'core.configmaps';
const START = Date.parse('2026-11-30T13:00:00Z');

/** A log that tells from where it was read. */
class WatchedLog extends MemoryEventLog {
  readonly readFrom: number[] = [];
  override readAll(afterPosition: number): ReturnType<MemoryEventLog['readAll']> {
    this.readFrom.push(afterPosition);
    return super.readAll(afterPosition);
  }
}
/** An index that can be made to fail, or to take nothing any more. */
class FaultyIndex extends MemoryHistoryIndex {
  isBroken = false;
  isStuck = false;
  override async get(...asked: Parameters<MemoryHistoryIndex['get']>) {
    if (this.isBroken)
      throw new HistoryIndexFailed('The history index /home/history.db cannot be used: disk I/O error.');
    return super.get(...asked);
  }
  override add(events: readonly RecordedEvent[], batch: Parameters<MemoryHistoryIndex['add']>[1]): Promise<void> {
    return this.isStuck ? new Promise(() => undefined) : super.add(events, batch);
  }
  override async clear(): Promise<void> {
    this.isBroken = false;
    return super.clear();
  }
}

type Options = NonNullable<Parameters<typeof testPlane>[2]>;

/** A process with the writer, and what was answered to it. */
async function running(log: MemoryEventLog, options: Options = {}) {
  const complaints: string[] = [];
  const plane = testPlane(log, kinds, { onComplaint: (message) => complaints.push(message), ...options });
  await plane.start();
  const writer = await plane.becomeWriter('test-cluster');
  const answers: KubeObject[] = [];
  const submit = async (command: Parameters<typeof writer.submit>[0]): Promise<number> => {
    const result = await writer.submit(command);
    if (isRefusal(result)) throw new Error(result.message);
    if (result.object.kind === 'ConfigMap' && command.verb !== 'delete') answers.push(result.object);
    return result.position;
  };
  const change = (n: string): Promise<number> => submit(testPatch(CONFIG_MAPS, 'default', 'one', { data: { n } }));
  return { plane, writer, submit, change, answers, complaints };
}
async function filled(log: MemoryEventLog, options: Options = {}) {
  const life = await running(log, options);
  await life.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
  await life.submit(testCreate(CONFIG_MAPS, { metadata: { name: 'one', namespace: 'default' }, data: {} }));
  for (let i = 0; i < 40; i++) await life.change(String(i));
  return life;
}
type Life = Awaited<ReturnType<typeof running>>;

async function past({ plane }: Pick<Life, 'plane'>, position: number): Promise<PastCluster> {
  const then = await plane.history.at(position);
  if (isRefusal(then)) throw new Error(then.message);
  return then;
}
const one = (view: View): KubeObject | undefined => view.get({ id: CONFIG_MAPS }, 'default', 'one');
const positionOf = ({ metadata }: KubeObject): number => Number(metadata.resourceVersion);

describe('the history of a cluster', () => {
  it('gives what was answered at every position, and nothing before it was made and after it went', async () => {
    const life = await filled(new MemoryEventLog());
    const gone = await life.submit(testDelete(CONFIG_MAPS, 'default', 'one'));
    for (const answer of life.answers) {
      const then = await past(life, positionOf(answer));
      expect(await then.look(one)).toEqual(answer);
      expect(await then.look((view) => view.list({ id: CONFIG_MAPS }, 'default'))).toEqual([answer]);
    }
    const [first] = life.answers as [KubeObject];
    expect(await (await past(life, positionOf(first) - 1)).look(one)).toBeUndefined();
    expect(await (await past(life, gone)).look(one)).toBeUndefined();
    await life.plane.stop();
  });

  it('goes on after a restart where its index ends', async () => {
    const log = new WatchedLog();
    const history = new MemoryHistoryIndex();
    const first = await filled(log, { history });
    const last = positionOf(first.answers.at(-1) as KubeObject);
    await past(first, last);
    await first.plane.stop();
    log.readFrom.length = 0;
    const second = await running(log, { history, eventsKeptAtStart: 0 });
    const begun = log.readFrom.length;
    for (const answer of first.answers)
      expect(await (await past(second, positionOf(answer))).look(one)).toEqual(answer);
    const next = await second.change('next');
    expect(await (await past(second, next)).look(one)).toEqual(second.answers.at(-1));
    const read = log.readFrom.slice(begun);
    expect(Math.min(...read)).toBeGreaterThanOrEqual(last);
    expect(second.complaints).toEqual([]);
    await second.plane.stop();
  });

  it('does not use an index that is of another log, as after a backup was restored', async () => {
    const store = new MemoryLogStore();
    const history = new MemoryHistoryIndex();
    const first = await filled(new MemoryEventLog({ store }), { history });
    const common = positionOf(first.answers[10] as KubeObject);
    await past(first, positionOf(first.answers.at(-1) as KubeObject));
    await first.plane.stop();
    const events = store.events.filter(({ position }) => position <= common);
    const second = await running(new MemoryEventLog({ store: new MemoryLogStore({ events }) }), { history });
    for (let i = 0; i < 40; i++) await second.change(`other ${i}`);
    for (const answer of [...first.answers.slice(0, 11), ...second.answers])
      expect(await (await past(second, positionOf(answer))).look(one)).toEqual(answer);
    expect(second.complaints).toEqual([expect.stringMatching(/history index is not of this event log/)]);
    await second.plane.stop();
  });

  it('lets a question wait for its index for some seconds, and then says how far that is', async () => {
    const clock = new VirtualClock(START);
    const history = new FaultyIndex();
    const life = await filled(new MemoryEventLog(), { history, clock });
    history.isStuck = true;
    const asked = life.plane.history.at(positionOf(life.answers.at(-1) as KubeObject));
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(INDEX_TIMEOUT_MS);
    expect(await asked).toMatchObject({
      refused: true,
      code: 503,
      message: expect.stringMatching(/read up to position \d+ of \d+/),
      details: { retryAfterSeconds: 1 },
    });
  });

  it('makes an index anew that failed, refuses questions until then, and says so once', async () => {
    const clock = new VirtualClock(START);
    const history = new FaultyIndex();
    const life = await filled(new MemoryEventLog(), { history, clock });
    const answer = life.answers[20] as KubeObject;
    const then = await past(life, positionOf(answer));
    history.isBroken = true;
    await expect(then.look(one)).rejects.toThrow(HistoryIndexFailed);
    await expect(then.look(one)).rejects.toThrow(HistoryIndexFailed);
    expect(await life.plane.history.at(positionOf(answer))).toMatchObject({
      code: 503,
      details: { retryAfterSeconds: 30 },
    });
    expect(life.complaints).toEqual([expect.stringMatching(/refused for 30 s: .*disk I.O error/)]);
    clock.advance(INDEX_RETRY_MS);
    expect(await (await past(life, positionOf(answer))).look(one)).toEqual(answer);
    await life.plane.stop();
  });

  it('is read in the background once it is quiet, and during a long burst of writes too', async () => {
    const clock = new VirtualClock(START);
    const store = new MemoryLogStore();
    // Its writer would go on to write anchors.
    await (await filled(new MemoryEventLog({ store }), { clock })).plane.stop();
    const history = new MemoryHistoryIndex();
    const sample = store.events.findLast(({ stream }) => stream.endsWith('/one'));
    if (!sample) throw new Error('nothing was written');
    let revision = sample.revision;
    const burst = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) store.add(sample.stream, { ...sample, id: `burst ${++revision}` });
      for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
    };
    // Ten events for each that there is.
    const log = new MemoryEventLog({ store, positionsPerEvent: 0.1 });
    const plane = testPlane(log, kinds, { clock, history });
    await burst(250);
    await plane.start();
    const indexed = async (): Promise<number> => {
      for (let i = 0; i < 400; i++) await new Promise((resolve) => setImmediate(resolve));
      return ((await history.mark())?.['tip'] as { readonly position: number } | undefined)?.position ?? 0;
    };
    const begun = await indexed();
    expect(begun).toBe(store.head);
    await burst(250);
    clock.advance(999);
    expect(await indexed()).toBe(begun);
    await burst(30);
    clock.advance(1);
    // It is not quiet: looked at again a second later.
    expect(await indexed()).toBe(begun);
    clock.advance(1000);
    expect(await indexed()).toBe(store.head);
    await burst(2000);
    expect(await indexed()).toBe(store.head);
    await plane.stop();
  });

  it('answers any pure question about a view, also one that catches what the view throws', async () => {
    const life = await filled(new MemoryEventLog());
    const answer = life.answers[5] as KubeObject;
    const then = await past(life, positionOf(answer));
    const careless = (view: View): unknown => {
      try {
        return [view.get({ id: 'core.namespaces' }, undefined, 'default')?.metadata.name, one(view)];
      } catch {
        return 'caught';
      }
    };
    expect(await then.look(careless)).toEqual(['default', answer]);
    await expect(then.look(() => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
    await expect(
      then.look(() => {
        throw new Error('thrown');
      }),
    ).rejects.toThrow('thrown');
    // What the past cannot be asked is never answered wrongly.
    await expect(then.look((view) => view.childrenEver('u'))).rejects.toThrow(Bug);
    await expect(then.look((view) => view.by(objectsByUid, 'u'))).rejects.toThrow(Bug);
    await life.plane.stop();
  });

  it('gives moments between two changes of a kind the very same list of it', async () => {
    const life = await filled(new MemoryEventLog());
    const lists = await Promise.all(
      [3, 9].map(async (i) => {
        const then = await past(life, positionOf(life.answers[i] as KubeObject));
        return then.look((view) => view.list({ id: 'core.namespaces' }));
      }),
    );
    expect(lists[0]).toHaveLength(1);
    expect(lists[0]).toBe(lists[1]);
    await life.plane.stop();
  });

  it('tells every change after any position, as it was told when it happened', async () => {
    const life = await filled(new MemoryEventLog());
    const told: Change[] = [];
    life.plane.reads.onChanges((changes) => told.push(...changes.filter(({ kind }) => kind === CONFIG_MAPS)));
    const begin = life.plane.reads.projection.position;
    for (let i = 0; i < 20; i++) await life.change(`again ${i}`);
    await life.submit(testDelete(CONFIG_MAPS, 'default', 'one'));
    await life.submit(testCreate(CONFIG_MAPS, { metadata: { name: 'one', namespace: 'default' }, data: {} }));
    for (const after of [begin, begin + 7, begin + 20, begin + 21]) {
      const changes: Change[] = [];
      let reached = after;
      for await (const slice of life.plane.history.changes(CONFIG_MAPS, after, () => true)) {
        changes.push(...slice.changes);
        reached = slice.position;
      }
      expect(changes).toEqual(told.filter(({ position }) => position > after));
      expect(reached).toBe(life.plane.reads.projection.position);
    }
    await life.plane.stop();
  });
});

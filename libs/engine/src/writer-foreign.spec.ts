import { describe, expect, it } from '@jest/globals';
import { MemoryBusHub, MemoryEventLog, MemoryLogStore, SystemClock, VirtualClock } from '#adapters';
import { builtinAdmission, configMapKind, createRegistry, namespaceKind } from '#kinds';
import { isRefusal } from '#model';
import { WRITER_ELECTED, WRITER_STREAM } from './own-streams.js';
import { testCreate, testPatch, testPlane } from './testing.js';
import { askSeat, holdSeat } from './writer-seat.js';
import { COMMAND_TIMEOUT_MS } from './writer.js';

const kinds = createRegistry([namespaceKind, configMapKind], builtinAdmission);
const CONFIG_MAPS = 'core.configmaps';
const NAMESPACE = 'core.namespaces/_/team';
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};
const configMap = (name: string) =>
  testCreate(CONFIG_MAPS, { metadata: { name, namespace: 'team' }, data: { a: '1' } });
const namespace = testCreate('core.namespaces', { metadata: { name: 'team' } });

describe('what a writer did not write itself', () => {
  it('does not count when it gave up on it: a new term of the same writer comes before it', async () => {
    const landings: (() => void)[] = [];
    let isLate = false;
    const log = new MemoryEventLog({
      faults: {
        beforeAppend: ({ stream }) => (isLate && stream === NAMESPACE ? 'late' : 'go-on'),
        later: (work) => landings.push(work),
      },
    });
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const plane = testPlane(log, kinds, { clock });
    await plane.start();
    const writer = await plane.becomeWriter('test');
    await writer.submit(namespace);
    await writer.submit(configMap('one'));
    isLate = true;
    const deleted = writer.submit({ ...namespace, verb: 'delete', body: {} });
    for (let passed = 0; passed <= 2 * COMMAND_TIMEOUT_MS; passed += 500) {
      await turns();
      clock.advance(500);
    }
    expect(await deleted).toMatchObject({ refused: true, code: 504 });
    isLate = false;
    expect(isRefusal(await writer.submit(configMap('two')))).toBe(false);
    expect(writer.heldEpoch).toBe(2);
    landings[0]?.();
    await turns();
    expect(log.store.stream(NAMESPACE)).toHaveLength(2);
    expect(plane.reads.projection.get({ id: 'core.namespaces' }, undefined, 'team')?.metadata).not.toHaveProperty(
      'deletionTimestamp',
    );
    expect(isRefusal(await writer.submit(configMap('three')))).toBe(false);
    // The stream has an event more than counts: the next one follows on it.
    expect(isRefusal(await writer.submit({ ...namespace, verb: 'delete', body: {} }))).toBe(false);
    expect(await writer.submit(configMap('four'))).toMatchObject({ refused: true, code: 403 });
    await plane.stop();
  });

  it('is its own election when that lands after it was given up on', async () => {
    const landings: (() => void)[] = [];
    let isLate = false;
    const log = new MemoryEventLog({
      faults: {
        beforeAppend: ({ stream }) => (isLate && stream !== 'core.configmaps/team/one' ? 'late' : 'go-on'),
        later: (work) => landings.push(work),
      },
    });
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const ends: unknown[] = [];
    const plane = testPlane(log, kinds, { clock, onFatal: (cause) => ends.push(cause) });
    await plane.start();
    const writer = await plane.becomeWriter('test');
    await writer.submit(namespace);
    isLate = true;
    const doubtful = writer.submit(configMap('zero'));
    // So long that elections are given up on, too.
    for (let passed = 0; passed <= 3 * COMMAND_TIMEOUT_MS; passed += 500) {
      await turns();
      clock.advance(500);
    }
    expect(await doubtful).toMatchObject({ refused: true, code: 504 });
    const elections = () => log.store.stream(WRITER_STREAM).filter(({ type }) => type === WRITER_ELECTED);
    expect(elections()).toHaveLength(1);
    isLate = false;
    for (const land of landings.splice(0)) land();
    for (let passed = 0; passed <= COMMAND_TIMEOUT_MS; passed += 500) {
      await turns();
      clock.advance(500);
    }
    expect(ends).toEqual([]);
    expect(elections().length).toBeGreaterThan(1);
    expect(isRefusal(await writer.submit(configMap('one')))).toBe(false);
    expect(writer.heldEpoch).toBe(plane.reads.projection.epoch);
    await plane.stop();
  });

  it('is an election in the same moment: only one of two has the role', async () => {
    const store = new MemoryLogStore();
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const ends: unknown[] = [];
    const planes = [1, 2].map(() =>
      testPlane(new MemoryEventLog({ store, shared: true }), kinds, { clock, onFatal: (cause) => ends.push(cause) }),
    );
    await Promise.all(planes.map((plane) => plane.start()));
    const writers = await Promise.all(planes.map((plane) => plane.becomeWriter('test')));
    await turns();
    expect(writers.filter(({ heldEpoch }) => heldEpoch !== undefined)).toHaveLength(1);
    expect(ends).toMatchObject([{ name: 'WriterElsewhere' }]);
    await Promise.all(planes.map((plane) => plane.stop()));
  });

  it('is no answer to the same command: what an earlier writer appended of it after the election does not count', async () => {
    const store = new MemoryLogStore();
    const clock = new VirtualClock(Date.UTC(2026, 0, 1));
    const landings: (() => void)[] = [];
    let isLate = false;
    const late = new MemoryEventLog({
      ...{ store, shared: true },
      faults: { beforeAppend: () => (isLate ? 'late' : 'go-on'), later: (work) => landings.push(work) },
    });
    const opened = async (log: MemoryEventLog) => {
      const plane = testPlane(log, kinds, { clock });
      await plane.start();
      return { plane, writer: await plane.becomeWriter('test', { onDeposed: () => undefined }) };
    };
    const first = await opened(late);
    await first.writer.submit(namespace);
    isLate = true;
    const command = configMap('one');
    void first.writer.submit(command);
    await turns();
    const second = await opened(new MemoryEventLog({ store, shared: true }));
    // The append of the first writer comes there behind the election of the second one, which has not read it yet.
    landings[0]?.();
    const answer = await second.writer.submit(command);
    const shown = second.plane.reads.projection.get({ id: CONFIG_MAPS }, 'team', 'one');
    expect(answer).toMatchObject({ changed: true, created: true, position: store.head });
    expect(shown).toMatchObject({ data: { a: '1' }, metadata: { resourceVersion: String(store.head) } });
    expect(store.stream('core.configmaps/team/one').map(({ metadata }) => metadata.epoch)).toEqual([1, 2]);
    await Promise.all([first.plane.stop(), second.plane.stop()]);
  });

  it('renews what it decides on: an event of somebody else', async () => {
    const store = new MemoryLogStore();
    const plane = testPlane(new MemoryEventLog({ store }), kinds);
    await plane.start();
    const writer = await plane.becomeWriter('test');
    await writer.submit(namespace);
    await writer.submit(configMap('one'));
    await writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: '2' } }));
    const stream = 'core.configmaps/team/one';
    const last = store.stream(stream).at(-1);
    if (last === undefined) throw new Error('nothing was written');
    const data = JSON.parse(JSON.stringify(last.data).replaceAll('"2"', '"3"')) as typeof last.data;
    store.add(stream, { ...last, id: 'foreign', data });
    await turns();
    const answer = await writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', { metadata: {} }));
    const shown = plane.reads.projection.get({ id: CONFIG_MAPS }, 'team', 'one');
    expect(shown).toMatchObject({ data: { a: '3' } });
    expect(answer).toMatchObject({ changed: false, object: shown });
    await plane.stop();
  });

  it('ends it when that was an election, although it writes nothing', async () => {
    const store = new MemoryLogStore();
    const ends: unknown[] = [];
    const opened = async (onFatal: (cause: unknown) => void) => {
      const plane = testPlane(new MemoryEventLog({ store, shared: true }), kinds, { onFatal });
      await plane.start();
      return { plane, writer: await plane.becomeWriter('test') };
    };
    const first = await opened((cause) => ends.push(cause));
    const second = await opened((cause) => {
      throw cause;
    });
    await turns();
    expect(ends).toMatchObject([{ name: 'WriterElsewhere' }]);
    expect(String((ends[0] as Error).message)).toContain(
      'another writer was elected for this cluster (epoch 2 after 1)',
    );
    expect(first.writer.heldEpoch).toBeUndefined();
    expect(second.writer.heldEpoch).toBe(2);
    expect(await first.writer.submit(namespace)).toMatchObject({ refused: true, code: 503 });
    await Promise.all([first.plane.stop(), second.plane.stop()]);
  });
});

describe('the seat of the writer', () => {
  it('is left to one that answers, and free when it is deposed, dead or stands still', async () => {
    const hub = new MemoryBusHub(new SystemClock());
    const [here, there] = [hub.connect('here'), hub.connect('there')];
    expect(await askSeat(here)).toBe('vacant');
    let epoch: number | undefined = 3;
    const held = holdSeat(there, () => (epoch === undefined ? undefined : { epoch, ageMs: 7 }));
    expect(await askSeat(here)).toEqual({ epoch: 3, ageMs: 7 });
    epoch = undefined;
    expect(await askSeat(here)).toBe('silent');
    held.unsubscribe();
    expect(await askSeat(here)).toBe('vacant');
  });
});

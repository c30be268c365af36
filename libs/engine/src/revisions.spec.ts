import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, MemoryLogStore } from '#adapters';
import { configMapKind, createRegistry, namespaceKind } from '#kinds';
import { isRefusal, type StoredEvent } from '#model';
import { LogDamaged, type RecordedEvent } from '#ports';
import { MemoryCheckpoints, testCreate, testDelete, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, configMapKind]);
const CONFIG_MAPS = 'core.configmaps';
const STREAM = `${CONFIG_MAPS}/default/one`;

/** A log that withholds events from who reads them, in order or live. */
class LeakyLog extends MemoryEventLog {
  withheld: (event: { readonly stream: string; readonly revision: number }) => boolean = () => false;
  override async *readAll(after: number): AsyncIterable<readonly RecordedEvent[]> {
    for await (const events of super.readAll(after)) yield events.filter((event) => !this.withheld(event));
  }
  override async *readStream(stream: string, from: number): AsyncIterable<StoredEvent> {
    for await (const event of super.readStream(stream, from)) if (!this.withheld(event)) yield event;
  }
  override subscribe(...[after, onEvents, onEnd]: Parameters<MemoryEventLog['subscribe']>) {
    return super.subscribe(after, (events) => onEvents(events.filter((event) => !this.withheld(event))), onEnd);
  }
}

/** A ConfigMap that was written six times, deleted a year ago, and taken up again. */
async function written(options: { readonly again: boolean }) {
  const store = new MemoryLogStore();
  const plane = testPlane(new MemoryEventLog({ store }), kinds, { endsKeptMs: 0 });
  await plane.start();
  const writer = await plane.becomeWriter('test');
  const submit = async (command: Parameters<typeof writer.submit>[0]) => {
    const result = await writer.submit(command);
    if (isRefusal(result)) throw new Error(result.message);
    return result.position;
  };
  await submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
  const positions: number[] = [];
  positions.push(await submit(testCreate(CONFIG_MAPS, { metadata: { name: 'one', namespace: 'default' } })));
  for (let i = 0; i < 6; i++)
    positions.push(await submit(testPatch(CONFIG_MAPS, 'default', 'one', { data: { n: `${i}` } })));
  if (options.again) {
    await submit(testDelete(CONFIG_MAPS, 'default', 'one'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    // Another end makes the first one old.
    await submit(testCreate(CONFIG_MAPS, { metadata: { name: 'two', namespace: 'default' } }));
    await submit(testDelete(CONFIG_MAPS, 'default', 'two'));
    expect(plane.reads.projection.stream(STREAM)).toBeUndefined();
    positions.push(await submit(testCreate(CONFIG_MAPS, { metadata: { name: 'one', namespace: 'default' } })));
  }
  await plane.stop();
  return { store, positions };
}

/** A process that reads such a log from the start, and what it says when it ends. */
function reader(store: MemoryLogStore, more: Parameters<typeof testPlane>[2] = {}) {
  const log = new LeakyLog({ store });
  const fatal: unknown[] = [];
  const plane = testPlane(log, kinds, { endsKeptMs: 0, onFatal: (cause) => fatal.push(cause), ...more });
  return { log, plane, fatal };
}
const revisionOf = (revision: number) => (event: { readonly stream: string; readonly revision: number }) =>
  event.stream === STREAM && event.revision === revision;
const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('a reader of the log stops with one sentence when an event does not follow its stream', () => {
  it.each([0, 500])('at its start (%i events kept)', async (eventsKeptAtStart) => {
    const { store } = await written({ again: false });
    const { log, plane } = reader(store, { eventsKeptAtStart });
    log.withheld = revisionOf(3);
    await expect(plane.start()).rejects.toThrow(new RegExp(`revision 4 of stream ${STREAM}.*revision 2`));
    await plane.stop();
  });

  it('while it follows the log', async () => {
    const { store } = await written({ again: false });
    const { log, plane, fatal } = reader(store);
    await plane.start();
    log.withheld = revisionOf(7);
    const other = testPlane(new MemoryEventLog({ store }), kinds);
    await other.start();
    const writer = await other.becomeWriter('test');
    for (const n of ['7', '8']) await writer.submit(testPatch(CONFIG_MAPS, 'default', 'one', { data: { n } }));
    await soon();
    expect(fatal).toEqual([expect.any(LogDamaged)]);
    expect(String(fatal[0])).toMatch(/revision 8 of stream .*revision 6/);
    await plane.stop();
    await other.stop();
  });

  it('where an event is given twice', async () => {
    const { store } = await written({ again: false });
    const doubled = store.events.find(revisionOf(3)) as StoredEvent;
    const last = (store.events.at(-1) as StoredEvent).position;
    const events = [...store.events, { ...doubled, position: last + 1 }];
    const { plane } = reader(new MemoryLogStore({ events }));
    await expect(plane.start()).rejects.toThrow(LogDamaged);
    await plane.stop();
  });

  it('in the past, from a checkpoint too', async () => {
    const { store, positions } = await written({ again: false });
    const checkpoints = new MemoryCheckpoints();
    const { log, plane, fatal } = reader(store, { checkpoints, eventsPerCheckpoint: 6, eventsKeptAtStart: 0 });
    await plane.start();
    expect((await checkpoints.positions()).length).toBeGreaterThan(0);
    log.withheld = revisionOf(4);
    await expect(plane.history.at(positions[5] as number)).rejects.toThrow(LogDamaged);
    expect(fatal).toEqual([expect.any(LogDamaged)]);
    await plane.stop();
  });

  it('a writer that meets an object which it has not read ends, and overwrites nothing', async () => {
    const { store } = await written({ again: false });
    const created = store.events.find(revisionOf(0)) as StoredEvent;
    store.add(`${CONFIG_MAPS}/default/other`, { ...created, id: 'other' });
    const { log, plane, fatal } = reader(store);
    const isHidden = ({ stream }: { readonly stream: string }) => stream === STREAM;
    log.withheld = isHidden;
    await plane.start();
    log.withheld = () => false;
    const writer = await plane.becomeWriter('test');
    const result = await writer.submit(testCreate(CONFIG_MAPS, { metadata: { name: 'one', namespace: 'default' } }));
    expect(isRefusal(result)).toBe(true);
    expect(fatal).toEqual([expect.any(LogDamaged)]);
    expect(store.revision(STREAM)).toBe(6);
    await plane.stop();
  });

  it('and reads on where a name is taken up again that it has forgotten, when the log has what was before', async () => {
    const { store, positions } = await written({ again: true });
    const taken = reader(store);
    await taken.plane.start();
    expect(taken.plane.reads.projection.stream(STREAM)).toMatchObject({ revision: 8 });
    await soon();
    expect(taken.fatal).toEqual([]);
    await taken.plane.stop();
    // Begun where the name is forgotten, the reader has only the log to ask.
    const checkpoints = new MemoryCheckpoints();
    const before = (positions.at(-1) as number) - 1;
    const cut = new MemoryLogStore({ events: store.events.filter(({ position }) => position <= before) });
    const first = reader(cut, { checkpoints });
    await first.plane.start();
    expect(first.plane.reads.projection.stream(STREAM)).toBeUndefined();
    await first.plane.reads.checkpoint();
    await first.plane.stop();
    for (const lost of [false, true]) {
      const second = reader(store, { checkpoints });
      if (lost) second.log.withheld = revisionOf(7);
      const start = second.plane.start();
      if (lost) await expect(start).rejects.toThrow(/revision 8 of stream .* is not there/);
      else await start;
      await second.plane.stop();
    }
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemoryEventLog, MemoryLogStore } from '#adapters';
import { configMapKind, createRegistry, namespaceKind, secretKind } from '#kinds';
import { isRefusal, type Command } from '#model';
import type { ControlPlane } from './control-plane.js';
import { noKeys } from './no-keys.js';
import { MemoryCheckpoints, testCreate, testDelete, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, configMapKind, secretKind]);
const CONFIG_MAPS = 'core.configmaps';
const SECRETS = 'core.secrets';

type Options = NonNullable<Parameters<typeof testPlane>[2]>;

async function started(store: MemoryLogStore, options: Options): Promise<ControlPlane> {
  const plane = testPlane(new MemoryEventLog({ store }), kinds, options);
  await plane.start();
  return plane;
}
/** A writer over a log, with a namespace to write to. */
async function written(store: MemoryLogStore, options: Options = {}) {
  const plane = await started(store, options);
  const writer = await plane.becomeWriter('test');
  const submit = async (command: Command) => {
    const result = await writer.submit(command);
    if (isRefusal(result)) throw new Error(result.message);
    return result;
  };
  if (store.events.length < 2) await submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
  const put = (name: string) =>
    submit(testCreate(CONFIG_MAPS, { metadata: { name, namespace: 'default' }, data: { of: name } }));
  return { plane, submit, put };
}
const textOf = (plane: ControlPlane) =>
  JSON.stringify([CONFIG_MAPS, SECRETS].map((id) => plane.reads.projection.list({ id })));
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a checkpoint holds sealed values as they are sealed:', () => {
  it('a process without keys writes and reads it; one with keys sees the values in it', async () => {
    const store = new MemoryLogStore();
    const { plane, submit } = await written(store);
    await submit(
      testCreate(SECRETS, {
        metadata: { name: 's', namespace: 'default' },
        data: { a: base64('geheim'), b: base64('b') },
      }),
    );
    await submit(testPatch(SECRETS, 'default', 's', { data: { a: null, c: base64('c') } }));
    const checkpoints = new MemoryCheckpoints();
    const complaints: string[] = [];
    const fatal: unknown[] = [];
    const keyless: Options = {
      ...{ checkpoints, keys: noKeys, eventsPerCheckpoint: 2, eventsKeptAtStart: 0 },
      onComplaint: (message) => complaints.push(message),
      onFatal: (cause) => fatal.push(cause),
    };
    // At its start, and live.
    const first = await started(store, keyless);
    await submit(testPatch(SECRETS, 'default', 's', { metadata: { labels: { x: 'y' } } }));
    await submit(testCreate(CONFIG_MAPS, { metadata: { name: 'c', namespace: 'default' } }));
    await first.reads.fresh(1000);
    await first.reads.checkpoint();
    expect({ complaints, fatal }).toEqual({ complaints: [], fatal: [] });
    const text = checkpoints.files.get(first.reads.projection.position) ?? '';
    expect(text).toContain('"cluster":"test"');
    expect(text).not.toContain(base64('geheim'));
    expect(text).not.toContain('shredded');
    const second = await started(store, keyless);
    expect(textOf(second)).toBe(textOf(first));
    expect(second.reads.projection.get({ id: SECRETS }, 'default', 's')).toMatchObject({ data: {} });
    const keyed = await started(store, { checkpoints });
    expect(textOf(keyed)).toBe(textOf(plane));
    expect(keyed.reads.projection.get({ id: SECRETS }, 'default', 's')).toMatchObject({
      data: { b: base64('b'), c: base64('c') },
    });
    expect(fatal).toEqual([]);
    for (const one of [plane, first, second, keyed]) await one.stop();
  });

  it('whatever was written, a process from a checkpoint shows what one shows that saw it all', async () => {
    const name = fc.constantFrom('a', 'b');
    const key = fc.constantFrom('k', 'l', 'm');
    const step = fc.oneof(
      fc.record({ does: fc.constant('create' as const), name, key }),
      fc.record({
        does: fc.constantFrom('set' as const, 'unset' as const, 'note' as const, 'unnote' as const),
        name,
        key,
      }),
      fc.record({ does: fc.constantFrom('replace' as const, 'delete' as const), name, key }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, hasKeys) => {
        const store = new MemoryLogStore();
        const { plane, submit } = await written(store, { snapshotEvery: 5 });
        const checkpoints = new MemoryCheckpoints();
        const maker = await started(store, { checkpoints, ...(!hasKeys && { keys: noKeys }) });
        for (const [index, { does, name, key }] of steps.entries()) {
          const metadata = { name, namespace: 'default' };
          const value = base64(`${index}`);
          const patch = (body: object) => testPatch(SECRETS, 'default', name, body as never);
          const command = {
            create: testCreate(SECRETS, { metadata: { ...metadata, annotations: { a: '1' } }, data: { [key]: value } }),
            set: patch({ data: { [key]: value } }),
            unset: patch({ data: { [key]: null } }),
            note: patch({ metadata: { annotations: { [key]: value } } }),
            unnote: patch({ metadata: { annotations: { [key]: null } } }),
            replace: patch({ data: index % 2 === 0 ? null : { all: value } }),
            delete: testDelete(SECRETS, 'default', name),
          }[does];
          await submit(command).catch(() => undefined);
        }
        await maker.reads.fresh(1000);
        await maker.reads.checkpoint();
        const keyed = await started(store, { checkpoints });
        expect(textOf(keyed)).toBe(textOf(plane));
        for (const one of [plane, maker, keyed]) await one.stop();
      }),
      { numRuns: 60 },
    );
  });

  it('a start that has read a long tail spares the next one that, and a stop lets it be written', async () => {
    const store = new MemoryLogStore();
    const { plane, put } = await written(store);
    for (let i = 0; i < 12; i++) await put(`m-${i}`);
    const checkpoints = new MemoryCheckpoints();
    const write = checkpoints.write.bind(checkpoints);
    checkpoints.write = async (position, slices) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await write(position, slices);
    };
    const options = { checkpoints, eventsPerCheckpoint: 100 };
    const first = await started(store, options);
    expect(await checkpoints.positions()).toEqual([]);
    await first.stop();
    const { position } = first.reads.projection;
    expect(await checkpoints.positions()).toEqual([position]);
    // A short one is read again sooner than written.
    await put('one-more');
    const second = await started(store, options);
    expect(second.reads.projection.position).toBeGreaterThan(position);
    for (const one of [second, plane]) await one.stop();
    expect(await checkpoints.positions()).toEqual([position]);
  });

  it('those of another build make room for those of this one', async () => {
    const store = new MemoryLogStore();
    const { plane, put } = await written(store);
    for (let i = 0; i < 12; i++) await put(`m-${i}`);
    const checkpoints = new MemoryCheckpoints();
    const start = async (build: string) => {
      await (await started(store, { checkpoints, build, eventsPerCheckpoint: 4, eventsKeptAtStart: 0 })).stop();
      return [...checkpoints.files.values()].map((text) => /"build":"(\w+)"/.exec(text)?.[1]);
    };
    expect(await start('old')).toContain('old');
    await put('one-more');
    expect(new Set(await start('new'))).toEqual(new Set(['new']));
    await plane.stop();
  });

  it('a failure to write one is said once in plain words, and the process goes on', async () => {
    const checkpoints = new MemoryCheckpoints();
    const complaints: string[] = [];
    checkpoints.write = () => Promise.reject(new Error('no space left on device'));
    const { plane, put } = await written(new MemoryLogStore(), {
      ...{ checkpoints, eventsPerCheckpoint: 2 },
      onComplaint: (message) => complaints.push(message),
    });
    for (const name of ['a', 'b', 'c', 'd', 'e']) await put(name);
    expect(complaints).toEqual([expect.stringMatching(/^No checkpoint can be written.*no space left on device/)]);
    await plane.stop();
  });
});

describe('a checkpoint of another timeline is not used:', () => {
  /** Ten writes with checkpoints, a backup of the log as of the fifth, other writes after that. */
  async function restored() {
    const store = new MemoryLogStore();
    const checkpoints = new MemoryCheckpoints();
    const complaints: string[] = [];
    const options: Options = {
      ...{ checkpoints, eventsPerCheckpoint: 2, eventsKeptAtStart: 0 },
      onComplaint: (message) => complaints.push(message),
    };
    const first = await written(store, options);
    const positions: number[] = [];
    for (let i = 0; i < 10; i++) positions.push((await first.put(`old-${i}`)).position);
    await first.plane.stop();
    store.restoreTo(positions[4] as number);
    // Written on by a process that has no checkpoints.
    const second = await written(store);
    for (let i = 0; i < 12; i++) await second.put(`new-${i}`);
    const expected = textOf(second.plane);
    await second.plane.stop();
    expect(Math.max(...(await checkpoints.positions()))).toBeGreaterThan(positions[5] as number);
    return { store, checkpoints, options, expected, complaints, positions };
  }

  it('a start shows what the log says, says why, and keeps no checkpoint that can never be right', async () => {
    const { store, checkpoints, options, expected, complaints, positions } = await restored();
    const kept = (await checkpoints.positions()).filter((position) => position <= (positions[4] as number));
    const plane = await started(store, options);
    expect(textOf(plane)).toBe(expected);
    expect(complaints[0]).toMatch(/checkpoint of position \d+ is not of this event log/);
    const again = await started(store, options);
    expect(textOf(again)).toBe(expected);
    expect(await checkpoints.positions()).toEqual(expect.arrayContaining(kept));
    await plane.stop();
    await again.stop();
  });

  it('nor for a moment of the past', async () => {
    const { store, checkpoints, options } = await restored();
    const saved = new Map(checkpoints.files);
    const plane = await started(store, options);
    for (const [position, content] of saved) checkpoints.files.set(position, content);
    for (const event of store.events) {
      const then = await plane.history.at(event.position);
      if (isRefusal(then)) throw new Error(then.message);
      const upTo = new MemoryLogStore({ events: store.events.filter(({ position }) => position <= event.position) });
      const fresh = await started(upTo, {});
      const listed = await then.look((view) => view.list({ id: CONFIG_MAPS }));
      expect(listed).toEqual(fresh.reads.projection.list({ id: CONFIG_MAPS }));
      await fresh.stop();
    }
    await plane.stop();
  });

  it('a create of an acknowledged name is refused, and changes nothing', async () => {
    const { store, options } = await restored();
    const { plane, submit } = await written(store, options);
    await expect(
      submit(testCreate(CONFIG_MAPS, { metadata: { name: 'new-3', namespace: 'default' } })),
    ).rejects.toThrow(/already exists/);
    expect(plane.reads.projection.get({ id: CONFIG_MAPS }, 'default', 'new-3')).toMatchObject({
      data: { of: 'new-3' },
    });
    await plane.stop();
  });

  it('and one whose end was altered is not used either', async () => {
    const { store, checkpoints, options, expected } = await restored();
    await (await started(store, options)).stop();
    const newest = Math.max(...(await checkpoints.positions()));
    const content = checkpoints.files.get(newest) ?? '';
    for (const [what, by] of [
      ['"hash":"', '"hash":"x'],
      ['"id":"', '"id":"x'],
    ] as const) {
      checkpoints.files.set(newest, content.replace(what, by).replaceAll('new-', 'ghost-'));
      const plane = await started(store, options);
      expect(textOf(plane)).toBe(expected);
      await plane.stop();
    }
  });
});

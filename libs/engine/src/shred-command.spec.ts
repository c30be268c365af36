import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, MemoryLogStore, openMemoryKeys, VirtualClock, type StoredKeys } from '#adapters';
import { builtinAdmission, createRegistry, namespaceKind, secretKind } from '#kinds';
import { isRefusal, VALUES_SHREDDED, type Command, type CommandResult, type KubeObject } from '#model';
import type { Keys } from '#ports';
import { submitShredding } from './shred-command.js';
import { MemoryCheckpoints, testCreate, testDelete, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, secretKind], builtinAdmission);
const SECRETS = 'core.secrets';
const STREAM = 'core.secrets/team/one';
const DAY_MS = 86_400_000;
const secret = (value: string): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'one', namespace: 'team', annotations: { note: value } },
  data: { a: value, b: value },
});
const blank = { data: { a: '', b: '' }, annotations: { 'shiplog.io/shredded': 'true' } };

type Life = Awaited<ReturnType<Bench['live']>>;

class Bench {
  readonly store = new MemoryLogStore();
  readonly clock = new VirtualClock(1_800_000_000_000);
  readonly checkpoints = new MemoryCheckpoints();
  readonly errors: string[] = [];

  static async started(): Promise<{ bench: Bench; life: Life }> {
    const bench = new Bench(await openMemoryKeys());
    const life = await bench.live();
    await life.writer.submit(testCreate('core.namespaces', { metadata: { name: 'team' } }));
    await life.writer.submit(testCreate(SECRETS, secret('b25l')));
    return { bench, life };
  }
  private constructor(readonly keys: StoredKeys) {}

  /** A process on the same log and keys as the one before it. */
  async live(more: { keys?: Keys; shreds?: boolean; endsKeptMs?: number; eventsKeptAtStart?: number } = {}) {
    const { store, clock, checkpoints, errors } = this;
    const { keys = this.keys, shreds = true, ...options } = more;
    const plane = testPlane(new MemoryEventLog({ store }), kinds, { clock, keys, checkpoints, ...options });
    await plane.start();
    const writer = await plane.becomeWriter('test-cluster');
    if (shreds) plane.shredDeleted({ keys, keepMs: DAY_MS, onError: (uid) => errors.push(uid) });
    return {
      ...{ plane, writer },
      position: () => plane.reads.projection.position,
      now: () => plane.reads.projection.get({ id: SECRETS }, 'team', 'one'),
      shred: (versions: boolean): Promise<CommandResult> => submitShredding(shred(versions), writer, plane.shredder),
      at: async (position: number) => {
        const then = await plane.history.at(position);
        if (isRefusal(then)) throw new Error(then.message);
        return then.look((view) => shown(view.get({ id: SECRETS }, 'team', 'one')));
      },
    };
  }
}
const shred = (versions: boolean): Command => ({
  ...testCreate(SECRETS, { metadata: { name: 'one', namespace: 'team' } }),
  subresource: 'shred',
  body: { versions },
});
function shown(object: KubeObject | undefined) {
  return object && { data: object['data'], annotations: object.metadata.annotations };
}
const clear = (a: string, b = a, note = b) => ({ data: { a, b }, annotations: { note } });

describe('values that a Secret had before', () => {
  it('are forgotten on command, wherever the past is read from, and the present ones stay', async () => {
    const { bench, life } = await Bench.started();
    const created = life.position();
    await life.writer.submit(testPatch(SECRETS, 'team', 'one', { data: { a: 'dHdv' } }));
    const changed = life.position();
    expect(await life.at(created)).toEqual(clear('b25l'));
    expect(await life.shred(true)).toMatchObject({ changed: true });
    const shredded = life.position();
    await life.plane.reads.checkpoint();
    await life.writer.submit(testPatch(SECRETS, 'team', 'one', { data: { b: 'dGhyZWU=' } }));
    const later = life.position();

    const looks = async (one: Life): Promise<void> => {
      expect(await one.at(created)).toEqual(blank);
      expect(await one.at(changed)).toEqual(blank);
      expect(await one.at(shredded)).toEqual(clear('dHdv', 'b25l'));
      expect(await one.at(later)).toEqual(clear('dHdv', 'dGhyZWU=', 'b25l'));
      expect(shown(one.now())).toEqual(clear('dHdv', 'dGhyZWU=', 'b25l'));
    };
    await looks(life);
    await life.plane.stop();
    // From the checkpoint, and from the first event; the past out of memory, and out of the log.
    for (const eventsKeptAtStart of [2000, 0, 2000]) {
      const again = await bench.live({ eventsKeptAtStart });
      await looks(again);
      await again.plane.stop();
      bench.checkpoints.files.clear();
    }
  });

  it('stay forgotten over later versions, also those with a snapshot, and are the same however the log is read', async () => {
    const { bench, life } = await Bench.started();
    const created = life.position();
    await life.shred(true);
    for (let i = 0; i < 40; i++)
      await life.writer.submit(
        testPatch(SECRETS, 'team', 'one', { data: { a: Buffer.from(`${i}`).toString('base64') } }),
      );
    const live = life.plane.reads.projection.stream(STREAM);
    expect(live?.shredding).toMatchObject({ kept: { revision: 1 } });
    await life.plane.stop();
    const again = await bench.live({ eventsKeptAtStart: 0 });
    expect(again.plane.reads.projection.stream(STREAM)).toEqual(live);
    expect(await again.at(created)).toEqual(blank);
    await again.plane.stop();
  });

  it('are forgotten at the next start, when the process stopped right after the command', async () => {
    const { bench, life } = await Bench.started();
    const created = life.position();
    await life.writer.submit(testPatch(SECRETS, 'team', 'one', { data: { a: 'dHdv' } }));
    await life.plane.stop();
    const died = await bench.live({ shreds: false });
    await died.writer.submit(shred(true));
    expect(await died.at(created)).toEqual(clear('b25l'));
    await died.plane.reads.checkpoint();
    await died.plane.stop();
    const next = await bench.live();
    await next.plane.shredder?.settled([]);
    expect(await next.at(created)).toEqual(blank);
    expect(shown(next.now())).toEqual(clear('dHdv', 'b25l'));
    await next.plane.stop();
  });

  it('are said to be readable still when the key store fails, and go when it can', async () => {
    const { bench, life } = await Bench.started();
    await life.plane.stop();
    let isBroken = true;
    const keys = Object.create(bench.keys, {
      shredVersions: {
        value: (uid: string, before: number) =>
          isBroken ? Promise.reject(new Error('EIO')) : bench.keys.shredVersions(uid, before),
      },
    }) as Keys;
    const failing = await bench.live({ keys });
    const created = failing.position();
    expect(await failing.shred(true)).toMatchObject({ code: 503 });
    expect(bench.errors).toHaveLength(1);
    expect(await failing.at(created)).toEqual(clear('b25l'));
    isBroken = false;
    bench.clock.advance(61_000);
    expect(await failing.plane.shredder?.settled([])).toBe(true);
    expect(await failing.at(created)).toEqual(blank);
    await failing.plane.stop();
  });
});

describe('a Secret that was deleted', () => {
  it('is shredded on command before its time, and who did it is on record without any value', async () => {
    const { bench, life } = await Bench.started();
    const created = life.position();
    const uid = life.now()?.metadata.uid;
    await life.writer.submit(testDelete(SECRETS, 'team', 'one'));
    expect(await life.at(created)).toEqual(clear('b25l'));
    expect(await life.shred(false)).toMatchObject({ changed: true, response: { status: 'Success' } });
    expect(await life.at(created)).toEqual(blank);
    expect(bench.keys.hasKey(String(uid))).toBe(false);
    const events = [];
    for await (const event of new MemoryEventLog({ store: bench.store }).readStream(STREAM, 0)) events.push(event);
    expect(events.at(-1)).toMatchObject({ type: VALUES_SHREDDED, metadata: { actor: 'kubernetes-admin' } });
    expect(events.at(-1)?.data).toMatchObject({ uid, shredded: [uid] });
    expect(await life.shred(false)).toMatchObject({ code: 404 });
    await life.plane.stop();
  });

  it('is found by its name when that is forgotten, and when another one has it', async () => {
    const { bench, life } = await Bench.started();
    const created = life.position();
    await life.writer.submit(testDelete(SECRETS, 'team', 'one'));
    await life.plane.stop();
    // Names are forgotten when another one has ended: `endsKeptMs` is 0.
    const forget = async (one: Life): Promise<void> => {
      bench.clock.advance(1000);
      const two = { ...secret('eA=='), metadata: { name: 'two', namespace: 'team' } };
      await one.writer.submit(testCreate(SECRETS, two));
      await one.writer.submit(testDelete(SECRETS, 'team', 'two'));
      expect(one.plane.reads.projection.stream(STREAM)).toBeUndefined();
    };
    const forgetful = await bench.live({ endsKeptMs: 0 });
    await forget(forgetful);
    expect(await forgetful.shred(false)).toMatchObject({ changed: true });
    expect(await forgetful.at(created)).toEqual(blank);
    await forget(forgetful);
    await forgetful.plane.stop();
    // The name can be had again, though its last event is no deletion.
    const next = await bench.live({ endsKeptMs: 0 });
    await next.writer.submit(testCreate(SECRETS, secret('dGhyZWU=')));
    const third = next.position();
    expect(await next.at(third)).toEqual(clear('dGhyZWU='));
    await next.writer.submit(testDelete(SECRETS, 'team', 'one'));
    expect(isRefusal(await next.writer.submit(testCreate(SECRETS, secret('Zm91cg=='))))).toBe(false);
    expect(await next.shred(false)).toMatchObject({ changed: true, deleted: false });
    expect(await next.at(third)).toEqual(blank);
    expect(shown(next.now())).toEqual(clear('Zm91cg=='));
    await next.plane.stop();
  });

  it('is shredded at the next start, when the process stopped right after the command', async () => {
    const { bench, life } = await Bench.started();
    const uid = String(life.now()?.metadata.uid);
    await life.writer.submit(testDelete(SECRETS, 'team', 'one'));
    await life.plane.stop();
    const died = await bench.live({ shreds: false });
    await died.writer.submit({ ...shred(false), event: { type: VALUES_SHREDDED, facts: { shredded: [uid] } } });
    await died.plane.stop();
    expect(bench.keys.hasKey(uid)).toBe(true);
    const next = await bench.live();
    await next.plane.shredder?.settled([]);
    expect(bench.keys.hasKey(uid)).toBe(false);
    await next.plane.stop();
  });

  it('is not one that lives: that one is not shredded, whatever the command names', async () => {
    const { bench, life } = await Bench.started();
    const uid = String(life.now()?.metadata.uid);
    expect(await life.shred(false)).toMatchObject({ code: 409, message: expect.stringContaining('delete it first') });
    await life.writer.submit({ ...shred(false), event: { type: VALUES_SHREDDED, facts: { shredded: [uid] } } });
    await life.plane.shredder?.settled([]);
    expect(bench.keys.hasKey(uid)).toBe(true);
    await life.plane.stop();
  });
});

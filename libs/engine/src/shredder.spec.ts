import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, MemoryLogStore, openMemoryKeys, VirtualClock, type StoredKeys } from '#adapters';
import { builtinAdmission, createRegistry, namespaceKind, secretKind } from '#kinds';
import { isRefusal, type KubeObject } from '#model';
import { testCreate, testDelete, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, secretKind], builtinAdmission);
const SECRETS = 'core.secrets';
const DAY_MS = 86_400_000;
const CLEAR = { a: 'Y2xlYXI=', b: 'Yg==' };
const BLANK = { a: '', b: '' };
const secret = (data: object = CLEAR): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'one', namespace: 'team', annotations: { note: 'clear' } },
  data,
});

class Bench {
  readonly store = new MemoryLogStore();
  readonly clock = new VirtualClock(1_800_000_000_000);
  readonly errors: string[] = [];

  static async started(keepMs: number): Promise<{ bench: Bench; life: Awaited<ReturnType<Bench['live']>> }> {
    const bench = new Bench(await openMemoryKeys());
    const life = await bench.live(keepMs);
    await life.writer.submit(testCreate('core.namespaces', { metadata: { name: 'team' } }));
    await life.writer.submit(testCreate(SECRETS, secret()));
    return { bench, life };
  }
  private constructor(readonly keys: StoredKeys) {}

  /** A process with the writer, on the same log and keys as the one before it. */
  async live(keepMs: number, isShared = false) {
    const { store, clock, keys } = this;
    const plane = testPlane(new MemoryEventLog({ store }), kinds, { clock, keys });
    await plane.start();
    const writer = await plane.becomeWriter('test-cluster');
    plane.shredDeleted({ keys, keepMs, isShared, onError: (uid) => this.errors.push(uid) });
    return { plane, writer, position: () => plane.reads.projection.position, at: (p: number) => past(plane, p) };
  }
}

async function past(plane: ReturnType<typeof testPlane>, position: number): Promise<KubeObject | undefined> {
  const then = await plane.history.at(position);
  if (isRefusal(then)) throw new Error(then.message);
  return then.look((view) => view.get({ id: SECRETS }, 'team', 'one'));
}
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};
const shown = { data: BLANK, metadata: { annotations: { 'shiplog.io/shredded': 'true' } } };

describe('a deleted Secret', () => {
  it('can be read in the past for as long as is set, and never again after that', async () => {
    const { bench, life } = await Bench.started(DAY_MS);
    const before = life.position();
    await life.writer.submit(testDelete(SECRETS, 'team', 'one'));
    bench.clock.advance(DAY_MS - 1000);
    await turns();
    expect(await life.at(before)).toMatchObject({ data: CLEAR, metadata: { annotations: { note: 'clear' } } });
    bench.clock.advance(120_000);
    await turns();
    const after = await life.at(before);
    expect(after).toMatchObject(shown);
    expect(after?.metadata.annotations).toEqual({ 'shiplog.io/shredded': 'true' });
    expect(bench.keys.objects()).toEqual([]);
    await life.plane.stop();
  });

  it('is shredded at once where nothing is kept, also what lies in memory', async () => {
    const { life } = await Bench.started(0);
    const created = life.position();
    await life.writer.submit(testPatch(SECRETS, 'team', 'one', { data: { b: null, c: 'Yw==' } }));
    const changed = life.position();
    expect(await life.at(created)).toMatchObject({ data: CLEAR });
    await life.writer.submit(testDelete(SECRETS, 'team', 'one'));
    await turns();
    expect(await life.at(created)).toMatchObject(shown);
    expect((await life.at(changed))?.['data']).toEqual({ a: '', c: '' });
    await life.plane.stop();
  });

  it('is shredded at the next start when the process stopped before', async () => {
    const { bench, life } = await Bench.started(DAY_MS);
    const before = life.position();
    await life.plane.stop();
    // Nobody shreds in this life.
    const plane = testPlane(new MemoryEventLog({ store: bench.store }), kinds, {
      clock: bench.clock,
      keys: bench.keys,
    });
    await plane.start();
    const writer = await plane.becomeWriter('test-cluster');
    await writer.submit(testDelete(SECRETS, 'team', 'one'));
    await plane.stop();
    bench.clock.advance(2 * DAY_MS);
    const next = await bench.live(DAY_MS);
    await turns();
    expect(await next.at(before)).toMatchObject(shown);
    expect(bench.keys.objects()).toEqual([]);
    await next.plane.stop();
  });

  it('takes nothing from the Secret that has its name now', async () => {
    const { bench, life } = await Bench.started(0);
    await life.writer.submit(testDelete(SECRETS, 'team', 'one'));
    await life.writer.submit(testCreate(SECRETS, secret({ a: 'bmV3' })));
    bench.clock.advance(DAY_MS);
    await turns();
    // Its successor would end it.
    await life.plane.stop();
    const again = await bench.live(0);
    expect(again.plane.reads.projection.get({ id: SECRETS }, 'team', 'one')).toMatchObject({ data: { a: 'bmV3' } });
    expect(bench.keys.objects()).toHaveLength(1);
    await again.plane.stop();
  });
});

describe('a key without an object', () => {
  it('stays where another cluster uses the same key store: it may be of one of its Secrets', async () => {
    const { bench, life } = await Bench.started(0);
    bench.keys.seal('uid-of-another-cluster', 0, 'text');
    await life.plane.stop();
    const next = await bench.live(0, true);
    bench.clock.advance(10 * DAY_MS);
    await turns();
    expect(bench.keys.hasKey('uid-of-another-cluster')).toBe(true);
    // What is known to be deleted goes as ever.
    const { uid } = next.plane.reads.projection.get({ id: SECRETS }, 'team', 'one')?.metadata ?? { uid: '' };
    await next.writer.submit(testDelete(SECRETS, 'team', 'one'));
    await turns();
    expect([uid !== '', bench.keys.hasKey(uid)]).toEqual([true, false]);
    await next.plane.stop();
  });

  it('stays while its object may be on its way, and goes when none came', async () => {
    const { bench, life } = await Bench.started(0);
    bench.keys.seal('uid-of-a-lost-append', 0, 'text');
    await life.plane.stop();
    const next = await bench.live(0);
    await turns();
    expect(bench.keys.objects()).toHaveLength(2);
    bench.clock.advance(120_000);
    await turns();
    expect(bench.keys.objects()).toHaveLength(1);
    expect(next.plane.reads.projection.get({ id: SECRETS }, 'team', 'one')).toMatchObject({ data: CLEAR });
    await next.plane.stop();
  });
});

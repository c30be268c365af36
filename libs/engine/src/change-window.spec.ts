import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '#adapters';
import { configMapKind, createRegistry, namespaceKind } from '#kinds';
import { isRefusal, type Change } from '#model';
import { testCreate, testDelete, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, configMapKind]);
const CONFIG_MAPS = 'core.configmaps';
const KILOBYTE = 'x'.repeat(1024);

async function plane(windowBytes: number) {
  const made = testPlane(new MemoryEventLog(), kinds, { windowBytes });
  await made.start();
  const writer = await made.becomeWriter('test-cluster');
  await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
  const put = async (command: ReturnType<typeof testCreate>): Promise<number> => {
    const result = await writer.submit(command);
    if (isRefusal(result)) throw new Error(result.message);
    return Number(result.object.metadata.resourceVersion);
  };
  return { plane: made, window: made.reads.window, put };
}

describe('the window of changes', () => {
  it('is bounded in bytes: the oldest changes go when it holds too many', async () => {
    const { plane: made, window, put } = await plane(64 * 1024);
    const first = await put(testCreate(CONFIG_MAPS, { metadata: { name: 'a', namespace: 'default' }, data: {} }));
    const positions: number[] = [];
    for (let i = 0; i < 200; i++)
      positions.push(await put(testPatch(CONFIG_MAPS, 'default', 'a', { data: { k: `${i}${KILOBYTE}` } })));
    expect(window.bytes).toBeLessThanOrEqual(64 * 1024);
    expect(window.bytes).toBeGreaterThan(32 * 1024);
    // What is not here any more is refused, so that whoever asks reads the log instead of missing changes.
    expect(window.since(CONFIG_MAPS, first)).toBeUndefined();
    expect(window.viewAt(first)).toBeUndefined();
    const after = positions.at(-10) as number;
    expect(window.since(CONFIG_MAPS, after)).toHaveLength(9);
    expect(window.viewAt(after)?.get({ id: CONFIG_MAPS }, 'default', 'a')).toMatchObject({
      data: { k: `190${KILOBYTE}` },
    });
    await made.stop();
  });

  it('counts what it alone keeps alive: the last version of what is gone, not what all versions share', async () => {
    const { plane: made, window, put } = await plane(1024 * 1024);
    const metadata = { name: 'a', namespace: 'default' };
    const data = { big: 'x'.repeat(100_000) };
    const before = window.bytes;
    await put(testCreate(CONFIG_MAPS, { metadata, data }));
    for (let i = 0; i < 10; i++)
      await put(testPatch(CONFIG_MAPS, 'default', 'a', { metadata: { labels: { n: `${i}` } } }));
    expect(window.bytes - before).toBeLessThan(50_000);
    await put(testDelete(CONFIG_MAPS, 'default', 'a'));
    expect(window.bytes - before).toBeGreaterThan(100_000);
    window.reset();
    expect(window.bytes).toBe(0);
    await made.stop();
  });

  it('tells a subscriber of one namespace nothing of the others', async () => {
    const { plane: made, window, put } = await plane(1024 * 1024);
    const mapIn = (namespace: string, name: string) =>
      put(testCreate(CONFIG_MAPS, { metadata: { name, namespace }, data: {} }));
    for (const name of ['a', 'b']) await put(testCreate('core.namespaces', { metadata: { name } }));
    const start = await mapIn('a', 'first');
    const heard: Record<string, string[]> = { a: [], all: [] };
    const hear = (by: string) => (changes: readonly Change[]) =>
      void heard[by]?.push(...changes.map(({ after }) => `${after?.metadata.namespace}/${after?.metadata.name}`));
    await mapIn('b', 'missed');
    await mapIn('a', 'missed');
    const own = window.subscribe({ kind: CONFIG_MAPS, namespace: 'a' }, start, hear('a'));
    const all = window.subscribe({ kind: CONFIG_MAPS }, start, hear('all'));
    await mapIn('b', 'later');
    await mapIn('a', 'later');
    expect(heard).toEqual({
      a: ['a/missed', 'a/later'],
      all: ['b/missed', 'a/missed', 'b/later', 'a/later'],
    });
    own?.cancel();
    await mapIn('a', 'last');
    expect(heard['a']).toHaveLength(2);
    expect(heard['all']).toHaveLength(5);
    all?.cancel();
    await made.stop();
  });

  it('keeps nothing of a change that is larger than all of it, and says so', async () => {
    const { plane: made, window, put } = await plane(10_000);
    const metadata = { name: 'a', namespace: 'default' };
    const created = await put(testCreate(CONFIG_MAPS, { metadata, data: { big: 'x'.repeat(100_000) } }));
    const seen: number[] = [];
    const subscription = window.subscribe({ kind: CONFIG_MAPS }, created, (changes) => void seen.push(changes.length));
    await put(testDelete(CONFIG_MAPS, 'default', 'a'));
    // Who follows misses nothing; who comes later is told that it is not here.
    expect(seen).toEqual([1]);
    expect(window.since(CONFIG_MAPS, created)).toBeUndefined();
    subscription?.cancel();
    await made.stop();
  });
});

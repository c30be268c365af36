import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '#adapters';
import { configMapKind, createRegistry, namespaceKind } from '#kinds';
import { isRefusal } from '#model';
import { testCreate, testPatch, testPlane } from './testing.js';
import { REPLAYS_WAITING_MAX } from './past-views.js';

const kinds = createRegistry([namespaceKind, configMapKind]);
const CONFIG_MAPS = 'core.configmaps';

/** A log that tells how many readings of it are under way, and lets them go on when it is told to. */
class SlowLog extends MemoryEventLog {
  reading = 0;
  most = 0;
  times = 0;
  gate: Promise<void> = Promise.resolve();
  override async *readAll(after: number): ReturnType<MemoryEventLog['readAll']> {
    this.times++;
    this.most = Math.max(this.most, ++this.reading);
    try {
      await this.gate;
      yield* super.readAll(after);
    } finally {
      this.reading--;
    }
  }
}

/** A cluster with twenty-five versions of a ConfigMap of 10 kB, of which none is in the window any more. */
async function world(pastBytes: number) {
  const log = new SlowLog();
  const plane = testPlane(log, kinds, { pastBytes, eventsKeptAtStart: 0 });
  await plane.start();
  const writer = await plane.becomeWriter('test-cluster');
  await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
  const metadata = { name: 'a', namespace: 'default' };
  await writer.submit(testCreate(CONFIG_MAPS, { metadata, data: { big: 'x'.repeat(10_000) } }));
  const positions: number[] = [];
  for (let i = 0; i < 25; i++) {
    const result = await writer.submit(testPatch(CONFIG_MAPS, 'default', 'a', { data: { n: `${i}` } }));
    if (isRefusal(result)) throw new Error(result.message);
    positions.push(Number(result.object.metadata.resourceVersion));
  }
  plane.reads.window.reset();
  Object.assign(log, { times: 0, most: 0 });
  const at = async (i: number): Promise<string | number> => {
    const view = await plane.history.at(positions[i] as number);
    if (isRefusal(view)) return view.code;
    const object = view.get({ id: CONFIG_MAPS }, 'default', 'a') as { data?: Record<string, string> } | undefined;
    return object?.data?.['n'] ?? 'nothing';
  };
  return { log, plane, at };
}

describe('views of past moments', () => {
  it('are kept as far as the budget of bytes goes, those that were asked for last', async () => {
    const { log, plane, at } = await world(45_000);
    for (const i of [1, 2, 3]) expect(await at(i)).toBe(`${i}`);
    expect(log.times).toBe(3);
    // Three of about twelve kilobytes fit; the fourth takes the place of the one that was not asked for longest.
    expect(await at(1)).toBe('1');
    expect(log.times).toBe(3);
    expect(await at(4)).toBe('4');
    expect(await at(1)).toBe('1');
    expect(log.times).toBe(4);
    expect(await at(2)).toBe('2');
    expect(log.times).toBe(5);
    await plane.stop();
  });

  it('are replayed two at a time where they fit, else one; one that is larger than the budget is given, and not kept', async () => {
    const large = await world(1_000_000);
    await large.at(0);
    await Promise.all([1, 2, 3, 4, 5].map(large.at));
    expect(large.log.most).toBe(2);
    await large.plane.stop();
    const small = await world(5_000);
    expect(await small.at(0)).toBe('0');
    expect(await Promise.all([1, 2, 3, 4, 5].map(small.at))).toEqual(['1', '2', '3', '4', '5']);
    expect(small.log.most).toBe(1);
    expect(await small.at(5)).toBe('5');
    expect(small.log.times).toBe(7);
    await small.plane.stop();
  });

  it('are refused with a time to come back when too many are waited for', async () => {
    const { log, plane, at } = await world(5_000);
    const { promise, resolve } = Promise.withResolvers<void>();
    log.gate = promise;
    const asked = Array.from({ length: 23 }, (_, i) => at(i));
    // Who asks for what is being made waits with the first one.
    const again = at(0);
    while (log.times === 0) await new Promise((soon) => setImmediate(soon));
    resolve();
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 429)).toHaveLength(23 - 2 - REPLAYS_WAITING_MAX);
    expect(answers.slice(0, 5)).toEqual(['0', '1', '2', '3', '4']);
    expect(await again).toBe('0');
    expect(await at(20)).toBe('20');
    await plane.stop();
  });
});

import { describe, expect, it } from '@jest/globals';
import { MemoryBusHub, MemoryEventLog, VirtualClock } from '#adapters';
import { builtinAdmission, configMapKind, createRegistry, namespaceKind } from '#kinds';
import type { Decision, Loop, Outside } from '#model';
import { RecordedOutside } from '#model';
import { ANCHOR_AFTER_MS } from './anchors.js';
import { Heartbeats } from '#node-gateway';
import { LoopRunner } from './loop-runner.js';
import { Projection } from './projection.js';
import { ByteStream } from './streams.js';
import { testCreate, testPlane } from './testing.js';
import { WallSteps } from './wall-steps.js';

const START = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const WINDOW_MS = 5 * 60_000;
const turns = async (): Promise<void> => {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
};
const fail = (cause: unknown): never => {
  throw cause;
};
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  const until = clock.monotonic() + ms;
  await turns();
  while (clock.ringNext(until)) await turns();
  clock.advanceTo(until);
  await turns();
}

describe.each([
  ['back', -HOUR_MS],
  ['forward', HOUR_MS],
])('when the wall clock is set %s by an hour', (direction, step) => {
  function runner(
    clock: VirtualClock,
    reconcile: (now: number, outside?: Outside) => readonly Decision[],
  ): { looks: number[] } {
    const looks: number[] = [];
    const loop: Loop = {
      name: 'test',
      account: 'test',
      keysOf: () => ['key'],
      keysAtStart: () => ['key'],
      reconcile: (_view, _key, now, outside) => {
        looks.push(clock.monotonic());
        return reconcile(now, outside);
      },
    };
    new LoopRunner({
      ...{ loop, clock, wallSteps: new WallSteps(clock), build: 'test', reached: () => Promise.resolve(true) },
      view: new Projection((state, event) => state ?? { ...event, object: undefined }),
      commands: { submit: () => Promise.resolve({ refused: true, code: 403, reason: 'Forbidden', message: 'no' }) },
      ids: { uid: () => 'uid', named: (text) => text },
      soon: (callback) => setImmediate(callback),
      onFault: (_loop, _key, cause) => fail(cause),
      onFatal: fail,
    }).start();
    return { looks };
  }

  it('a loop that was refused something tries again after the same pause', async () => {
    const clock = new VirtualClock(START);
    const wish: Decision = {
      ...{ is: 'submit', because: 'test' },
      command: { verb: 'create', kind: 'core.configmaps', namespace: 'default', name: 'a' },
    };
    const { looks } = runner(clock, () => [wish]);
    await pass(clock, 100);
    clock.step(step);
    await pass(clock, 200);
    expect(looks).toEqual([0, 5, 15, 35, 75, 155]);
  });

  it('a loop that waits for an instant looks at once whether it is still the right one', async () => {
    const clock = new VirtualClock(START);
    const due = START + 1000;
    const acted: number[] = [];
    const { looks } = runner(clock, (now) => {
      if (now < due) return [{ is: 'wake', at: due }];
      acted.push(clock.monotonic());
      return [];
    });
    await pass(clock, 500);
    clock.step(step);
    await pass(clock, 10);
    expect(looks).toEqual([0, 500]);
    await pass(clock, HOUR_MS + 1000);
    expect(acted).toEqual([direction === 'back' ? HOUR_MS + 1000 : 500]);
  });

  it('a loop is told from when by how much, and since when that is known', async () => {
    const clock = new VirtualClock(START);
    const told: unknown[] = [];
    runner(clock, (now, outside) => {
      told.push(outside?.fact('wallSteps'));
      return [{ is: 'wake', at: now + 500 }];
    });
    await pass(clock, 600);
    clock.step(step);
    await pass(clock, 10);
    expect(told.at(-1)).toEqual([
      { at: START, by: 0, unseenMs: 0 },
      { at: START + 600, by: step, unseenMs: 100 },
    ]);
  });

  it('no node has fallen silent, and a silent one is as silent as it was', async () => {
    const clock = new VirtualClock(START);
    const heartbeats = new Heartbeats(clock);
    const silence = (node: string): number => {
      return clock.now() - Number(new RecordedOutside(heartbeats.outside()).factOf('heartbeats', node));
    };
    heartbeats.note('a');
    clock.advance(5000);
    heartbeats.note('b');
    clock.advance(1000);
    clock.step(step);
    expect([silence('a'), silence('b')]).toEqual([6000, 1000]);
    expect(clock.now() - Number(heartbeats.outside()['observingSince'])).toBe(6000);
  });

  it('a byte stream lives on, and one whose other side is gone ends in time', async () => {
    const clock = new VirtualClock(START);
    const hub = new MemoryBusHub(clock);
    const clientBus = hub.connect('client');
    const stream = { clock, subject: 's' };
    const agent = new ByteStream({ ...stream, bus: hub.connect('agent'), side: 'agent' });
    const client = new ByteStream({ ...stream, bus: clientBus, side: 'client' });
    await pass(clock, 1000);
    clock.step(step);
    await pass(clock, 30_000);
    await agent.write(new Uint8Array(1));
    await pass(clock, 1);
    expect((await client[Symbol.asyncIterator]().next()).done).toBe(false);
    clientBus.connected = false;
    clock.step(step);
    await pass(clock, 30_000);
    await expect(agent.write(new Uint8Array(1))).rejects.toThrow('fell silent');
  });

  describe('the view of the log', () => {
    const kinds = createRegistry([namespaceKind, configMapKind], builtinAdmission);
    const namespace = (name: string) => testCreate('core.namespaces', { metadata: { name } });

    it('keeps the last minutes, dates events by the new time, and finds positions by either', async () => {
      const clock = new VirtualClock(START);
      const plane = testPlane(new MemoryEventLog(), kinds, { clock });
      await plane.start();
      const writer = await plane.becomeWriter('test');
      const since = plane.reads.moment();
      const first = await writer.submit(namespace('first'));
      clock.advance(60_000);
      clock.step(step);
      const second = await writer.submit(namespace('second'));
      if ('refused' in first || 'refused' in second) throw new Error('refused');
      // The second event is new, and the first one a minute old, whatever their dates say.
      expect(plane.reads.recent(first.position, since)).toBeDefined();
      clock.advance(WINDOW_MS - 61_000);
      const third = await writer.submit(namespace('third'));
      if ('refused' in third) throw new Error('refused');
      expect(plane.reads.recent(first.position, since)).toBeDefined();
      clock.advance(2000);
      expect(plane.reads.recent(first.position, since)).toBeUndefined();
      const { history } = plane;
      // A time that goes back counts as the latest before it, which is that of the anchor after the first write.
      const latest = START + ANCHOR_AFTER_MS;
      if (direction === 'back') expect(await history.positionAt(latest, Infinity)).toBe(third.position);
      else expect(await history.positionAt(START, Infinity)).toBe(first.position);
      expect(await history.timeOf(second.position)).toBe(direction === 'back' ? latest : START + 60_000 + HOUR_MS);
      expect(await history.positionAt(START + 60_000 + HOUR_MS, Infinity)).toBeGreaterThanOrEqual(second.position);
      await plane.stop();
    });

    it('answers who waits for a position in time', async () => {
      const clock = new VirtualClock(START);
      const plane = testPlane(new MemoryEventLog(), kinds, { clock });
      await plane.start();
      const reached = plane.reads.reached(1000, 3000);
      clock.step(step);
      clock.advance(3000);
      expect(await reached).toBe(false);
      await plane.stop();
    });
  });
});

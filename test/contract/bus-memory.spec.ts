import { describe, expect, it } from '@jest/globals';
import { MemoryBusHub, subjectMatches, SystemClock, VirtualClock, type Fate } from '#adapters';
import { prng } from '#std';
import { busContract, contractRules } from './bus.contract.js';

busContract('memory', () => {
  const hub = new MemoryBusHub(new SystemClock(), contractRules);
  return Promise.resolve({ connect: (name) => Promise.resolve(hub.connect(name)), close: () => Promise.resolve() });
});

describe('memory bus', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  async function run(fate: Fate): Promise<string[]> {
    const clock = new VirtualClock();
    const hub = new MemoryBusHub(clock);
    hub.fate = fate;
    const heard: string[] = [];
    hub.connect('there').subscribe('x', (data) => void heard.push(`${clock.now()} ${new TextDecoder().decode(data)}`));
    const here = hub.connect('here');
    for (let i = 0; i < 5; i++) here.publish('x', bytes(String(i)));
    await Promise.resolve();
    clock.advanceTo(1_000);
    return heard;
  }

  it('does what the fates say', async () => {
    const fates = [[], [0, 5], [100], [7], [0]];
    expect(await run(() => fates.shift() ?? [])).toEqual(['0 1', '0 4', '5 1', '7 3', '100 2']);
  });

  it('runs the same from the same seed', async () => {
    const seeded = (): Fate => {
      const chance = prng(42);
      return () => (chance.chance(0.3) ? [] : [chance.below(50), ...(chance.chance(0.3) ? [chance.below(50)] : [])]);
    };
    expect(await run(seeded())).toEqual(await run(seeded()));
  });

  it('cuts a client off and brings it back', async () => {
    const clock = new VirtualClock();
    const hub = new MemoryBusHub(clock);
    const [here, there] = [hub.connect('here'), hub.connect('there')];
    let count = 0;
    there.subscribe('x', () => void count++);
    there.connected = false;
    here.publish('x', bytes(''));
    there.connected = true;
    here.publish('x', bytes(''));
    clock.advanceTo(1);
    expect(count).toBe(1);
    const waiting = here.request('x', bytes(''), 1_000);
    here.connected = false;
    await expect(waiting).rejects.toThrow('the bus was lost');
  });

  it('matches subjects as NATS does', () => {
    expect(subjectMatches('a.*', 'a.b')).toBe(true);
    expect(subjectMatches('a.*', 'a.b.c')).toBe(false);
    expect(subjectMatches('a.>', 'a')).toBe(false);
    expect(subjectMatches('a.>', 'a.b.c')).toBe(true);
    expect(subjectMatches('a.b.c', 'a.b')).toBe(false);
    expect(subjectMatches('>', 'a')).toBe(true);
  });
});

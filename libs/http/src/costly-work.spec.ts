import { describe, expect, it } from '@jest/globals';
import { CostlyWork, isCostlyText, type AdmittedWork } from './costly-work.js';

const LARGE = 1_000_000;

interface Given {
  readonly user?: string;
  readonly target?: string;
  readonly isCostly?: boolean;
  readonly timeout?: string;
  /** Characters of the object that is written. */
  readonly characters?: number;
}

/** A clock and a processor that a test moves. */
class Bench {
  at = 0;
  cpu = 0;
  readonly works = new CostlyWork({
    now: () => this.at,
    spent: () => this.cpu,
    wait: (ms) => {
      this.pass(ms);
      return Promise.resolve();
    },
    after: (ms, act) => {
      const timer = { due: this.at + ms, act };
      this.timers.add(timer);
      return () => void this.timers.delete(timer);
    },
  });
  private readonly timers = new Set<{ readonly due: number; readonly act: () => void }>();

  pass(ms: number): void {
    this.at += ms;
    for (const timer of [...this.timers].sort((a, b) => a.due - b.due)) {
      if (timer.due > this.at || !this.timers.delete(timer)) continue;
      timer.act();
    }
  }

  /** Lets a write in and carries it out; 429 when it was refused. */
  async write(cost: number, given: Given = {}): Promise<number> {
    const { user = 'ada', target = 'a', isCostly = true, characters = LARGE, timeout } = given;
    const work = await this.works.enter(user, { target, isCostly, timeout });
    if ('refused' in work) return work.code;
    await work.step(() => {
      this.cpu += cost;
      work.wrote(target, characters);
    });
    work.end();
    return 200;
  }
}

describe('work that takes the thread for long', () => {
  it('makes the next one of this user wait, or come back, once it is more than a slow start', async () => {
    const bench = new Bench();
    expect(await bench.write(15 + 250)).toBe(200);
    // All that is let pass is used up, less what was paid off while others had the thread for ten milliseconds.
    expect(bench.at).toBe(10);
    expect(await bench.write(17)).toBe(200);
    expect(bench.at).toBe(20);
    // Two milliseconds too many: four tenths of a second from the first one on.
    expect(await bench.write(100)).toBe(200);
    expect(bench.at).toBe(410);
    // Seventeen seconds are to be paid off: more than a request may wait.
    const refused = await bench.works.enter('ada', { target: 'b', isCostly: true, timeout: undefined });
    expect(refused).toMatchObject({ code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 17 } });
    bench.at += 16_500;
    expect(await bench.write(10)).toBe(200);
    expect(bench.at).toBe(17_410);
  });

  it('slows down who sends one after the other, and refuses nothing that fifteen seconds of rest make up for', async () => {
    const bench = new Bench();
    await bench.write(15 + 250);
    for (let i = 0; i < 20; i++) expect(await bench.write(15 + 70)).toBe(200);
    // The rest after the last one is still to come.
    expect(bench.at).toBe(19 * 70 * 200 + 10);
  });

  it.each([
    ['4s', 1000],
    ['2800ms', 700],
    ['0', 15_000],
    ['1h', 15_000],
    ['soon', 15_000],
  ])('lets one with a time-out of %s wait for %d ms', async (timeout, ms) => {
    const bench = new Bench();
    await bench.write(15 + 250 + ms / 200);
    // Ten of the milliseconds went by while others had the thread.
    bench.at -= 10 + 1;
    expect(await bench.write(0, { timeout })).toBe(429);
    bench.at += 1;
    expect(await bench.write(0, { timeout })).toBe(200);
  });

  it('refuses what has waited for so long behind others of its user', async () => {
    const bench = new Bench();
    await bench.write(15 + 250);
    const first = (await bench.works.enter('ada', { target: 'a', isCostly: true, timeout: undefined })) as AdmittedWork;
    const second = bench.write(15 + 50);
    const third = bench.write(15 + 50);
    const last = bench.write(15 + 50);
    await first.step(() => void (bench.cpu += 15 + 40));
    first.end();
    // Eight seconds of rest, then ten more, which is more than fifteen since they came.
    expect([await second, await third, await last]).toEqual([200, 429, 429]);
    expect(bench.at).toBeLessThan(9000);
  });

  it('refuses each that waits when its own patience is over, not when its turn comes', async () => {
    const bench = new Bench();
    const enter = (timeout?: string) => bench.works.enter('ada', { target: 'a', isCostly: true, timeout });
    const first = (await enter()) as AdmittedWork;
    const told: string[] = [];
    const asked = ['60s', '4s', '20s'].map(async (timeout) => {
      const answer = await enter(timeout);
      told.push(`${timeout} at ${bench.at}: ${'refused' in answer ? answer.code : 'let in'}`);
      return answer;
    });
    for (const ms of [999, 1, 3999, 1, 9999]) {
      bench.pass(ms);
      await new Promise(setImmediate);
    }
    expect(told).toEqual(['4s at 1000: 429', '20s at 5000: 429']);
    first.end();
    await Promise.all(asked);
    expect(told.at(-1)).toBe('60s at 14999: let in');
  });

  it('keeps no place for those that were refused while they waited', async () => {
    const bench = new Bench();
    const first = (await bench.works.enter('ada', { target: 'a', isCostly: true, timeout: undefined })) as AdmittedWork;
    const impatient = Array.from({ length: 16 }, () => bench.write(1, { timeout: '4s' }));
    expect(await bench.write(1)).toBe(429);
    bench.pass(1000);
    expect(await Promise.all(impatient)).toEqual(Array<number>(16).fill(429));
    const patient = bench.write(1);
    first.end();
    expect(await patient).toBe(200);
  });

  it('is refused in time by a clock of the machine, too', async () => {
    const works = new CostlyWork();
    const enter = (timeout: string) => works.enter('ada', { target: 'a', isCostly: true, timeout });
    await enter('60s');
    expect(await enter('40ms')).toMatchObject({ code: 429 });
  });

  it('takes no more than its share for ever', async () => {
    const bench = new Bench();
    const cost = 115;
    for (const end = 600_000; bench.at < end;) if ((await bench.write(cost)) === 429) bench.at += 1000;
    // Of each, a hundred milliseconds are in excess: one in two hundred of ten minutes and of the fifteen seconds that the last
    // one waited, what is let pass, and the last one.
    const excess = (bench.cpu / cost) * 100;
    expect(excess).toBeLessThanOrEqual(3000 + 75 + 250 + 100);
    expect(excess).toBeGreaterThan(2700);
  });

  it('counts each of its steps', async () => {
    const bench = new Bench();
    const work = (await bench.works.enter('ada', { target: 'a', isCostly: true, timeout: undefined })) as AdmittedWork;
    for (let i = 0; i < 10; i++) await work.step(() => void (bench.cpu += 55));
    work.end();
    expect(await bench.write(1)).toBe(429);
  });

  it('leaves the thread to others after each step, for as long as it had it', async () => {
    const bench = new Bench();
    const work = (await bench.works.enter('ada', { target: 'a', isCostly: true, timeout: undefined })) as AdmittedWork;
    await work.step(() => void (bench.cpu += 1));
    expect(bench.at).toBe(0);
    await work.step(() => void (bench.cpu += 6));
    expect(bench.at).toBe(6);
    await work.step(() => void (bench.cpu += 500));
    expect(bench.at).toBe(16);
  });

  it('counts when it fails, too', async () => {
    const bench = new Bench();
    const work = (await bench.works.enter('ada', { target: 'a', isCostly: true, timeout: undefined })) as AdmittedWork;
    const failing = work.step(() => {
      bench.cpu += 400;
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    work.end();
    expect(await bench.write(1)).toBe(429);
  });

  it('leaves other users and small writes alone', async () => {
    const bench = new Bench();
    await bench.write(400);
    const { at } = bench;
    expect(await bench.write(10)).toBe(429);
    expect(await bench.write(1, { user: 'bob' })).toBe(200);
    expect(await bench.write(1, { target: 'small', isCostly: false, characters: 100 })).toBe(200);
    expect(bench.at).toBe(at);
  });

  it('is a write with however small a body, when the object is large', async () => {
    const bench = new Bench();
    expect(await bench.write(400, { target: 'b' })).toBe(200);
    expect(await bench.write(1, { target: 'b', isCostly: false })).toBe(429);
    bench.at = 120_000;
    // Once it is small it is like all others.
    expect(await bench.write(1, { target: 'b', isCostly: false, characters: 100 })).toBe(200);
    await bench.write(400, { target: 'c' });
    expect(await bench.write(1, { target: 'b', isCostly: false })).toBe(200);
  });

  it('is none when body and object are small, however long a cold process takes', async () => {
    const bench = new Bench();
    for (let i = 0; i < 100; i++) {
      expect(await bench.write(100, { target: `${i % 10}`, isCostly: false, characters: 5000 })).toBe(200);
    }
    expect(await bench.write(20)).toBe(200);
    expect(bench.at).toBe(10);
  });

  it('is never refused when no step takes long', async () => {
    const bench = new Bench();
    for (let i = 0; i < 100; i++) expect(await bench.write(15)).toBe(200);
  });

  it('goes one at a time, and not more of it waits than there is room for', async () => {
    const bench = new Bench();
    const first = (await bench.works.enter('ada', { target: 'a', isCostly: true, timeout: undefined })) as AdmittedWork;
    const others = Array.from({ length: 20 }, () => bench.write(1));
    // What others begin meanwhile does not make the server forget that ada's work is under way.
    expect(await bench.write(1, { user: 'bob' })).toBe(200);
    expect(bench.cpu).toBe(1);
    first.end();
    const codes = await Promise.all(others);
    expect(codes.filter((code) => code === 429)).toHaveLength(4);
    expect(codes.filter((code) => code === 200)).toHaveLength(16);
  });

  it('goes one at a time when nothing of it waits, too', async () => {
    const bench = new Bench();
    const first = (await bench.works.enter('ada', { target: 'a', isCostly: true, timeout: undefined })) as AdmittedWork;
    await bench.write(1, { user: 'bob' });
    const second = bench.write(1);
    await bench.write(1, { user: 'carol' });
    expect(bench.cpu).toBe(2);
    first.end();
    expect(await second).toBe(200);
  });
});

describe('a body', () => {
  it.each([
    ['of many fields', `{${'"a":1,'.repeat(2000)}"b":2}`, true],
    ['of many lines', 'a: 1\n'.repeat(2000), true],
    ['of few texts', `{"a":"${'x'.repeat(500_000)}"}`, false],
    ['that is very large', `{"a":"${'x'.repeat(512 * 1024)}"}`, true],
    ['that is large and no JSON', `k8s\0${'x'.repeat(64 * 1024)}`, true],
    ['that is small', '{"a":1}', false],
  ])('%s', (_, text, isCostly) => {
    expect(isCostlyText(Buffer.from(text))).toBe(isCostly);
  });
});

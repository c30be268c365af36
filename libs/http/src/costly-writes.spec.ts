import { describe, expect, it } from '@jest/globals';
import { CostlyWrites, type AdmittedWrite } from './costly-writes.js';

const LARGE = 100_000;

/** A clock and a processor that a test moves. */
class Bench {
  at = 0;
  cpu = 0;
  readonly writes = new CostlyWrites({
    now: () => this.at,
    spent: () => this.cpu,
    wait: (ms) => {
      this.at += ms;
      return Promise.resolve();
    },
  });

  /** Lets a write in and carries it out; 429 when it was refused. */
  async write(cost: number, { user = 'ada', target = 'a', bytes = LARGE } = {}): Promise<number> {
    const write = await this.writes.enter(user, target, bytes);
    if ('refused' in write) return write.code;
    write.step(() => void (this.cpu += cost));
    write.end();
    return 200;
  }
}

describe('writes that take the thread for long', () => {
  it('make the next one of this user wait, or come back, once they are more than a slow start', async () => {
    const bench = new Bench();
    expect(await bench.write(40 + 150)).toBe(200);
    // All that is let pass is used up, and no more than that.
    expect(await bench.write(45)).toBe(200);
    expect(bench.at).toBe(0);
    // Five milliseconds too many: half a second.
    expect(await bench.write(100)).toBe(200);
    expect(bench.at).toBe(500);
    const refused = await bench.writes.enter('ada', 'b', LARGE);
    expect(refused).toMatchObject({ code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 6 } });
    bench.at += 5500;
    expect(await bench.write(10)).toBe(200);
    expect(bench.at).toBe(6500);
  });

  it('take no more than their share for ever', async () => {
    const bench = new Bench();
    for (const end = 600_000; bench.at < end;) if ((await bench.write(140)) === 429) bench.at += 1000;
    // One in a hundred of ten minutes, what is let pass, and the last one.
    expect((bench.cpu / 140) * 100).toBeLessThanOrEqual(6000 + 150 + 100);
    expect((bench.cpu / 140) * 100).toBeGreaterThan(5500);
  });

  it('leave other users and small writes alone', async () => {
    const bench = new Bench();
    await bench.write(400);
    expect(await bench.write(10)).toBe(429);
    expect(await bench.write(10, { user: 'bob' })).toBe(200);
    expect(await bench.write(1, { target: 'small', bytes: 100 })).toBe(200);
    expect(bench.at).toBe(0);
  });

  it('count however small their bodies are, when the object is costly', async () => {
    const bench = new Bench();
    expect(await bench.write(400, { bytes: 100 })).toBe(200);
    expect(await bench.write(1, { bytes: 100 })).toBe(429);
    bench.at = 60_000;
    // Once it is cheap it is like all others.
    expect(await bench.write(1, { bytes: 100 })).toBe(200);
    await bench.write(400, { target: 'b' });
    expect(await bench.write(1, { bytes: 100 })).toBe(200);
  });

  it('never rest when no step took long, and are never refused for that', async () => {
    const bench = new Bench();
    for (let i = 0; i < 100; i++) expect(await bench.write(40)).toBe(200);
    expect(bench.at).toBe(0);
  });

  it('go one at a time, and not more of them wait than there is room for', async () => {
    const bench = new Bench();
    const first = (await bench.writes.enter('ada', 'a', LARGE)) as AdmittedWrite;
    const others = Array.from({ length: 20 }, () => bench.write(1));
    first.end();
    const codes = await Promise.all(others);
    expect(codes.filter((code) => code === 429)).toHaveLength(4);
    expect(codes.filter((code) => code === 200)).toHaveLength(16);
  });
});

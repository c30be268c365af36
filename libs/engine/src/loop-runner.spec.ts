import { describe, expect, it } from '@jest/globals';
import type { Change, Command, CommandResult, Decision, Loop, Submit } from '#model';
import { Projection } from './projection.js';
import { accepted, Bench, changed, refusal, wish } from './test-loop.js';

describe('a loop whose wish is refused', () => {
  it('is asked again after growing pauses, and the refusal is told at the 1st, 2nd, 4th, 8th … time', async () => {
    const bench = new Bench();
    bench.answer = () => refusal('Forbidden');
    bench.runner.start();
    await bench.run(600_000);
    expect(bench.looks.slice(0, 6)).toEqual([0, 5, 15, 35, 75, 155]);
    expect(bench.looks.at(-1)).toBe((bench.looks.at(-2) ?? 0) + 60_000);
    expect(bench.complaints).toEqual([1, 2, 4, 8, 16]);
    expect(bench.seen[1]).toMatchObject([{ verb: 'create', name: 'a', reason: 'Forbidden' }]);
    bench.runner.stop();
  });
  it('begins anew once a look was refused nothing', async () => {
    const bench = new Bench();
    bench.answer = () => (bench.looks.length % 4 === 0 ? accepted(1) : refusal('Forbidden'));
    bench.runner.start();
    await bench.run(1000);
    bench.runner.poke('key');
    await bench.run(1000);
    expect(bench.complaints).toEqual([1, 2, 5, 6]);
    expect(bench.looks).toHaveLength(8);
    bench.runner.stop();
  });
  it('makes no fuss about a lost race', async () => {
    const bench = new Bench();
    bench.answer = () => (bench.looks.length < 5 ? refusal('Stale') : accepted(1));
    bench.runner.start();
    await bench.run(1000);
    expect(bench.looks).toHaveLength(5);
    expect(bench.complaints).toEqual([]);
    bench.runner.stop();
  });
  it('goes on soon when the rest of its wishes was taken', async () => {
    const bench = new Bench();
    bench.decide = () => [wish('a'), wish('b')];
    bench.answer = ({ name }) => (name === 'a' ? accepted(1) : refusal('Forbidden'));
    bench.runner.start();
    await bench.run(50);
    expect(bench.looks).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50]);
    bench.runner.stop();
  });
  it('does not when the rest changed nothing', async () => {
    const bench = new Bench();
    bench.decide = () => [wish('a'), wish('b')];
    bench.answer = ({ name }) => (name === 'a' ? accepted(1, false) : refusal('Forbidden'));
    bench.runner.start();
    await bench.run(50);
    expect(bench.looks).toEqual([0, 5, 15, 35]);
    bench.runner.stop();
  });
});

describe('a loop whose writes somebody else undoes', () => {
  const patch = (replicas: number): Decision => ({
    ...{ is: 'submit', because: 'the test says so' },
    command: { verb: 'patch', kind: 'apps.replicasets', namespace: 'default', name: 'a', body: { spec: { replicas } } },
  });
  /** A bench in which each write is answered and then undone after so many milliseconds. */
  const undone = (afterMs: number, replicas: () => number): Bench => {
    const bench = new Bench();
    bench.decide = () => [patch(replicas())];
    bench.answer = () => {
      bench.clock.after(afterMs, () => bench.runner.poke('key'));
      return accepted(1);
    };
    bench.runner.start();
    return bench;
  };
  it('writes again after growing pauses', async () => {
    const bench = undone(1, () => 3);
    await bench.run(100_000);
    expect(bench.looks.slice(0, 8)).toEqual([0, 1, 2, 3, 8, 18, 38, 78]);
    expect(bench.looks.at(-1)).toBe((bench.looks.at(-2) ?? 0) + 10_000);
    bench.runner.stop();
    // Nothing is left that would hold up the end of the process.
    expect(bench.clock.ringNext(Infinity)).toBe(false);
  });
  it('goes on at once when it writes something else, or when nobody was quick to undo it', async () => {
    let count = 0;
    const other = undone(1, () => count++ % 2);
    await other.run(100);
    expect(other.looks).toHaveLength(101);
    const slow = undone(2000, () => 3);
    await slow.run(20_000);
    expect(slow.looks).toHaveLength(11);
    for (const { runner } of [other, slow]) runner.stop();
  });
});

describe('what follows on a wish', () => {
  const following = (name: string, then: readonly Submit[] = []): Submit => ({ ...(wish(name) as Submit), then });
  const names = ({ commands }: Bench): readonly string[] => commands.map(({ name }) => name);
  const told = async (answer: (command: Command) => CommandResult): Promise<Bench> => {
    const bench = new Bench();
    bench.decide = () => [following('a', [following('b', [following('c')]), following('d')])];
    bench.answer = answer;
    bench.runner.start();
    await bench.run(1);
    bench.runner.stop();
    return bench;
  };
  it('is submitted once the wish was taken, in order', async () => {
    const bench = await told(() => accepted(1));
    expect(names(bench)).toEqual(['a', 'b', 'c', 'd']);
    expect(bench.commands[0]).toMatchObject({ name: 'a', next: { name: 'b', next: { name: 'c' } } });
    expect(names(await told(({ name }) => (name === 'b' ? refusal('Forbidden') : accepted(1))))).toEqual([
      'a',
      'b',
      'd',
    ]);
    expect(names(await told(() => refusal('Stale')))).toEqual(['a']);
  });
  it('is not submitted when the writer has decided it with the wish', async () => {
    const next: CommandResult = { ...accepted(2), next: accepted(3) };
    const all = await told(({ name }) => (name === 'a' ? { ...accepted(1), next } : accepted(4)));
    expect(names(all)).toEqual(['a', 'd']);
    const some = await told(({ name }) => (name === 'a' ? { ...accepted(1), next: accepted(2) } : accepted(4)));
    expect(names(some)).toEqual(['a', 'c', 'd']);
  });
  it('may have been refused with the wish', async () => {
    const bench = new Bench();
    bench.decide = () => [following('a', [following('b', [following('c')])])];
    bench.answer = () => ({ ...accepted(1), next: refusal('Forbidden') });
    bench.runner.start();
    await bench.run(4);
    bench.runner.stop();
    expect(names(bench)).toEqual(['a']);
    expect(bench.complaints).toEqual([1]);
  });
});

describe('a loop whose wish was taken', () => {
  it('is not asked again before the view shows it, however long that takes', async () => {
    const bench = new Bench();
    let shown = false;
    bench.decide = () => (shown ? [] : [wish('a')]);
    bench.reached = () => new Promise((resolve) => void bench.clock.after(10_000, () => resolve(shown)));
    bench.runner.start();
    await bench.run(1000);
    bench.runner.poke('key');
    await bench.run(35_000);
    expect(bench.looks).toEqual([0]);
    shown = true;
    await bench.run(10_000);
    expect(bench.looks).toHaveLength(2);
    bench.runner.stop();
  });
  it('has its followers submitted after it, and dropped when it was refused', async () => {
    const bench = new Bench();
    const follower = wish('then') as Extract<Decision, { is: 'submit' }>;
    bench.decide = () => [{ ...(wish('first') as Extract<Decision, { is: 'submit' }>), then: [follower] }];
    bench.answer = ({ name }) => (name === 'first' && bench.looks.length === 1 ? refusal('Stale') : accepted(1));
    bench.runner.start();
    await bench.run(8);
    expect(bench.commands.map(({ name }) => name)).toEqual(['first', 'first', 'then']);
    bench.runner.stop();
  });
});

describe('a loop that throws for one key', () => {
  it('goes on with the others, and reports the fault at the 1st, 2nd, 4th … time with growing pauses', async () => {
    const bench = new Bench();
    bench.keys = { keysOf: ({ after }) => [after?.metadata.name ?? ''], keysAtStart: () => ['bad', 'good'] };
    bench.broken.add('bad');
    bench.decide = () => [];
    bench.runner.start();
    await bench.run(100);
    bench.runner.notice([changed('bad'), changed('good')]);
    await bench.run(60_000);
    expect(bench.looked.filter((key) => key === 'good')).toHaveLength(2);
    const what = 'test bad TypeError: bad is broken';
    expect(bench.faults.slice(0, 3)).toEqual([`${what} @0`, `${what} @5`, `${what} @35`]);
    expect(bench.looked.length).toBeLessThan(30);
    expect(bench.fatal).toEqual([]);
    bench.broken.clear();
    await bench.run(120_000);
    const looks = bench.looked.length;
    await bench.run(600_000);
    expect(bench.looked).toHaveLength(looks);
    bench.runner.stop();
  });
  it('looks at all keys when the keys of a change cannot be computed', async () => {
    const bench = new Bench();
    const keysOf: Loop['keysOf'] = ({ after }) => {
      if (after?.metadata.name === 'bad') throw new TypeError('no keys');
      return [after?.metadata.name ?? ''];
    };
    bench.keys = { keysOf, keysAtStart: () => ['good', 'other'] };
    bench.decide = () => [];
    bench.runner.start();
    await bench.run(0);
    bench.runner.notice([changed('bad'), changed('good')]);
    await bench.run(10_000);
    expect(bench.looked).toEqual(['good', 'other', 'good', 'good', 'other']);
    expect(bench.faults).toEqual(['test core.configmaps/default/bad TypeError: no keys @0']);
    bench.runner.stop();
  });
  it('tries again when the keys to start with cannot be computed', async () => {
    const bench = new Bench();
    let isBroken = true;
    const keysAtStart = (): readonly string[] => {
      if (isBroken) throw new TypeError('no start');
      return ['key'];
    };
    bench.keys = { keysOf: () => ['other'], keysAtStart };
    bench.decide = () => [];
    bench.runner.start();
    bench.runner.notice([changed('other')]);
    await bench.run(1000);
    expect(bench.looked).toEqual(['other']);
    isBroken = false;
    await bench.run(2000);
    expect(bench.looked).toEqual(['other', 'key']);
    bench.runner.stop();
  });
  it('reports a command that makes the writer throw, once', async () => {
    const bench = new Bench();
    bench.answer = () => {
      throw new TypeError('cannot be decided');
    };
    bench.runner.start();
    await bench.run(1);
    expect(bench.faults).toEqual(['test key TypeError: cannot be decided @0']);
    expect(bench.complaints).toEqual([]);
    bench.runner.stop();
  });
  it('ends the process when what all keys share fails', async () => {
    const bench = new Bench();
    bench.reached = () => Promise.reject(new Error('the view is lost'));
    bench.runner.start();
    await bench.run(1);
    expect(bench.fatal).toEqual([new Error('the view is lost')]);
    bench.runner.stop();
  });
});

describe('the picture that a loop keeps of its view', () => {
  const change = (position: number): Change => ({ kind: 'core.pods', position, before: undefined, after: undefined });
  it('has every change before the loop looks, and is built anew after one that it cannot take', async () => {
    const bench = new Bench();
    bench.decide = () => [];
    bench.runner.start();
    await bench.run(1);
    bench.runner.notice([change(1), change(2)]);
    await bench.run(1);
    bench.runner.notice([change(3), change(0), change(4)]);
    await bench.run(1);
    expect(bench.pictures).toEqual([
      [100, true],
      [102, true],
      [100, true],
    ]);
    expect(bench.faults).toEqual(['test * RangeError: a change that cannot be counted @2']);
    bench.runner.stop();
  });
  it('is dropped when the runner stops: who looks then builds one for himself', async () => {
    const bench = new Bench();
    bench.decide = () => [];
    const view = new Projection((state, event) => state ?? { ...event, object: undefined });
    bench.picture.follow(view);
    bench.picture.of(view).picture.counted = 7;
    expect(bench.picture.of(view)).toEqual({ picture: { counted: 7 }, isKept: true });
    bench.picture.leave(view);
    expect(bench.picture.of(view)).toEqual({ picture: { counted: 100 }, isKept: false });
    bench.runner.stop();
  });
});

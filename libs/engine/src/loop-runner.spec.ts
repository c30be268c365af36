import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '#adapters';
import { KeptPicture } from '#model';
import type {
  Accepted,
  Change,
  Command,
  CommandResult,
  Decision,
  Loop,
  LoopRefusal,
  Outside,
  Refusal,
  Submit,
} from '#model';
import { LoopRunner } from './loop-runner.js';
import { Projection } from './projection.js';
import { WallSteps } from './wall-steps.js';

const refusal = (reason: string): Refusal => ({ refused: true, code: 403, reason, message: `it is ${reason}` });
const accepted = (position: number, changed = true): Accepted => ({ position, changed }) as Accepted;
const wish = (name: string): Decision => ({
  is: 'submit',
  because: 'the test says so',
  command: { verb: 'create', kind: 'core.configmaps', namespace: 'default', name },
});

/** A runner of one loop, with one key if not told otherwise, whose commands are answered by hand. */
class Bench {
  readonly clock = new VirtualClock(1_800_000_000_000);
  readonly looks: number[] = [];
  readonly complaints: number[] = [];
  readonly seen: (readonly LoopRefusal[] | undefined)[] = [];
  readonly commands: Command[] = [];
  decide: () => readonly Decision[] = () => [wish('a')];
  answer: (command: Command) => CommandResult = () => accepted(1);
  reached: (position: number) => Promise<boolean> = () => Promise.resolve(true);
  keys: Pick<Loop, 'keysOf' | 'keysAtStart'> = { keysOf: () => ['key'], keysAtStart: () => ['key'] };
  /** Keys whose looks throw. */
  readonly broken = new Set<string>();
  /** Keys in the order in which they were looked at. */
  readonly looked: string[] = [];
  readonly faults: string[] = [];
  readonly fatal: unknown[] = [];
  readonly runner: LoopRunner;

  /** Changes counted by the loop's picture: as it was built, then one more for each. A change at position 0 breaks it. */
  readonly picture = new KeptPicture<{ counted: number }>({
    build: () => ({ counted: 100 }),
    apply: (picture, { position }) => {
      if (position === 0) throw new RangeError('a change that cannot be counted');
      picture.counted++;
    },
  });
  readonly pictures: (readonly [counted: number, isKept: boolean])[] = [];

  constructor() {
    const loop: Loop = {
      name: 'test',
      account: 'test-controller',
      picture: this.picture,
      keysOf: (change, view) => this.keys.keysOf(change, view),
      keysAtStart: (view) => this.keys.keysAtStart(view),
      reconcile: (view, key, now, outside?: Outside) => {
        const { picture, isKept } = this.picture.of(view);
        this.pictures.push([picture.counted, isKept]);
        this.looked.push(key);
        if (this.broken.has(key)) throw new TypeError(`${key} is broken`);
        this.looks.push(now - 1_800_000_000_000);
        this.seen.push(outside?.fact('refusals') as unknown as readonly LoopRefusal[] | undefined);
        return this.decide();
      },
    };
    this.runner = new LoopRunner({
      loop,
      view: new Projection((state, event) => state ?? { ...event, object: undefined }),
      commands: {
        submit: (command) => {
          this.commands.push(command);
          return Promise.resolve(this.answer(command));
        },
      },
      clock: this.clock,
      wallSteps: new WallSteps(this.clock),
      ids: { uid: () => 'uid', named: (text) => text },
      build: 'test',
      soon: (callback) => setImmediate(callback),
      reached: (position) => this.reached(position),
      onFault: (loop, key, cause) =>
        this.faults.push(`${loop} ${key} ${(cause as Error).stack?.split('\n')[0]} @${this.passed}`),
      onFatal: (cause) => this.fatal.push(cause),
      onRefusal: () => this.complaints.push(this.looks.length),
    });
  }
  get passed(): number {
    return this.clock.now() - 1_800_000_000_000;
  }
  async run(ms: number): Promise<void> {
    const until = this.clock.monotonic() + ms;
    const turns = async (): Promise<void> => {
      for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
    };
    await turns();
    while (this.clock.ringNext(until)) await turns();
    this.clock.advanceTo(until);
    await turns();
  }
}

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

const changed = (name: string): Change => {
  const after = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', uid: name } };
  return { kind: 'core.configmaps', position: 1, before: undefined, after };
};

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

describe('what a command says of its decision', () => {
  const at = (position: number): Change => ({ ...changed('key'), position });
  const causes = (bench: Bench): unknown[] => bench.commands.map((command) => command.causes);

  it('names the changes that made the loop look: the newest 16, and how many there were', async () => {
    const bench = new Bench();
    bench.runner.start();
    await bench.run(1);
    bench.runner.notice([at(11), at(12)]);
    await bench.run(1);
    bench.runner.notice(Array.from({ length: 20 }, (_, i) => at(20 + i)));
    await bench.run(1);
    expect(causes(bench)).toEqual([undefined, [11, 12], Array.from({ length: 16 }, (_, i) => 24 + i)]);
    expect(bench.commands.map(({ causeCount }) => causeCount)).toEqual([undefined, undefined, 20]);
    bench.runner.stop();
  });
  it('names them again when the look is repeated after a refusal, with what changed since', async () => {
    const bench = new Bench();
    bench.keys = { keysOf: () => ['key'], keysAtStart: () => [] };
    bench.answer = () => (bench.looks.length < 3 ? refusal('Forbidden') : accepted(1));
    bench.runner.start();
    bench.runner.notice([at(11)]);
    await bench.run(1);
    bench.runner.notice([at(12)]);
    await bench.run(1000);
    bench.runner.notice([at(13)]);
    await bench.run(1);
    expect(causes(bench)).toEqual([[11], [11, 12], [11, 12], [13]]);
    bench.runner.stop();
  });
  it('names those of the look that asked to be woken', async () => {
    const bench = new Bench();
    bench.keys = { keysOf: () => ['key'], keysAtStart: () => [] };
    bench.decide = () => (bench.looks.length === 1 ? [{ is: 'wake', at: bench.clock.now() + 500 }] : [wish('a')]);
    bench.runner.start();
    bench.runner.notice([at(11)]);
    await bench.run(1000);
    expect(causes(bench)).toEqual([[11]]);
    bench.runner.stop();
  });
  it('has one basis with what follows on it', async () => {
    const bench = new Bench();
    const follows = { ...(wish('b') as Submit), then: [wish('c') as Submit] };
    bench.decide = () => (bench.looks.length === 1 ? [{ ...(wish('a') as Submit), then: [follows] }] : []);
    bench.runner.start();
    await bench.run(1);
    const [first, ...rest] = bench.commands.map(({ basis }) => ({ ...basis, decided: undefined }));
    expect(bench.commands.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(rest).toEqual([first, first]);
    expect(new Set(bench.commands.map(({ basis }) => basis?.decided)).size).toBe(3);
    bench.runner.stop();
  });
  it('holds what the look read of facts that are not in the log', async () => {
    const bench = new Bench();
    bench.answer = () => (bench.looks.length < 2 ? refusal('Forbidden') : accepted(1));
    bench.runner.start();
    await bench.run(100);
    expect(bench.commands[0]?.basis).not.toHaveProperty('facts');
    expect(bench.commands[1]?.basis?.facts).toMatchObject({ refusals: [{ verb: 'create', name: 'a' }] });
    bench.runner.stop();
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { PathStance, PodWay } from '#model';
import {
  ASK_CALM_MS,
  askEvery,
  choiceOf,
  decidePath,
  pathAnswered,
  pathAsked,
  stanceOf,
  watchPath,
  waysToAsk,
  type PathWatch,
} from './index.js';

type Passes = (from: 'a' | 'b', way: PodWay, second: number) => boolean;
const everything: Passes = () => true;
const noRoute: Passes = (_from, way) => way === 'vxlan';
const nothing: Passes = () => false;
/** One after the other, each for so many seconds; the last one for good. */
const inTurn =
  (...parts: readonly (readonly [number, Passes])[]): Passes =>
  (from, way, second) => {
    let until = 0;
    for (const [seconds, passes] of parts) if (second < (until += seconds)) return passes(from, way, second);
    return parts.at(-1)?.[1](from, way, second) ?? false;
  };

/** Two nodes that ask each other as an agent does: what a change asks for is there after half a second. */
class Pair {
  now = 0;
  readonly watches = { a: watchPath('route', 0), b: watchPath('route', 0) };
  private readonly due = { a: 0, b: 300 };
  /** Changes of the way, with the second of each. */
  readonly changes: string[] = [];
  private readonly made = { a: choiceOf(this.watches.a, 0), b: choiceOf(this.watches.b, 0) };
  private readonly remakes: { readonly at: number; readonly name: 'a' | 'b' }[] = [];

  constructor(
    private readonly passes: Passes,
    private readonly isUp: (name: 'a' | 'b', second: number) => boolean = () => true,
  ) {}

  run(seconds: number): this {
    for (const end = this.now + seconds * 1000; this.now < end; this.now += 100) {
      while (this.remakes[0] && this.remakes[0].at <= this.now) {
        const { name } = this.remakes.shift() ?? { name: 'a' };
        this.made[name] = choiceOf(this.watches[name], this.now);
      }
      for (const name of ['a', 'b'] as const)
        if (this.due[name] <= this.now && this.isUp(name, this.now / 1000)) this.ask(name);
    }
    return this;
  }
  private ask(name: 'a' | 'b'): void {
    this.set(name, decidePath(this.watches[name], this.now));
    for (const way of waysToAsk(this.watches[name], this.made[name], this.now)) {
      this.watches[name] = pathAsked(this.watches[name], way, this.now);
      const said = this.answerOf(name === 'a' ? 'b' : 'a', name, way);
      if (said === undefined) continue;
      this.set(name, decidePath(pathAnswered(this.watches[name], way, said, this.now), this.now));
    }
    this.due[name] = this.now + askEvery(this.watches[name], this.now);
  }
  private answerOf(other: 'a' | 'b', asker: 'a' | 'b', way: PodWay): PathStance | undefined {
    const second = this.now / 1000;
    const takes = this.made[other].way === way || this.made[other].spare === way;
    const arrives = this.passes(asker, way, second) && this.passes(other, way, second);
    return takes && arrives && this.isUp(other, second) ? stanceOf(this.watches[other], this.now) : undefined;
  }
  private set(name: 'a' | 'b', next: PathWatch): void {
    const { way } = this.watches[name];
    this.watches[name] = next;
    if (next.way !== way) this.changes.push(`${name} ${next.way} ${Math.round(this.now / 1000)}`);
    const wanted = choiceOf(next, this.now);
    if (wanted.way !== this.made[name].way || wanted.spare !== this.made[name].spare)
      this.remakes.push({ at: this.now + 500, name });
  }
  get ways(): readonly PodWay[] {
    return [this.watches.a.way, this.watches.b.way];
  }
  secondOf(change: string): number {
    return Number(this.changes.find((one) => one.startsWith(change))?.split(' ')[2] ?? NaN);
  }
}

describe('the way to a node on the same network', () => {
  test('is the route, without a spare way, while that answers', () => {
    const pair = new Pair(everything).run(300);
    expect(pair.changes).toEqual([]);
    expect(choiceOf(pair.watches.a, pair.now)).toEqual({ way: 'route' });
    expect(askEvery(pair.watches.a, pair.now)).toBe(ASK_CALM_MS);
  });
  test('is VXLAN within five seconds where the route never answered and VXLAN does', () => {
    const pair = new Pair(noRoute).run(6);
    expect(pair.ways).toEqual(['vxlan', 'vxlan']);
    for (const name of ['a', 'b']) expect(pair.secondOf(`${name} vxlan`)).toBeLessThanOrEqual(5);
    expect(choiceOf(pair.watches.a, pair.now)).toEqual({ way: 'vxlan', spare: 'route' });
  });
  test.each([
    ['both directions', noRoute],
    ['one direction', (from: string, way: PodWay) => way === 'vxlan' || from === 'b'],
  ])(
    'becomes VXLAN within fifteen seconds when the route is lost in %s, on both sides at nearly the same time',
    (_how, lost) => {
      const pair = new Pair(inTurn([100, everything], [1000, lost])).run(200);
      expect(pair.ways).toEqual(['vxlan', 'vxlan']);
      expect(pair.changes).toHaveLength(2);
      const [one, other] = [pair.secondOf('a vxlan'), pair.secondOf('b vxlan')];
      expect(Math.max(one, other)).toBeLessThanOrEqual(112);
      expect(Math.abs(one - other)).toBeLessThanOrEqual(2);
    },
  );
  test('is the route again once that has answered for ten seconds, on both sides at nearly the same time', () => {
    const pair = new Pair(inTurn([60, noRoute], [1000, everything])).run(100);
    expect(pair.ways).toEqual(['route', 'route']);
    expect(pair.changes).toHaveLength(4);
    const [one, other] = [pair.secondOf('a route'), pair.secondOf('b route')];
    expect(Math.min(one, other)).toBeGreaterThanOrEqual(70);
    expect(Math.max(one, other)).toBeLessThanOrEqual(80);
    expect(Math.abs(one - other)).toBeLessThanOrEqual(2);
    expect(choiceOf(pair.watches.a, pair.now)).toEqual({ way: 'route' });
  });
  test('stays as it was while the other node is dead, and when it comes back', () => {
    for (const before of [everything, noRoute]) {
      const pair = new Pair(inTurn([60, before]), (name, second) => name === 'a' || second < 60 || second > 400).run(
        61,
      );
      const { ways } = pair;
      const changes = pair.changes.length;
      pair.run(600);
      expect([pair.ways, pair.changes.length]).toEqual([ways, changes]);
    }
  });
  test('stays as it was while nothing passes, and is asked for seldom then', () => {
    const pair = new Pair(inTurn([30, everything], [300, nothing], [100, everything])).run(329);
    expect(askEvery(pair.watches.a, pair.now)).toBe(ASK_CALM_MS);
    pair.run(100);
    expect(pair.changes).toEqual([]);
  });
  test('stays the route to a node whose agent answers nothing, as one of an older build', () => {
    expect(new Pair(everything, (name) => name === 'a').run(600).changes).toEqual([]);
  });
  test('is VXLAN to a node that says so, though the route answers: it may get no answer itself', () => {
    const asking = (watch: PathWatch, now: number): PathWatch =>
      waysToAsk(watch, choiceOf(watch, now), now).reduce((one, way) => {
        const next = pathAnswered(pathAsked(one, way, now), way, now < 20_000 ? 'route' : 'vxlan', now);
        return decidePath(next, now);
      }, watch);
    let watch = watchPath('route', 0);
    for (let now = 0; now < 20_000; now += 1000) watch = asking(watch, now);
    expect(choiceOf(watch, 20_000)).toEqual({ way: 'route' });
    for (let now = 20_000; now < 23_000; now += 1000) watch = asking(watch, now);
    expect(watch.way).toBe('vxlan');
    for (let now = 23_000; now < 60_000; now += 1000) watch = asking(watch, now);
    // It would go back, and the other one would not.
    expect([watch.way, stanceOf(watch, 60_000)]).toEqual(['vxlan', 'return']);
  });
  test('stays the route where the other node goes by VXLAN, and that does not answer here', () => {
    let watch = watchPath('route', 0);
    for (let now = 0; now < 60_000; now += 1000) {
      for (const way of waysToAsk(watch, choiceOf(watch, now), now)) watch = pathAsked(watch, way, now);
      watch = decidePath(pathAnswered(watch, 'route', 'vxlan', now), now);
    }
    expect([watch.way, watch.heard.vxlan.unanswered > 10]).toEqual(['route', true]);
  });
  test('stays the route to a node that was away and answers by VXLAN first', () => {
    let watch = watchPath('route', 0);
    const ask = (now: number): void => {
      for (const way of ['route', 'vxlan'] as const) watch = pathAsked(watch, way, now);
      watch = decidePath(watch, now);
    };
    for (let now = 0; now <= 60_000; now += 1000) ask(now);
    for (const way of ['vxlan', 'route'] as const)
      watch = decidePath(pathAnswered(watch, way, 'route', 60_700), way === 'vxlan' ? 60_700 : 60_900);
    ask(61_000);
    expect(watch.way).toBe('route');
  });
  test('has VXLAN beside it for ten seconds after the return, for what the other node still sends by it', () => {
    let watch = watchPath('vxlan', 0);
    for (let now = 0; watch.way === 'vxlan' && now < 60_000; now += 1000)
      watch = decidePath(pathAnswered(pathAsked(watch, 'route', now), 'route', 'return', now), now);
    const { since } = watch;
    expect(since).toBe(10_000);
    watch = pathAnswered(watch, 'route', 'route', since);
    expect(choiceOf(watch, since + 9999)).toEqual({ way: 'route', spare: 'vxlan' });
    expect(choiceOf(watch, since + 10_000)).toEqual({ way: 'route' });
  });
  test('goes back and forth ever more seldom where the route comes and goes', () => {
    const flapping: Passes = (_from, way, second) => way === 'vxlan' || second % 60 < 40;
    const pair = new Pair(flapping).run(3600);
    expect(pair.changes.length).toBeLessThan(20);
    const late = pair.changes.filter((one) => Number(one.split(' ')[2]) > 1200);
    expect(late.length).toBeLessThanOrEqual(4);
  });
  test('is not changed by single losses', () => {
    const lossy: Passes = (from, way, second) =>
      (Math.floor(second * 7) * 31 + (from === 'a' ? 1 : 5)) % 9 !== 0 || way === 'vxlan';
    const { changes } = new Pair(lossy).run(1200);
    expect(changes).toEqual([]);
  });
  test('ends alike on both sides, by what passes in the end, whatever happened before', () => {
    const part = fc.record({
      seconds: fc.integer({ min: 1, max: 40 }),
      lost: fc.subarray(['a route', 'b route', 'a vxlan', 'b vxlan']),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, hasRoute) => {
        const passing = parts.map(({ seconds, lost }): readonly [number, Passes] => [
          seconds,
          (from, way) => !lost.includes(`${from} ${way}`),
        ]);
        const pair = new Pair(inTurn(...passing, [1e9, hasRoute ? everything : noRoute])).run(320 + 1000);
        const way = hasRoute ? 'route' : 'vxlan';
        expect(pair.ways).toEqual([way, way]);
      }),
      { numRuns: 60 },
    );
  });
});

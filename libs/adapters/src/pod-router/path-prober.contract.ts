import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { PathStance } from '#model';
import type { PathListener, PathProber, PathWord } from '#ports';

export interface ProberUnderTest {
  readonly make: () => PathProber;
  /** Addresses of this machine. */
  readonly addresses: readonly [string, string];
}

/** What each prober does between two addresses. */
export function pathProberContract({ make, addresses: [here, there] }: ProberUnderTest): void {
  let one: PathProber;
  let other: PathProber;
  let heard: readonly [PathWord[], PathWord[]];
  let said: PathStance | undefined;
  const listener = (words: PathWord[], asks: PathWord[] = []): PathListener => ({
    asked: (word) => {
      asks.push(word);
      return said;
    },
    answered: (word) => void words.push(word),
  });
  const asks: PathWord[] = [];

  beforeEach(async () => {
    one = make();
    other = make();
    heard = [[], []];
    asks.length = 0;
    said = 'doubt';
    await one.open(here, listener(heard[0]));
    await other.open(there, listener(heard[1], asks));
  });
  afterEach(async () => {
    await one.close();
    await other.close();
  });

  test('a question is heard at the other address, and its answer where it was asked, by the same way', async () => {
    for (const way of ['route', 'vxlan'] as const) {
      one.ask({ to: there, way, stance: 'return' });
      await until(() => heard[0].length > 0);
      expect(asks.splice(0)).toEqual([{ from: here, way, stance: 'return' }]);
      expect(heard[0].splice(0)).toEqual([{ from: there, way, stance: 'doubt' }]);
    }
    expect(heard[1]).toEqual([]);
  });
  test('each stance gets there', async () => {
    for (const stance of ['route', 'doubt', 'vxlan', 'return'] as const) {
      said = stance;
      one.ask({ to: there, way: 'route', stance });
      await until(() => heard[0].length > 0);
      expect([asks.pop()?.stance, heard[0].pop()?.stance]).toEqual([stance, stance]);
    }
  });
  test('nothing is answered where the listener says nothing', async () => {
    said = undefined;
    one.ask({ to: there, way: 'route', stance: 'route' });
    await until(() => asks.length > 0);
    await settled();
    expect(heard[0]).toEqual([]);
  });
  test('it is at one address: at the last that it was opened at', async () => {
    const words: PathWord[] = [];
    await other.open(here.replace(/\d+$/, '77'), listener([], words));
    one.ask({ to: there, way: 'route', stance: 'route' });
    one.ask({ to: here.replace(/\d+$/, '77'), way: 'route', stance: 'route' });
    await until(() => words.length > 0);
    await until(() => heard[0].length > 0);
    await settled();
    expect([asks.length, words.length, heard[0].length]).toEqual([0, 1, 1]);
  });
  test('closed, it neither asks nor answers', async () => {
    await other.close();
    one.ask({ to: there, way: 'route', stance: 'route' });
    other.ask({ to: here, way: 'route', stance: 'route' });
    await settled();
    expect([...heard[0], ...heard[1], ...asks]).toEqual([]);
  });
}

export async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + 2000; !isSo() && performance.now() < end;) await settled(5);
  expect(isSo()).toBe(true);
}
export function settled(ms = 100): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

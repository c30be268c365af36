import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '#ports';

/** A clock whose wall time the test can set, and whose time it lets go by. */
export interface TestedClock {
  readonly clock: Clock;
  /** Sets the wall clock forward, or back with a negative number. */
  step(ms: number): void;
  /** Lets at least so much time go by, with all that is due in it. */
  pass(ms: number): Promise<void>;
}

const HOUR_MS = 3_600_000;

/** What the engine relies on, whatever keeps the time. */
export function clockContract(name: string, make: () => TestedClock): void {
  describe(`${name}: the contract of a clock`, () => {
    let tested: TestedClock;
    let rung: string[];
    const rings = (what: string) => (): void => void rung.push(what);
    beforeEach(() => {
      tested = make();
      rung = [];
    });
    let cancels: (() => void)[] = [];
    afterEach(() => {
      for (const cancel of cancels.splice(0)) cancel();
      cancels = [];
    });
    const after = (ms: number, what: string): void => void cancels.push(tested.clock.after(ms, rings(what)));
    const at = (ms: number, what: string): void =>
      void cancels.push(tested.clock.at(tested.clock.now() + ms, rings(what)));

    it('goes on: both times, by the same', async () => {
      const { clock } = tested;
      const [wall, monotonic] = [clock.now(), clock.monotonic()];
      await tested.pass(50);
      expect(clock.monotonic() - monotonic).toBeGreaterThanOrEqual(49);
      expect(Math.abs(clock.now() - wall - (clock.monotonic() - monotonic))).toBeLessThan(20);
    });

    it('calls back once, in time, and not what was cancelled', async () => {
      after(20, 'after 20');
      after(5, 'after 5');
      at(40, 'at 40');
      tested.clock.after(10, rings('cancelled'))();
      tested.clock.at(tested.clock.now() + 10, rings('cancelled'))();
      expect(rung).toEqual([]);
      await tested.pass(150);
      expect(rung).toEqual(['after 5', 'after 20', 'at 40']);
      await tested.pass(50);
      expect(rung).toHaveLength(3);
    });

    it('does not call back before so much has passed', async () => {
      const { clock } = tested;
      const begun = clock.monotonic();
      let took: number | undefined;
      cancels.push(clock.after(30, () => (took = clock.monotonic() - begun)));
      await tested.pass(200);
      expect(took).toBeGreaterThanOrEqual(30);
    });

    it('calls back for what is due already, later and not in the call', async () => {
      after(0, 'after 0');
      after(-5, 'after -5');
      at(-5, 'at -5');
      expect(rung).toEqual([]);
      await tested.pass(50);
      expect(rung.sort()).toEqual(['after -5', 'after 0', 'at -5']);
    });

    for (const [direction, ms] of [
      ['back', -HOUR_MS],
      ['forward', HOUR_MS],
    ] as const) {
      it(`waits as long as it should while the wall clock is set ${direction} by an hour`, async () => {
        const { clock } = tested;
        const [wall, monotonic] = [clock.now(), clock.monotonic()];
        after(60, 'after 60');
        after(HOUR_MS / 2, 'after half an hour');
        tested.step(ms);
        expect(Math.abs(clock.now() - wall - ms)).toBeLessThan(1000);
        expect(clock.monotonic() - monotonic).toBeLessThan(1000);
        await tested.pass(20);
        expect(clock.monotonic()).toBeGreaterThan(monotonic);
        await tested.pass(300);
        expect(rung).toEqual(['after 60']);
      });

      it(`has instants looked at again when the wall clock was set ${direction}`, async () => {
        at(HOUR_MS / 2, 'at half an hour');
        await tested.pass(20);
        expect(rung).toEqual([]);
        tested.step(ms);
        await tested.pass(2500);
        expect(rung).toEqual(['at half an hour']);
      });
    }

    it('waits for an instant of the wall clock that was set before', async () => {
      tested.step(-HOUR_MS);
      await tested.pass(1500);
      at(30, 'at 30');
      at(HOUR_MS, 'at an hour');
      await tested.pass(1500);
      expect(rung).toEqual(['at 30']);
    });
  });
}

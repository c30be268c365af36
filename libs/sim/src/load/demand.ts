import { prng, type Prng } from '#std';

/** How much work arrives for a workload over time, in thousandths of a processor. */
export type Demand =
  | { readonly is: 'flat'; readonly milli: number }
  | { readonly is: 'ramp'; readonly from: number; readonly to: number; readonly ms: number }
  /** Around `milli`, by a share of it at most; another value every so many milliseconds. */
  | {
      readonly is: 'noise';
      readonly milli: number;
      readonly spread: number;
      readonly everyMs: number;
      readonly seed: number;
    }
  | {
      readonly is: 'bursts';
      readonly idle: number;
      readonly burst: number;
      readonly everyMs: number;
      readonly forMs: number;
    };

export const IDLE: Demand = { is: 'flat', milli: 0 };
const MILLI_MAX = 3000;

/** The demand `ms` milliseconds after it began. */
export function demandAfter(demand: Demand, ms: number): number {
  switch (demand.is) {
    case 'flat':
      return demand.milli;
    case 'ramp':
      return Math.round(demand.from + (demand.to - demand.from) * Math.min(1, ms / demand.ms));
    case 'noise': {
      const drawn = prng(demand.seed + Math.floor(ms / demand.everyMs)).next() * 2 - 1;
      return Math.round(demand.milli * (1 + demand.spread * drawn));
    }
    case 'bursts':
      return ms % demand.everyMs < demand.forMs ? demand.burst : demand.idle;
  }
}

/** `from`: the demand now. */
export function drawDemand(chance: Prng, from: number): Demand {
  const milli = chance.below(MILLI_MAX);
  const everyMs = 5000 + chance.below(60_000);
  return chance.pick<() => Demand>([
    () => ({ is: 'flat', milli }),
    () => ({ is: 'flat', milli: Math.round(milli / 10) }),
    () => IDLE,
    () => ({ is: 'ramp', from, to: milli, ms: 1000 + chance.below(120_000) }),
    () => ({ is: 'noise', milli, spread: chance.next() / 2, everyMs, seed: chance.below(2 ** 30) }),
    () => ({ is: 'bursts', idle: chance.below(100), burst: milli, everyMs, forMs: everyMs / (2 + chance.below(4)) }),
  ])();
}

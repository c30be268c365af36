import type { HPAScalingRules } from '#kinds';
import { elapsedSince, type Moment } from '../shared/index.js';
import type { Memory, ScaleEvent } from './memory.js';

/** What was recommended within this time holds a scaling down back, where no behavior says otherwise. */
export const DOWNSCALE_WINDOW_MS = 300_000;

export interface Bounds {
  readonly min: number;
  readonly max: number;
}
export interface Said {
  readonly reason: string;
  readonly message: string;
}
/** The size after all rules, with what each of them says. */
export interface Normalized {
  readonly size: number;
  readonly stabilized: Said | undefined;
  readonly limited: Said | undefined;
}
interface Given extends Bounds {
  readonly current: number;
  /** What the metrics ask for. */
  readonly wanted: number;
  readonly memory: Memory;
  readonly moment: Moment;
}
/** Rules of both directions. */
export interface Behavior {
  readonly scaleUp: HPAScalingRules;
  readonly scaleDown: HPAScalingRules;
}

const HIGHER: Said = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
};
const LOWER: Said = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
};
const TOO_FAST_UP: Said = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const TOO_FAST_DOWN: Said = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};
const TOO_MANY: Said = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const TOO_FEW: Said = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};

/**
 * Without a behavior: down after five minutes, up at most to twice as many or to four, unless the demand is known: then the limit would only
 * delay what is wanted.
 */
export function normalized(given: Given & { readonly isDemandKnown: boolean }): Normalized {
  const { current, wanted, min, max } = given;
  const stable = Math.max(wanted, ...recent(given, DOWNSCALE_WINDOW_MS));
  const fast = given.isDemandKnown ? Infinity : Math.max(2 * current, 4);
  const most = Math.min(max, fast);
  const stabilized = stable === wanted ? undefined : HIGHER;
  if (stable < min) return { size: min, stabilized, limited: TOO_FEW };
  if (stable > most) return { size: most, stabilized, limited: max > fast ? TOO_FAST_UP : TOO_MANY };
  return { size: stable, stabilized, limited: undefined };
}

export function normalizedBy({ scaleUp, scaleDown }: Behavior, given: Given): Normalized {
  const { current, wanted } = given;
  const lowest = Math.min(wanted, ...recent(given, windowMs(scaleUp, 0)));
  const highest = Math.max(wanted, ...recent(given, windowMs(scaleDown, DOWNSCALE_WINDOW_MS)));
  const stable = Math.min(Math.max(current, lowest), highest);
  const stabilized = stable === wanted ? undefined : wanted >= current ? LOWER : HIGHER;
  if (stable > current) return { stabilized, ...limitedUp(scaleUp, stable, given) };
  if (stable < current) return { stabilized, ...limitedDown(scaleDown, stable, given) };
  return { size: stable, stabilized, limited: undefined };
}

export function windowMs({ stabilizationWindowSeconds }: HPAScalingRules, otherwiseMs: number): number {
  return stabilizationWindowSeconds === undefined ? otherwiseMs : stabilizationWindowSeconds * 1000;
}
/** How long the policies look back. */
export function longestPeriodMs({ scaleUp, scaleDown }: Behavior): number {
  const policies = [...(scaleUp.policies ?? []), ...(scaleDown.policies ?? [])];
  return Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds * 1000));
}

function recent({ memory, moment: { now, outside } }: Given, ms: number): readonly number[] {
  return [...memory.recommended].flatMap(([size, at]) => (elapsedSince(at, now, outside) < ms ? [size] : []));
}

type Limited = Pick<Normalized, 'size' | 'limited'>;

function limitedUp(rules: HPAScalingRules, stable: number, given: Given): Limited {
  const { current, max } = given;
  const proposals = startsOf(rules, given).map(({ policy: { type, value }, start }) =>
    type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100)),
  );
  const allowed = Math.max(current, selected(rules, proposals, { current, most: Math.max }));
  const most = Math.min(max, allowed);
  if (stable <= most) return { size: stable, limited: undefined };
  return { size: most, limited: max > allowed ? TOO_FAST_UP : TOO_MANY };
}

function limitedDown(rules: HPAScalingRules, stable: number, given: Given): Limited {
  const { current, min } = given;
  const proposals = startsOf(rules, given).map(({ policy: { type, value }, start }) =>
    type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100)),
  );
  const allowed = Math.min(current, selected(rules, proposals, { current, most: Math.min }));
  const least = Math.max(min, allowed);
  if (stable >= least) return { size: stable, limited: undefined };
  return { size: least, limited: min < allowed ? TOO_FAST_DOWN : TOO_FEW };
}

/** The proposal that counts: `Max` allows the greatest change, `Min` the smallest, `Disabled` none. */
function selected(
  { selectPolicy }: HPAScalingRules,
  proposals: readonly number[],
  { current, most }: { readonly current: number; readonly most: typeof Math.max },
): number {
  if (selectPolicy === 'Disabled' || proposals.length === 0) return current;
  const least = most === Math.max ? Math.min : Math.max;
  return selectPolicy === 'Min' ? least(...proposals) : most(...proposals);
}

/** The size at the beginning of each policy's period. */
function startsOf({ policies = [] }: HPAScalingRules, { current, memory, moment }: Given) {
  return policies.map((policy) => {
    const ms = policy.periodSeconds * 1000;
    return { policy, start: current - changed(memory.up, ms, moment) + changed(memory.down, ms, moment) };
  });
}
function changed(events: readonly ScaleEvent[], ms: number, { now, outside }: Moment): number {
  return events.reduce((sum, [at, replicas]) => (elapsedSince(at, now, outside) < ms ? sum + replicas : sum), 0);
}

import type { Deployment } from '#kinds';

/** How far a rollout may stray from the wanted number of pods. */
export interface Bounds {
  readonly wanted: number;
  readonly surge: number;
  readonly unavailable: number;
  /** Most pods at any time. */
  readonly most: number;
  /** Fewest available pods at any time. */
  readonly fewest: number;
}

export function boundsOf(deployment: Deployment): Bounds {
  const wanted = deployment.spec.replicas ?? 1;
  const rolling = deployment.spec.strategy?.type === 'Recreate' ? undefined : deployment.spec.strategy?.rollingUpdate;
  const surge = rolling ? amount(rolling.maxSurge ?? 0, wanted, Math.ceil) : 0;
  const unavailable = rolling ? amount(rolling.maxUnavailable ?? 0, wanted, Math.floor) : 0;
  // Both can round to nothing; then one pod may be missing, or the rollout could not move.
  const missing = rolling && surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, wanted);
  return { wanted, surge, unavailable: missing, most: wanted + surge, fewest: Math.max(0, wanted - missing) };
}

/** A number, or a percentage of the whole. */
function amount(value: number | string, whole: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  return percent === undefined ? 0 : round((Number(percent) * whole) / 100);
}

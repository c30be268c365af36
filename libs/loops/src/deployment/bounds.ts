import type { Deployment } from '#kinds';
import { rolloutBounds } from '#meta';

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
  const { replicas: wanted = 1, strategy } = deployment.spec;
  const isRolling = strategy?.type !== 'Recreate';
  const { maxSurge, maxUnavailable } = strategy?.rollingUpdate ?? {};
  const { surge, unavailable } = isRolling
    ? rolloutBounds(maxSurge, maxUnavailable, wanted)
    : { surge: 0, unavailable: 0 };
  return { wanted, surge, unavailable, most: wanted + surge, fewest: Math.max(0, wanted - unavailable) };
}

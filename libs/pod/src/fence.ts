import type { Pod } from './schema/index.js';

/** Annotation: after so long without an answer of the control plane, a node stops the pod by itself. */
export const FENCE_AFTER = 'shiplog.io/fence-after';
const SECONDS_MIN = 5;
const SECONDS_MAX = 24 * 3600;
/** Milliseconds beyond what the node needs: for clocks that do not run alike, and an engine that takes its time. */
const MARGIN_MS = 5000;
const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

/** Milliseconds that the annotation says; undefined when it says none, or what cannot be read. */
export function fenceAfterMs({ metadata }: Pick<Pod, 'metadata'>): number | undefined {
  const text = metadata.annotations?.[FENCE_AFTER];
  return text === undefined ? undefined : parseFenceAfter(text);
}

/** `30`, `30s`, `5m` or `1h` in milliseconds, from five seconds to a day; undefined for all else. */
export function parseFenceAfter(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,5})([smh]?)$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNITS[unit] ?? NaN);
  return seconds >= SECONDS_MIN && seconds <= SECONDS_MAX ? seconds * 1000 : undefined;
}

/** Milliseconds that a pod has to end when nobody says otherwise. */
export function gracePeriodMs({ spec }: Pick<Pod, 'spec'>): number {
  return Math.max(spec.terminationGracePeriodSeconds ?? 30, 1) * 1000;
}
/** Milliseconds after the last contact with its node until nothing of the pod runs there; undefined when the node does not stop it. */
export function fencedWithinMs(pod: Pick<Pod, 'metadata' | 'spec'>): number | undefined {
  const after = fenceAfterMs(pod);
  return after === undefined ? undefined : after + gracePeriodMs(pod) + MARGIN_MS;
}

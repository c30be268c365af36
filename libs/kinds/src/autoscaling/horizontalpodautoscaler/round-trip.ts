import type { ObjectMeta } from '#model';

/** What autoscaling/v1 has no field for, it shows in annotations. They are never stored. */
const PREFIX = 'autoscaling.alpha.kubernetes.io/';
export const METRICS = `${PREFIX}metrics`;
export const CURRENT_METRICS = `${PREFIX}current-metrics`;
export const CONDITIONS = `${PREFIX}conditions`;
export const BEHAVIOR = `${PREFIX}behavior`;
const ROUND_TRIP = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR];

export function withoutRoundTrip(metadata: ObjectMeta): ObjectMeta {
  const { annotations, ...rest } = metadata;
  if (annotations === undefined || !ROUND_TRIP.some((key) => Object.hasOwn(annotations, key))) return metadata;
  const kept = Object.fromEntries(Object.entries(annotations).filter(([key]) => !ROUND_TRIP.includes(key)));
  return Object.keys(kept).length > 0 ? { ...rest, annotations: kept } : rest;
}

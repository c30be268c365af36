/** A number, or a text: a percentage (`maxSurge: 25%`) or the name of a port. */
export type IntOrString = number | string;

/** The number behind `25%`, or undefined when the text is no percentage. */
export function percentOf(value: IntOrString): number | undefined {
  if (typeof value !== 'string' || !/^[0-9]+%$/.test(value)) return undefined;
  return Number(value.slice(0, -1));
}

/** The value for a total: numbers as they are, percentages of the total rounded `up` or `down`; undefined for other texts. */
export function scaledValue(value: IntOrString, total: number, round: 'up' | 'down'): number | undefined {
  if (typeof value === 'number') return value;
  const percent = percentOf(value);
  if (percent === undefined) return undefined;
  return round === 'up' ? Math.ceil((percent * total) / 100) : Math.floor((percent * total) / 100);
}

/**
 * How many pods a rolling update may have too many and too few. Surge rounds up and unavailability down; when both come
 * out as nothing, one pod may be unavailable, or the update could never move.
 */
export function rolloutBounds(
  maxSurge: IntOrString | undefined,
  maxUnavailable: IntOrString | undefined,
  replicas: number,
): { readonly surge: number; readonly unavailable: number } {
  const surge = scaledValue(maxSurge ?? '25%', replicas, 'up') ?? 0;
  const unavailable = scaledValue(maxUnavailable ?? '25%', replicas, 'down') ?? 0;
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

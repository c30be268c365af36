import type { Instant } from '#std';
import type { PodRecord } from './record.js';
import type { Action, Incident } from './situation.js';

/** What the parts of the plan give: they change the record and add to the rest. */
export interface Part {
  readonly actions: readonly Action[];
  readonly record: PodRecord;
  readonly incidents: readonly Incident[];
  readonly wakeAt?: Instant | undefined;
  readonly finished?: boolean;
}

/** The first of the moments that are given. */
export function earliest(...instants: readonly (Instant | undefined)[]): Instant | undefined {
  let first: Instant | undefined;
  for (const instant of instants)
    if (instant !== undefined && (first === undefined || instant < first)) first = instant;
  return first;
}

import type { Instant } from '#std';
import type { Generation } from './key-ring.js';
import type { KeySchedule } from './key-schedule.js';

export type NewGeneration = Pick<Generation, 'made' | 'signs' | 'by'>;

/** A key with successors: what the rotation has to know of it, whatever the key is for. */
export interface RotatingKey {
  readonly schedule: KeySchedule;
  /** The oldest first. */
  readonly generations: readonly Generation[];
  /** How long a generation has to be needless before it is destroyed, on the monotonic clock: the wall clock may be wrong for a while. */
  readonly holdMs: number;
  /** Takes in what other processes have changed. */
  refresh(): void | Promise<void>;
  add(generation: NewGeneration): Promise<void>;
  /** Whether nothing hangs on a generation any more that has signed nothing since `retired`. */
  isNeedless(generation: Generation, retired: Instant, now: Instant): boolean | Promise<boolean>;
  /** Until when a generation is needed that has signed nothing since `retired`; undefined where that does not follow from the time. */
  neededUntil(generation: Generation, retired: Instant): Instant | undefined;
  drop(number: number): void | Promise<void>;
}

export const KEY_NAMES = ['ca', 'frontProxy', 'tokens', 'master', 'certificates'] as const;
/** The keys that rotate. */
export type KeyName = (typeof KEY_NAMES)[number];

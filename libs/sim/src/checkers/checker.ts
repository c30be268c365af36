import type { StoredEvent, View } from '#model';

/** Something that must never happen did. */
export interface Violation {
  readonly checker: string;
  readonly message: string;
  readonly position: number;
}

/** Looks at every event, in order, with the cluster before and after it. */
export interface EventChecker {
  readonly name: string;
  /** Says what is wrong, or nothing. */
  check(event: StoredEvent, before: View, after: View): string | undefined;
}

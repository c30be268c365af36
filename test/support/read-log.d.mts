import type { DecidedAgain } from '#engine';

export interface ReadLog {
  /** Every object at the end of the log, a line each: its kind and its JSON. */
  readonly objects: string;
  /** SHA-256 of every object at moments before, by position. */
  readonly states: Readonly<Record<string, string>>;
  /** The types of its events. */
  readonly types: readonly string[];
}
export function readLog(home: string): Promise<ReadLog>;

/** What comes of deciding every event of the loops of a log again. */
export function decidedIn(home: string): Promise<DecidedAgain>;

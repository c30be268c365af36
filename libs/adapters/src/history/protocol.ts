/** The messages between the main thread and the index's worker. Types only: the worker runs without the other libs. */

export interface HistorySetup {
  readonly path: string;
}

/** Events as they travel between threads: one buffer of texts, numbers of {@link COLUMNS} an event, names once each. */
export interface PackedEvents {
  readonly bytes: Uint8Array;
  readonly rows: Float64Array;
  readonly streams: readonly string[];
}
/** Of an event: its text begins at `from` and ends before `to`; `stream` is an index into the names. */
export const COLUMNS = { position: 0, revision: 1, stream: 2, from: 3, to: 4 } as const;
export const COLUMN_COUNT = 5;

export type Question =
  | { readonly is: 'mark' }
  | { readonly is: 'clear' }
  | { readonly is: 'close' }
  | { readonly is: 'add'; readonly events: PackedEvents; readonly epoch: number; readonly mark: string }
  | { readonly is: 'get'; readonly stream: string; readonly at: number; readonly below: number }
  | ScanQuestion
  | { readonly is: 'changes'; readonly kind: string; readonly after: number; readonly upTo: number }
  | { readonly is: 'last-change'; readonly kind: string; readonly at: number };

export interface ScanQuestion {
  readonly is: 'scan';
  readonly kind: string;
  /** '' for all namespaces. */
  readonly namespace: string;
  readonly at: number;
  /** The first `<namespace>/<name>`, '' for the very first. */
  readonly from: string;
  /** How many objects from there on were given already. */
  readonly given: number;
}
export interface Asked {
  readonly seq: number;
  readonly question: Question;
}

export interface Answer {
  readonly seq: number;
  readonly mark?: string;
  readonly events?: PackedEvents;
  /** How many events of `events` there are of each object, one object after the other. */
  readonly counts?: readonly number[];
  /** Of `scan`: objects that follow. Of `changes`: position up to which all were given. Of `last-change`: the position. */
  readonly number?: number;
  readonly failure?: HistoryFailure;
}
/** `damaged`: what the log says cannot be; `failed`: the index cannot be used. */
export interface HistoryFailure {
  readonly is: 'damaged' | 'failed';
  readonly message: string;
  readonly position?: number;
}

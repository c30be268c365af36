import type { PageContent } from './page.js';

/** What the main thread and the log's workers say to each other. Types only: the worker runs without the other libs. */

/** Given to a worker at its start. */
export interface WorkerSetup {
  readonly path: string;
  /** `write` holds the lock and appends; `read` only reads, beside a writer of any process. */
  readonly mode: 'write' | 'read';
  /** Whether to check the file when it is opened; a second connection of the same process need not. */
  readonly check: boolean;
  /** Whether to open the file at once, or only when {@link OpenRequest} says so: a thread takes its time to start. */
  readonly opens: boolean;
}
export interface OpenRequest {
  readonly is: 'open';
}
export interface Opened {
  readonly is: 'opened';
  readonly head: number;
  readonly origin: number;
}
/** The worker could not open the log, or cannot go on at all. */
export interface Broken {
  readonly is: 'broken';
  readonly failure: Failure;
}
/** An error that travels between threads as plain data. */
export type Failure =
  | { readonly is: 'unavailable'; readonly message: string }
  | { readonly is: 'full'; readonly message: string }
  | { readonly is: 'void' }
  | { readonly is: 'damaged'; readonly message: string; readonly position?: number }
  | { readonly is: 'moved'; readonly actual: number };

/** Many appends of one tick: parallel lists, because thousands of small objects are slow to hand over. */
export interface AppendRequest {
  readonly is: 'append';
  /** Number of the first; the others follow on. */
  readonly first: number;
  /** {@link AppendAnswer.fullGroups} as the sender knew it: what was decided before a failure was known is void. */
  readonly fullGroups: number;
  readonly streams: readonly string[];
  readonly expectedRevisions: readonly number[];
  readonly bodies: readonly string[];
}
export interface AppendAnswer {
  readonly is: 'appended';
  readonly first: number;
  /** How many groups have found no room so far. */
  readonly fullGroups: number;
  /** 0 where the append failed. */
  readonly positions: readonly number[];
  readonly revisions: readonly number[];
  readonly failures: readonly (readonly [index: number, failure: Failure])[];
}

export type ReadRequest =
  | PageRequest
  | { readonly is: 'stream-page'; readonly seq: number; readonly stream: string; readonly from: number }
  | { readonly is: 'head'; readonly seq: number };
export interface PageRequest {
  readonly is: 'page';
  readonly seq: number;
  readonly after: number;
  readonly until: number;
  /** The pages of one cursor follow on each other; `after` is where the first begins. */
  readonly cursor?: number;
}
/** Nothing more will be asked of a cursor. */
export interface CursorEnd {
  readonly is: 'end';
  readonly cursor: number;
}
/** Nobody reads these bytes of a page any more. */
export interface BytesBack {
  readonly is: 'back';
  readonly bytes: Uint8Array;
}
export interface PageAnswer extends PageContent {
  readonly is: 'page';
  readonly seq: number;
}
export interface HeadAnswer {
  readonly is: 'head';
  readonly seq: number;
  readonly head: number;
}
export interface FailedAnswer {
  readonly is: 'failed';
  readonly seq: number;
  readonly failure: Failure;
}
export interface CloseRequest {
  readonly is: 'close';
}
export type ToWorker = OpenRequest | AppendRequest | ReadRequest | CursorEnd | BytesBack | CloseRequest;
export type FromWorker = Opened | Broken | AppendAnswer | PageAnswer | HeadAnswer | FailedAnswer;

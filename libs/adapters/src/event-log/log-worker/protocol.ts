import type { PageContent } from './page.js';

/**
 * The messages between the main thread and a log's worker, the same for every store. Types only: the worker runs without
 * the other libs.
 */

/** Opens a log whose worker did not open it when it started: a thread takes its time to start. */
export interface OpenRequest {
  readonly is: 'open';
}
export interface Opened {
  readonly is: 'opened';
  readonly head: number;
  readonly origin: number;
  /** Largest event, in bytes of its JSON text, where the store decides that. */
  readonly eventBytesMax?: number;
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
  /** Nothing that is asked of this worker will be right any more: the process ends. */
  | { readonly is: 'failed'; readonly message: string }
  | { readonly is: 'void' }
  | { readonly is: 'too-large'; readonly bytes: number; readonly bytesMax: number }
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
  /** Numbers of the appends that are answered; those of one request may be answered apart and in any order. */
  readonly numbers: readonly number[];
  /** How many groups have found no room so far. */
  readonly fullGroups: number;
  /** 0 where the append failed. */
  readonly positions: readonly number[];
  readonly revisions: readonly number[];
  /** The events' digests, where what is durable is handed to subscribers from here. */
  readonly digests?: readonly string[];
  readonly failures: readonly (readonly [index: number, failure: Failure])[];
}

export type ReadRequest =
  | PageRequest
  | { readonly is: 'stream-page'; readonly seq: number; readonly stream: string; readonly from: number }
  | HeadRequest
  | RoomRequest;
/** Asks whether the store has room again after it was full. Answered as {@link HeadRequest} when it has. */
export interface RoomRequest {
  readonly is: 'room';
  readonly seq: number;
}
export interface HeadRequest {
  readonly is: 'head';
  readonly seq: number;
}
/**
 * Asks for what was committed above `after`, answered when there is something. Only one is under way at a time, so a busy
 * main thread gets few large pages, and the worker stops reading while it holds as much as one page.
 */
export interface LiveRequest {
  readonly is: 'live';
  readonly seq: number;
  readonly after: number;
}
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
export interface LiveAnswer extends PageContent {
  readonly is: 'live';
  readonly seq: number;
  /** Every event up to here was given: the last event's position, or above it where foreign events were passed. */
  readonly upTo: number;
  /** For each row the number of the append that sent this very text, -1 where none of this process did. */
  readonly own?: readonly number[];
  /** Answers to appends that go with it: a message of their own would wake the main thread once more. */
  readonly appended?: AppendAnswer;
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
export type ToWorker = OpenRequest | AppendRequest | ReadRequest | LiveRequest | CursorEnd | BytesBack | CloseRequest;
export type FromWorker = Opened | Broken | AppendAnswer | PageAnswer | LiveAnswer | HeadAnswer | FailedAnswer;

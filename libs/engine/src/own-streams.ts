/** Shiplog's own facts are in streams of this kind; they are no objects of the API. */
export const WRITERS = 'shiplog.writers';

/** Who writes from here on. */
export const WRITER_STREAM = `${WRITERS}/_/writer`;
export const WRITER_ELECTED = 'WriterElected';

/** What the hash chain is at a position: {@link CheckpointData}. */
export const CHECKPOINT_STREAM = `${WRITERS}/_/checkpoints`;
export const CHECKPOINT_MADE = 'CheckpointMade';

/** Data of `CheckpointMade`: the hash of all of the log's events up to and with that position. */
export interface CheckpointData {
  readonly position: number;
  readonly hash: string;
}

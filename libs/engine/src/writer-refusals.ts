import { refusals, type Command, type Refusal, type View } from '#model';
import { AppendVoid, EventTooLarge, LogFull, WrongExpectedRevision } from '#ports';

/** The refusals that the writer itself gives, whatever the command. */
export const REFUSED_BUSY: Refusal = refusals.tooManyRequests(
  'too many writes are under way, please try again later',
  1,
);
export const NOT_TAKEN: Refusal = refusals.timeout('the event log did not take the write in time');

export const NOT_SHOWN: Refusal = refusals.timeout(
  'the write is durable, but this server is too far behind to show it',
);
/** Nothing of the command was sent to the log by this writer, or the log says what became of it. */
export const NOT_WRITER: Refusal = refusals.unavailable('this replica is not the writer (any more)');
export const MAY_NOT_COUNT: Refusal = refusals.unavailable(
  'another writer was elected while this write was under way; whether it counts shows a read',
);

export function unknownOutcome(cause: unknown): Refusal {
  const why = cause instanceof Error ? cause.message : String(cause);
  return refusals.timeout(`it is not known whether the write was taken: ${why}`);
}

/** What is said of an append that failed; `again` when the command is to be decided on what the log says now. */
export function refusedBy(cause: unknown): Refusal | 'again' {
  if (cause instanceof EventTooLarge) return tooLarge(cause.message);
  if (cause instanceof WrongExpectedRevision || cause instanceof AppendVoid) return 'again';
  if (cause instanceof LogFull) return refusals.unavailable(cause.message);
  return unknownOutcome(cause);
}

function tooLarge(why: string): Refusal {
  return {
    refused: true,
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `the object is too large for the event log: ${why}`,
  };
}

/** What a loop decided on has moved: it looks again. */
export function staleBasis({ basedOn }: Command, ahead: Pick<View, 'stream'>): Refusal | undefined {
  for (const { stream, revision } of basedOn ?? []) {
    const now = ahead.stream(stream)?.revision ?? -1;
    if (now === revision) continue;
    const message = `decided on revision ${revision} of ${stream}, which is at ${now} now`;
    return { refused: true, code: 409, reason: 'Stale', message };
  }
  return undefined;
}

/** Somebody else ended the object between the mark and its deletion, and it may have a successor: the wish is fulfilled. */
export function isGone({ verb }: Command, { reason }: Refusal): boolean {
  return verb === 'delete' && (reason === 'NotFound' || reason === 'Conflict');
}

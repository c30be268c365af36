import { DELETED, VALUES_SHREDDED, type StoredEvent } from '#model';
import { LogDamaged, type EventLog } from '#ports';
import { WRITER_ELECTED, WRITER_STREAM } from './own-streams.js';
import type { ReadModel } from './read-model.js';

/** So many events are looked at for the last one that counts; nearly always the last one is it. */
const EVENTS_AT_ONCE = 64;

/** How a stream stands in the log. */
export interface StreamEnd {
  /** Revision of its last event. */
  readonly revision: number;
  /** Whether the last event that counts left an object there. */
  readonly isAlive: boolean;
}

/**
 * How the streams of forgotten names ended, read from the log: an object of such a name goes on in its stream. What another
 * writer began is known by now. Rejects with {@link LogDamaged} when only the log knows of an object: the view is a wrong one.
 */
export async function endsOfStreams(
  { log, reads }: { readonly log: EventLog; readonly reads: ReadModel },
  forgotten: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, StreamEnd>> {
  const ends = new Map<string, StreamEnd>();
  for (const [stream, near] of forgotten) {
    const upTo = reads.projection.position;
    const end = await endOfStream(log, stream, { near, upTo });
    if (end?.isAlive && !reads.projection.stream(stream)) {
      throw new LogDamaged(
        `The event log has an object in stream ${stream}, revision ${end.revision}, that this process has not read.`,
      );
    }
    if (end) ends.set(stream, end);
  }
  return ends;
}

/**
 * How a stream stands up to a position, read from the log; undefined when it has no event there. `near` is a revision of
 * which it is known that it is there.
 */
export async function endOfStream(
  log: Pick<EventLog, 'readStream'>,
  stream: string,
  { near, upTo }: { readonly near: number; readonly upTo: number },
): Promise<StreamEnd | undefined> {
  const elections: StoredEvent[] = [];
  for await (const event of log.readStream(WRITER_STREAM, 0)) if (event.type === WRITER_ELECTED) elections.push(event);
  const termAt = (position: number): number => {
    const before = elections.filter((election) => election.position <= position);
    return before.reduce((term, { data }) => Math.max(term, Number(data['epoch'] ?? 0)), 0);
  };
  for (let from = Math.max(0, near - EVENTS_AT_ONCE + 1); ; from = Math.max(0, from - EVENTS_AT_ONCE)) {
    let last: StoredEvent | undefined;
    let counted: StoredEvent | undefined;
    for await (const event of log.readStream(stream, from)) {
      if (event.position > upTo) break;
      last = event;
      // Values of what is gone can be shredded, too: it says nothing about what is there.
      if (event.type !== VALUES_SHREDDED && event.metadata.epoch >= termAt(event.position)) counted = event;
    }
    if (!last) return undefined;
    if (counted || from === 0)
      return { revision: last.revision, isAlive: counted !== undefined && counted.type !== DELETED };
  }
}

import type { Command, KindRegistry, NewEvent } from '#model';
import type { Ids } from '#ports';
import { toEventTime, type Instant, type Json } from '#std';
import { provenanceOf } from './provenance.js';

/** What a writer has decided, before it is an event. */
export interface Decided {
  readonly type: string;
  readonly data: NewEvent['data'];
  /** Undefined of what the writer does by itself. */
  readonly command: Command | undefined;
  readonly now: Instant;
  readonly epoch: number;
}

/**
 * The event of a decision. Its id follows from the stream, the revision that it was decided on and its cause: decided again on
 * the same revision it is the same event.
 */
export function eventOf(
  { ids, kinds }: { readonly ids: Ids; readonly kinds: KindRegistry },
  { stream, expected, cause }: { readonly stream: string; readonly expected: number; readonly cause: string },
  { type, data, command, now, epoch }: Decided,
): NewEvent {
  const kind = command && kinds.byId(command.kind);
  const sealed = kind?.sealed ?? [];
  return {
    id: ids.named(`${stream} ${expected} ${cause}`),
    type,
    time: toEventTime(now),
    // Last: readers tell events apart by the first key of their data.
    data: sealed.length > 0 ? { ...data, sealed: sealed as unknown as Json } : data,
    metadata: {
      epoch,
      ...(command ? provenanceOf(command) : { actor: 'system:shiplog:writer', via: 'writer' }),
      ...(command?.because !== undefined && { because: command.because }),
      ...(command?.causes && { causes: command.causes }),
      ...(command?.causeCount !== undefined && { causeCount: command.causeCount }),
      correlationId: command?.correlationId ?? cause,
      ...(command?.traceparent && { traceparent: command.traceparent }),
      schemaVersion: kind?.schemaVersion ?? 1,
      ...(command?.basis && { basis: command.basis }),
    },
  };
}

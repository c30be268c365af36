import type { NewEvent, StoredEvent } from '#model';
import type { PackedRow } from './packing.js';

/** Parses an event; it is the caller's own. */
export function storedEvent({ stream, position, revision, raw }: PackedRow): StoredEvent {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('utf8');
  return { ...(JSON.parse(text) as NewEvent), stream, revision, position };
}

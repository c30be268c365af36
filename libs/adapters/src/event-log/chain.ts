import { hash } from 'node:crypto';
import type { StoredEvent } from '#model';
import type { RecordedEvent } from '#ports';
import { chainOf } from './log-worker/page.js';

/** The hash chain of a store that keeps none itself: SHA-256 over the chain before and the digest of the event. */
export function chainWith(before: string, event: StoredEvent | RecordedEvent): string {
  return hash('sha256', `${before}\n${event.digest ?? digestOf('open' in event ? event.open() : event)}`, 'base64url');
}

/** SHA-256 over an event's canonical bytes: position, stream, revision and JSON text. */
function digestOf({ position, stream, revision, id, type, time, data, metadata }: StoredEvent): string {
  return chainOf('', { position, stream, revision, body: JSON.stringify({ id, type, time, data, metadata }) });
}

import { hash } from 'node:crypto';
import type { StoredEvent } from '#model';
import type { RecordedEvent } from '#ports';
import { chainOf } from './log-worker/page.js';

/** The hash chain of a store that keeps none itself: SHA-256 over the chain before and the digest of the event. */
export function chainWith(before: string, event: StoredEvent | RecordedEvent): string {
  return link(before, event.digest ?? digestOf('open' in event ? event.open() : event));
}
export function link(before: string, digest: string): string {
  return hash('sha256', `${before}\n${digest}`, 'base64url');
}

/** An event's JSON text, as a store keeps it. */
export function textOf({ id, type, time, data, metadata }: StoredEvent): string {
  return JSON.stringify({ id, type, time, data, metadata });
}
/** SHA-256 over an event's canonical bytes: position, stream, revision and JSON text. */
export function digestOf(event: StoredEvent, body = textOf(event)): string {
  const { position, stream, revision } = event;
  return chainOf('', { position, stream, revision, body });
}

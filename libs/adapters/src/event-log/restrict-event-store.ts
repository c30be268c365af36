import type { EventStoreAccess } from './event-store-db/access.js';

export type { EventStoreAccess };

/** Restricts an EventStoreDB server to Shiplog's own logins. Throws `LogUnavailable`. */
export async function restrictEventStore(access: EventStoreAccess): Promise<void> {
  // Only here: the client and its protocol are large.
  const { restrictAccess } = await import('./event-store-db/access.js');
  return restrictAccess(access);
}

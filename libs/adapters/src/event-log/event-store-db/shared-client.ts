import { EventStoreDBClient } from '@eventstore/db-client';
import { within } from '../../within.js';

/** The client waits for the end of every call, and a call on a dead connection may have none. */
const DISPOSE_MS = 2000;

/**
 * The process's one client for a server. The client's book-keeping of batched appends is global to the process: an error
 * on one client's stream would reject the appends of another, so all logs of one server share a client, and a client is
 * replaced only after the old one is wholly disposed of.
 */
export class SharedClient {
  static readonly #open = new Map<string, SharedClient>();
  readonly #url: string;
  #client: Promise<EventStoreDBClient>;
  #users = 0;

  static take(url: string): SharedClient {
    const shared = SharedClient.#open.get(url) ?? new SharedClient(url);
    SharedClient.#open.set(url, shared);
    shared.#users++;
    return shared;
  }

  private constructor(url: string) {
    this.#url = url;
    this.#client = Promise.resolve(EventStoreDBClient.connectionString(url));
  }

  get(): Promise<EventStoreDBClient> {
    return this.#client;
  }

  /** For a client that does not answer any more: the next `get` gives a new one. Many may report the same. */
  async replace(failed: EventStoreDBClient): Promise<void> {
    const current = this.#client;
    if ((await current) !== failed || this.#client !== current) return;
    this.#client = disposed(failed).then(() => EventStoreDBClient.connectionString(this.#url));
    await this.#client;
  }

  async release(): Promise<void> {
    if (--this.#users > 0) return;
    SharedClient.#open.delete(this.#url);
    await disposed(await this.#client);
  }
}

function disposed(client: EventStoreDBClient): Promise<void> {
  return within(client.dispose(), DISPOSE_MS).catch(() => undefined);
}

/** The version that the server tells, `24.10.0`; the client keeps it to itself. */
export async function serverVersion(client: EventStoreDBClient): Promise<string | undefined> {
  const features: unknown = await (Reflect.get(client, 'capabilities') as unknown);
  if (typeof features !== 'object' || features === null || !('serverVersion' in features)) return undefined;
  return typeof features.serverVersion === 'string' ? features.serverVersion : undefined;
}

/** Where the log is, without the password that the URL may carry. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//').replace(/\?.*$/, '');
}

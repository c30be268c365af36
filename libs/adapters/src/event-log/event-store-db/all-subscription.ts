import { START } from '@eventstore/db-client';
import type { AllStreamRecordedEvent, AllStreamSubscription } from '@eventstore/db-client';
import { LogDamaged } from '#ports';
import { isPermanent, pause } from './faults.js';
import type { SharedClient } from './shared-client.js';

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 2000;

export interface AllSubscriptionOptions {
  /** Where the next try goes on from. */
  readonly position: () => number;
  readonly onRecorded: (events: readonly AllStreamRecordedEvent[]) => void;
  /** Nothing more will come, and trying again would not help. */
  readonly onEnd: (cause: unknown) => void;
}

/**
 * Follows everything that is written on the server, foreign events too: a filtered subscription would pass those only at
 * checkpoints, and who waits for the head would wait for ever. The client's subscriptions do not resume; this one does.
 */
export class AllSubscription {
  readonly #client: SharedClient;
  readonly #options: AllSubscriptionOptions;
  #closed = false;
  #current: AllStreamSubscription | undefined;
  #retryMs = RETRY_FIRST_MS;

  constructor(client: SharedClient, options: AllSubscriptionOptions) {
    this.#client = client;
    this.#options = options;
    void this.#followForEver();
  }

  async close(): Promise<void> {
    this.#closed = true;
    // A subscription that never came to be cannot be cancelled either.
    await this.#current?.unsubscribe().catch(() => undefined);
  }

  async #followForEver(): Promise<void> {
    while (!this.#closed) {
      const cause = await this.#followOnce().catch((thrown: unknown) => thrown);
      if (this.#closed) return;
      if (cause instanceof LogDamaged || isPermanent(cause)) return this.#options.onEnd(cause);
      await pause(this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
    }
  }

  /** Resolves with what ended it. */
  async #followOnce(): Promise<unknown> {
    const client = await this.#client.get();
    const position = BigInt(this.#options.position());
    const fromPosition = position === 0n ? START : { commit: position, prepare: position };
    const subscription = client.subscribeToAll({ fromPosition, resolveLinkTos: false, requiresLeader: true });
    this.#current = subscription;
    if (this.#closed) void this.close();
    return new Promise((resolve) => {
      const batch = new Batch((events) => {
        try {
          if (!this.#closed) this.#options.onRecorded(events);
        } catch (cause) {
          void subscription.unsubscribe().catch(() => undefined);
          resolve(cause);
        }
      });
      const ended = (cause?: unknown): void => {
        batch.flush();
        resolve(cause);
      };
      subscription.on('data', ({ event }) => {
        this.#retryMs = RETRY_FIRST_MS;
        if (event !== undefined) batch.add(event);
      });
      subscription.on('error', ended);
      subscription.on('end', ended);
      subscription.on('close', ended);
    });
  }
}

/** Gathers what arrives in one turn of the loop: subscribers work on lists. */
class Batch {
  #events: AllStreamRecordedEvent[] = [];
  readonly #give: (events: readonly AllStreamRecordedEvent[]) => void;

  constructor(give: (events: readonly AllStreamRecordedEvent[]) => void) {
    this.#give = give;
  }
  add(event: AllStreamRecordedEvent): void {
    if (this.#events.push(event) === 1) setImmediate(() => this.flush());
  }
  flush(): void {
    const events = this.#events;
    this.#events = [];
    if (events.length > 0) this.#give(events);
  }
}

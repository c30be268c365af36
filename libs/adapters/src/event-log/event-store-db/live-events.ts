import { PAGE_BYTES, PageBuilder, type PageMemory, type Row } from '../log-worker/page.js';
import type { LiveAnswer } from '../log-worker/protocol.js';
import { idOf, positionOf, safePosition, type EventCodec } from './codec.js';
import type { LogClient } from './log-client.js';
import type { LogReads } from './log-reads.js';
import type { OwnEvents } from './own-events.js';
import { subscriptionRequest } from './requests.js';
import { Retry } from './retry.js';

/** As much is taken from the server ahead of the main thread. */
const AHEAD_BYTES = 4 * PAGE_BYTES;

interface LiveRow extends Row {
  /** See {@link LiveAnswer.own}. */
  readonly own: number;
}

export interface LiveEventsOptions {
  readonly client: LogClient;
  readonly codec: EventCodec;
  readonly reads: LogReads;
  readonly memory: PageMemory;
  readonly own: OwnEvents;
  readonly isClosed: () => boolean;
}

/**
 * Follows this cluster's events by a subscription that the server filters; its checkpoints say how far it has come where
 * the events are others'. The library's subscriptions do not resume; this one does. What it has is taken in pages.
 */
export class LiveEvents {
  readonly #options: LiveEventsOptions;
  #rows: LiveRow[] = [];
  #bytes = 0;
  #upTo: number;
  #last: number;
  #given: number;
  #ended: { readonly cause: unknown } | undefined;
  #wake: () => void = () => undefined;
  #roomy: () => void = () => undefined;

  constructor(afterPosition: number, options: LiveEventsOptions) {
    this.#options = options;
    this.#upTo = afterPosition;
    this.#last = afterPosition;
    this.#given = afterPosition;
    void this.#followForEver();
  }

  /** The next page; resolves once there is something. Throws what ended the subscription for good. */
  async take(): Promise<Omit<LiveAnswer, 'is' | 'seq'>> {
    while (this.#upTo <= this.#given && this.#ended === undefined)
      await new Promise<void>((resolve) => (this.#wake = resolve));
    // What was read before the end is given first.
    if (this.#upTo <= this.#given) throw this.#ended?.cause;
    const page = new PageBuilder(this.#options.memory);
    const own: number[] = [];
    for (const row of this.#rows) {
      if (page.full) break;
      page.put(row);
      own.push(row.own);
    }
    const taken = own.length;
    const isAll = taken === this.#rows.length;
    const upTo = isAll ? this.#upTo : (this.#rows[taken - 1]?.position ?? this.#given);
    this.#rows = this.#rows.slice(taken);
    this.#bytes = this.#rows.reduce((sum, row) => sum + row.body.length, 0);
    this.#given = upTo;
    this.#roomy();
    return { ...page.content(), upTo, own };
  }

  async #followForEver(): Promise<void> {
    const { client, isClosed } = this.#options;
    const retry = new Retry({ client, giveUpMs: Infinity, isClosed });
    for (;;) {
      try {
        await this.#followOnce(() => retry.progressed());
        await retry.after(new Error('the subscription ended'));
      } catch (cause) {
        try {
          await retry.after(cause);
        } catch (final) {
          this.#ended = { cause: final };
          return this.#wake();
        }
      }
    }
  }

  async #followOnce(progressed: () => void): Promise<void> {
    const { client, codec, reads } = this.#options;
    const since = this.#upTo;
    for await (const message of client.read(subscriptionRequest(since, codec.prefix))) {
      progressed();
      const recorded = message.getEvent()?.getEvent();
      const checkpoint = message.getCheckpoint();
      if (recorded !== undefined && positionOf(recorded) > this.#upTo) {
        const row = codec.decode(recorded);
        this.#rows.push({ ...row, own: this.#options.own.take(idOf(recorded), row.body) });
        this.#bytes += row.body.length;
        this.#upTo = row.position;
        this.#last = row.position;
      } else if (checkpoint !== undefined) {
        this.#upTo = Math.max(this.#upTo, safePosition(checkpoint.getCommitPosition()));
      } else continue;
      reads.passed(since, { upTo: this.#upTo, last: this.#last });
      this.#wake();
      while (this.#bytes >= AHEAD_BYTES && !this.#options.isClosed())
        await new Promise<void>((resolve) => (this.#roomy = resolve));
    }
  }
}

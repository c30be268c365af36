import { NO_STREAM } from '@eventstore/db-client';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { NewEvent } from '#model';
import { EventTooLarge, WrongExpectedRevision } from '#ports';
import type { Appended } from '#ports';
import { positionOf } from './codec.js';
import type { EventCodec } from './codec.js';
import { TookTooLong, within } from '../../within.js';
import { isPermanent, numberIn, pause, typeOf, unavailable } from './faults.js';
import { streamFrom } from './reading.js';
import type { SharedClient } from './shared-client.js';

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1000;

export interface AppenderOptions {
  readonly server: string;
  readonly client: SharedClient;
  readonly codec: EventCodec;
  /** How long one try waits for its answer. */
  readonly answerMs: number;
  /** Position of the server's last event when the log was opened. */
  readonly head: number;
  /** How long an append whose outcome is unknown is tried again before it is given up. */
  readonly giveUpMs: number;
}
interface Wanted {
  readonly stream: string;
  readonly event: NewEvent;
  readonly expectedRevision: number;
}

/**
 * Appends and finds out what became of it. The server takes the same id at the same revision again without writing twice,
 * so an unknown outcome is settled by trying again, and in the end by reading the stream.
 */
export class Appender {
  readonly #options: AppenderOptions;
  /** The end of each stream's queue: a second append must not overtake a first one that is being tried again. */
  readonly #queues = new Map<string, Promise<unknown>>();
  /** The highest position that is known to have been taken. */
  #highest: number;

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#highest = options.head;
  }

  append(stream: string, event: NewEvent, expectedRevision: number): Promise<Appended> {
    const before = this.#queues.get(stream);
    const wanted = { stream, event, expectedRevision };
    const work = before === undefined ? this.#settle(wanted) : before.then(() => this.#settle(wanted));
    const done: Promise<void> = work.then(
      () => this.#leave(stream, done),
      () => this.#leave(stream, done),
    );
    this.#queues.set(stream, done);
    return work;
  }

  #leave(stream: string, done: Promise<unknown>): void {
    if (this.#queues.get(stream) === done) this.#queues.delete(stream);
  }

  async #settle(wanted: Wanted): Promise<Appended> {
    const giveUpAt = performance.now() + this.#options.giveUpMs;
    for (let retryMs = RETRY_FIRST_MS, first = true; ; retryMs = Math.min(retryMs * 2, RETRY_MAX_MS), first = false) {
      const client = await this.#options.client.get();
      try {
        return await this.#try(client, wanted, first);
      } catch (cause) {
        if (typeOf(cause) === 'wrong-expected-version') return await this.#moved(cause, wanted, client);
        this.#throwIfFinal(cause, wanted);
        if (performance.now() >= giveUpAt) return await this.#lookAtLast(cause, wanted, client);
        if (cause instanceof TookTooLong) await this.#options.client.replace(client);
        await pause(retryMs);
      }
    }
  }

  async #try(client: EventStoreDBClient, wanted: Wanted, isFirst: boolean): Promise<Appended> {
    const { stream, event, expectedRevision } = wanted;
    const { codec, answerMs } = this.#options;
    const highestBefore = this.#highest;
    const answer = await within(
      client.appendToStream(codec.streamOf(stream), codec.encode(event), {
        expectedRevision: expectedRevision < 0 ? NO_STREAM : BigInt(expectedRevision),
        requiresLeader: true,
        deadline: answerMs,
      }),
      answerMs,
    );
    const position = plausible(answer.position?.commit);
    if (isFirst && position > highestBefore) {
      this.#highest = Math.max(this.#highest, position);
      return { position, revision: expectedRevision + 1 };
    }
    // Perhaps a repeated append: what position its answer bears is not promised, the stream tells it.
    const stored = await this.#stored(client, wanted);
    if (stored !== undefined) return stored;
    throw new Error(`the server acknowledged revision ${expectedRevision + 1} of ${stream} and does not have it`);
  }

  /** Throws what will not become better, and lets pass what is to be tried again. */
  #throwIfFinal(cause: unknown, { stream, event }: Wanted): void {
    if (typeOf(cause) === 'maximum-append-size-exceeded') {
      throw new EventTooLarge(stream, Buffer.byteLength(JSON.stringify(event)), numberIn(cause, 'maxAppendSize'));
    }
    if (isPermanent(cause)) throw unavailable(this.#options.server, cause);
  }

  /** The stream has moved on; perhaps by this very event, from a try whose answer was lost. */
  async #moved(cause: unknown, wanted: Wanted, client: EventStoreDBClient): Promise<Appended> {
    const first = await this.#stored(client, wanted);
    if (first !== undefined) return first;
    throw new WrongExpectedRevision(wanted.stream, wanted.expectedRevision, numberIn(cause, 'actualVersion'));
  }

  async #lookAtLast(cause: unknown, wanted: Wanted, client: EventStoreDBClient): Promise<Appended> {
    const first = await this.#stored(client, wanted).catch(() => undefined);
    if (first !== undefined) return first;
    throw unavailable(this.#options.server, cause);
  }

  /** Where this very event stands in its stream, if it does. */
  async #stored(
    client: EventStoreDBClient,
    { stream, event, expectedRevision }: Wanted,
  ): Promise<Appended | undefined> {
    const revision = expectedRevision + 1;
    const name = this.#options.codec.streamOf(stream);
    for await (const recorded of streamFrom(client, name, revision, {
      silenceMs: this.#options.answerMs,
      countMax: 1,
    })) {
      if (recorded.id === event.id && Number(recorded.revision) === revision)
        return { position: positionOf(recorded), revision };
    }
    return undefined;
  }
}

/** Some answers to repeated appends bear no position, or -1 as an unsigned number. The stream knows better then. */
function plausible(commit: bigint | undefined): number {
  const position = Number(commit ?? 0n);
  return Number.isSafeInteger(position) ? position : 0;
}

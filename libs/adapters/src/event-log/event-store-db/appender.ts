import type { AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { within } from '../../within.js';
import type { Failure } from '../log-worker/protocol.js';
import type { EventCodec } from './codec.js';
import { appendBytesMaxIn, isPermanent, pause } from './faults.js';
import type { LogClient } from './log-client.js';
import type { LogReads } from './log-reads.js';
import type { OwnEvents } from './own-events.js';
import { appendRequest, type WireEvent } from './requests.js';
import { isLate } from './retry.js';

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1000;
/** A server takes about a hundred calls of one connection at a time, and no more appends a second with more than this. */
const UNDER_WAY_MAX = 64;

export interface AppenderOptions {
  readonly client: LogClient;
  readonly codec: EventCodec;
  readonly reads: LogReads;
  readonly own: OwnEvents;
  /** How long one try waits for its answer. */
  readonly answerMs: number;
  /** Position of the log's last event when it was opened. */
  readonly head: number;
  /** How long an append whose outcome is unknown is tried again before it is given up. */
  readonly giveUpMs: number;
}
export interface Wanted {
  /** Of the append, as the main thread counts them. */
  readonly number: number;
  readonly stream: string;
  readonly body: string;
  readonly expectedRevision: number;
}
export type AppendOutcome = { readonly position: number; readonly revision: number } | Failure;

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
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: AppenderOptions) {
    this.#options = options;
    this.#highest = options.head;
  }

  /** Appends that wait for their answer. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Throws what the server or the connection said when the outcome stayed unknown. */
  append(wanted: Wanted): Promise<AppendOutcome> {
    const { stream } = wanted;
    const before = this.#queues.get(stream);
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

  async #settle(wanted: Wanted): Promise<AppendOutcome> {
    const { client, giveUpMs } = this.#options;
    const event = this.#options.codec.encode(wanted.body);
    this.#options.own.sent(event.id, wanted);
    const giveUpAt = performance.now() + giveUpMs;
    for (let retryMs = RETRY_FIRST_MS, isFirst = true; ; retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)) {
      try {
        return await this.#try(wanted, event, isFirst);
      } catch (cause) {
        isFirst = false;
        const bytesMax = appendBytesMaxIn(cause);
        if (bytesMax !== undefined) return { is: 'too-large', bytes: Buffer.byteLength(wanted.body), bytesMax };
        if (isPermanent(cause)) throw cause;
        if (isLate(cause)) await client.leaveIfSilent();
        if (performance.now() + retryMs >= giveUpAt) return await this.#lookAtLast(cause, wanted, event);
        await pause(retryMs);
      }
    }
  }

  async #try(wanted: Wanted, event: WireEvent, isFirst: boolean): Promise<AppendOutcome> {
    const highestBefore = this.#highest;
    const { expectedRevision } = wanted;
    const answer = await this.#send(wanted, event);
    if (answer.hasWrongExpectedVersion()) {
      const wrong = answer.getWrongExpectedVersion();
      const actual = wrong?.hasCurrentRevision() === true ? Number(wrong.getCurrentRevision()) : -1;
      // The stream has moved on; perhaps by this very event, from a try whose answer was lost.
      return (await this.#stored(wanted, event)) ?? { is: 'moved', actual };
    }
    const position = plausible(answer);
    if (isFirst && position > highestBefore) {
      this.#highest = Math.max(this.#highest, position);
      return { position, revision: expectedRevision + 1 };
    }
    // Perhaps a repeated append: what position its answer bears is not promised, the stream has the right one.
    const stored = await this.#stored(wanted, event);
    if (stored !== undefined) return stored;
    throw new Error(
      `the server acknowledged revision ${expectedRevision + 1} of ${wanted.stream} and does not have it`,
    );
  }

  async #send({ stream, expectedRevision }: Wanted, event: WireEvent): Promise<AppendResp> {
    const { client, codec, answerMs } = this.#options;
    if (this.#underWay >= UNDER_WAY_MAX) await new Promise<void>((go) => this.#waiting.push(go));
    this.#underWay++;
    try {
      const request = appendRequest(codec.streamOf(stream), event, expectedRevision);
      return await within(client.append(request, answerMs), answerMs);
    } finally {
      this.#underWay--;
      this.#waiting.shift()?.();
    }
  }

  async #lookAtLast(cause: unknown, wanted: Wanted, event: WireEvent): Promise<AppendOutcome> {
    const first = await this.#stored(wanted, event).catch(() => undefined);
    if (first !== undefined) return first;
    throw cause;
  }

  /** Where this very event stands in its stream, if it does. */
  async #stored({ stream, expectedRevision }: Wanted, { id }: WireEvent): Promise<AppendOutcome | undefined> {
    const revision = expectedRevision + 1;
    const found = await this.#options.reads.eventAt(stream, revision);
    return found?.id === id ? { position: found.position, revision } : undefined;
  }
}

/** Some answers to repeated appends bear no position, or -1 as an unsigned number. The stream has it then. */
function plausible(answer: AppendResp): number {
  const position = Number(answer.getSuccess()?.getPosition()?.getCommitPosition() ?? 0);
  return Number.isSafeInteger(position) ? position : 0;
}

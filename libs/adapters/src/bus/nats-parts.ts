import { headers, type Msg, type MsgHdrs, type NatsConnection, type PublishOptions } from '@nats-io/transport-node';
import { BusUnavailable } from '#ports';
import { Fault } from '#std';
import { subjectBegins } from './subject-match.js';

/** This message is the first of so many parts; the receiver asks the reply subject for the others. */
const PARTS = 'Shiplog-Parts';
/** Part number that is asked for. */
const WANT = 'Shiplog-Want';
/** What one part leaves of the server's limit for headers. */
const HEADER_ROOM = 4 * 1024;
const PART_TIMEOUT_MS = 10_000;
/** Parts are asked for in groups, so that a large message does not fill the receiver's buffers at once. */
const PARTS_AT_ONCE = 4;
const KEEP_MS = 60_000;
/** Messages of one sender that are collected at the same time, counted in messages of the largest size. */
const COLLECTING_MAX = 4;

/** Where the parts of a message may be fetched from, and how large the whole may be. */
export interface PartsLimit {
  readonly inbox: string;
  readonly bytesMax: number;
}

/** Opens a reply subject: calls back with what arrives there until it is closed. */
export type OpenInbox = (onMessage: (message: Msg) => void) => { readonly subject: string; close(): void };

/**
 * Messages above the server's `max_payload` travel as a first part that names the number of parts; the receiver fetches
 * the rest from the sender's reply subject. Fetching works through queue groups, where parts sent one after the other
 * would reach different members, and within an agent's permissions, since it only answers what it received.
 */
export class NatsParts {
  /** Bytes that are being collected, by the inbox prefix of the sender. */
  readonly #collecting = new Map<string, number>();

  constructor(
    private readonly connection: NatsConnection,
    private readonly openInbox: OpenInbox,
  ) {}

  get partBytes(): number {
    return (this.connection.info?.max_payload ?? 1024 * 1024) - HEADER_ROOM;
  }

  /** Publishes a message that nobody answers; its parts are sent to inboxes that begin with `listenerInbox` only. */
  publish(subject: string, data: Uint8Array, listenerInbox: string, options: PublishOptions = {}): void {
    if (data.length <= this.partBytes) {
      this.connection.publish(subject, data, options);
      return;
    }
    const inbox = this.openInbox((message) => this.give(message, data, listenerInbox));
    setTimeout(() => inbox.close(), KEEP_MS).unref();
    this.publishFirst(subject, data, { ...options, reply: inbox.subject });
  }

  /** Publishes the first part; whoever owns `options.reply` has to {@link give} the others. */
  publishFirst(subject: string, data: Uint8Array, options: PublishOptions): void {
    const count = Math.ceil(data.length / this.partBytes);
    if (count <= 1) {
      this.connection.publish(subject, data, options);
      return;
    }
    const marked = copyOf(options.headers);
    marked.set(PARTS, String(count));
    this.connection.publish(subject, data.subarray(0, this.partBytes), { ...options, headers: marked });
  }

  /** Answers when the message asks for a part; false when it is something else. */
  give(message: Msg, data: Uint8Array, listenerInbox: string): boolean {
    if (!message.headers?.has(WANT)) return false;
    // The part is published with this client's rights: never on a subject of the asker's choice.
    if (!subjectBegins(listenerInbox, message.reply)) return true;
    const start = Number(message.headers.get(WANT)) * this.partBytes;
    message.respond(data.subarray(start, start + this.partBytes));
    return true;
  }

  /** The whole message, fetched where it came in parts. Nothing is fetched of a message that is larger than its limit. */
  async join(message: Msg, limit: PartsLimit): Promise<Uint8Array> {
    const count = Number(message.headers?.get(PARTS) || 1);
    if (!Number.isInteger(count) || count < 1)
      throw new Fault('a message whose number of parts is not a number', false);
    const bytes = count === 1 ? message.data.length : (count - 1) * this.partBytes + 1;
    if (bytes > limit.bytesMax)
      throw new Fault(`${message.subject} carries at most ${limit.bytesMax} bytes, this message has ${bytes}`, false);
    if (count === 1) return message.data;
    const source = message.reply;
    if (!source?.startsWith(limit.inbox))
      throw new Fault('a message in parts has to name an inbox of its sender to fetch them from', false);
    const collecting = this.#collecting.get(limit.inbox) ?? 0;
    if (collecting + count * this.partBytes > COLLECTING_MAX * limit.bytesMax + this.partBytes)
      throw new Fault('too many large messages of one sender at once: send it again later', true);
    this.#collecting.set(limit.inbox, collecting + count * this.partBytes);
    try {
      return await this.#collect(message, source, count);
    } finally {
      const left = (this.#collecting.get(limit.inbox) ?? 0) - count * this.partBytes;
      if (left > 0) this.#collecting.set(limit.inbox, left);
      else this.#collecting.delete(limit.inbox);
    }
  }

  async #collect(message: Msg, source: string, count: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [message.data];
    for (let next = 1; next < count; next += PARTS_AT_ONCE) {
      const group = Array.from({ length: Math.min(PARTS_AT_ONCE, count - next) }, (_, i) =>
        this.#fetch(source, next + i),
      );
      parts.push(...(await Promise.all(group)));
    }
    return Buffer.concat(parts);
  }

  #fetch(source: string, part: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        inbox.close();
        reject(new BusUnavailable(`part ${part} of a message did not arrive within ${PART_TIMEOUT_MS} ms`));
      }, PART_TIMEOUT_MS);
      const inbox = this.openInbox((message) => {
        clearTimeout(timer);
        inbox.close();
        if (message.headers?.code === 503) reject(new BusUnavailable('the sender of a message in parts is gone'));
        else resolve(message.data);
      });
      const want = headers();
      want.set(WANT, String(part));
      this.connection.publish(source, undefined, { reply: inbox.subject, headers: want });
    });
  }
}

function copyOf(source: MsgHdrs | undefined): MsgHdrs {
  const copy = headers();
  for (const key of source?.keys() ?? []) copy.set(key, source?.get(key) ?? '');
  return copy;
}

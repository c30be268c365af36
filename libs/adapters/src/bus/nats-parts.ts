import { headers, type Msg, type MsgHdrs, type NatsConnection, type PublishOptions } from '@nats-io/transport-node';
import { BusUnavailable } from '#ports';
import { Fault } from '#std';

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
/** Larger than any answer that Shiplog makes; a wrong header must not make a receiver collect for ever. */
const PARTS_MAX = 1024;

/** Opens a reply subject: calls back with what arrives there until it is closed. */
export type OpenInbox = (onMessage: (message: Msg) => void) => { readonly subject: string; close(): void };

/**
 * Messages above the server's `max_payload` travel as a first part that names the number of parts; the receiver fetches
 * the rest from the sender's reply subject. Fetching works through queue groups, where parts sent one after the other
 * would reach different members, and within an agent's permissions, since it only answers what it received.
 */
export class NatsParts {
  constructor(
    private readonly connection: NatsConnection,
    private readonly openInbox: OpenInbox,
  ) {}

  get partBytes(): number {
    return (this.connection.info?.max_payload ?? 1024 * 1024) - HEADER_ROOM;
  }

  /** Publishes a message of any size that nobody answers. */
  publish(subject: string, data: Uint8Array, options: PublishOptions = {}): void {
    if (data.length <= this.partBytes) {
      this.connection.publish(subject, data, options);
      return;
    }
    const inbox = this.openInbox((message) => this.give(message, data));
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
    if (count > PARTS_MAX)
      throw new Fault(`a message of ${data.length} bytes for ${subject} is larger than the bus takes`, false);
    const marked = copyOf(options.headers);
    marked.set(PARTS, String(count));
    this.connection.publish(subject, data.subarray(0, this.partBytes), { ...options, headers: marked });
  }

  /** Answers when the message asks for a part; false when it is something else. */
  give(message: Msg, data: Uint8Array): boolean {
    if (!message.headers?.has(WANT)) return false;
    const start = Number(message.headers.get(WANT)) * this.partBytes;
    message.respond(data.subarray(start, start + this.partBytes));
    return true;
  }

  /** The whole message, fetched where it came in parts. */
  async join(message: Msg): Promise<Uint8Array> {
    const count = Number(message.headers?.get(PARTS) || 1);
    if (count === 1) return message.data;
    const source = message.reply;
    if (!(count > 1 && count <= PARTS_MAX) || source === undefined)
      throw new Fault('a message in parts without a way to fetch them', false);
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

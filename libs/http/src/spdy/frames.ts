/** The frames of SPDY/3.1: https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/ */

export const frameTypes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;
export const flags = { fin: 1, unidirectional: 2 } as const;
export const resetCodes = { protocolError: 1, invalidStream: 2, refusedStream: 3, cancel: 5 } as const;

const VERSION = 3;
const HEAD_BYTES = 8;
/** Control frames hold a few headers. Data frames may have any length: they are passed on in parts. */
export const CONTROL_BYTES_MAX = 16 * 1024;
/** Bytes of data in one frame that is written. */
export const DATA_BYTES_MAX = 64 * 1024;

/** The client breaks the protocol; the session ends. */
export class SpdyError extends Error {
  override readonly name = 'SpdyError';
}

export type SpdyEvent =
  | { readonly is: 'control'; readonly type: number; readonly flags: number; readonly payload: Buffer }
  /** A part of a stream's data; `isLast` when the stream ends with it. */
  | { readonly is: 'data'; readonly stream: number; readonly part: Buffer; readonly isLast: boolean };

/** Reads frames from bytes however they are cut. Holds at most one control frame. */
export class SpdyReader {
  private readonly head = Buffer.alloc(HEAD_BYTES);
  private headLength = 0;
  private left = 0;
  private isInPayload = false;
  private control: Buffer[] = [];

  /** Throws {@link SpdyError}. */
  push(bytes: Buffer): readonly SpdyEvent[] {
    const events: SpdyEvent[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.isInPayload) {
        const end = Math.min(bytes.length, at + this.left);
        this.payload(bytes.subarray(at, end), events);
        at = end;
      } else {
        const taken = Math.min(HEAD_BYTES - this.headLength, bytes.length - at);
        bytes.copy(this.head, this.headLength, at, at + taken);
        this.headLength += taken;
        at += taken;
        if (this.headLength === HEAD_BYTES) this.begin(events);
      }
    }
    return events;
  }

  private get isControl(): boolean {
    return (this.head.readUInt8(0) & 0x80) !== 0;
  }

  private begin(events: SpdyEvent[]): void {
    this.headLength = 0;
    this.left = this.head.readUIntBE(5, 3);
    if (this.isControl) {
      const version = this.head.readUInt16BE(0) & 0x7fff;
      if (version !== VERSION) throw new SpdyError(`version ${version} is not served`);
      if (this.left > CONTROL_BYTES_MAX) throw new SpdyError(`a control frame of ${this.left} bytes`);
    }
    this.isInPayload = true;
    if (this.left === 0) this.payload(Buffer.alloc(0), events);
  }

  private payload(part: Buffer, events: SpdyEvent[]): void {
    this.left -= part.length;
    const isEnd = this.left === 0;
    this.isInPayload = !isEnd;
    const { head } = this;
    if (!this.isControl) {
      const isLast = isEnd && (head.readUInt8(4) & flags.fin) !== 0;
      events.push({ is: 'data', stream: head.readUInt32BE(0), part, isLast });
      return;
    }
    this.control.push(part);
    if (!isEnd) return;
    const payload = this.control.length === 1 ? part : Buffer.concat(this.control);
    this.control = [];
    events.push({ is: 'control', type: head.readUInt16BE(2), flags: head.readUInt8(4), payload });
  }
}

export function controlFrame(type: number, payload: Buffer, frameFlags = 0): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(0x8000 | VERSION, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(frameFlags, 4);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}
/** The head of a data frame: its bytes follow. */
export function dataHead(stream: number, length: number, isLast: boolean): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(stream, 0);
  head.writeUInt8(isLast ? flags.fin : 0, 4);
  head.writeUIntBE(length, 5, 3);
  return head;
}
/** A control frame of one or two numbers: RST_STREAM, PING, GOAWAY, WINDOW_UPDATE. */
export function numbersFrame(type: number, ...numbers: readonly number[]): Buffer {
  const payload = Buffer.alloc(numbers.length * 4);
  numbers.forEach((number, i) => payload.writeUInt32BE(number, i * 4));
  return controlFrame(type, payload);
}

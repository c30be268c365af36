import type { Duplex } from 'node:stream';
import {
  controlFrame,
  DATA_BYTES_MAX,
  dataHead,
  flags,
  frameTypes,
  numbersFrame,
  resetCodes,
  SpdyError,
  SpdyReader,
  type SpdyEvent,
} from './frames.js';
import { HeaderInflater, HeaderPacker } from './headers.js';
import { SpdyStream, type StreamLink } from './stream.js';

/** Streams that a client may have open: two for each connection that it forwards. */
export const STREAMS_MAX = 1000;
/** No more is read of a client while its streams hold so much that nobody has taken. */
export const UNREAD_BYTES_MAX = 1024 * 1024;
/** What a client that knows flow control is granted is told in steps, not for every byte. */
const GRANT_BYTES = 32 * 1024;
/** Answers to pings are left out for a client that reads nothing. */
const UNSENT_BYTES_MAX = 64 * 1024;

/**
 * The server's side of SPDY/3.1 as Kubernetes' clients use it: streams that are no HTTP requests. Those clients send
 * without regard to windows and never widen the server's, so nothing that is sent waits for a window; what holds both sides
 * back is the connection itself, which is read only while the streams' readers keep up.
 */
export class SpdySession implements StreamLink {
  private readonly reader = new SpdyReader();
  private readonly inflater = new HeaderInflater();
  private readonly packer = new HeaderPacker();
  private readonly streams = new Map<number, SpdyStream>();
  private unread = 0;
  private granted = new Map<number, number>();
  private lastStream = 0;
  private isBusy = false;
  private isOver = false;

  constructor(
    private readonly bytes: Duplex,
    private readonly onStream: (stream: SpdyStream) => void,
  ) {
    bytes.on('data', (chunk: Buffer) => void this.take(chunk));
    bytes.on('error', () => this.end());
    bytes.once('end', () => this.end());
    bytes.once('close', () => this.end());
  }

  get openStreams(): number {
    return this.streams.size;
  }

  send(stream: number, data: Buffer, isLast: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.isOver || !this.bytes.writable) return reject(new Error('the session is over'));
      const done = (cause: Error | null | undefined): void => (cause ? reject(cause) : resolve());
      let at = 0;
      do {
        const part = data.subarray(at, at + DATA_BYTES_MAX);
        at += part.length;
        const isEnd = at >= data.length;
        this.bytes.write(
          Buffer.concat([dataHead(stream, part.length, isLast && isEnd), part]),
          isEnd ? done : undefined,
        );
      } while (at < data.length);
    });
  }
  reset(stream: number): void {
    this.write(numbersFrame(frameTypes.rstStream, stream, resetCodes.cancel));
  }
  consumed(stream: SpdyStream, count: number): void {
    this.unread -= count;
    // Stream 0 is the session.
    this.grant(stream.id, count);
    this.grant(0, count);
    this.pace();
  }
  closed(stream: SpdyStream): void {
    this.streams.delete(stream.id);
    this.granted.delete(stream.id);
    this.unread -= stream.unread;
    stream.unread = 0;
    this.pace();
  }

  private async take(chunk: Buffer): Promise<void> {
    this.isBusy = true;
    this.bytes.pause();
    try {
      for (const event of this.reader.push(chunk)) {
        if (this.isOver) return;
        await this.handle(event);
      }
      this.isBusy = false;
      this.pace();
    } catch (cause) {
      if (!(cause instanceof SpdyError)) throw cause;
      this.write(numbersFrame(frameTypes.goAway, this.lastStream, 1));
      this.bytes.end();
      this.end();
    }
  }

  private pace(): void {
    if (this.isOver || this.isBusy) return;
    if (this.unread > UNREAD_BYTES_MAX) this.bytes.pause();
    else if (this.bytes.isPaused()) this.bytes.resume();
  }

  private handle(event: SpdyEvent): Promise<void> | void {
    if (event.is === 'control') return this.control(event);
    const stream = this.streams.get(event.stream);
    if (!stream) {
      if (event.part.length > 0 && event.stream > this.lastStream) throw new SpdyError('data for no stream');
      return;
    }
    if (!stream.takes) return;
    this.unread += event.part.length;
    stream.receive(event.part, event.isLast);
  }

  private control({ type, flags: set, payload }: SpdyEvent & { readonly is: 'control' }): Promise<void> | void {
    switch (type) {
      case frameTypes.synStream:
        return this.open(payload, set);
      case frameTypes.headers:
        // Whoever skips a block of headers can unpack none after it.
        return this.inflater.read(after(payload, 4)).then(() => undefined);
      case frameTypes.rstStream:
        return this.streams.get(numberAt(payload, 0))?.abandon();
      case frameTypes.ping:
        if (numberAt(payload, 0) % 2 === 1 && this.bytes.writableLength < UNSENT_BYTES_MAX)
          this.write(controlFrame(frameTypes.ping, payload.subarray(0, 4)));
        return;
      default:
        // Settings and windows of a client are not needed; it goes away by closing the connection.
        return;
    }
  }

  private async open(payload: Buffer, set: number): Promise<void> {
    const id = numberAt(payload, 0);
    const headers = await this.inflater.read(after(payload, 10));
    if (id % 2 === 0 || id <= this.lastStream) throw new SpdyError(`stream ${id} is out of order`);
    this.lastStream = id;
    if (this.streams.size >= STREAMS_MAX) {
      this.write(numbersFrame(frameTypes.rstStream, id, resetCodes.refusedStream));
      return;
    }
    const stream = new SpdyStream(id, headers, this);
    this.streams.set(id, stream);
    const idBytes = Buffer.alloc(4);
    idBytes.writeUInt32BE(id);
    const reply = this.packer.pack({ ':status': '200', ':version': 'HTTP/1.1' });
    this.write(controlFrame(frameTypes.synReply, Buffer.concat([idBytes, reply])));
    if ((set & flags.fin) !== 0) stream.receive(Buffer.alloc(0), true);
    this.onStream(stream);
  }

  private grant(stream: number, count: number): void {
    const sum = (this.granted.get(stream) ?? 0) + count;
    if (sum >= GRANT_BYTES) this.write(numbersFrame(frameTypes.windowUpdate, stream, sum));
    this.granted.set(stream, sum >= GRANT_BYTES ? 0 : sum);
  }

  private write(frame: Buffer): void {
    if (!this.isOver && this.bytes.writable) this.bytes.write(frame);
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.inflater.close();
    for (const stream of [...this.streams.values()]) stream.abandon();
  }
}

/** Numbers of streams, pings and windows have 31 bits. */
function numberAt(payload: Buffer, at: number): number {
  if (payload.length < at + 4) throw new SpdyError('the frame is too short');
  return payload.readUInt32BE(at) & 0x7fffffff;
}
function after(payload: Buffer, at: number): Buffer {
  if (payload.length < at) throw new SpdyError('the frame is too short');
  return payload.subarray(at);
}

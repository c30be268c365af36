import { Duplex } from 'node:stream';
import type { SpdyHeaders } from './headers.js';

/** What a stream needs of its session. */
export interface StreamLink {
  /** Resolves when the bytes are on their way. */
  send(stream: number, data: Buffer, isLast: boolean): Promise<void>;
  reset(stream: number): void;
  /** So many bytes of the stream were taken by its reader. */
  consumed(stream: SpdyStream, bytes: number): void;
  closed(stream: SpdyStream): void;
}

const NO_BYTES = Buffer.alloc(0);

/** One stream of a session, opened by the client. */
export class SpdyStream extends Duplex {
  /** Bytes that came and that nobody has read. */
  unread = 0;
  private isOver = false;
  private hasEnded = false;

  constructor(
    readonly id: number,
    readonly headers: SpdyHeaders,
    private readonly link: StreamLink,
  ) {
    super();
    this.on('error', () => undefined);
    this.once('close', () => link.closed(this));
  }

  /** False once nothing more of the client counts: it ended its half, or the stream is over. */
  get takes(): boolean {
    return !this.hasEnded && !this.destroyed;
  }

  /** Takes what the client sent. The whole session holds the client back, so nothing is refused here. */
  receive(part: Buffer, isLast: boolean): void {
    if (part.length > 0) {
      this.unread += part.length;
      this.push(part);
      this.report();
    }
    if (!isLast) return;
    this.hasEnded = true;
    this.push(null);
  }

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    this.report();
    return chunk;
  }
  private report(): void {
    const taken = this.unread - this.readableLength;
    if (taken <= 0) return;
    this.unread -= taken;
    this.link.consumed(this, taken);
  }

  /** The session ended, or the client reset the stream: nothing is said to it any more. */
  abandon(): void {
    this.isOver = true;
    this.destroy();
  }

  override _read(): void {
    // What comes is pushed when it comes.
  }
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.link.send(this.id, chunk, false).then(() => done(), done);
  }
  override _final(done: (error?: Error | null) => void): void {
    this.link.send(this.id, NO_BYTES, true).then(() => done(), done);
  }
  override _destroy(cause: Error | null, done: (error?: Error | null) => void): void {
    const isWhole = this.readableEnded && this.writableFinished;
    if (!this.isOver && !isWhole) this.link.reset(this.id);
    this.isOver = true;
    done(cause);
  }
}

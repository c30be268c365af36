import { Duplex } from 'node:stream';
import { EventEmitter } from 'node:events';
import { closeCodes, FrameError, frameHead, FrameReader, opcodes } from './frames.js';

interface Events {
  data: [part: Buffer, isStart: boolean, isEnd: boolean];
  close: [code: number];
}

/** How long a client may take to answer a close frame. */
const CLOSE_MS = 10_000;
/** Pongs are not written to a client that reads nothing. */
const UNSENT_BYTES_MAX = 64 * 1024;
/** No close frame came. */
const ABNORMAL = 1006;

/**
 * The server's side of a WebSocket. Frames are passed on as they come, in parts: Kubernetes' channel protocols give every
 * frame a channel of its own, which a library that joins the frames of a message would hide. It begins paused.
 */
export class ServerSocket extends EventEmitter<Events> {
  private readonly reader: FrameReader;
  private state: 'open' | 'closing' | 'closed' = 'open';
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly bare: Duplex,
    head: Buffer,
  ) {
    super();
    this.reader = new FrameReader({
      data: (part, isStart, isEnd) => void (this.state === 'open' && this.emit('data', part, isStart, isEnd)),
      control: (opcode, payload) => this.control(opcode, payload),
    });
    bare.pause();
    if (head.length > 0) bare.unshift(head);
    bare.on('data', (bytes: Buffer) => this.take(bytes));
    bare.pause();
    bare.on('error', () => undefined);
    bare.once('end', () => this.terminate());
    bare.once('close', () => this.closed(ABNORMAL));
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  pause(): void {
    this.bare.pause();
  }
  resume(): void {
    this.bare.resume();
  }

  /** Sends a message in one frame. Resolves when it is on its way, so that a slow client slows its source down. */
  send(data: Uint8Array | string): Promise<void> {
    if (this.state !== 'open') return Promise.reject(new Error('the WebSocket is closed'));
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    return this.write(typeof data === 'string' ? opcodes.text : opcodes.binary, bytes);
  }

  /** Says that it is over and ends the connection once the client has said so too. */
  close(code: number = closeCodes.normal): void {
    if (this.state !== 'open') return;
    this.state = 'closing';
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.write(opcodes.close, payload).catch(() => this.terminate());
    this.timer = setTimeout(() => this.terminate(), CLOSE_MS);
    this.timer.unref();
    // The client's close frame comes behind what it has sent before.
    this.bare.resume();
  }

  terminate(): void {
    this.bare.destroy();
    this.closed(ABNORMAL);
  }

  /** All payloads as one stream of bytes, for a protocol that has frames of its own. */
  bytes(): Duplex {
    const stream = new Duplex({
      read: () => this.resume(),
      write: (chunk: Buffer, _encoding, done) => void this.send(chunk).then(() => done(), done),
      final: (done) => {
        this.close();
        done();
      },
      destroy: (cause, done) => {
        this.close();
        done(cause);
      },
    });
    this.on('data', (part) => {
      if (part.length > 0 && !stream.push(part)) this.pause();
    });
    this.once('close', () => {
      stream.push(null);
      stream.destroy();
    });
    return stream;
  }

  private take(bytes: Buffer): void {
    if (this.state === 'closed') return;
    try {
      this.reader.push(bytes);
    } catch (cause) {
      if (!(cause instanceof FrameError)) throw cause;
      this.close(cause.code);
      // Nothing more of what it sends can be understood.
      this.bare.removeAllListeners('data');
      this.bare.end();
      this.bare.resume();
    }
  }

  private control(opcode: number, payload: Buffer): void {
    if (opcode === opcodes.ping && this.state === 'open' && this.bare.writableLength < UNSENT_BYTES_MAX)
      this.write(opcodes.pong, payload).catch(() => undefined);
    if (opcode !== opcodes.close) return;
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : closeCodes.normal;
    if (this.state === 'open') this.write(opcodes.close, payload.subarray(0, 2)).catch(() => undefined);
    this.bare.end();
    this.closed(code);
  }

  private closed(code: number): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    clearTimeout(this.timer);
    this.emit('close', code);
  }

  private write(opcode: number, payload: Uint8Array): Promise<void> {
    const { bare } = this;
    return new Promise((resolve, reject) => {
      if (!bare.writable) return reject(new Error('the connection is gone'));
      bare.cork();
      bare.write(frameHead(opcode, payload.length));
      bare.write(payload, (cause) => (cause ? reject(cause) : resolve()));
      bare.uncork();
    });
  }
}

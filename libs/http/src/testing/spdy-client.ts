import { EventEmitter, once } from 'node:events';
import type { Duplex } from 'node:stream';
import { constants, createDeflate } from 'node:zlib';
import { HEADER_DICTIONARY } from '../spdy/dictionary.js';
import { controlFrame, dataHead, flags, frameTypes, SpdyReader, type SpdyEvent } from '../spdy/frames.js';

/** A client of SPDY/3.1 for tests: it compresses its headers as real ones do and knows no flow control. */
export class SpdyTestClient extends EventEmitter<{ event: [SpdyEvent] }> {
  readonly events: SpdyEvent[] = [];
  private readonly deflate = createDeflate({ dictionary: HEADER_DICTIONARY });
  private readonly reader = new SpdyReader();
  private nextId = 1;

  constructor(readonly bytes: Duplex) {
    super();
    bytes.on('data', (chunk: Buffer) => {
      for (const event of this.reader.push(chunk)) {
        this.events.push(event);
        this.emit('event', event);
      }
    });
  }

  async open(headers: Readonly<Record<string, string>>, frameFlags = 0): Promise<number> {
    const id = this.nextId;
    this.nextId += 2;
    const head = Buffer.alloc(10);
    head.writeUInt32BE(id);
    const block = await this.packed(headers);
    this.bytes.write(controlFrame(frameTypes.synStream, Buffer.concat([head, block]), frameFlags));
    return id;
  }

  send(stream: number, data: Buffer, isLast = false): boolean {
    return this.bytes.write(Buffer.concat([dataHead(stream, data.length, isLast), data]));
  }
  /** Sends nothing more. */
  finish(stream: number): void {
    this.send(stream, Buffer.alloc(0), true);
  }

  /** What the server has sent on a stream so far, and whether it has ended it. */
  received(stream: number): { readonly text: string; readonly isOver: boolean } {
    const parts = this.events.filter((event) => event.is === 'data' && event.stream === stream);
    const data = parts.map((event) => (event.is === 'data' ? event.part : Buffer.alloc(0)));
    return {
      text: Buffer.concat(data).toString(),
      isOver: parts.some((event) => event.is === 'data' && event.isLast),
    };
  }
  async until(isIt: () => boolean): Promise<void> {
    while (!isIt()) await once(this, 'event');
  }
  frames(type: number): readonly (SpdyEvent & { readonly is: 'control' })[] {
    return this.events.filter((event) => event.is === 'control').filter((event) => event.type === type);
  }

  private packed(headers: Readonly<Record<string, string>>): Promise<Buffer> {
    const parts = Object.entries(headers).flatMap((entry) => entry.flatMap((text) => [length(text.length), text]));
    const block = Buffer.concat([length(Object.keys(headers).length), ...parts.map((part) => Buffer.from(part))]);
    return new Promise((resolve) => {
      const out: Buffer[] = [];
      const keep = (part: Buffer): void => void out.push(part);
      this.deflate.on('data', keep);
      this.deflate.write(block);
      this.deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.deflate.off('data', keep);
        resolve(Buffer.concat(out));
      });
    });
  }
}
function length(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
export const FIN = flags.fin;

import { constants, createInflate } from 'node:zlib';
import { HEADER_DICTIONARY } from './dictionary.js';
import { SpdyError } from './frames.js';

export type SpdyHeaders = Readonly<Record<string, string | undefined>>;

/** Bytes of one block of headers, unpacked: sixteen thousand packed ones could become sixteen million. */
const BLOCK_BYTES_MAX = 64 * 1024;
const HEADERS_MAX = 100;

/** Unpacks the headers of one direction of a session: each block goes on with the compression of the one before. */
export class HeaderInflater {
  private readonly inflate = createInflate({ dictionary: HEADER_DICTIONARY, flush: constants.Z_SYNC_FLUSH });
  private parts: Buffer[] = [];
  private length = 0;
  private failed: Error | undefined;
  private reject: ((cause: Error) => void) | undefined;

  constructor() {
    this.inflate.on('data', (part: Buffer) => {
      this.parts.push(part);
      this.length += part.length;
      if (this.length > BLOCK_BYTES_MAX) this.inflate.destroy(new SpdyError('the headers are too large'));
    });
    this.inflate.on('error', (cause) => {
      this.failed =
        cause instanceof SpdyError ? cause : new SpdyError(`the headers cannot be unpacked: ${cause.message}`);
      this.reject?.(this.failed);
    });
  }

  /** Rejects with {@link SpdyError}. */
  async read(block: Buffer): Promise<SpdyHeaders> {
    this.parts = [];
    this.length = 0;
    await new Promise<void>((resolve, reject) => {
      if (this.failed) return reject(this.failed);
      this.reject = reject;
      this.inflate.write(block, () => resolve());
    });
    this.reject = undefined;
    return parseHeaders(Buffer.concat(this.parts));
  }

  close(): void {
    this.inflate.destroy();
  }
}

/** A count, then names and values, each after its length. */
export function parseHeaders(block: Buffer): SpdyHeaders {
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw new SpdyError('the headers end too early');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (length > block.length - at) throw new SpdyError('the headers end too early');
    at += length;
    return block.toString('latin1', at - length, at);
  };
  const count = number();
  if (count > HEADERS_MAX) throw new SpdyError(`${count} headers are too many`);
  const headers = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const name = text().toLowerCase();
    headers.set(name, text());
  }
  return Object.fromEntries(headers);
}

/**
 * Packs the headers of one direction without compressing them: blocks of a zlib stream that are stored as they are. What
 * the server has to say in headers is a few bytes.
 */
export class HeaderPacker {
  private isFirst = true;

  pack(headers: Readonly<Record<string, string>>): Buffer {
    const entries = Object.entries(headers);
    const texts = entries.flatMap((entry) => entry.flatMap((text) => [lengthOf(text), Buffer.from(text, 'latin1')]));
    const block = Buffer.concat([uint32(entries.length), ...texts]);
    const stored = Buffer.alloc(5);
    stored.writeUInt16LE(block.length, 1);
    stored.writeUInt16LE(~block.length & 0xffff, 3);
    const head = this.isFirst ? Buffer.from([0x78, 0x01]) : Buffer.alloc(0);
    this.isFirst = false;
    return Buffer.concat([head, stored, block]);
  }
}
function lengthOf(text: string): Buffer {
  return uint32(Buffer.byteLength(text, 'latin1'));
}
function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

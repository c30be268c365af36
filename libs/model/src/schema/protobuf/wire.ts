import { JSON_DEPTH_MAX } from '#std';

/** The bytes of protocol buffers: tagged fields with varints, 8-byte numbers and length-prefixed blobs. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** The bytes are not the message that they should be. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

const utf8 = new TextDecoder();
const utf8Encoder = new TextEncoder();

export class WireReader {
  private at = 0;
  /** @param depth how many messages this one lies in */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly depth = 0,
  ) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Tag and wire type of the next field. */
  key(): { readonly tag: number; readonly wire: number } {
    const key = Number(this.varint());
    const tag = Math.floor(key / 8);
    if (tag === 0) throw new ProtobufError('illegal tag 0');
    return { tag, wire: key % 8 };
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError('integer overflow');
  }

  double(): number {
    const part = this.take(8);
    return new DataView(part.buffer, part.byteOffset, 8).getFloat64(0, true);
  }

  blob(): Uint8Array {
    return this.take(Number(this.varint()));
  }

  text(): string {
    return utf8.decode(this.blob());
  }

  /** A message within this one. A type that contains itself would otherwise exhaust the stack. */
  message(): WireReader {
    if (this.depth >= JSON_DEPTH_MAX) throw new ProtobufError('exceeded max depth');
    return new WireReader(this.blob(), this.depth + 1);
  }

  /** A field that nobody asked for: newer clients may send what this schema does not know. */
  skip(wire: number): void {
    if (wire === VARINT) this.varint();
    else if (wire === FIXED64) this.take(8);
    else if (wire === BYTES) this.blob();
    else if (wire === FIXED32) this.take(4);
    else throw new ProtobufError(`illegal wireType ${wire}`);
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new ProtobufError('unexpected EOF');
    return byte;
  }
  private take(length: number): Uint8Array {
    const end = this.at + length;
    if (!(end <= this.bytes.length)) throw new ProtobufError('unexpected EOF');
    const part = this.bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }
}

export class WireWriter {
  private bytes = new Uint8Array(256);
  private length = 0;

  varint(tag: number, value: bigint): void {
    this.raw(BigInt(tag * 8 + VARINT));
    this.raw(BigInt.asUintN(64, value));
  }
  double(tag: number, value: number): void {
    this.raw(BigInt(tag * 8 + FIXED64));
    this.room(8);
    new DataView(this.bytes.buffer).setFloat64(this.length, value, true);
    this.length += 8;
  }
  blob(tag: number, value: Uint8Array): void {
    this.raw(BigInt(tag * 8 + BYTES));
    this.raw(BigInt(value.length));
    this.room(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
  }
  text(tag: number, value: string): void {
    this.blob(tag, utf8Encoder.encode(value));
  }
  done(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private raw(value: bigint): void {
    this.room(10);
    let rest = value;
    while (rest > 0x7fn) {
      this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.length++] = Number(rest);
  }
  private room(needed: number): void {
    if (this.length + needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + needed));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

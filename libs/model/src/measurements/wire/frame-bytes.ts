/** The bytes are not a frame of measurements; the message says why. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame';
}

/** How a text is written: in UTF-8, as the bytes that its hexadecimal digits stand for, or as the index of an earlier text of the frame. */
const UTF8 = 0;
const HEX = 1;
const UUID = 2;
const EARLIER = 3;
const TEXT_BYTES_MAX = 255;
const LARGEST = Number.MAX_SAFE_INTEGER;
const UUID_SHAPE = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const HEX_SHAPE = /^(?:[\da-f]{2}){8,}$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A change of a figure; undefined: the figure is absent from now on. */
export type Change = number | undefined;

export class FrameWriter {
  private bytes = new Uint8Array(4096);
  private length = 0;
  private readonly texts = new Map<string, number>();

  byte(value: number): void {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = value;
  }
  /** @param value 0 to 2^53 - 1; seven bits a byte, low ones first */
  count(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }
  fixed32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 0xff);
  }
  /**
   * The first byte has five bits of the amount, its sign, whether it counts single units instead of `step`s, and whether more
   * bytes follow. Minus nothing says that the figure is absent.
   */
  change(change: Change, step: number): void {
    if (change === undefined) return this.byte(0x20);
    const isWhole = change % step === 0;
    const amount = Math.abs(isWhole ? change / step : change);
    const rest = Math.floor(amount / 32);
    this.byte((amount % 32) | (change < 0 ? 0x20 : 0) | (isWhole ? 0 : 0x40) | (rest > 0 ? 0x80 : 0));
    if (rest > 0) this.count(rest);
  }
  /** Seven flags a byte, and whether more bytes follow. Flags behind the last one that is set take no room. */
  flags(isSet: (index: number) => boolean, count: number): void {
    let last = count - 1;
    while (last >= 0 && !isSet(last)) last--;
    for (let start = 0; start === 0 || start <= last; start += 7) {
      let byte = start + 7 <= last ? 0x80 : 0;
      for (let bit = 0; bit < 7 && start + bit <= last; bit++) if (isSet(start + bit)) byte |= 1 << bit;
      this.byte(byte);
    }
  }
  /** A text that the frame has already is not repeated. */
  text(text: string): void {
    const earlier = this.texts.get(text);
    if (earlier !== undefined) return this.count(earlier * 4 + EARLIER);
    this.texts.set(text, this.texts.size);
    const form = UUID_SHAPE.test(text) ? UUID : HEX_SHAPE.test(text) ? HEX : UTF8;
    const bytes = form === UTF8 ? encoder.encode(text) : fromHex(text.replaceAll('-', ''));
    if (bytes.length > TEXT_BYTES_MAX) throw new RangeError(`a text of ${bytes.length} bytes: ${text.slice(0, 40)}…`);
    this.count(bytes.length * 4 + form);
    if (this.length + bytes.length > this.bytes.length) this.grow(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }
  done(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + needed));
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

/** Reads what {@link FrameWriter} wrote; anything else it refuses with {@link MalformedFrame}. */
export class FrameReader {
  private at = 0;
  private readonly texts: string[] = [];

  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }
  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new MalformedFrame('it ends too early');
    return byte;
  }
  count(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > LARGEST) throw new MalformedFrame('a number beyond 2^53');
      if (byte < 0x80) return value;
      if (scale > LARGEST) throw new MalformedFrame('a number of too many bytes');
    }
  }
  fixed32(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 8) value |= this.byte() << shift;
    return value >>> 0;
  }
  change(step: number): Change {
    const first = this.byte();
    const amount = (first & 0x1f) + (first & 0x80 ? this.count() * 32 : 0);
    const isNegative = (first & 0x20) !== 0;
    if (isNegative && amount === 0) return undefined;
    const change = amount * (first & 0x40 ? 1 : step);
    if (change > LARGEST) throw new MalformedFrame('a change beyond 2^53');
    return isNegative ? -change : change;
  }
  /** Indexes of the flags that are set, in order. */
  flags(count: number): readonly number[] {
    const set: number[] = [];
    for (let start = 0; ; start += 7) {
      const byte = this.byte();
      for (let bit = 0; bit < 7; bit++) if (byte & (1 << bit)) set.push(start + bit);
      if (byte < 0x80) break;
      if (start > count) throw new MalformedFrame('more flags than figures');
    }
    if ((set.at(-1) ?? -1) >= count) throw new MalformedFrame('a flag of no figure');
    return set;
  }
  text(): string {
    const head = this.count();
    const form = head % 4;
    const amount = Math.floor(head / 4);
    if (form === EARLIER) {
      const text = this.texts[amount];
      if (text === undefined) throw new MalformedFrame('a text that was not sent');
      return text;
    }
    if (amount > TEXT_BYTES_MAX) throw new MalformedFrame(`a text of ${amount} bytes`);
    const text = textOf(this.take(amount), form);
    this.texts.push(text);
    return text;
  }

  private take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new MalformedFrame('it ends too early');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

function textOf(bytes: Uint8Array, form: number): string {
  if (form === HEX) return toHex(bytes);
  if (form === UUID) {
    if (bytes.length !== 16) throw new MalformedFrame(`a UUID of ${bytes.length} bytes`);
    return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
  try {
    return decoder.decode(bytes);
  } catch {
    throw new MalformedFrame('a text that is not UTF-8');
  }
}

function fromHex(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
function toHex(bytes: Uint8Array): string {
  let digits = '';
  for (const byte of bytes) digits += byte.toString(16).padStart(2, '0');
  return digits;
}

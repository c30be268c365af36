/** The frames of RFC 6455, as a server reads and writes them: no extensions, no compression. */

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export const closeCodes = { normal: 1000, protocolError: 1002, tooLarge: 1009 } as const;

/** Bytes of one frame's payload, as in Kubernetes' server. */
export const FRAME_BYTES_MAX = 32 * 1024 * 1024;
const CONTROL_BYTES_MAX = 125;

/** The client breaks the protocol; `code` is what the connection is closed with. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Receives what a client sends. */
export interface FrameSink {
  /**
   * A part of a data frame's payload. A continuation frame is a frame like any other: `isStart` is true for the first
   * part of each, and `isEnd` for the last.
   */
  data(part: Buffer, isStart: boolean, isEnd: boolean): void;
  control(opcode: number, payload: Buffer): void;
}

/** Reads frames from bytes however they are cut. Holds no payload but that of control frames: data is passed on in parts. */
export class FrameReader {
  /** The head of the frame under way: at most 14 bytes. */
  private readonly head = Buffer.alloc(14);
  private headLength = 0;
  private headNeeded = 2;
  private isInPayload = false;
  private opcode = 0;
  private isFinal = false;
  private left = 0;
  private maskAt = 0;
  private isStart = false;
  private isFragmented = false;
  private control: Buffer[] = [];

  constructor(private readonly sink: FrameSink) {}

  /** Throws {@link FrameError}. The bytes are unmasked in place. */
  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) at = this.isInPayload ? this.payload(bytes, at) : this.header(bytes, at);
  }

  private header(bytes: Buffer, from: number): number {
    const taken = Math.min(this.headNeeded - this.headLength, bytes.length - from);
    bytes.copy(this.head, this.headLength, from, from + taken);
    this.headLength += taken;
    if (this.headLength === 2 && this.headNeeded === 2) this.headNeeded += lengthBytes(this.head) + 4;
    if (this.headLength === this.headNeeded) this.begin();
    return from + taken;
  }

  private begin(): void {
    const { head, headNeeded } = this;
    const first = head.readUInt8(0);
    this.isFinal = (first & 0x80) !== 0;
    this.opcode = first & 0x0f;
    if ((first & 0x70) !== 0) throw new FrameError(closeCodes.protocolError, 'reserved bits are set');
    if ((head.readUInt8(1) & 0x80) === 0) throw new FrameError(closeCodes.protocolError, 'the frame is not masked');
    this.left = payloadLength(head);
    this.checkOrder();
    this.maskAt = headNeeded - 4;
    this.headLength = 0;
    this.headNeeded = 2;
    this.isStart = true;
    this.isInPayload = true;
    if (this.left === 0) this.part(Buffer.alloc(0));
  }

  private checkOrder(): void {
    const { opcode, isFinal, isFragmented, left } = this;
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong || !isFinal || left > CONTROL_BYTES_MAX)
        throw new FrameError(closeCodes.protocolError, 'the control frame is malformed');
      return;
    }
    if (opcode > opcodes.binary || (opcode === opcodes.continuation) !== isFragmented)
      throw new FrameError(closeCodes.protocolError, 'the frame does not continue the message');
    if (left > FRAME_BYTES_MAX) throw new FrameError(closeCodes.tooLarge, 'the frame is too large');
    this.isFragmented = !isFinal;
  }

  private payload(bytes: Buffer, from: number): number {
    const end = Math.min(bytes.length, from + this.left);
    const part = bytes.subarray(from, end);
    this.unmask(part);
    this.part(part);
    return end;
  }

  private unmask(part: Buffer): void {
    // The key is the last four bytes of the head; where in it this part begins is kept by turning it.
    const key = this.head.subarray(this.maskAt, this.maskAt + 4);
    for (let i = 0; i < part.length; i++) part[i] = (part[i] as number) ^ (key[i & 3] as number);
    const turned = part.length & 3;
    if (turned !== 0) Buffer.concat([key.subarray(turned), key.subarray(0, turned)]).copy(key);
  }

  private part(part: Buffer): void {
    this.left -= part.length;
    const { isStart } = this;
    const isEnd = this.left === 0;
    this.isStart = false;
    this.isInPayload = !isEnd;
    if (this.opcode < opcodes.close) return this.sink.data(part, isStart, isEnd);
    this.control.push(part);
    if (!isEnd) return;
    const whole = Buffer.concat(this.control);
    this.control = [];
    this.sink.control(this.opcode, whole);
  }
}

function lengthBytes(head: Buffer): number {
  const short = head.readUInt8(1) & 0x7f;
  return short === 127 ? 8 : short === 126 ? 2 : 0;
}
function payloadLength(head: Buffer): number {
  const short = head.readUInt8(1) & 0x7f;
  if (short < 126) return short;
  return short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
}

/** The head of a whole message in one frame, unmasked as a server's are. */
export function frameHead(opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | opcode, length]);
  if (length < 65_536) {
    const head = Buffer.from([0x80 | opcode, 126, 0, 0]);
    head.writeUInt16BE(length, 2);
    return head;
  }
  const head = Buffer.alloc(10);
  head.writeUInt8(0x80 | opcode, 0);
  head.writeUInt8(127, 1);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

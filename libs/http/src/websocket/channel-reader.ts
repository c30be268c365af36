/** A part of what a client sends on one channel; `isEnd` for the last part of a frame. */
export type OnChannel = (channel: number, data: Buffer, isEnd: boolean) => void;

const NO_BYTES = Buffer.alloc(0);

/**
 * Reads Kubernetes' channel protocols: each frame, a continuation frame too, begins with the byte of its channel. In the
 * base64 protocols that byte is a digit and the rest is text, which is decoded in groups of four.
 */
export class ChannelReader {
  private channel = 0;
  /** Base64 digits that make no whole group yet. */
  private digits = '';

  constructor(
    private readonly isBase64: boolean,
    private readonly onData: OnChannel,
  ) {}

  take(part: Buffer, isStart: boolean, isEnd: boolean): void {
    let data = part;
    if (isStart) {
      const [first] = part;
      // A frame without any byte names no channel.
      if (first === undefined) return;
      this.channel = this.isBase64 ? first - 0x30 : first;
      this.digits = '';
      data = part.subarray(1);
    }
    this.onData(this.channel, this.isBase64 ? this.decoded(data, isEnd) : data, isEnd);
  }

  private decoded(part: Buffer, isEnd: boolean): Buffer {
    const digits = this.digits + part.toString('latin1');
    const whole = isEnd ? digits.length : digits.length - (digits.length % 4);
    this.digits = digits.slice(whole);
    return whole === 0 ? NO_BYTES : Buffer.from(digits.slice(0, whole), 'base64');
  }
}

/**
 * Docker's multiplexed stream: frames of one byte for the stream (1 output, 2 errors), three zeros, a length and the bytes.
 */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Iterable<{ readonly stream: number; readonly bytes: Buffer }> {
    let data = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    while (data.length >= 8) {
      const length = data.readUInt32BE(4);
      if (data.length < 8 + length) break;
      yield { stream: data[0] ?? 1, bytes: data.subarray(8, 8 + length) };
      data = data.subarray(8 + length);
    }
    this.rest = data;
  }
}

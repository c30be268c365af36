/** What travels on a byte stream. Every frame has a kind, a channel, a number and a body; see {@link encodeFrame}. */
export type StreamFrame =
  | { readonly is: 'data'; readonly sequence: number; readonly channel: number; readonly body: Uint8Array }
  /** Nothing more comes after data frame `sequence - 1`. */
  | { readonly is: 'end'; readonly sequence: number }
  /** What this side has sent and how many bytes in all the other may send: credit, greeting and sign of life in one. */
  | { readonly is: 'state'; readonly sequence: number; readonly granted: number }
  /** The stream is over at once, and why. */
  | { readonly is: 'break'; readonly reason: string };

const KINDS = ['data', 'end', 'state', 'break'] as const;
const HEADER_BYTES = 6;

/** One byte kind, one byte channel, four bytes number, then the body (for `state`: the bytes granted, as a float64). */
export function encodeFrame(frame: StreamFrame): Uint8Array {
  const body = bodyOf(frame);
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, KINDS.indexOf(frame.is));
  view.setUint8(1, frame.is === 'data' ? frame.channel : 0);
  view.setUint32(2, frame.is === 'break' ? 0 : frame.sequence);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** Undefined for what is no frame of ours. */
export function decodeFrame(bytes: Uint8Array): StreamFrame | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sequence = view.getUint32(2);
  const body = bytes.subarray(HEADER_BYTES);
  switch (KINDS[view.getUint8(0)]) {
    case 'data':
      return { is: 'data', sequence, channel: view.getUint8(1), body };
    case 'end':
      return { is: 'end', sequence };
    case 'state':
      return body.length === 8 ? { is: 'state', sequence, granted: view.getFloat64(HEADER_BYTES) } : undefined;
    case 'break':
      return { is: 'break', reason: new TextDecoder().decode(body) };
    case undefined:
      return undefined;
  }
}

function bodyOf(frame: StreamFrame): Uint8Array {
  switch (frame.is) {
    case 'data':
      return frame.body;
    case 'end':
      return new Uint8Array(0);
    case 'state': {
      const body = new Uint8Array(8);
      new DataView(body.buffer).setFloat64(0, frame.granted);
      return body;
    }
    case 'break':
      return new TextEncoder().encode(frame.reason);
  }
}

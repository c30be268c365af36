import { COLUMN_COUNT, COLUMNS, type PackedEvents } from './protocol.js';

export interface PackedRow {
  readonly stream: string;
  readonly position: number;
  readonly revision: number;
  readonly raw: Uint8Array;
}

/** Copies events into memory that can change hands between threads. */
export function packed(events: readonly PackedRow[]): PackedEvents {
  const size = events.reduce((sum, { raw }) => sum + raw.length, 0);
  const bytes = new Uint8Array(new ArrayBuffer(size));
  const rows = new Float64Array(events.length * COLUMN_COUNT);
  const streams: string[] = [];
  const numbers = new Map<string, number>();
  let to = 0;
  for (const [i, { stream, position, revision, raw }] of events.entries()) {
    let number = numbers.get(stream);
    if (number === undefined) numbers.set(stream, (number = streams.push(stream) - 1));
    bytes.set(raw, to);
    rows.set([position, revision, number, to, to + raw.length], i * COLUMN_COUNT);
    to += raw.length;
  }
  return { bytes, rows, streams };
}

/** The events in it; their texts share its memory. */
export function* unpacked({ bytes, rows, streams }: PackedEvents): Generator<PackedRow> {
  for (let i = 0; i < rows.length; i += COLUMN_COUNT) {
    const column = (name: keyof typeof COLUMNS): number => rows[i + COLUMNS[name]] as number;
    yield {
      stream: streams[column('stream')] as string,
      position: column('position'),
      revision: column('revision'),
      raw: bytes.subarray(column('from'), column('to')),
    };
  }
}

/** What changes hands when it is sent. */
export function memoryOf({ bytes, rows }: PackedEvents): ArrayBuffer[] {
  return [bytes.buffer as ArrayBuffer, rows.buffer as ArrayBuffer];
}

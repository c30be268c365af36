import { hash } from 'node:crypto';

/** A page is worked on in one go on the main thread; this keeps that under some milliseconds. */
export const PAGE_BYTES = 256 * 1024;
const PAGE_ROWS = 1000;
/** A page's first buffer: room for its last row too, unless that is a large one. */
const BUFFER_BYTES = PAGE_BYTES + 8 * 1024;
/** More pages than are on their way at a time. */
const SPARE_MAX = 16;
/** A UTF-16 unit takes three bytes at most; of a longer text it is worth counting them. */
const BYTES_PER_UNIT = 3;
const COUNTED_UNITS = 4096;

export interface Row {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  /** The event's JSON text. */
  readonly body: string;
}

/** Rows as they travel between threads: bytes change hands, where thousands of strings would be copied twice. */
export interface PageContent {
  /** The events' texts in UTF-8, somewhere in here. */
  readonly bytes: Uint8Array;
  /** {@link COLUMNS} of one row after the other. */
  readonly rows: Float64Array;
  /** Names of streams that the pages before it have not told; a row's stream is an index into all of them. */
  readonly streams: readonly string[];
  /** True when nothing more was there. */
  readonly done: boolean;
}
/** The numbers of a row: its text begins at `from` and ends before `to`, where its {@link DIGEST_BYTES} follow. */
export const COLUMNS = { position: 0, revision: 1, stream: 2, from: 3, to: 4 } as const;
export const COLUMN_COUNT = 5;

/** A SHA-256 in base64url. */
export const DIGEST_BYTES = 43;

/** Position of a page's last row. */
export function lastPosition({ rows }: PageContent): number | undefined {
  return rows.at(COLUMNS.position - COLUMN_COUNT);
}

/** SHA-256 over the chain before and a row; the same for text and for its bytes in UTF-8. */
export function chainOf(before: string, row: Row): string {
  return linkOf(prefixOf(before, row) + row.body);
}
function prefixOf(before: string, { position, stream, revision }: Row): string {
  return `${before}\n${position}\n${stream}\n${revision}\n`;
}
function linkOf(linked: string | Uint8Array): string {
  return hash('sha256', linked, 'base64url');
}

/** Memory of pages that nobody reads any more: allocating it anew each time makes both threads collect garbage. */
export class PageMemory {
  readonly #spare: Buffer[] = [];

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }
  giveBack(bytes: Uint8Array): void {
    if (bytes.byteLength === BUFFER_BYTES && this.#spare.length < SPARE_MAX)
      this.#spare.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }
}

/** Lays rows one after the other, each behind what its chain is made of, so that both are written once. */
export class PageBuilder {
  #bytes: Buffer;
  #end = 0;
  readonly #rows: number[] = [];
  readonly #streams: Map<string, number>;
  readonly #fresh: string[] = [];
  full = false;

  /** `streams`: what the pages before this one have named. */
  constructor(memory: PageMemory, streams = new Map<string, number>()) {
    this.#bytes = memory.take();
    this.#streams = streams;
  }

  /** Adds a row of a store that keeps no chain, with its digest. */
  put(row: Row): void {
    this.add(row, '');
  }

  /** Adds a row and returns the chain with it, which is laid behind the row. */
  add(row: Row, before: string): string {
    const prefix = prefixOf(before, row);
    this.#ensure(bytesMaxOf(prefix) + bytesMaxOf(row.body) + DIGEST_BYTES);
    const start = this.#end;
    const from = start + this.#bytes.write(prefix, start);
    const to = from + this.#bytes.write(row.body, from);
    const link = linkOf(this.#bytes.subarray(start, to));
    this.#end = to + this.#bytes.write(link, to, 'latin1');
    this.#rows.push(row.position, row.revision, this.#indexOf(row.stream), from, to);
    this.full = to >= PAGE_BYTES || this.#rows.length >= PAGE_ROWS * COLUMN_COUNT;
    return link;
  }

  content(): PageContent {
    const rows = new Float64Array(this.#rows);
    return { bytes: this.#bytes, rows, streams: this.#fresh, done: !this.full };
  }

  #indexOf(stream: string): number {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    const index = this.#streams.size;
    this.#streams.set(stream, index);
    this.#fresh.push(stream);
    return index;
  }

  #ensure(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(this.#end + bytes);
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

function bytesMaxOf(text: string): number {
  return text.length < COUNTED_UNITS ? text.length * BYTES_PER_UNIT : Buffer.byteLength(text);
}

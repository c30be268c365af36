import { hash } from 'node:crypto';

/** A page is worked on in one go on the main thread; this keeps that under some milliseconds. */
export const PAGE_BYTES = 256 * 1024;
const PAGE_ROWS = 1000;
/** So many names of streams are told before they begin anew: a log has as many as there ever were objects. */
const NAMES_MAX = 32_768;
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
  /** The names that the pages before it have told are not meant any more: the index begins at 0 again. */
  readonly namesAnew: boolean;
  /** True when nothing more was there. */
  readonly done: boolean;
}
/** The numbers of a row: its text begins at `from` and ends before `to`, where its {@link DIGEST_BYTES} follow. */
export const COLUMNS = { position: 0, revision: 1, stream: 2, from: 3, to: 4 } as const;
export const COLUMN_COUNT = 5;
/** A buffer begins with the numbers of its rows; the texts follow. */
const NUMBERS_BYTES = PAGE_ROWS * COLUMN_COUNT * Float64Array.BYTES_PER_ELEMENT;
/** A page's first buffer: room for its last row too, unless that is a large one. */
const BUFFER_BYTES = NUMBERS_BYTES + PAGE_BYTES + 8 * 1024;

/** A SHA-256 in base64url. */
export const DIGEST_BYTES = 43;

export function emptyPage(): PageContent {
  return { bytes: new Uint8Array(0), rows: new Float64Array(0), streams: [], namesAnew: false, done: true };
}

/** What changes hands when a page is sent. */
export function memoryOf({ bytes, rows }: PageContent): ArrayBuffer[] {
  const buffers = [bytes.buffer, rows.buffer] as ArrayBuffer[];
  return buffers[0] === buffers[1] ? buffers.slice(1) : buffers;
}

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

/**
 * Buffers of pages that are read. Garbage collection frees a buffer long after its last use, so a dropped one stays resident
 * while the next is allocated: each buffer is used again, or freed at once.
 */
export class PageMemory {
  readonly #spare: ArrayBuffer[] = [];

  take(): ArrayBuffer {
    return this.#spare.pop() ?? (Buffer.allocUnsafeSlow(BUFFER_BYTES).buffer as ArrayBuffer);
  }
  /** While somebody reads on, every buffer is kept: as many come back as were held at a time, and as many will be again. */
  giveBack({ buffer }: Uint8Array, isReadOn: boolean): void {
    if (buffer.byteLength === BUFFER_BYTES && (isReadOn || this.#spare.length < SPARE_MAX))
      this.#spare.push(buffer as ArrayBuffer);
    else free(buffer as ArrayBuffer);
  }
  /** Nobody reads on: frees what only a reader of many pages needs. */
  shrink(): void {
    for (const buffer of this.#spare.splice(SPARE_MAX)) free(buffer);
  }
}

/** Detaches the memory of a buffer, which frees it without a collection. */
function free(buffer: ArrayBuffer): void {
  buffer.transfer(0);
}

/** Lays rows one after the other, each behind what its chain is made of, so that both are written once. */
export class PageBuilder {
  #numbers: Float64Array;
  #bytes: Buffer;
  #end = 0;
  #count = 0;
  /** The chain with the row before. */
  #link = '';
  readonly #streams: Map<string, number>;
  readonly #fresh: string[] = [];
  readonly #namesAnew: boolean;
  full = false;

  /** `streams`: what the pages before this one have named; emptied when that is much. */
  constructor(memory: PageMemory, streams = new Map<string, number>()) {
    const buffer = memory.take();
    this.#numbers = numbersIn(buffer);
    this.#bytes = Buffer.from(buffer, NUMBERS_BYTES);
    this.#streams = streams;
    this.#namesAnew = streams.size >= NAMES_MAX;
    if (this.#namesAnew) streams.clear();
  }

  /** Adds a row of a store that keeps no chain, with its digest. */
  put(row: Row): void {
    this.add(row, '');
  }

  /** Adds a row and returns the chain with it, which is laid behind the row. */
  add(row: Row, before: string): string {
    // The chain before mostly lies there already, behind the row before.
    const isNext = this.#count > 0 && before === this.#link;
    const prefix = prefixOf(isNext ? '' : before, row);
    this.#ensure(bytesMaxOf(prefix) + bytesMaxOf(row.body) + DIGEST_BYTES);
    const start = isNext ? this.#end - DIGEST_BYTES : this.#end;
    const from = this.#end + this.#bytes.write(prefix, this.#end);
    const to = from + this.#bytes.write(row.body, from);
    this.#link = linkOf(this.#bytes.subarray(start, to));
    this.#end = to + this.#bytes.write(this.#link, to, 'latin1');
    this.#number([row.position, row.revision, this.#indexOf(row.stream), from, to]);
    this.full = to >= PAGE_BYTES || this.#count >= PAGE_ROWS;
    return this.#link;
  }

  content(): PageContent {
    const rows = this.#numbers.subarray(0, this.#count * COLUMN_COUNT);
    return { bytes: this.#bytes, rows, streams: this.#fresh, namesAnew: this.#namesAnew, done: !this.full };
  }

  #number(row: readonly [position: number, revision: number, stream: number, from: number, to: number]): void {
    this.#numbers.set(row, this.#count++ * COLUMN_COUNT);
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
    const larger = (this.#bytes.buffer as ArrayBuffer).transfer(NUMBERS_BYTES + this.#end + bytes);
    this.#numbers = numbersIn(larger);
    this.#bytes = Buffer.from(larger, NUMBERS_BYTES);
  }
}

function numbersIn(buffer: ArrayBuffer): Float64Array {
  return new Float64Array(buffer, 0, PAGE_ROWS * COLUMN_COUNT);
}

function bytesMaxOf(text: string): number {
  return text.length < COUNTED_UNITS ? text.length * BYTES_PER_UNIT : Buffer.byteLength(text);
}

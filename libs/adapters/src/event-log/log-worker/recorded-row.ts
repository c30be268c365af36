import type { Fact, NewEvent, StoredEvent } from '#model';
import { fromEventTime, type Instant, type JsonObject } from '#std';
import type { RecordedEvent } from '#ports';
import { COLUMN_COUNT, COLUMNS, DIGEST_BYTES, type PageContent } from './page.js';

/** A body is as the log's own append wrote it: `{"id":"…","type":"…","time":"…","data":{"…":…},"metadata":{"epoch":…`. */
const ID = Buffer.from('{"id":"');
const TYPE = Buffer.from('","type":"');
const TIME = Buffer.from('","time":"');
const DATA = Buffer.from('","data":{"');
const METADATA = ',"metadata":{"epoch":';
/** Within the metadata; a text that says the same has its quotes escaped. */
const VERSION = '"schemaVersion":';
const FIRST_KEYS = ['uid', 'object', 'snapshot'].map((text) => ({ text, bytes: Buffer.from(`${text}"`) }));
const ID_LENGTH = 36;
const TIME_LENGTH = 24;
const QUOTE = 0x22;
const NO_BYTES = Buffer.alloc(0);
const NO_NUMBERS = new Float64Array(0);

/**
 * A page whose rows share its memory, until it is given back: when all of them are done with, and the page itself. It may
 * then hold other content. Its rows are objects that live as long as it does: a rebuild sets events aside for longer than a
 * young object lives, and one object an event would fill the old generation.
 */
export class RecordedPage {
  bytes: Buffer = NO_BYTES;
  rows: Float64Array = NO_NUMBERS;
  streams: readonly string[] = [];
  /** The one that was read last, with the quote at its end: the next one is mostly the same. */
  lastType: { readonly bytes: Uint8Array; readonly text: string } = { bytes: Buffer.from('"'), text: '' };
  private readonly made: RecordedRow[] = [];
  private inUse = 0;

  constructor(private readonly onDone: (page: RecordedPage) => void = () => undefined) {}

  /** Its events from now on; what it held before must be done with. */
  hold({ bytes, rows, streams }: PageContent): readonly RecordedEvent[] {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.rows = rows;
    this.streams = streams;
    const count = rows.length / COLUMN_COUNT;
    while (this.made.length < count) this.made.push(new RecordedRow(this, this.made.length * COLUMN_COUNT));
    const events = this.made.slice(0, count);
    for (const row of events) row.reset();
    this.inUse = count + 1;
    return events;
  }

  done(): void {
    if (--this.inUse === 0) this.onDone(this);
  }
}

/** The events of a page, each parsed. */
export function eventsIn(page: PageContent): StoredEvent[] {
  return new RecordedPage().hold(page).map((recorded) => recorded.open());
}

/**
 * A row of the log: its body was checked against the chain by the worker, so its shape is what was once appended. It
 * stays small, because a rebuild sets many aside: text is made of its bytes when it is asked for.
 */
class RecordedRow implements RecordedEvent {
  /** Where the type ends; 0 when the parts before the data are not as usual, -1 before that was looked at. */
  private typeEnd = -1;
  private isDone = false;

  constructor(
    private readonly page: RecordedPage,
    private readonly at: number,
  ) {}

  /** Its page holds other content. */
  reset(): void {
    this.typeEnd = -1;
    this.isDone = false;
  }

  get stream(): string {
    return this.page.streams[this.number('stream')] as string;
  }
  get revision(): number {
    return this.number('revision');
  }
  get position(): number {
    return this.number('position');
  }
  get bytes(): number {
    return this.number('to') - this.number('from');
  }
  get raw(): Uint8Array {
    return this.page.bytes.subarray(this.number('from'), this.number('to'));
  }
  get type(): string {
    if (this.typeTo() === 0) return this.open().type;
    const { bytes, lastType } = this.page;
    const { typeFrom } = this;
    if (isAt(bytes, typeFrom, lastType.bytes)) return lastType.text;
    const text = this.text(typeFrom, this.typeTo());
    this.page.lastType = { bytes: Buffer.from(`${text}"`), text };
    return text;
  }
  get time(): string {
    const typeTo = this.typeTo();
    if (typeTo === 0) return this.open().time;
    const from = typeTo + TIME.length;
    return this.text(from, from + TIME_LENGTH);
  }
  get instant(): Instant {
    const typeTo = this.typeTo();
    if (typeTo === 0) return fromEventTime(this.open().time);
    const from = typeTo + TIME.length;
    const digits = (at: number, count: number) => digitsAt(this.page.bytes, from + at, count);
    // 2026-11-27T08:30:00.123Z
    const [year, month, day] = [digits(0, 4), digits(5, 2), digits(8, 2)];
    return Date.UTC(year, month - 1, day, digits(11, 2), digits(14, 2), digits(17, 2), digits(20, 3));
  }
  get firstKey(): string {
    const typeTo = this.typeTo();
    if (typeTo === 0) return Object.keys(this.open().data)[0] ?? '';
    const from = typeTo + TIME.length + TIME_LENGTH + DATA.length;
    const { bytes } = this.page;
    const known = FIRST_KEYS.find((key) => isAt(bytes, from, key.bytes));
    return known?.text ?? this.text(from, bytes.indexOf(QUOTE, from));
  }

  get digest(): string {
    const to = this.number('to');
    return this.page.bytes.toString('latin1', to, to + DIGEST_BYTES);
  }

  mayHave(key: string): boolean {
    return this.body.includes(JSON.stringify(key));
  }
  open(): StoredEvent {
    return stored(JSON.parse(this.body) as NewEvent, this);
  }
  /** Parses the data alone, a third less than all. */
  fact(): Fact {
    const typeTo = this.typeTo();
    if (typeTo === 0) return this.open();
    const { body, stream, type, time, revision, position } = this;
    // What is before it is ASCII: bytes are characters.
    const dataAt = typeTo + TIME.length + TIME_LENGTH + DATA.length - '{"'.length - this.number('from');
    const metadataAt = body.lastIndexOf(METADATA);
    try {
      const data = JSON.parse(body.slice(dataAt, metadataAt)) as JsonObject;
      const metadata = {
        epoch: numberAt(body, metadataAt + METADATA.length),
        schemaVersion: numberAt(body, body.indexOf(VERSION, metadataAt) + VERSION.length),
      };
      return { stream, type, time, data, revision, position, metadata };
    } catch {
      // These words stand within the metadata once more: cut there, nothing is JSON.
      return this.open();
    }
  }

  done(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.page.done();
  }

  private get typeFrom(): number {
    return this.number('from') + ID.length + ID_LENGTH + TYPE.length;
  }
  private typeTo(): number {
    if (this.typeEnd < 0) this.typeEnd = this.findTypeEnd();
    return this.typeEnd;
  }
  private findTypeEnd(): number {
    const { bytes } = this.page;
    const { typeFrom } = this;
    if (!isAt(bytes, typeFrom - TYPE.length, TYPE)) return 0;
    let to = typeFrom;
    while (bytes[to] !== QUOTE) if (++to >= this.number('to')) return 0;
    return isAt(bytes, to, TIME) && isAt(bytes, to + TIME.length + TIME_LENGTH, DATA) ? to : 0;
  }
  private get body(): string {
    return this.text(this.number('from'), this.number('to'));
  }
  private number(column: keyof typeof COLUMNS): number {
    return this.page.rows[this.at + COLUMNS[column]] as number;
  }
  private text(from: number, to: number): string {
    return this.page.bytes.toString('utf8', from, to);
  }
}

function isAt(bytes: Uint8Array, from: number, what: Uint8Array): boolean {
  for (let i = 0; i < what.length; i++) if (bytes[from + i] !== what[i]) return false;
  return true;
}

/** A number of so many digits. */
function digitsAt(bytes: Uint8Array, from: number, count: number): number {
  let number = 0;
  for (let i = from; i < from + count; i++) number = number * 10 + (bytes[i] as number) - 48;
  return number;
}

/** The whole number that begins there. */
function numberAt(text: string, at: number): number {
  let number = 0;
  for (let i = at; ; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return number;
    number = number * 10 + digit;
  }
}

export function stored(
  event: NewEvent,
  { stream, revision, position, digest }: Pick<StoredEvent, 'stream' | 'revision' | 'position' | 'digest'>,
): StoredEvent {
  const { id, type, time, data, metadata } = event;
  return { id, type, time, data, metadata, stream, revision, position, ...(digest !== undefined && { digest }) };
}

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { readAcked } from './acked-mark.js';
import { bytesOf, checkPages, numberOf } from './database.js';
import { realDisk, type Disk } from './disk.js';
import { damaged } from './failure.js';
import { PAGE_BYTES, PageBuilder, PageMemory, type PageContent, type Row } from '../log-worker/page.js';

/** So many rows are taken off SQLite at once, which is faster than one by one; fewer while they are large. */
const ROWS_AT_ONCE_MAX = 64;
/** Names of streams that are remembered; beyond it all are forgotten and looked up again. */
const NAMES_MAX = 32_768;
/** A file up to this size is checked whole when it is opened; of a larger one the end is, and the rest as it is read. */
const CHECK_WHOLE_BYTES = 16 * 1024 * 1024;
const CHECK_PAGES_BYTES = 64 * 1024 * 1024;
const CHECK_LAST_ROWS = 1000;

export interface Link {
  readonly position: number;
  readonly chain: string;
}

/** Reads rows and holds each against the chain before it is given out: what was altered is never silently read. */
export class LogReader {
  readonly memory = new PageMemory();
  readonly #path: string;
  readonly #disk: Disk;
  readonly #page: StatementSync;
  readonly #streamPage: StatementSync;
  readonly #nameOf: StatementSync;
  readonly #before: StatementSync;
  readonly #head: StatementSync;
  readonly #database: DatabaseSync;
  readonly #origin: Link;
  readonly #names = new Map<number, string>();
  #rowsAtOnce = 1;
  /** Where the last page ended: the next one mostly goes on from there. */
  #last: Link;

  constructor(database: DatabaseSync, path: string, disk: Disk = realDisk) {
    this.#disk = disk;
    this.#database = database;
    this.#path = path;
    this.#page = database.prepare(
      `SELECT position, revision, body, chain, stream FROM events WHERE position > ? AND position <= ?
       ORDER BY position LIMIT ?`,
    );
    this.#streamPage = database.prepare(
      `SELECT e.position, e.revision, e.body, e.chain,
         (SELECT p.chain FROM events p WHERE p.position < e.position ORDER BY p.position DESC LIMIT 1)
       FROM streams s JOIN events e ON e.stream = s.id WHERE s.name = ? AND e.revision >= ? ORDER BY e.revision`,
    );
    this.#nameOf = database.prepare('SELECT name FROM streams WHERE id = ?');
    this.#before = database.prepare(
      'SELECT position, chain FROM events WHERE position <= ? ORDER BY position DESC LIMIT 1',
    );
    this.#head = database.prepare('SELECT position, chain FROM events ORDER BY position DESC LIMIT 1');
    for (const statement of [this.#page, this.#streamPage]) statement.setReturnArrays(true);
    this.#origin = this.#readOrigin();
    this.#last = this.#origin;
  }

  get origin(): number {
    return this.#origin.position;
  }

  head(): Link {
    return linkOf(this.#head.get()) ?? this.#origin;
  }

  /** What an open checks: that the file is whole, and that nothing that was acknowledged is missing. */
  check(): void {
    // The mark first: it only grows, and what it said then must be in the file now.
    const acked = readAcked(this.#path);
    const bytes = bytesOf(this.#path);
    if (bytes <= CHECK_PAGES_BYTES) checkPages(this.#database, this.#path, bytes <= CHECK_WHOLE_BYTES);
    const head = this.head();
    if (acked !== undefined && acked.position > head.position) {
      throw damaged(
        this.#path,
        head.position + 1,
        `events up to position ${acked.position} were acknowledged and are missing`,
      );
    }
    if (acked !== undefined && acked.position > this.origin && this.#linkAt(acked.position).chain !== acked.chain) {
      throw damaged(this.#path, acked.position, 'the event that was acknowledged there is another one');
    }
    let after = bytes <= CHECK_WHOLE_BYTES ? this.origin : Math.max(this.origin, head.position - CHECK_LAST_ROWS);
    while (after < head.position) {
      this.page(after, head.position);
      after = this.#last.position;
    }
  }

  page(after: number, until: number, streams?: Map<string, number>): PageContent {
    let link = this.#last.position === after ? this.#last : this.#linkAt(after);
    const page = new PageBuilder(this.memory, streams);
    for (let last = after, ended = false; !ended && !page.full;) {
      const rows = this.#disk.run('read', () =>
        this.#page.all(last, until, this.#rowsAtOnce),
      ) as unknown as readonly SqlRow[];
      ended = rows.length < this.#rowsAtOnce;
      let units = 0;
      for (const values of rows) {
        const row = rowOf(values, this.#name(values[4]));
        link = this.#added(page, row, link.chain, values[3]);
        units += row.body.length;
        if (page.full) break;
      }
      this.#rowsAtOnce = units >= PAGE_BYTES ? 1 : Math.min(2 * this.#rowsAtOnce, ROWS_AT_ONCE_MAX);
      last = link.position;
    }
    this.#last = link;
    return page.content();
  }

  streamPage(stream: string, from: number): PageContent {
    const page = new PageBuilder(this.memory);
    let expected = from;
    const rows = this.#disk.run('read', () => this.#streamPage.iterate(stream, from));
    for (const values of rows as Iterable<unknown> as Iterable<SqlRow>) {
      const row = rowOf(values, stream);
      this.#added(page, row, typeof values[4] === 'string' ? values[4] : this.#origin.chain, values[3]);
      if (row.revision !== expected++)
        throw damaged(this.#path, row.position, `revision ${expected - 1} of its stream ${stream} is missing`);
      if (page.full) break;
    }
    return page.content();
  }

  /** Adds a row whose link to the one `before` is the `stored` one. */
  #added(page: PageBuilder, row: Row, before: string, stored: unknown): Link {
    const chain = page.add(row, before);
    if (chain !== stored) throw damaged(this.#path, row.position, 'what is stored there is not what was written');
    return { position: row.position, chain };
  }

  /** '' for a stream that is not there: no row of it can be right. */
  #name(id: unknown): string {
    const number = numberOf(id);
    const known = this.#names.get(number);
    if (known !== undefined) return known;
    const name = this.#nameOf.get(number)?.['name'];
    if (typeof name !== 'string') return '';
    if (this.#names.size >= NAMES_MAX) this.#names.clear();
    this.#names.set(number, name);
    return name;
  }

  /** The chain up to and with a position. */
  #linkAt(position: number): Link {
    return linkOf(this.#before.get(position)) ?? this.#origin;
  }

  #readOrigin(): Link {
    const values = new Map(
      this.#database
        .prepare('SELECT name, value FROM log')
        .all()
        .map((row) => [row['name'], row['value']]),
    );
    const chain = values.get('origin-chain');
    if (typeof chain !== 'string') throw damaged(this.#path, undefined, 'it does not say where it begins');
    return { position: numberOf(values.get('origin')), chain };
  }
}

/** Position, revision, body, chain, and the id of the stream or the chain before. */
type SqlRow = readonly [unknown, unknown, unknown, unknown, unknown];

/** The edge where SQLite's untyped values become a row. */
function rowOf([position, revision, body]: SqlRow, stream: string): Row {
  return { position: numberOf(position), stream, revision: numberOf(revision), body: String(body) };
}

function linkOf(row: Record<string, unknown> | undefined): Link | undefined {
  return row === undefined ? undefined : { position: numberOf(row['position']), chain: String(row['chain']) };
}

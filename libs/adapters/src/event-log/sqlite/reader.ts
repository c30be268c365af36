import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { readAcked } from './acked-mark.js';
import { bytesOf, chainOf, checkPages, numberOf } from './database.js';
import { damaged } from './failure.js';
import type { PageAnswer } from './protocol.js';

/** A page is worked on in one go on the main thread; this keeps that under some milliseconds. */
const PAGE_CHARS = 256 * 1024;
const PAGE_ROWS = 1000;
/** A file up to this size is checked whole when it is opened; of a larger one the end is, and the rest as it is read. */
const CHECK_WHOLE_BYTES = 16 * 1024 * 1024;
const CHECK_PAGES_BYTES = 64 * 1024 * 1024;
const CHECK_LAST_ROWS = 1000;

export interface Link {
  readonly position: number;
  readonly chain: string;
}
type PageContent = Omit<PageAnswer, 'is' | 'seq'>;

/** Reads rows and holds each against the chain before it is given out: what was altered is never silently read. */
export class LogReader {
  readonly #path: string;
  readonly #page: StatementSync;
  readonly #streamPage: StatementSync;
  readonly #before: StatementSync;
  readonly #head: StatementSync;
  readonly #database: DatabaseSync;
  readonly #origin: Link;
  /** Where the last page ended: the next one mostly goes on from there. */
  #last: Link;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#page = database.prepare(
      'SELECT e.position, s.name, e.revision, e.body, e.chain FROM events e LEFT JOIN streams s ON s.id = e.stream WHERE e.position > ? ORDER BY e.position',
    );
    this.#streamPage = database.prepare(
      `SELECT e.position, s.name, e.revision, e.body, e.chain,
         (SELECT p.chain FROM events p WHERE p.position < e.position ORDER BY p.position DESC LIMIT 1)
       FROM streams s JOIN events e ON e.stream = s.id WHERE s.name = ? AND e.revision >= ? ORDER BY e.revision`,
    );
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
    while (after < head.position) after = this.page(after, head.position).positions.at(-1) ?? head.position;
  }

  page(after: number, until: number): PageContent {
    let link = this.#last.position === after ? this.#last : this.#linkAt(after);
    const page = new PageBuilder();
    for (const values of this.#page.iterate(after)) {
      const row = rowOf(values);
      if (row.position > until) break;
      link = this.#verified(row, link.chain);
      page.add(row);
      if (page.full) break;
    }
    this.#last = link;
    return page.content();
  }

  streamPage(stream: string, from: number): PageContent {
    const page = new PageBuilder();
    let expected = from;
    for (const values of this.#streamPage.iterate(stream, from)) {
      const row = rowOf(values);
      this.#verified(row, row.before ?? this.#origin.chain);
      if (row.revision !== expected++)
        throw damaged(this.#path, row.position, `revision ${expected - 1} of its stream ${stream} is missing`);
      page.add(row);
      if (page.full) break;
    }
    return page.content();
  }

  #verified(row: FullRow, before: string): Link {
    if (chainOf(before, row) !== row.chain)
      throw damaged(this.#path, row.position, 'what is stored there is not what was written');
    return row;
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

interface FullRow extends Link {
  readonly stream: string;
  readonly revision: number;
  readonly body: string;
  readonly before: string | undefined;
}
/** The edge where SQLite's untyped values become a row. */
function rowOf(values: unknown): FullRow {
  const [position, stream, revision, body, chain, before] = values as unknown[];
  return {
    position: numberOf(position),
    stream: String(stream ?? ''),
    revision: numberOf(revision),
    body: String(body),
    chain: String(chain),
    before: typeof before === 'string' ? before : undefined,
  };
}

function linkOf(row: Record<string, unknown> | undefined): Link | undefined {
  return row === undefined ? undefined : { position: numberOf(row['position']), chain: String(row['chain']) };
}

class PageBuilder {
  readonly #bodies: string[] = [];
  readonly #positions: number[] = [];
  readonly #revisions: number[] = [];
  readonly #streams: string[] = [];
  #chars = 0;
  full = false;

  add(row: FullRow): void {
    this.#bodies.push(row.body);
    this.#positions.push(row.position);
    this.#revisions.push(row.revision);
    this.#streams.push(row.stream);
    this.#chars += row.body.length;
    this.full = this.#chars >= PAGE_CHARS || this.#bodies.length >= PAGE_ROWS;
  }

  content(): PageContent {
    return {
      bodies: this.#bodies,
      positions: this.#positions,
      revisions: this.#revisions,
      streams: this.#streams,
      done: !this.full,
    };
  }
}

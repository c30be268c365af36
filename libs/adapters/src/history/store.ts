import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { factsOf, LIFE } from './event-facts.js';
import { nodeOf } from './interval-tree.js';
import type { PackedRow } from './packing.js';
import type { HistoryFailure } from './protocol.js';

/** Streams that are remembered; beyond it all are forgotten and looked up again. */
const STREAMS_MAX = 32_768;

interface Stream {
  readonly id: number;
  revision: number;
  /** Where the life that goes on began; 0 when none does, -1 when what was before the first event is archived. */
  born: number;
}

/** Carries a failure up to where it is answered; inside the worker only. */
export class IndexFailure extends Error {
  readonly failure: HistoryFailure;
  constructor(failure: HistoryFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Writes events into the tables, each batch in one transaction. */
export class HistoryStore {
  readonly #database: DatabaseSync;
  readonly #streams = new Map<string, Stream>();
  readonly #statements: Record<StatementName, StatementSync>;

  constructor(database: DatabaseSync) {
    this.#database = database;
    const prepared = Object.entries(STATEMENTS).map(([name, text]) => [name, database.prepare(text)]);
    this.#statements = Object.fromEntries(prepared) as Record<StatementName, StatementSync>;
  }

  mark(): string | undefined {
    const value = this.#statements.mark.get()?.['value'];
    return typeof value === 'string' ? value : undefined;
  }

  add(events: Iterable<PackedRow>, epoch: number, mark: string): void {
    this.#database.exec('BEGIN');
    try {
      for (const event of events) this.#addOne(event, epoch);
      this.#statements.setMark.run(mark);
      this.#database.exec('COMMIT');
    } catch (cause) {
      this.#streams.clear();
      this.#database.exec('ROLLBACK');
      throw cause;
    }
  }

  #addOne({ stream: name, position, revision, raw }: PackedRow, epoch: number): void {
    const stream = this.#stream(name, revision);
    if (revision !== stream.revision + 1) throw gap(name, stream.revision, { position, revision });
    stream.revision = revision;
    const facts = factsOf(raw);
    if (facts.epoch >= epoch) {
      const kind = name.slice(0, name.indexOf('/'));
      const { life } = facts;
      this.#statements.addEvent.run(position, stream.id, revision, life, raw);
      this.#statements.addChange.run(kind, position);
      // In a log whose beginning is archived, the first that is seen of an object may be a change with a snapshot.
      const begins = life === LIFE.begins || (life === LIFE.snapshot && stream.born < 0);
      if (begins && stream.born <= 0) this.#begin(name, stream, position);
      else if (life === LIFE.ends) this.#end(name, stream, position);
    }
    this.#statements.updateStream.run(stream.revision, stream.born, stream.id);
  }

  #begin(name: string, stream: Stream, position: number): void {
    for (const scope of scopesOf(name)) this.#statements.addLiving.run(scope, position, stream.id);
    stream.born = position;
  }
  #end(name: string, stream: Stream, position: number): void {
    if (stream.born > 0) this.#storeLife(name, stream, position - 1);
    stream.born = 0;
  }
  #storeLife(name: string, stream: Stream, last: number): void {
    const node = nodeOf(stream.born, last);
    for (const scope of scopesOf(name)) {
      this.#statements.removeLiving.run(scope, stream.born);
      this.#statements.addLife.run(scope, node, last, stream.born, stream.id);
    }
  }

  /** `revision`: of the event that is added; where a stream begins with another one than 0, what was before it is archived. */
  #stream(name: string, revision: number): Stream {
    const known = this.#streams.get(name);
    if (known) return known;
    if (this.#streams.size >= STREAMS_MAX) this.#streams.clear();
    const row = this.#statements.findStream.get(name);
    const stream = row
      ? { id: Number(row['id']), revision: Number(row['revision']), born: Number(row['born']) }
      : this.#newStream(name, revision);
    this.#streams.set(name, stream);
    return stream;
  }
  #newStream(name: string, revision: number): Stream {
    const born = revision > 0 ? -1 : 0;
    const { lastInsertRowid: id } = this.#statements.addStream.run(name, revision - 1, born);
    return { id: Number(id), revision: revision - 1, born };
  }
}

const STATEMENTS = {
  mark: `SELECT value FROM meta WHERE name = 'mark'`,
  setMark: `INSERT OR REPLACE INTO meta VALUES ('mark', ?)`,
  findStream: 'SELECT id, revision, born FROM streams WHERE name = ?',
  addStream: 'INSERT INTO streams (name, revision, born) VALUES (?, ?, ?)',
  updateStream: 'UPDATE streams SET revision = ?, born = ? WHERE id = ?',
  addEvent: 'INSERT INTO events VALUES (?, ?, ?, ?, ?)',
  addChange: 'INSERT INTO changes VALUES (?, ?)',
  addLiving: 'INSERT INTO living VALUES (?, ?, ?)',
  removeLiving: 'DELETE FROM living WHERE scope = ? AND born = ?',
  addLife: 'INSERT INTO lives VALUES (?, ?, ?, ?, ?)',
} as const;
type StatementName = keyof typeof STATEMENTS;

/** The kind of a stream, and its kind and namespace. An object without a namespace is found by its kind alone. */
function scopesOf(stream: string): readonly string[] {
  const first = stream.indexOf('/');
  const second = stream.indexOf('/', first + 1);
  const kind = stream.slice(0, first);
  return stream.slice(first, second) === '/_' ? [kind] : [kind, stream.slice(0, second)];
}

function gap(
  stream: string,
  last: number,
  { position, revision }: { position: number; revision: number },
): IndexFailure {
  return new IndexFailure({
    is: 'damaged',
    message:
      `The event log is damaged: the event at position ${position} is revision ${revision} of stream ${stream}, ` +
      `but the stream's event before it is revision ${last}. Restore the log from a backup.`,
    position,
  });
}

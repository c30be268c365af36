import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LIFE } from './event-facts.js';
import { nodesAround } from './interval-tree.js';
import type { PackedRow } from './packing.js';
import type { ScanQuestion } from './protocol.js';

/** A slice ends with the object that makes it so large: it is parsed in one go on the main thread. */
const SLICE_BYTES = 256 * 1024;
/** Members of lists that are remembered for their next slice or page, in all. */
const MEMBERS_MAX = 1_000_000;

export interface Slice {
  readonly events: readonly PackedRow[];
  /** How many of the events there are of each object. */
  readonly counts: readonly number[];
  readonly number: number;
}

/** Answers questions out of the tables. */
export class HistoryReader {
  readonly #statements: Record<StatementName, StatementSync>;
  /** Ids of streams in the order of their names, by what was listed. */
  readonly #members = new Map<string, Float64Array>();
  #membersHeld = 0;

  constructor(database: DatabaseSync) {
    const prepared = Object.entries(STATEMENTS).map(([name, text]) => {
      const statement = database.prepare(text);
      statement.setReturnArrays(true);
      return [name, statement];
    });
    this.#statements = Object.fromEntries(prepared) as Record<StatementName, StatementSync>;
  }

  get(stream: string, at: number, below = Infinity): readonly PackedRow[] {
    const [id] = rowOf(this.#statements.findStream.get(stream)) ?? [];
    return id === undefined ? [] : this.#events(Number(id), stream, { at, below });
  }

  scan({ kind, namespace, at, from, given }: ScanQuestion): Slice {
    const scope = namespace === '' ? kind : `${kind}/${namespace}`;
    const members = this.#membersOf(scope, at);
    const events: PackedRow[] = [];
    const counts: number[] = [];
    let next = (from === '' ? 0 : this.#firstFrom(members, `${kind}/${from}`)) + given;
    for (let bytes = 0; next < members.length && bytes < SLICE_BYTES; next++) {
      const id = members[next] as number;
      const found = this.#events(id, this.#nameOf(id), { at, below: Infinity });
      for (const event of found) {
        events.push(event);
        bytes += event.raw.length;
      }
      counts.push(found.length);
    }
    return { events, counts, number: members.length - next };
  }

  /** The first count is that of the changes; the others are of what was before. */
  changes(kind: string, after: number, upTo: number): Slice {
    const events: PackedRow[] = [];
    const counts: number[] = [];
    let bytes = 0;
    let last = upTo;
    const first = new Map<string, { readonly id: number; readonly at: number }>();
    for (const row of this.#statements.changes.iterate(kind, after, upTo) as Iterable<unknown>) {
      const [position, revision, body, id, name] = rowOf(row) ?? [];
      const event = { ...eventOf(String(name), position, revision, body) };
      events.push(event);
      if (!first.has(event.stream)) first.set(event.stream, { id: Number(id), at: event.position - 1 });
      bytes += event.raw.length;
      if (bytes < SLICE_BYTES) continue;
      last = event.position;
      break;
    }
    counts.push(events.length);
    for (const [name, { id, at }] of first) {
      const before = this.#events(id, name, { at, below: Infinity });
      if (before.length === 0) continue;
      events.push(...before);
      counts.push(before.length);
    }
    return { events, counts, number: last };
  }

  lastChange(kind: string, at: number): number {
    return Number(rowOf(this.#statements.lastChange.get(kind, at))?.[0] ?? 0);
  }

  /** From the last event that has the whole object to the last one at a position. */
  #events(id: number, stream: string, { at, below }: { readonly at: number; readonly below: number }): PackedRow[] {
    const upTo = Math.min(at, below - 1);
    const [begin, life] = rowOf(this.#statements.lastWhole.get(id, upTo)) ?? [];
    if (begin === undefined || life === LIFE.ends) return [];
    const rows = this.#statements.events.all(id, Number(begin), at) as readonly unknown[];
    return rows.map((row) => {
      const [position, revision, body] = rowOf(row) ?? [];
      return eventOf(stream, position, revision, body);
    });
  }

  #membersOf(scope: string, at: number): Float64Array {
    const key = `${scope} ${at}`;
    const known = this.#members.get(key);
    const last = Number(rowOf(this.#statements.lastEvent.get())?.[0] ?? 0);
    const members = known ?? this.#find(scope, at, last);
    // What is not behind the last event may still get members.
    if (at > last) return members;
    // The one that was asked for last is at the end.
    if (known) this.#members.delete(key);
    else this.#membersHeld += members.length;
    this.#members.set(key, members);
    for (const [oldest, { length }] of this.#members) {
      if (this.#membersHeld <= MEMBERS_MAX || oldest === key) break;
      this.#members.delete(oldest);
      this.#membersHeld -= length;
    }
    return members;
  }

  #find(scope: string, at: number, last: number): Float64Array {
    const found: [name: string, id: number][] = [];
    const take = (rows: readonly unknown[]): void => {
      for (const row of rows) {
        const [name, id] = rowOf(row) ?? [];
        found.push([String(name), Number(id)]);
      }
    };
    const { living, livesBefore, livesAfter } = this.#statements;
    take(living.all(scope, at));
    for (const node of nodesAround(at, last))
      take(node <= at ? livesBefore.all(scope, node, at) : livesAfter.all(scope, node, at));
    found.sort(([a], [b]) => (a < b ? -1 : 1));
    return Float64Array.from(found, ([, id]) => id);
  }

  #firstFrom(members: Float64Array, name: string): number {
    let low = 0;
    let high = members.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#nameOf(members[middle] as number) < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  #nameOf(id: number): string {
    return String(rowOf(this.#statements.nameOf.get(id))?.[0] ?? '');
  }
}

const STATEMENTS = {
  findStream: 'SELECT id FROM streams WHERE name = ?',
  nameOf: 'SELECT name FROM streams WHERE id = ?',
  lastWhole: `SELECT position, life FROM events WHERE stream = ? AND position <= ? AND life > 0
    ORDER BY position DESC LIMIT 1`,
  events:
    'SELECT position, revision, body FROM events WHERE stream = ? AND position >= ? AND position <= ? ORDER BY position',
  living: 'SELECT s.name, s.id FROM living l JOIN streams s ON s.id = l.stream WHERE l.scope = ? AND l.born <= ?',
  livesBefore: `SELECT s.name, s.id FROM lives l JOIN streams s ON s.id = l.stream
    WHERE l.scope = ? AND l.node = ? AND l.last >= ?`,
  livesAfter: `SELECT s.name, s.id FROM lives l INDEXED BY lives_by_birth JOIN streams s ON s.id = l.stream
    WHERE l.scope = ? AND l.node = ? AND l.born <= ?`,
  lastEvent: 'SELECT max(position) FROM events',
  changes: `SELECT e.position, e.revision, e.body, s.id, s.name FROM changes c JOIN events e ON e.position = c.position
    JOIN streams s ON s.id = e.stream WHERE c.kind = ? AND c.position > ? AND c.position <= ? ORDER BY c.position`,
  lastChange: 'SELECT position FROM changes WHERE kind = ? AND position <= ? ORDER BY position DESC LIMIT 1',
} as const;
type StatementName = keyof typeof STATEMENTS;

function rowOf(row: unknown): readonly unknown[] | undefined {
  return row as readonly unknown[] | undefined;
}
function eventOf(stream: string, position: unknown, revision: unknown, body: unknown): PackedRow {
  return { stream, position: Number(position), revision: Number(revision), raw: body as Uint8Array };
}

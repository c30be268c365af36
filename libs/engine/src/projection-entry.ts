import type { End, StreamName, StreamState } from '#model';
import type { ObjectTable } from './object-table.js';

/** A stream and its object, as an index finds them. */
export type IndexedEntry = Pick<Entry, 'stream' | 'name' | 'state'>;

/** The end of a stream that a projection does not know any longer, and how many children its object had. */
export interface Forgotten {
  readonly stream: string;
  readonly state: StreamState & { readonly ended: End };
  readonly children: number;
}

/** A stream: its name taken apart once, the table of its kind, its state. */
export interface Entry {
  readonly stream: string;
  readonly name: StreamName;
  readonly table: ObjectTable;
  state: StreamState | undefined;
  /** Revision of the last event that was read of it; -1 when none was. The state is behind it during a rebuild. */
  last: number;
}

/** The streams of objects that are gone, the first to go first. */
export function endedStreams(entries: Iterable<Entry>): readonly string[] {
  const ends: Entry[] = [];
  for (const entry of entries) if (entry.state?.ended) ends.push(entry);
  return ends.sort((a, b) => positionOf(a) - positionOf(b)).map(({ stream }) => stream);
}
function positionOf({ state }: Entry): number {
  return state?.position ?? 0;
}

import type { KubeObject, SealedData, StoredEvent, StreamState } from '#model';
import type { EventLog } from '#ports';
import type { Tip } from './chain.js';
import type { EventCodec } from './codec.js';
import { linesOf, slicesOf } from './lines.js';
import type { RestoredState } from './fold.js';
import type { Projection } from './projection.js';
import type { StoredTimes, TimeIndex } from './time-index.js';

/** Where checkpoints are kept: files, or memory. They may be deleted at any time; the log rebuilds them. */
export interface CheckpointStore {
  /** Positions that have a checkpoint. */
  positions(): Promise<readonly number[]>;
  /** The content in slices as it was written, not all of it if it was torn; nothing when there is none. */
  read(position: number): AsyncIterable<string>;
  /** Asks for a slice when the one before it is written. Replaces older checkpoints but the last one. */
  write(position: number, slices: AsyncIterable<string>): Promise<void>;
  remove(position: number): Promise<void>;
}

export interface Checkpoint {
  readonly state: RestoredState;
  readonly times: StoredTimes;
  readonly tip: Tip;
}
/** What a checkpoint is made of. */
export interface CheckpointSource {
  readonly projection: Projection;
  readonly times: TimeIndex;
  readonly tip: Tip;
}

/** The first line. */
interface Header extends Pick<RestoredState, 'epoch' | 'cluster' | 'lastEnd'> {
  readonly format: 4;
  readonly build: string;
  readonly tip: Tip;
  readonly times: StoredTimes;
}
/** Every other line is one of these; the last says how many there were before it. */
type Line =
  | readonly [
      'stream',
      stream: string,
      revision: number,
      position: number,
      object: KubeObject | null,
      rest?: Pick<StreamState, 'createdAt' | 'ended' | 'shredding'> & SealedData,
    ]
  | readonly ['children', uid: string, count: number]
  | readonly ['end', lines: number];

export interface CheckpointsOptions {
  readonly store: CheckpointStore;
  readonly log: Pick<EventLog, 'readStream' | 'chain'>;
  readonly codec: Pick<EventCodec, 'openObject'>;
  /** Names the code that folds; a checkpoint of other code is not used. */
  readonly build: string;
  /** Says in one sentence why a checkpoint was not written or not used. */
  readonly onComplaint: (message: string) => void;
}

/**
 * Writes and reads checkpoints. A checkpoint names the event that it was made at and the hash chain there, and is used only
 * where the log says the same. Sealed values stay as the log has them, so it takes no key to write or to read one. A
 * checkpoint only saves time: a failure to write or to read one is a complaint, and the log is read instead.
 */
export class Checkpoints {
  private writing = false;
  /** That none can be written is said once, until one was. */
  private isTold = false;

  constructor(private readonly options: CheckpointsOptions) {}

  /** One at a time. */
  get isWriting(): boolean {
    return this.writing;
  }

  /** Resolves when it is written, or could not be. What is written is the state at the call. */
  async write(source: CheckpointSource): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    try {
      const { position } = source.projection;
      await this.options.store.write(position, slicesOf(this.lines(source)));
      this.isTold = false;
    } catch (cause) {
      if (!this.isTold)
        this.options.onComplaint(`No checkpoint can be written, so the next start takes longer: ${sentenceOf(cause)}`);
      this.isTold = true;
    } finally {
      this.writing = false;
    }
  }

  /**
   * The newest checkpoint of this build and of this log that is not beyond `position`; undefined when there is none. Newer ones
   * are removed: of another build, or torn, they would only take the place of those that this process is going to write.
   */
  async newest(position: number): Promise<Checkpoint | undefined> {
    try {
      const positions = [...(await this.options.store.positions())].sort((a, b) => b - a);
      for (const candidate of positions.filter((one) => one <= position)) {
        const found = await this.read(candidate);
        if (found) return found;
        await this.options.store.remove(candidate);
      }
    } catch (cause) {
      this.options.onComplaint(`No checkpoint can be read, so all events are: ${sentenceOf(cause)}`);
    }
    return undefined;
  }

  /** Removes those beyond the log's end: they are of another log, or of events that this one has lost. */
  async dropBeyond(head: number): Promise<void> {
    const { store } = this.options;
    try {
      for (const position of await store.positions()) {
        if (position <= head) continue;
        await this.drop(position, `the event log ends at position ${head}`);
      }
    } catch (cause) {
      this.options.onComplaint(`The checkpoints cannot be looked through: ${sentenceOf(cause)}`);
    }
  }

  /** What it takes is copied at the call: the projection moves on while it is written. */
  private lines({ projection, times, tip }: CheckpointSource): Iterable<string> {
    const { build } = this.options;
    const { epoch, cluster, lastEnd } = projection;
    const header: Header = { format: 4, build, epoch, cluster, lastEnd, tip, times: times.dump() };
    const streams = [...projection.entries()];
    const children = [...projection.childCounts()];
    return (function* () {
      yield JSON.stringify(header);
      for (const [stream, state] of streams) yield JSON.stringify(lineOf(stream, state));
      for (const [uid, count] of children) yield JSON.stringify(['children', uid, count] satisfies Line);
      yield JSON.stringify(['end', streams.length + children.length] satisfies Line);
    })();
  }

  private async read(position: number): Promise<Checkpoint | undefined> {
    const { store, build, log, codec } = this.options;
    const lines = linesOf(store.read(position));
    try {
      const header = parsed<Header>((await lines.next()).value);
      if (header?.format !== 4 || header.build !== build || header.tip.position !== position) return undefined;
      if (!(await standsIn(log, header.tip))) {
        await this.drop(position, 'it was made from another one, as after a backup was restored');
        return undefined;
      }
      const entries: [string, StreamState][] = [];
      const children: [string, number][] = [];
      for await (const text of lines) {
        const line = parsed<Line>(text);
        if (!line) return undefined;
        if (line[0] === 'stream') entries.push([line[1], stateOf(line, codec)]);
        else if (line[0] === 'children') children.push([line[1], line[2]]);
        else if (line[1] === entries.length + children.length) {
          const { epoch, cluster, lastEnd, times, tip } = header;
          return { state: { entries, children, position, epoch, cluster, lastEnd }, times, tip };
        }
      }
      return undefined;
    } finally {
      await lines.return(undefined);
    }
  }

  private async drop(position: number, why: string): Promise<void> {
    this.options.onComplaint(
      `The checkpoint of position ${position} is not of this event log (${why}); it was removed and is not used.`,
    );
    await this.options.store.remove(position);
  }
}

/** Whether the log has the very event at which a checkpoint was made, with the same hash chain there. */
export async function standsIn(log: Pick<EventLog, 'readStream' | 'chain'>, tip: Tip): Promise<boolean> {
  let there: StoredEvent | undefined;
  for await (const event of log.readStream(tip.stream, tip.revision)) {
    there = event;
    break;
  }
  return (
    there !== undefined &&
    there.revision === tip.revision &&
    there.position === tip.position &&
    there.id === tip.id &&
    log.chain(tip.before, there) === tip.hash
  );
}

function lineOf(stream: string, state: StreamState): Line {
  const { revision, position, object, sealed, createdAt, ended, shredding } = state;
  const stored = sealed?.object ?? object ?? null;
  if (createdAt === undefined && !ended && !shredding && !sealed) return ['stream', stream, revision, position, stored];
  const rest = {
    ...(createdAt !== undefined && { createdAt }),
    ...(ended && { ended }),
    ...(shredding && { shredding }),
    ...(sealed && { sealed: sealed.paths }),
  };
  return ['stream', stream, revision, position, stored, rest];
}

function stateOf(line: Line & readonly ['stream', ...unknown[]], codec: CheckpointsOptions['codec']): StreamState {
  const [, , revision, position, stored, { sealed: paths, ...rest } = {}] = line;
  if (stored === null || !paths) return { revision, position, object: stored ?? undefined, ...rest };
  const object = codec.openObject(stored, paths);
  return { revision, position, object, sealed: { object: stored, paths }, ...rest };
}

/** Undefined for what was torn while it was written. */
function parsed<T>(text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

function sentenceOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

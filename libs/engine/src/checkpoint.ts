import type { End, KubeObject, StreamState } from '#model';
import { parseStream } from '#model';
import type { EventCodec } from './codec.js';
import type { Projection, RestoredState } from './projection.js';
import type { TimeIndex } from './time-index.js';

/** Where checkpoints are kept: files, or memory. They may be deleted at any time; the log rebuilds them. */
export interface CheckpointStore {
  /** Positions that have a checkpoint. */
  positions(): Promise<readonly number[]>;
  read(position: number): Promise<string | undefined>;
  /** Replaces older ones but the few that history starts from. */
  write(position: number, content: string): Promise<void>;
}

export interface Checkpoint {
  readonly state: RestoredState;
  readonly times: readonly number[];
}

interface Stored {
  readonly format: 1;
  readonly build: string;
  readonly position: number;
  readonly epoch: number;
  readonly cluster: string;
  readonly lastEnd: string;
  readonly children: readonly (readonly [string, number])[];
  readonly streams: readonly StoredStream[];
  readonly times: readonly number[];
}

/** Stream, revision, position, object, and its end if it is gone. */
type StoredStream = readonly [string, number, number, KubeObject | null, End?];

/** Writes and reads checkpoints: position, state, and the hash of the code that made it. Secrets stay sealed in them. */
export class Checkpoints {
  constructor(
    private readonly store: CheckpointStore,
    private readonly onError: (cause: unknown) => void,
  ) {}

  write(build: string, projection: Projection, times: TimeIndex, codec: EventCodec): void {
    const streams: StoredStream[] = [];
    for (const [stream, state] of projection.entries()) {
      const object = state.object ? codec.encodeObject(parseStream(stream).kind, state.object) : null;
      const { revision, position, ended } = state;
      streams.push(ended ? [stream, revision, position, object, ended] : [stream, revision, position, object]);
    }
    const { epoch, cluster, lastEnd } = projection;
    const content: Stored = {
      format: 1,
      build,
      position: projection.position,
      epoch,
      cluster,
      lastEnd,
      children: [...projection.childCounts()],
      streams,
      times: times.dump(),
    };
    this.store.write(content.position, JSON.stringify(content)).catch(this.onError);
  }

  /** The newest checkpoint of this build that is not beyond `position`; undefined when there is none that can be read. */
  async newest(build: string, position: number, codec: EventCodec): Promise<Checkpoint | undefined> {
    const positions = [...(await this.store.positions())].filter((p) => p <= position).sort((a, b) => b - a);
    for (const candidate of positions) {
      const text = await this.store.read(candidate);
      const stored = text === undefined ? undefined : parse(text);
      if (stored?.build === build && stored.position === candidate) return restored(stored, codec);
    }
    return undefined;
  }
}

function parse(text: string): Stored | undefined {
  try {
    const stored = JSON.parse(text) as Stored;
    return stored.format === 1 ? stored : undefined;
  } catch {
    // Torn while it was written: the log has it all.
    return undefined;
  }
}

function restored(stored: Stored, codec: EventCodec): Checkpoint {
  const entries = stored.streams.map(([stream, revision, position, object, ended]): [string, StreamState] => [
    stream,
    {
      revision,
      position,
      object: object ? codec.decodeObject(parseStream(stream).kind, object) : undefined,
      ...(ended && { ended }),
    },
  ]);
  const { children, position, epoch, cluster, lastEnd } = stored;
  return { state: { entries, children, position, epoch, cluster, lastEnd }, times: stored.times };
}

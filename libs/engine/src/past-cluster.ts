import {
  streamOf,
  type KindRef,
  type KubeObject,
  type ObjectIndex,
  type Refusal,
  type StreamState,
  type View,
} from '#model';
import type { HistoryIndex, HistoryScope } from '#ports';
import { Bug } from '#std';
import { bytesOf } from './held-bytes.js';
import type { PastBudget } from './past-budget.js';
import type { PastLists } from './past-lists.js';
import type { PastObjects } from './past-objects.js';

/** Objects of a kind at a moment, in the order of their keys. */
export interface PastSlice {
  readonly objects: readonly KubeObject[];
  /** How many follow after them. */
  readonly left: number;
}
export type PastScope = Omit<HistoryScope, 'at'>;

export interface PastClusterOptions {
  readonly index: HistoryIndex;
  readonly objects: PastObjects;
  readonly lists: PastLists;
  readonly budget: PastBudget;
  /** Receives what the index threw. */
  readonly onFailed: (cause: unknown) => void;
}

/** So many objects and lists one question may need, one after the other. */
const READS_MAX = 100;

/** The cluster at a past position, read out of the history index. */
export class PastCluster {
  private readonly view: PastView;

  constructor(
    readonly position: number,
    private readonly options: PastClusterOptions,
  ) {
    this.view = new PastView(position, {
      state: async (stream) => options.objects.stateOf(await options.index.get({ stream, at: position })),
      list: (scope) => options.lists.of({ ...scope, at: position }, () => this.all(scope)),
    });
  }

  /**
   * The answer of a pure, synchronous function of a view. The view throws when it is asked for what has not been read yet; it
   * is then read, and the function runs again from its beginning. The view answers `get`, `list`, `stream` of objects that are
   * there, and `by` of indexes of one kind; it throws a {@link Bug} for everything else.
   */
  async look<T>(question: (view: View) => T): Promise<T> {
    const { view, options } = this;
    for (let reads = 0; reads < READS_MAX; reads++) {
      let outcome: { readonly value: T } | { readonly cause: unknown };
      try {
        outcome = { value: question(view) };
      } catch (cause) {
        outcome = { cause };
      }
      // Also when the question caught the exception.
      const { missing } = view;
      if (!missing) {
        if ('cause' in outcome) throw outcome.cause;
        return outcome.value;
      }
      try {
        await missing.read();
      } catch (cause) {
        options.onFailed(cause);
        throw cause;
      }
      view.missing = undefined;
    }
    throw new Bug(`a question about position ${this.position} reads more than ${READS_MAX} objects and lists`);
  }

  /** The objects of a scope in slices of bounded size. */
  async *slices(scope: PastScope): AsyncIterable<PastSlice> {
    const { index, objects, onFailed } = this.options;
    try {
      for await (const slice of index.scan({ ...scope, at: this.position })) {
        const states = await Promise.all(slice.objects.map((events) => objects.stateOf(events)));
        yield { objects: states.flatMap((state) => state?.object ?? []), left: slice.left };
      }
    } catch (cause) {
      onFailed(cause);
      throw cause;
    }
  }

  /**
   * Hands the slices of a scope to `take` until that returns false. What all such readings hold at a time is bounded in bytes:
   * one that does not fit waits, and a 429 refusal is returned when too many wait.
   */
  async gather(scope: PastScope, take: (slice: PastSlice) => Promise<boolean>): Promise<Refusal | undefined> {
    return this.options.budget.hold(async (held) => {
      for await (const slice of this.slices(scope)) {
        held(bytesOf(slice.objects));
        if (!(await take(slice))) return;
      }
    });
  }

  private async all(scope: PastScope): Promise<readonly KubeObject[]> {
    const all: KubeObject[] = [];
    for await (const { objects } of this.slices(scope)) all.push(...objects);
    return all;
  }
}

interface Sources {
  readonly state: (stream: string) => Promise<StreamState | undefined>;
  readonly list: (scope: PastScope) => Promise<readonly KubeObject[]>;
}

/** Thrown through a question that asked for something which has not been read yet. */
class NotReadYet {
  constructor(readonly read: () => Promise<void>) {}
}

/** What has been read of a moment, as a view. */
class PastView implements View {
  missing: NotReadYet | undefined;
  private readonly states = new Map<string, StreamState | undefined>();
  private readonly lists = new Map<string, readonly KubeObject[]>();

  constructor(
    readonly position: number,
    private readonly sources: Sources,
  ) {}

  get<T extends KubeObject>(kind: KindRef<T>, namespace: string | undefined, name: string): T | undefined {
    return this.stream(streamOf(kind.id, namespace, name))?.object as T | undefined;
  }
  stream(stream: string): StreamState | undefined {
    if (!this.states.has(stream)) this.miss(async () => void this.states.set(stream, await this.sources.state(stream)));
    return this.states.get(stream);
  }
  list<T extends KubeObject>({ id: kind }: KindRef<T>, namespace?: string): readonly T[] {
    const key = `${kind} ${namespace ?? ''}`;
    const scope = { kind, ...(namespace !== undefined && { namespace }) };
    const known =
      this.lists.get(key) ?? this.miss(async () => void this.lists.set(key, await this.sources.list(scope)));
    return known as readonly T[];
  }
  by<T extends KubeObject>({ name, kind, values }: ObjectIndex<T>, value: string): readonly T[] {
    if (!kind) throw new Bug(`the past cannot be asked for ${name}: that index is of all kinds`);
    return this.list(kind).filter((object) => values(object).includes(value));
  }
  childrenEver(): number {
    throw new Bug('the past cannot be asked how many children an object had');
  }

  private miss(read: () => Promise<void>): never {
    throw (this.missing = new NotReadYet(read));
  }
}

import type { LoopBasis, Loop, StoredEvent, Submit, View } from '#model';
import { digestOf, foldEvent, RecordedOutside, submitsOf } from '#model';
import { fromEventTime } from '#std';
import { Projection } from './projection.js';

/** What came of deciding every loop event of a log once more. */
export interface DecidedAgain {
  /** Events of loops. */
  readonly total: number;
  /** Those that the same look at the same view decides again. */
  readonly same: number;
  /** Events of builds that did not write down what they were decided from. */
  readonly unknown: number;
  readonly others: readonly OtherDecision[];
}
/** An event that is decided otherwise today. */
export interface OtherDecision {
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  readonly loop: string;
  readonly key: string;
  readonly because: string;
  /** What the look gives now, a sentence each. */
  readonly now: readonly string[];
}
export interface DecideAgainOptions {
  readonly loops: readonly Loop[];
  /** As the processes that decided had it. */
  readonly endsKeptMs?: number;
  /** So many events are read ahead of the view. A look that was longer under way is taken in a second reading. */
  readonly eventsAhead?: number;
}

const EVENTS_AHEAD = 20_000;

type Basis = LoopBasis & { readonly decided: string };
interface Waiting {
  readonly event: StoredEvent;
  readonly basis: Basis;
}

/**
 * Folds a log from its beginning, and takes every look again that an event of a loop came from: on the view at the position that
 * it was taken at, with the same key, time and facts. `read` gives the opened events in order; it is called once, or twice.
 */
export async function decideAgain(
  read: () => AsyncIterable<readonly StoredEvent[]>,
  options: DecideAgainOptions,
): Promise<DecidedAgain> {
  const again = new DecisionsAgain(options);
  await again.read(read());
  if (again.late.length > 0) await again.read(read(), again.late);
  return again.result;
}

class DecisionsAgain {
  private total = 0;
  private same = 0;
  private unknown = 0;
  private readonly others: OtherDecision[] = [];
  late: readonly Waiting[] = [];
  private readonly loops: ReadonlyMap<string, Loop>;

  constructor(private readonly options: DecideAgainOptions) {
    this.loops = new Map(options.loops.map((loop) => [loop.name, loop]));
  }

  get result(): DecidedAgain {
    const { total, same, unknown } = this;
    return { total, same, unknown, others: this.others.toSorted((a, b) => a.position - b.position) };
  }

  /** With `only`, the looks of these events are taken; else those of all, but for those that `late` then has. */
  async read(pages: AsyncIterable<readonly StoredEvent[]>, only?: readonly Waiting[]): Promise<void> {
    const view = new Projection(foldEvent, this.options.endsKeptMs);
    const looks = new LooksByView(only);
    const late: Waiting[] = [];
    const ahead = new Delay<StoredEvent>(this.options.eventsAhead ?? EVENTS_AHEAD);
    const fold = (event: StoredEvent): void => {
      for (const [position, waiting] of looks.before(event.position)) {
        view.position = Math.max(view.position, position);
        this.take(view, waiting);
      }
      view.apply(event);
    };
    for await (const page of pages) {
      for (const event of page) {
        const waiting = only ? undefined : this.waitingOf(event);
        if (waiting) {
          if (waiting.basis.view < view.position) late.push(waiting);
          else looks.add(waiting);
        }
        const due = ahead.push(event);
        if (due) fold(due);
      }
    }
    for (const due of ahead.rest()) fold(due);
    for (const [, waiting] of looks.before(Infinity)) this.take(view, waiting);
    this.late = late;
  }

  private waitingOf(event: StoredEvent): Waiting | undefined {
    const { basis } = event.metadata;
    if (basis === undefined) return undefined;
    if (basis.decided === undefined) {
      this.unknown++;
      return undefined;
    }
    this.total++;
    return { event, basis: basis as Basis };
  }

  private take(view: View, waiting: readonly Waiting[]): void {
    const looks = new Map<string, readonly Submit[] | string>();
    for (const { event, basis } of waiting) {
      // Of one look there may be many events.
      const name = JSON.stringify([basis.loop, basis.key, basis.now, basis.facts ?? null]);
      const decided = looks.get(name) ?? this.look(view, basis);
      looks.set(name, decided);
      if (typeof decided !== 'string' && decided.some((submit) => digestOf(submit) === basis.decided)) this.same++;
      else this.others.push(otherOf(event, basis, decided));
    }
  }
  private look(view: View, { loop: name, key, now, facts }: LoopBasis): readonly Submit[] | string {
    const loop = this.loops.get(name);
    if (!loop) return `there is no loop ${name}`;
    const at = fromEventTime(now);
    try {
      return submitsOf(loop.reconcile(view, key, at, new RecordedOutside(facts ?? {})));
    } catch (cause) {
      return `the loop throws: ${cause instanceof Error ? cause.message : String(cause)}`;
    }
  }
}

function otherOf(event: StoredEvent, basis: Basis, decided: readonly Submit[] | string): OtherDecision {
  const { position, stream, type, metadata } = event;
  const now =
    typeof decided === 'string'
      ? [decided]
      : decided.map(({ command: { verb, kind, namespace = '', name }, because }) =>
          `${verb} ${kind} ${namespace}/${name}: ${because}`.replace(' /', ' '),
        );
  return { position, stream, type, loop: basis.loop, key: basis.key, because: metadata.because ?? '', now };
}

/** Looks by the position of the view that they are taken on, in its order. */
class LooksByView {
  private readonly byView = new Map<number, Waiting[]>();
  private readonly positions: number[] = [];

  constructor(looks: readonly Waiting[] = []) {
    for (const look of looks.toSorted((a, b) => a.basis.view - b.basis.view)) this.add(look);
  }
  add(look: Waiting): void {
    const { view } = look.basis;
    const known = this.byView.get(view);
    if (known) return void known.push(look);
    this.byView.set(view, [look]);
    // Nearly always the last, or one of the last.
    let at = this.positions.length;
    while (at > 0 && (this.positions[at - 1] as number) > view) at--;
    this.positions.splice(at, 0, view);
  }
  /** Takes out those on views that end before a position. */
  *before(position: number): Iterable<readonly [number, readonly Waiting[]]> {
    let count = 0;
    for (const view of this.positions) {
      if (view >= position) break;
      count++;
      yield [view, this.byView.get(view) ?? []];
      this.byView.delete(view);
    }
    if (count > 0) this.positions.splice(0, count);
  }
}

/** Gives things back in order, so many later. */
class Delay<T> {
  private readonly ring: T[] = [];
  private next = 0;

  constructor(private readonly length: number) {}

  push(thing: T): T | undefined {
    if (this.ring.length < this.length) {
      this.ring.push(thing);
      return undefined;
    }
    const due = this.ring[this.next];
    this.ring[this.next] = thing;
    this.next = (this.next + 1) % this.length;
    return due;
  }
  *rest(): Iterable<T> {
    yield* this.ring.slice(this.next);
    yield* this.ring.slice(0, this.next);
  }
}

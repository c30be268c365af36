/** One operation as the client that asked for it saw it. Moments are numbers that grow with every call and every answer. */
export interface Operation<Op> {
  readonly what: Op;
  readonly calledAt: number;
  /** Undefined when no answer came: the operation may take effect at any later moment, or never. */
  readonly answeredAt: number | undefined;
}

/** A sequential object. An operation without a known outcome has to be possible in every state. */
export interface Model<State, Op> {
  readonly initial: State;
  /** The state after the operation; undefined when the operation cannot have had its answer in this state. */
  step(state: State, op: Op): State | undefined;
  /** Equal texts for equal states. */
  keyOf(state: State): string;
}

export type Verdict<Op> =
  | { readonly is: 'linearizable' }
  /** So many operations have no known outcome that the search was given up. */
  | { readonly is: 'undecided' }
  /** `reached`: how many answered operations the longest order has. `stuck`: those that none of the longest orders could go on with. */
  | { readonly is: 'not linearizable'; readonly reached: number; readonly stuck: readonly Operation<Op>[] };

/** Each operation without a known outcome doubles the search: it is bounded in time and memory. */
const STATES_MAX = 200_000;

/**
 * Searches for an order of the operations that a sequential object could have taken, in which each operation takes effect
 * between its call and its answer. Wing and Gong's search with Lowe's memory: a set of operations that led to the same state
 * before is not tried again.
 */
export function linearizable<State, Op>(
  operations: readonly Operation<Op>[],
  model: Model<State, Op>,
  options: { readonly statesMax?: number } = {},
): Verdict<Op> {
  const { statesMax = STATES_MAX } = options;
  const search = new Search(operations);
  const known = new Set<string>();
  const path: { readonly entry: Entry<Op>; readonly state: State }[] = [];
  let state = model.initial;
  let best: { reached: number; stuck: readonly Operation<Op>[] } = { reached: -1, stuck: [] };
  let entry = search.first;
  while (search.answeredLeft > 0) {
    if (known.size > statesMax) return { is: 'undecided' };
    if (entry?.is === 'call') {
      const next = model.step(state, entry.operation.what);
      if (next !== undefined && isNew(known, search.doneWith(entry), model.keyOf(next))) {
        path.push({ entry, state });
        state = next;
        search.lift(entry);
        entry = search.first;
      } else entry = entry.next;
      continue;
    }
    // An operation has its answer here and no place in the order yet: the last choice was wrong.
    if (search.answeredDone > best.reached) best = { reached: search.answeredDone, stuck: search.callsBefore(entry) };
    const last = path.pop();
    if (!last) return { is: 'not linearizable', ...best };
    state = last.state;
    search.putBack(last.entry);
    entry = last.entry.next;
  }
  return { is: 'linearizable' };
}

function isNew(known: Set<string>, done: bigint, state: string): boolean {
  const key = `${done.toString(36)} ${state}`;
  if (known.has(key)) return false;
  known.add(key);
  return true;
}

/** A call or an answer, in a list in the order in which they happened. */
interface Entry<Op> {
  readonly is: 'call' | 'answer';
  readonly operation: Operation<Op>;
  readonly bit: bigint;
  before: Entry<Op> | undefined;
  next: Entry<Op> | undefined;
  /** Of a call: its answer. */
  answer: Entry<Op> | undefined;
}

/** Calls and answers of the operations that have no place in the order yet. */
class Search<Op> {
  first: Entry<Op> | undefined;
  answeredLeft = 0;
  answeredDone = 0;
  private done = 0n;

  constructor(operations: readonly Operation<Op>[]) {
    const entries: { readonly at: number; readonly entry: Entry<Op> }[] = [];
    operations.forEach((operation, index) => {
      const parts = { operation, bit: 1n << BigInt(index), before: undefined, next: undefined };
      const answer: Entry<Op> | undefined =
        operation.answeredAt === undefined ? undefined : { is: 'answer', ...parts, answer: undefined };
      entries.push({ at: operation.calledAt, entry: { is: 'call', ...parts, answer } });
      if (answer) entries.push({ at: operation.answeredAt ?? 0, entry: answer });
      if (answer) this.answeredLeft++;
    });
    entries.sort((a, b) => a.at - b.at);
    entries.forEach(({ entry }, index) => {
      entry.before = entries[index - 1]?.entry;
      entry.next = entries[index + 1]?.entry;
    });
    this.first = entries[0]?.entry;
  }

  doneWith(call: Entry<Op>): bigint {
    return this.done | call.bit;
  }
  lift(call: Entry<Op>): void {
    this.done |= call.bit;
    this.unlink(call);
    if (!call.answer) return;
    this.unlink(call.answer);
    this.answeredLeft--;
    this.answeredDone++;
  }
  /** The last that was lifted: its neighbours are those that it had then. */
  putBack(call: Entry<Op>): void {
    this.done &= ~call.bit;
    if (call.answer) {
      this.link(call.answer);
      this.answeredLeft++;
      this.answeredDone--;
    }
    this.link(call);
  }
  /** Operations that were called before this answer (or at all) and have no place yet. */
  callsBefore(end: Entry<Op> | undefined): readonly Operation<Op>[] {
    const out: Operation<Op>[] = [];
    for (let entry = this.first; entry && entry !== end; entry = entry.next)
      if (entry.is === 'call') out.push(entry.operation);
    return out;
  }

  private unlink({ before, next }: Entry<Op>): void {
    if (before) before.next = next;
    else this.first = next;
    if (next) next.before = before;
  }
  private link(entry: Entry<Op>): void {
    if (entry.before) entry.before.next = entry;
    else this.first = entry;
    if (entry.next) entry.next.before = entry;
  }
}

import type {
  Accepted,
  Command,
  CommandResult,
  DecidedEvent,
  Questions,
  Refusal,
  StoredEvent,
  StreamState,
} from '#model';
import { decideCommand, isQuestions, isRefusal, isServed, streamOf } from '#model';
import { LogDamaged, LogFailed, LogFull, WrongExpectedRevision } from '#ports';
import type { Instant } from '#std';
import { Asking, type Wish } from './asking.js';
import { namespaceStream, OutstandingAppends } from './outstanding-appends.js';
import { endsOfStreams } from './forgotten-names.js';
import { isDoubt, landingOf, type Doubt } from './doubt.js';
import { putState, succeeding } from './kind-pictures.js';
import type { Projection } from './projection.js';
import { SentAppends } from './sent-appends.js';
import { isOverBy, pause } from './delay.js';
import { accepted, servedAnswer } from './writer-answers.js';
import { loggedEvent } from './writer-event.js';
import { WriterElsewhere } from './writer-seat.js';
import { WriterTerm } from './writer-term.js';
import type { Basis, CommandPort, WriterOptions } from './writer-options.js';
import {
  isGone,
  MAY_NOT_COUNT,
  NOT_SHOWN,
  NOT_TAKEN,
  NOT_WRITER,
  REFUSED_BUSY,
  refusedBy,
  staleBasis,
  unknownOutcome,
} from './writer-refusals.js';

export type { CommandPort, WriterOptions } from './writer-options.js';

/** How long one election takes that ends a doubt, or that others stand for too; then the log is read anew. */
const ELECTION_MS = 5_000;
/** How long a command may take, retries included. */
export const COMMAND_TIMEOUT_MS = 30_000;
/** Position of a state that was not read from the log yet. No client can have seen it, so none can state it. */
const ON_ITS_WAY = Number.MAX_SAFE_INTEGER;
/** More commands than this under way at once are answered 429. */
export const COMMANDS_MAX = 8192;

/**
 * The one writer: the only place that appends. A command is decided synchronously on the newest state, which includes
 * decisions whose append is not durable yet, so a race between two commands does not exist. What was decided is appended at
 * once; the answer waits until it is durable and folded. When an append fails, everything decided after it is void: the
 * writer rebuilds its state from the log and decides those commands again.
 */
export class Writer implements CommandPort {
  /** The newest state: what is durable plus what is on its way. */
  private ahead: Projection;
  /** Its last term, whether it is over or not. */
  readonly term: WriterTerm;
  private underWay = 0;
  private readonly outstanding = new OutstandingAppends();
  private elected = false;
  /** An append was given up on without an answer. */
  private isInDoubt = false;
  /** Counts rebuilds: an append of an older generation must not touch the newer state. */
  private generation = 0;
  private rebuilding: Promise<void> | undefined;
  private readonly sent: SentAppends;
  private readonly asking: Asking;
  private unfollow: (() => void) | undefined;
  /** Streams that the projection has forgotten, with the revision at which the log says that they are. */
  private readonly forgotten = new Map<string, number>();

  constructor(private readonly options: WriterOptions) {
    this.ahead = options.reads.projection;
    this.sent = new SentAppends(options);
    this.term = new WriterTerm(options, this.sent);
    this.asking = new Asking({ askers: options.askers, clock: options.clock });
  }

  /**
   * Takes the role: appends `WriterElected` with the next epoch. `cluster` names the cluster if this is its first event. With `once`, rejects
   * with {@link WrongExpectedRevision} when another one was elected meanwhile.
   */
  async elect(cluster: string, once = false): Promise<void> {
    const { reads, kinds } = this.options;
    const timeoutMs = once ? ELECTION_MS : COMMAND_TIMEOUT_MS;
    await reads.fresh(timeoutMs);
    for (;;) {
      try {
        await this.term.begin(cluster, timeoutMs);
        this.ahead = succeeding(kinds, this.ahead, reads.projection.copy());
        this.elected = true;
        this.unfollow = reads.onChanges((_changes, events) => this.follow(events));
        return;
      } catch (cause) {
        if (once || !(cause instanceof WrongExpectedRevision)) throw cause;
        await reads.fresh(COMMAND_TIMEOUT_MS);
      }
    }
  }

  /** The epoch of a writer that has the role. */
  get heldEpoch(): number | undefined {
    return this.elected ? this.term.epoch : undefined;
  }

  /** Puts the role down: later commands are answered 503. */
  resign(): void {
    this.elected = false;
    this.unfollow?.();
  }

  /**
   * Takes in what was folded. A higher epoch ends this writer at once. An event that it did not write, or that it has given up
   * on, renews what it decides on.
   */
  private follow(events: readonly StoredEvent[]): void {
    const { reads } = this.options;
    if (!this.elected) return;
    this.term.notice(events);
    if (reads.projection.epoch > this.term.epoch) return this.deposed();
    for (const { id, stream, position } of events) {
      const folded = reads.projection.stream(stream);
      const known = this.ahead.stream(stream);
      // Readers see the version of an own write from now on, and may state it, even if its append is not answered yet.
      const isShown = this.sent.isAwaited(id) && known?.revision === folded?.revision;
      // An own append on its way there has lost the race, which it will learn.
      if (folded && (isShown || (!this.sent.isAwaited(id) && known?.position !== ON_ITS_WAY)))
        putState(this.options.kinds, this.ahead, { stream, state: folded, position });
      this.ahead.position = Math.max(this.ahead.position, position);
    }
  }

  private deposed(): void {
    const { reads, onFatal, onDeposed } = this.options;
    this.resign();
    const epoch = reads.projection.epoch;
    const words = `another writer was elected for this cluster (epoch ${epoch} after ${this.term.epoch})`;
    if (onDeposed) onDeposed(words);
    else onFatal(new WriterElsewhere(`${words}, so this process ends.`));
  }

  async submit(command: Command): Promise<CommandResult> {
    if (this.underWay >= COMMANDS_MAX) return REFUSED_BUSY;
    this.underWay++;
    try {
      return await this.untilSettled(command);
    } finally {
      this.underWay--;
    }
  }

  /** `isAdmitted`: the command follows on one that was admitted. */
  private async untilSettled(command: Command, isAdmitted = false): Promise<CommandResult> {
    const { clock, ids } = this.options;
    const deadline = clock.monotonic() + COMMAND_TIMEOUT_MS;
    const wish = this.asking.wishOf(command, { uid: command.uid ?? ids.uid(), isAdmitted, deadline });
    for (;;) {
      if (this.rebuilding && !(await isOverBy(wish.deadline, this.rebuilding, clock))) return NOT_TAKEN;
      if (!this.elected) return NOT_WRITER;
      const outcome = await this.attempt(wish);
      if (outcome !== 'again') return this.term.confirmed(outcome, () => this.elected);
      if (clock.monotonic() >= wish.deadline) return NOT_TAKEN;
    }
  }

  /** Decides and appends once; `again` when the state it was decided on turned out not to be, and when it had to ask. */
  private async attempt(wish: Wish): Promise<CommandResult | 'again'> {
    const { clock, kinds, log } = this.options;
    const { command, uid, isAdmitted, answers } = wish;
    const now = clock.now();
    const moved = staleBasis(command, this.ahead);
    if (moved) return moved;
    const decided = decideCommand(kinds, command, this.ahead, { now: wish.askedAt ?? now, uid, isAdmitted, answers });
    if (isRefusal(decided)) {
      const isEarly = !wish.refusedEarly && this.isOnItsWay(command);
      wish.refusedEarly ||= isEarly;
      return this.refused(decided, isEarly);
    }
    if (isQuestions(decided)) return wish.isAhead ? 'again' : this.asked(wish, decided, now);
    if (isServed(decided)) return servedAnswer(decided, command, this.options.reads.projection.position);
    const stream = streamOf(command.kind, decided.object.metadata.namespace, decided.name);
    const before = this.ahead.stream(stream);
    const kind = kinds.at(this.ahead).byId(command.kind);
    const restsOn = this.outstanding.before(stream, { kind, namespace: namespaceStream(kinds, decided.object) });
    const isHeld = before?.object === undefined || restsOn.length > 0;
    const under = decided.event
      ? this.outstanding.note(stream, isHeld, this.append(command, { stream, before, restsOn, now }, decided))
      : this.unchanged(stream, before, decided);
    // What is not held is sent at once.
    const isSent = !isHeld && this.ahead.stream(stream) !== before;
    const followed =
      command.next && isSent && log.inOrder && !decided.then ? this.attemptNext(command.next) : undefined;
    const first = await under;
    const done = isDoubt(first) ? await this.resolved(first, decided) : first;
    if (done === 'again' || isRefusal(done)) return done;
    let { position } = done;
    for (const next of decided.then ?? []) {
      const result = await this.untilSettled({ ...next, causes: [...(next.causes ?? []), position] }, true);
      if (isRefusal(result) && isGone(next, result)) continue;
      if (isRefusal(result)) return result;
      position = Math.max(position, result.position);
    }
    const next = await followed;
    return next ? { ...done, position, next } : { ...done, position };
  }

  /**
   * Decides what follows on a command whose event was sent in this turn. The log keeps their order: it is in the log behind that event or not
   * at all. Undefined when nothing came of it; then it is tried again once the first is settled.
   */
  private async attemptNext(next: Command): Promise<CommandResult | undefined> {
    const { clock, ids } = this.options;
    const deadline = clock.monotonic() + COMMAND_TIMEOUT_MS;
    const wish = this.asking.wishOf(next, { uid: next.uid ?? ids.uid(), isAdmitted: false, deadline, isAhead: true });
    // What throws here throws again when the loop submits it, and is reported there.
    const outcome = await this.attempt(wish).catch(() => 'again' as const);
    return outcome === 'again' ? undefined : outcome;
  }

  /** Asks while the others go on. Nobody outside is told of a version that is not in the log yet. */
  private async asked(wish: Wish, questions: Questions, now: Instant): Promise<Refusal | 'again'> {
    const { kind, namespace, name } = wish.command;
    if (this.isOnItsWay(wish.command)) {
      await this.outstanding.of(streamOf(kind, namespace, name));
      return 'again';
    }
    this.underWay--;
    const refused = await this.asking.answer(wish, questions, now);
    this.underWay++;
    return refused ?? 'again';
  }

  /**
   * A refusal says what the cluster is (the name exists, the version has moved), so like any answer it must not be ahead of
   * what a read shows, nor outlive a decision whose append failed. One over an object whose newest version is not known here yet
   * is decided once more when it is: a reader elsewhere may have seen that version already, and state it.
   */
  private async refused(refusal: Refusal, isEarly: boolean): Promise<Refusal | 'again'> {
    const { generation } = this;
    await this.outstanding.settled();
    return generation === this.generation && !isEarly ? refusal : 'again';
  }
  private isOnItsWay({ kind, namespace, name }: Command): boolean {
    return this.ahead.stream(streamOf(kind, namespace, name))?.position === ON_ITS_WAY;
  }

  /**
   * Decided again, a write that has landed would be refused for what it did itself, or be one that changes nothing. What may have
   * landed is looked up once all that was on its way is settled.
   */
  private async resolved(doubt: Doubt, decided: DecidedEvent): Promise<CommandResult | 'again'> {
    const { log, reads } = this.options;
    do {
      await this.rebuilding;
      if (!this.elected) return 'again';
      if (this.isInDoubt) this.rebuild();
    } while (this.isInDoubt);
    try {
      const position = await landingOf(log, doubt);
      // The term has ended in which it was sent: what comes after that does not count.
      if (position === 'never' || position === undefined || position > this.term.electedAt) return 'again';
      const isShown = await reads.reached(position, COMMAND_TIMEOUT_MS);
      return isShown ? accepted(decided, position, true) : NOT_SHOWN;
    } catch (cause) {
      return unknownOutcome(cause);
    }
  }

  private async append(
    command: Command,
    { stream, before, restsOn, now }: Basis,
    decided: DecidedEvent,
  ): Promise<CommandResult | 'again' | Doubt> {
    const { reads, clock, kinds } = this.options;
    const expected = before?.revision ?? -1;
    const object = decided.deleted ? undefined : decided.object;
    const isSame = object !== undefined && before?.object?.metadata.uid === object.metadata.uid;
    const born = isSame && before.createdAt !== undefined ? { createdAt: before.createdAt } : {};
    // A snapshot names the position of the creation, which nobody knows while that is on its way.
    const isBornKnown = before?.position !== ON_ITS_WAY || born.createdAt !== undefined;
    const event = loggedEvent({ ...this.options, kinds: kinds.at(this.ahead) }, decided, {
      ...{ at: { stream, expected, cause: command.correlationId }, command, now, epoch: this.term.epoch },
      ...(object && isBornKnown && { snapshot: { object, ...born } }),
    });
    const generation = this.generation;
    const optimistic: StreamState = { revision: expected + 1, position: ON_ITS_WAY, object, ...born };
    putState(kinds, this.ahead, { stream, state: optimistic, position: this.ahead.position });
    if (restsOn.length > 0) {
      await Promise.allSettled(restsOn);
      if (generation !== this.generation) return 'again';
    }
    let position: number;
    try {
      position = await this.sent.durably(stream, event, { expected, deadline: clock.monotonic() + COMMAND_TIMEOUT_MS });
    } catch (cause) {
      const outcome = this.failed(cause, generation);
      if (!this.sent.takeDoubt(event.id)) return outcome;
      this.isInDoubt = true;
      if (cause instanceof LogFull) return unknownOutcome(cause);
      return outcome === 'again' ? { is: 'doubt', stream, revision: expected + 1, id: event.id } : outcome;
    }
    const isShown = await reads.reached(position, COMMAND_TIMEOUT_MS);
    this.sent.forget(event.id);
    if (!isShown) {
      // What was decided is not replaced by what was folded now: as after a failure, the log is read first.
      if (generation === this.generation) this.rebuild();
      return NOT_SHOWN;
    }
    if (reads.projection.epoch > this.term.epoch) return MAY_NOT_COUNT;
    if (event.metadata.epoch < this.term.epoch && position > this.term.electedAt) return 'again';
    // From now on both projections share the folded object.
    const folded = reads.projection.stream(stream);
    if (generation === this.generation && folded && this.ahead.stream(stream) === optimistic) {
      putState(kinds, this.ahead, { stream, state: folded, position });
      this.ahead.position = Math.max(this.ahead.position, position);
    }
    // What a read would show: the same object, so that its text is made once for this answer, reads and watches.
    const isNewest = object !== undefined && folded?.position === position;
    return accepted(decided, position, true, isNewest ? folded.object : undefined);
  }

  /** Nothing to append. The state that was looked at may still be on its way: the answer must not be ahead of it. */
  private async unchanged(
    stream: string,
    before: StreamState | undefined,
    decided: DecidedEvent,
  ): Promise<Accepted | 'again'> {
    if (before?.position === ON_ITS_WAY) {
      await this.outstanding.of(stream);
      return 'again';
    }
    const { reads } = this.options;
    return accepted(decided, before?.position ?? reads.projection.position, false);
  }

  private failed(cause: unknown, generation: number): Refusal | 'again' {
    if (cause instanceof LogDamaged || cause instanceof LogFailed) this.options.onFatal(cause);
    if (cause instanceof WrongExpectedRevision && cause.expected === -1) this.forgotten.set(cause.stream, cause.actual);
    if (generation === this.generation) this.rebuild();
    return refusedBy(cause);
  }

  /**
   * Forgets what was decided but not appended: the log decides. Appends that are still on their way are waited for: they
   * may be taken, and a state without them would allow what they forbid.
   */
  private rebuild(): void {
    this.generation++;
    const { reads, clock, kinds } = this.options;
    this.rebuilding = (async () => {
      await Promise.race([this.outstanding.settled(), pause(clock, COMMAND_TIMEOUT_MS)]);
      for (let wait = 10; ; wait = Math.min(wait * 2, 1000)) {
        const ends =
          (await reads.fresh(5000).catch(() => false)) &&
          (await this.withoutDoubt()) &&
          (await endsOfStreams(this.options, this.forgotten).catch((cause) => this.unreadable(cause)));
        if (ends) {
          this.ahead = succeeding(kinds, this.ahead, reads.projection.copy());
          const { position } = this.ahead;
          for (const [stream, { revision }] of ends)
            if (!this.ahead.stream(stream))
              putState(kinds, this.ahead, { stream, state: { revision, position, object: undefined }, position });
          this.forgotten.clear();
        }
        if (ends || !this.elected) break;
        await pause(clock, wait);
      }
      this.rebuilding = undefined;
    })();
  }

  /**
   * An append that was given up on may still land, on what then has the place of that which it was decided on. A new term of
   * this writer makes it count no more.
   */
  private async withoutDoubt(): Promise<boolean> {
    if (!this.isInDoubt || !this.elected) return true;
    try {
      await this.term.begin(this.options.reads.projection.cluster, ELECTION_MS);
      this.isInDoubt = false;
      // What came before the new term is decided on too.
      return this.options.reads.projection.position >= this.term.electedAt;
    } catch {
      // The log does not answer, or another writer was elected, which is about to be read.
      return false;
    }
  }

  private unreadable(cause: unknown): undefined {
    if (!(cause instanceof LogDamaged)) return;
    this.elected = false;
    this.options.onFatal(cause);
  }
}

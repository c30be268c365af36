import type {
  Change,
  Command,
  CommandResult,
  Decision,
  KubeObject,
  Loop,
  LoopRefusal,
  OutsideFacts,
  Refusal,
  Submit,
  View,
} from '#model';
import { isRefusal, RecordedOutside, refusals, streamOf } from '#model';
import type { Clock, Ids } from '#ports';
import { Fault, type Instant } from '#std';
import { ContestedWrites } from './contested-writes.js';
import { LookCauses, NO_CAUSES, type Causes } from './look-causes.js';
import { readyCommand, type Ready } from './loop-command.js';
import { Recurrences } from './recurrences.js';
import { cancellableDelay } from './delay.js';
import type { CommandPort } from './writer.js';
import type { WallSteps } from './wall-steps.js';
import { WorkQueue } from './work-queue.js';

export interface LoopRunnerOptions {
  readonly loop: Loop;
  readonly view: View;
  readonly commands: CommandPort;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly build: string;
  /** Calls back soon, after what is going on now: `setImmediate`, or a step of the simulation. */
  readonly soon: (callback: () => void) => void;
  /** Waits until the view has passed a position. */
  readonly reached: (position: number, timeoutMs: number) => Promise<boolean>;
  /** The steps of the wall clock that this process has seen. */
  readonly wallSteps: WallSteps;
  /** Facts that are not in the log, as they are now, for a look at a key. */
  readonly outside?: (key: string) => OutsideFacts;
  /** Told of a refusal that is not part of normal racing: the 1st, 2nd, 4th, 8th … time in a row. */
  readonly onRefusal?: (loop: string, key: string, refusal: { readonly message: string }) => void;
  /** Receives what was thrown for one key, or for one object's stream: the 1st, 2nd, 4th, 8th … time in a row. */
  readonly onFault: (loop: string, key: string, cause: unknown) => void;
  /** Ends the process: something that all keys share has failed. */
  readonly onFatal: (cause: unknown) => void;
}

/** The key that stands for all keys: its look adds the keys of `keysAtStart`. No object can have this name. */
const ALL_KEYS = '*';
/** A change whose keys cannot be computed makes the loop look at all keys, at most once in this time. */
const ALL_KEYS_PAUSE_MS = 10_000;
const BACKOFF_FIRST_MS = 5;
const BACKOFF_MAX_MS = 60_000;
const REACHED_MS = 10_000;
/** So many refusals of a look are handed to the next one, which records them. */
const REFUSALS_MAX = 16;
/** Looks that change more objects are taken for work, not for a quarrel. */
const CONTESTED_MAX = 10;
/** Refusals that say: look again, the world has moved. They are no trouble. */
const RACES = new Set(['Stale', 'Conflict', 'AlreadyExists', 'NotFound']);

/**
 * Runs one loop: which keys to look at, one at a time each, again after a refusal with growing pauses, at the instants the
 * loop asked for, and never on a view that has not yet seen the loop's own last write. What `reconcile` throws for one key
 * is reported and backed off like a refusal, and the other keys go on. What somebody else undoes again and again is written
 * again after growing pauses too.
 */
export class LoopRunner {
  private readonly queue = new WorkQueue();
  /** `due` is on the monotonic clock. */
  private readonly wakes = new Map<string, { due: number; cancel: () => void }>();
  private readonly causes = new LookCauses();
  private readonly failures = new Map<string, number>();
  /** Keys (and streams whose keys cannot be computed) with refused or failed looks in a row. */
  private readonly troubles = new Recurrences();
  private readonly contested = new ContestedWrites();
  /** Ends the pauses of keys whose writes are contested. */
  private readonly pauses = new Set<() => void>();
  private readonly refusals = new Map<string, readonly LoopRefusal[]>();
  private scheduled = false;
  private running = false;

  constructor(private readonly options: LoopRunnerOptions) {}

  get idle(): boolean {
    return this.queue.idle;
  }
  get name(): string {
    return this.options.loop.name;
  }

  start(): void {
    this.running = true;
    this.options.loop.picture?.follow(this.options.view);
    this.queue.add(ALL_KEYS);
    this.schedule();
  }
  stop(): void {
    this.running = false;
    for (const wake of this.wakes.values()) wake.cancel();
    this.wakes.clear();
    for (const end of this.pauses) end();
    this.options.loop.picture?.leave(this.options.view);
  }

  /** Hears of changes, in order. */
  notice(changes: readonly Change[]): void {
    if (!this.running) return;
    this.redraw(changes);
    for (const change of changes) {
      try {
        for (const key of this.options.loop.keysOf(change, this.options.view)) {
          this.causes.add(key, change.position);
          this.queue.add(key);
        }
      } catch (cause) {
        this.missed(change, cause);
      }
    }
    this.schedule();
  }
  /** A picture that cannot take a change is built anew at its next use. */
  private redraw(changes: readonly Change[]): void {
    const { loop, view } = this.options;
    try {
      loop.picture?.changed(view, changes);
    } catch (cause) {
      loop.picture?.follow(view);
      this.fault(ALL_KEYS, cause);
    }
  }

  /** Looks at a key because of something outside the log. */
  poke(key: string): void {
    this.queue.add(key);
    this.schedule();
  }

  /** What a look at a key would ask for now. Nothing of it is carried out. */
  foresee(key: string): readonly Decision[] {
    const { loop, view, clock } = this.options;
    try {
      return loop.reconcile(view, key, clock.now(), new RecordedOutside(this.facts(key)));
    } catch (cause) {
      this.fault(key, cause);
      return [];
    }
  }

  /** Looks at all keys because of something outside the log. */
  pokeAll(): void {
    this.poke(ALL_KEYS);
  }

  private schedule(): void {
    if (this.scheduled || !this.running || this.queue.length === 0) return;
    this.scheduled = true;
    this.options.soon(() => {
      this.scheduled = false;
      this.drain();
    });
  }

  private drain(): void {
    if (!this.running) return;
    const { clock } = this.options;
    const until = clock.monotonic() + 10;
    for (let key = this.queue.take(); key !== undefined; key = this.queue.take()) {
      this.look(key);
      // Let others have the thread: a long queue must not stop the API.
      if (clock.monotonic() > until) break;
    }
    this.schedule();
  }

  private look(key: string): void {
    if (key === ALL_KEYS) return this.lookAtAll();
    const { loop, view, clock, build, ids } = this.options;
    const now = clock.now();
    const causes = this.causes.take(key);
    const ready: Ready[] = [];
    try {
      const outside = new RecordedOutside(this.facts(key));
      const decisions = loop.reconcile(view, key, now, outside);
      const look = { loop, view, key, now, build, causes, facts: outside.recorded };
      for (const decision of decisions) {
        if (decision.is === 'submit') ready.push(readyCommand(decision, look, () => ids.uid()));
        else if (decision.is === 'wake') this.wakeAt(key, decision.at, causes);
      }
    } catch (cause) {
      this.fault(key, cause);
      return this.over(key, 'failed', causes);
    }
    if (ready.length === 0) {
      this.refusals.delete(key);
      return this.over(key, 'succeeded', causes);
    }
    // Every submit's own failure is among its results. What fails beyond that (the view cannot follow) concerns all keys.
    Promise.all(ready.map((one) => this.chain(one, key)))
      .then((results) => this.settle(key, results.flat(), causes))
      .catch(this.options.onFatal);
  }

  private lookAtAll(): void {
    const { loop, view } = this.options;
    try {
      for (const one of loop.keysAtStart(view)) this.queue.add(one);
    } catch (cause) {
      this.fault(ALL_KEYS, cause);
      return this.over(ALL_KEYS, 'failed', NO_CAUSES);
    }
    this.over(ALL_KEYS, 'succeeded', NO_CAUSES);
  }

  private facts(key: string): OutsideFacts {
    const { outside, wallSteps } = this.options;
    const refusals = this.refusals.get(key);
    return { ...outside?.(key), ...wallSteps.outside(), ...(refusals && { refusals }) };
  }

  /** A submit and, once it was accepted, what follows on it. */
  private async chain(ready: Ready, key: string): Promise<readonly Settled[]> {
    let isReported = false;
    const result = await this.submit(ready.command).catch((cause: unknown): CommandResult => {
      // Not the bus or the log, but a bug that this one command meets.
      if (!(cause instanceof Fault)) this.fault(key, cause);
      isReported = !(cause instanceof Fault);
      return refusedBy(cause);
    });
    return this.after(ready, { submit: ready.submit, result, isReported }, key);
  }
  /** What follows on a submit; the first of it may have been carried out with it. */
  private async after({ then }: Ready, settled: Settled, key: string): Promise<readonly Settled[]> {
    const { result } = settled;
    const all = [settled];
    if (isRefusal(result)) return all;
    let { next: done } = result;
    for (const one of then) {
      const own = done && { submit: one.submit, result: done, isReported: false };
      done = undefined;
      all.push(...(own ? await this.after(one, own, key) : await this.chain(one, key)));
    }
    return all;
  }

  /** What throws at once is a rejection too. */
  private async submit(command: Command): Promise<CommandResult> {
    return this.options.commands.submit(command);
  }

  private async settle(key: string, results: readonly Settled[], causes: Causes): Promise<void> {
    let position = 0;
    let gotOn = false;
    let refused: Refusal | undefined;
    let complaint: Refusal | undefined;
    const refusals: LoopRefusal[] = [];
    for (const { submit, result, isReported } of results) {
      if (!isRefusal(result)) {
        position = Math.max(position, result.position);
        gotOn ||= result.changed;
        continue;
      }
      refused = result;
      if (!RACES.has(result.reason) && !isReported) complaint = result;
      const { verb, kind, name } = submit.command;
      if (refusals.length < REFUSALS_MAX)
        refusals.push({ verb, kind, name, code: result.code, reason: result.reason, message: result.message });
    }
    if (refusals.length > 0) this.refusals.set(key, refusals);
    else this.refusals.delete(key);
    // Deciding on a view from before the own write would decide the same again.
    while (position > 0 && this.running && !(await this.options.reached(position, REACHED_MS)));
    if (complaint && this.troubles.add(key)) this.options.onRefusal?.(this.name, key, complaint);
    await this.calm(key, results);
    if (!refused) this.over(key, 'succeeded', causes);
    else this.over(key, gotOn ? 'got on' : 'failed', causes);
    this.schedule();
  }

  /** Waits while others keep undoing what the looks at this key change. */
  private async calm(key: string, results: readonly Settled[]): Promise<void> {
    const { clock } = this.options;
    const changes = results.flatMap(({ submit: { command }, result }) =>
      command.verb === 'patch' && !isRefusal(result) && result.changed ? [command] : [],
    );
    if (changes.length === 0 || changes.length > CONTESTED_MAX) return;
    const pauseMs = this.contested.pauseAfter(key, JSON.stringify(changes), clock.monotonic());
    if (pauseMs === 0 || !this.running) return;
    const { done, cancel } = cancellableDelay(clock, pauseMs);
    this.pauses.add(cancel);
    await done;
    this.pauses.delete(cancel);
  }

  /** Ends a look. A failed one is repeated after a pause that grows with the failures in a row, because of the same. */
  private over(key: string, outcome: 'succeeded' | 'got on' | 'failed', causes: Causes): void {
    if (outcome === 'succeeded') {
      this.failures.delete(key);
      this.troubles.clear(key);
    } else {
      // A look that got something done was no failure as a whole: what was refused is tried again soon.
      const failures = outcome === 'got on' ? 1 : (this.failures.get(key) ?? 0) + 1;
      this.failures.set(key, failures);
      this.causes.give(key, causes);
      this.wakeAfter(key, Math.min(BACKOFF_FIRST_MS * 2 ** (failures - 1), BACKOFF_MAX_MS));
    }
    this.queue.done(key);
  }

  /** The keys of a change are not known, so all keys are looked at again. */
  private missed(change: Change, cause: unknown): void {
    const { namespace, name } = ((change.after ?? change.before) as KubeObject).metadata;
    this.fault(streamOf(change.kind, namespace, name), cause);
    this.wakeAfter(ALL_KEYS, ALL_KEYS_PAUSE_MS);
  }

  private fault(key: string, cause: unknown): void {
    if (this.troubles.add(key)) this.options.onFault(this.name, key, cause);
  }

  /** At an instant that the loop worked out from recorded times. After the wall clock was set it looks at once. */
  private wakeAt(key: string, at: Instant, causes: Causes): void {
    const { clock } = this.options;
    this.wake(key, at - clock.now(), (ring) =>
      clock.at(at, () => {
        this.causes.give(key, causes);
        ring();
      }),
    );
  }
  private wakeAfter(key: string, ms: number): void {
    this.wake(key, ms, (ring) => this.options.clock.after(ms, ring));
  }

  /** One wake for each key, the earliest. */
  private wake(key: string, ms: number, set: (ring: () => void) => () => void): void {
    const due = this.options.clock.monotonic() + ms;
    const planned = this.wakes.get(key);
    if (planned) {
      if (planned.due <= due) return;
      planned.cancel();
    }
    if (!this.running) return;
    const cancel = set(() => {
      this.wakes.delete(key);
      this.poke(key);
    });
    this.wakes.set(key, { due, cancel });
  }
}

interface Settled {
  readonly submit: Submit;
  readonly result: CommandResult;
  /** What made it fail was passed to `onFault`. */
  readonly isReported: boolean;
}

function refusedBy(cause: unknown): CommandResult {
  return refusals.unavailable(cause instanceof Error ? cause.message : String(cause));
}

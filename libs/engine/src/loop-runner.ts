import type { Change, Command, CommandResult, Loop, LoopRefusal, Outside, Submit, View } from '#model';
import { isRefusal } from '#model';
import type { Clock, Ids } from '#ports';
import type { Instant } from '#std';
import { toEventTime } from '#std';
import type { CommandPort } from './writer.js';
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
  /** Facts that are not in the log, as they are now. */
  readonly outside?: () => Outside;
  /** Told of a refusal that is not part of normal racing: the 1st, 2nd, 4th, 8th … time in a row. */
  readonly onRefusal?: (loop: string, key: string, refusal: { readonly message: string }) => void;
}

const BACKOFF_FIRST_MS = 5;
const BACKOFF_MAX_MS = 60_000;
const REACHED_MS = 10_000;
/** Refusals that say: look again, the world has moved. They are no trouble. */
const RACES = new Set(['Stale', 'Conflict', 'AlreadyExists', 'NotFound']);

/**
 * Runs one loop: which keys to look at, one at a time each, again after a refusal with growing pauses, at the instants the
 * loop asked for, and never on a view that has not yet seen the loop's own last write.
 */
export class LoopRunner {
  private readonly queue = new WorkQueue();
  private readonly wakes = new Map<string, { at: Instant; cancel: () => void }>();
  private readonly failures = new Map<string, number>();
  /** How often in a row a look at a key was refused something, whatever else it got done. */
  private readonly refusedLooks = new Map<string, number>();
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
    for (const key of this.options.loop.keysAtStart(this.options.view)) this.queue.add(key);
    this.schedule();
  }
  stop(): void {
    this.running = false;
    for (const wake of this.wakes.values()) wake.cancel();
    this.wakes.clear();
  }

  /** Hears of changes, in order. */
  notice(changes: readonly Change[]): void {
    if (!this.running) return;
    for (const change of changes) {
      for (const key of this.options.loop.keysOf(change, this.options.view)) this.queue.add(key);
    }
    this.schedule();
  }
  /** Looks at a key because of something outside the log. */
  poke(key: string): void {
    this.queue.add(key);
    this.schedule();
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
    const until = clock.now() + 10;
    for (let key = this.queue.take(); key !== undefined; key = this.queue.take()) {
      this.look(key);
      // Let others have the thread: a long queue must not stop the API.
      if (clock.now() > until) break;
    }
    this.schedule();
  }

  private look(key: string): void {
    const { loop, view, clock, outside } = this.options;
    const now = clock.now();
    const refusals = this.refusals.get(key);
    const decisions = loop.reconcile(view, key, now, { ...outside?.(), ...(refusals && { refusals }) });
    const submits: Submit[] = [];
    for (const decision of decisions) {
      if (decision.is === 'submit') submits.push(decision);
      else if (decision.is === 'wake') this.wake(key, decision.at);
    }
    if (submits.length === 0) {
      this.failures.delete(key);
      this.refusedLooks.delete(key);
      this.refusals.delete(key);
      this.queue.done(key);
      return;
    }
    void Promise.all(submits.map((submit) => this.chain(submit, key, now))).then((results) =>
      this.settle(key, results.flat()),
    );
  }

  /** A submit and, once it was accepted, what follows on it. */
  private async chain(submit: Submit, key: string, now: Instant): Promise<readonly Settled[]> {
    const { commands } = this.options;
    const result = await commands.submit(this.command(submit, key, now)).catch(refusedBy);
    const settled: Settled[] = [{ submit, result }];
    if (isRefusal(result)) return settled;
    for (const next of submit.then ?? []) settled.push(...(await this.chain(next, key, now)));
    return settled;
  }

  private async settle(key: string, results: readonly Settled[]): Promise<void> {
    let position = 0;
    let gotOn = false;
    let refused: { message: string; reason: string } | undefined;
    const refusals: LoopRefusal[] = [];
    for (const { submit, result } of results) {
      if (!isRefusal(result)) {
        position = Math.max(position, result.position);
        gotOn ||= result.changed;
        continue;
      }
      refused = result;
      const { verb, kind, name } = submit.command;
      refusals.push({ verb, kind, name, code: result.code, reason: result.reason, message: result.message });
    }
    if (refusals.length > 0) this.refusals.set(key, refusals);
    else this.refusals.delete(key);
    // Deciding on a view from before the own write would decide the same again.
    while (position > 0 && this.running && !(await this.options.reached(position, REACHED_MS)));
    if (refused) {
      if (!RACES.has(refused.reason)) this.complain(key, refused);
      // A look that got something done was no failure as a whole: what was refused is tried again soon.
      const failures = gotOn ? 1 : (this.failures.get(key) ?? 0) + 1;
      this.failures.set(key, failures);
      const pause = Math.min(BACKOFF_FIRST_MS * 2 ** (failures - 1), BACKOFF_MAX_MS);
      this.wake(key, this.options.clock.now() + pause);
    } else {
      this.failures.delete(key);
      this.refusedLooks.delete(key);
    }
    this.queue.done(key);
    this.schedule();
  }

  /** Says it ever more seldom: what is refused for hours would fill the log with one sentence. */
  private complain(key: string, refused: { readonly message: string }): void {
    const times = (this.refusedLooks.get(key) ?? 0) + 1;
    this.refusedLooks.set(key, times);
    if ((times & (times - 1)) === 0) this.options.onRefusal?.(this.name, key, refused);
  }

  private wake(key: string, at: Instant): void {
    const planned = this.wakes.get(key);
    if (planned) {
      if (planned.at <= at) return;
      planned.cancel();
    }
    if (!this.running) return;
    const cancel = this.options.clock.at(at, () => {
      this.wakes.delete(key);
      this.poke(key);
    });
    this.wakes.set(key, { at, cancel });
  }

  private command(submit: Submit, key: string, now: Instant): Command {
    const { loop, view, build, ids } = this.options;
    const { command } = submit;
    return {
      apiVersion: 'v1',
      ...command,
      options: command.options ?? {},
      actor: {
        name: `system:serviceaccount:kube-system:${loop.account}`,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
      },
      via: loop.name,
      because: submit.because,
      ...(submit.basedOn && {
        basedOn: submit.basedOn.map((stream) => ({ stream, revision: view.stream(stream)?.revision ?? -1 })),
      }),
      basis: {
        loop: loop.name,
        key,
        view: view.position,
        now: toEventTime(now),
        build,
        ...(submit.facts && { facts: submit.facts }),
      },
      correlationId: ids.uid(),
    };
  }
}

interface Settled {
  readonly submit: Submit;
  readonly result: CommandResult;
}

function refusedBy(cause: unknown): CommandResult {
  const message = cause instanceof Error ? cause.message : String(cause);
  return { refused: true, code: 503, reason: 'ServiceUnavailable', message };
}

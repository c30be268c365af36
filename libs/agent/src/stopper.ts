import { containerOf } from '#pod';
import { kubelet } from '#loops';
import type { Instant } from '#std';
import { runHook } from './hooks.js';
import type { PodState } from './pod-state.js';
import type { NodeContext } from './node-context.js';

const AFTER_HOOK_MS_MIN = 2000;
const LOOK_AGAIN_MS = 5000;
const RETRY_MS = 1000;
type Stop = kubelet.Action & { do: 'stop' };

/** Stops containers of one pod: hook, signal, and at the deadline the end. A deadline may come nearer meanwhile. */
export class Stopper {
  /** Called whenever a stop has to look again: the container changed, or its deadline did. */
  private readonly nudges = new Map<string, () => void>();

  constructor(
    private readonly context: NodeContext,
    private readonly worker: PodState,
  ) {}

  stop(action: Stop): void {
    const { stopping } = this.worker;
    const known = stopping[action.id];
    stopping[action.id] = Math.min(known ?? Infinity, action.deadline);
    if (known !== undefined) {
      this.nudges.get(action.id)?.();
      return;
    }
    this.carryOut(action)
      .catch((error: unknown) => this.log(action, error))
      .finally(() => {
        delete stopping[action.id];
        this.nudges.delete(action.id);
        this.worker.look();
      });
  }
  observed(): void {
    for (const nudge of [...this.nudges.values()]) nudge();
  }
  end(): void {
    this.observed();
  }

  private async carryOut(action: Stop): Promise<void> {
    const { runtime } = this.context.options;
    const { worker } = this;
    const hooked = await this.preStop(action);
    const now = worker.now();
    if (hooked) worker.stopping[action.id] = Math.max(this.deadline(action), now + AFTER_HOOK_MS_MIN);
    await this.insist(action, async () => {
      const signal = action.signal ?? (await runtime.inspect(action.id))?.stopSignal ?? 'SIGTERM';
      await runtime.signal(action.id, signal);
    });
    while (this.mayWait(action)) await this.waitUntil(action.id, this.soonerOf(action, LOOK_AGAIN_MS));
    while (this.runs(action.id) && !this.context.stopped) {
      const isSent = await this.tries(action, () => runtime.signal(action.id, 'SIGKILL'));
      await worker.observeOne(action.id).catch(() => undefined);
      if (this.runs(action.id)) await this.waitUntil(action.id, worker.now() + (isSent ? LOOK_AGAIN_MS : RETRY_MS));
    }
  }
  /** Until the engine has taken it: what was begun, the hook above all, is not begun anew because the engine was away. */
  private async insist(action: Stop, work: () => Promise<void>): Promise<void> {
    while (this.mayWait(action) && !(await this.tries(action, work)))
      await this.waitUntil(action.id, this.soonerOf(action, RETRY_MS));
  }
  private async tries(action: Stop, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.log(action, error);
      return false;
    }
  }
  private mayWait(action: Stop): boolean {
    const now = this.worker.now();
    return this.runs(action.id) && !this.context.stopped && now < this.deadline(action);
  }
  /** The deadline, or so much later than now if that comes first. */
  private soonerOf(action: Stop, ms: number): Instant {
    const now = this.worker.now();
    return Math.min(this.deadline(action), now + ms);
  }
  /** The hook may take all of the grace period; it never runs for a container that has ended. */
  private async preStop(action: Stop): Promise<boolean> {
    const container = containerOf(this.worker.pod, action.container);
    if (!action.preStop || !container || !this.runs(action.id)) return false;
    const now = this.worker.now();
    const timeoutMs = Math.max(0, this.deadline(action) - now);
    const hook = runHook(this.context, {
      pod: this.worker.pod,
      container,
      handler: action.preStop,
      id: action.id,
      ip: action.ip,
      timeoutMs,
    });
    let done = false;
    const ended = hook.then((failure) => {
      done = true;
      this.nudges.get(action.id)?.();
      return failure;
    });
    while (!done && this.mayWait(action)) await this.waitUntil(action.id, this.deadline(action));
    const failure = done
      ? await ended
      : this.runs(action.id)
        ? 'the hook did not end within the grace period'
        : undefined;
    if (failure !== undefined) {
      this.context.reporter.incident(this.worker.pod, {
        type: 'Warning',
        reason: 'FailedPreStopHook',
        message: `PreStopHook failed: ${failure}`,
        container: action.container,
      });
    }
    return true;
  }
  private deadline(action: Stop): Instant {
    return this.worker.stopping[action.id] ?? action.deadline;
  }
  private runs(id: string): boolean {
    return this.worker.containers.some((c) => c.id === id && c.state === 'running');
  }
  /**
   * Until then, until the wall clock was set, or until something happened to the container. The engine is asked in case its
   * news was lost.
   */
  private async waitUntil(id: string, at: Instant): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.context.options.clock.at(at, resolve);
      this.nudges.set(id, () => {
        cancel();
        resolve();
      });
    });
    this.nudges.delete(id);
    if (this.worker.now() >= at && this.runs(id)) await this.worker.observeOne(id).catch(() => undefined);
  }
  private log(action: Stop, error: unknown): void {
    this.context.log(`stopping ${action.container}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

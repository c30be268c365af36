import { fenceAfterMs, gracePeriodMs, isTerminal, type Pod, type PodStatus } from '#pod';
import { kubelet } from '#loops';
import type { PodReport } from '#model';
import type { ContainerOwner, RuntimeChange, RuntimeContainer } from '#ports';
import { Fault, type Instant } from '#std';
import { RuntimeFault } from '#ports';
import { PodLifecycle } from './pod-lifecycle.js';
import type { ObservedContainer, PodState } from './pod-state.js';
import type { NodeContext } from './node-context.js';
import { servedState } from './served.js';
import { pause } from '#engine';

/** A larger change of the wall clock against the monotonic one is a step. */
const STEP_MIN_MS = 200;
const RETRY_MS = 1000;
const RETRY_MS_MAX = 60_000;
/** Not an action: the decision itself. */
const DECIDE = 'decision';
const STAGES = ['created', 'running', 'exited'];

/** Reconciles one pod: observes its containers, runs the kubelet loop, carries out its actions, reports the status. */
export class PodWorker implements PodState {
  record: kubelet.PodRecord;
  containers: readonly ObservedContainer[] = [];
  readonly busy = new Set<string>();
  readonly stopping: Record<string, Instant> = {};
  gone = false;
  fencedUntil: Instant | undefined;
  /** Milliseconds without an answer of the control plane after which the pod has to stop. It never changes. */
  readonly fenceAfterMs: number | undefined;
  /** Nothing of it is left here. */
  over = false;
  version = 0;
  private readonly seenAt = new Map<string, number>();
  private readonly removed = new Set<string>();
  private readonly unseen = new Set<string>();
  /** How often in a row an action failed. */
  private readonly failures = new Map<string, number>();
  /** Wall clock minus monotonic clock. */
  private wallOffset: number;
  private looking = false;
  private lookAgain = false;
  private wake: (() => void) | undefined;
  private observed = false;
  private readonly lifecycle: PodLifecycle;

  constructor(
    private readonly context: NodeContext,
    public pod: Pod,
    readonly owner: ContainerOwner,
    /** Called when it is first known what there is of it, before anything is decided. */
    private readonly onFound: (worker: PodWorker) => void = () => undefined,
  ) {
    const { clock } = context.options;
    this.wallOffset = clock.now() - clock.monotonic();
    this.record = kubelet.newPodRecord(pod.metadata.uid, kubelet.startOf(pod) ?? clock.now(), pod.status);
    this.lifecycle = new PodLifecycle(context, this);
    this.fenceAfterMs = fenceAfterMs(pod);
  }
  get uid(): string {
    return this.pod.metadata.uid;
  }
  /** The engine has shown what there is of it. */
  get isFound(): boolean {
    return this.observed;
  }
  /** Any of its containers runs. */
  get isRunning(): boolean {
    return this.containers.some(({ state, labels }) => state === 'running' && labels.role !== 'infra');
  }
  /** The wall clock. When it was set since the last look, what was planned by it moves along first. */
  now(): Instant {
    const { clock } = this.context.options;
    const now = clock.now();
    const offset = now - clock.monotonic();
    const step = offset - this.wallOffset;
    if (Math.abs(step) < STEP_MIN_MS) return now;
    this.wallOffset = offset;
    this.record = kubelet.afterWallStep(this.record, step);
    for (const [id, deadline] of Object.entries(this.stopping)) this.stopping[id] = deadline + step;
    if (this.fencedUntil !== undefined) this.fencedUntil += step;
    return now;
  }

  /** The pod's object changed: what was held back because of it may be tried at once. */
  changed(pod: Pod): void {
    const refresh = pod.metadata !== this.pod.metadata;
    this.pod = pod;
    this.record = kubelet.learned(pod, this.record, this.containers);
    this.retryNow();
    if (refresh) this.lifecycle.files.refreshVolumes();
    this.look();
  }
  /** Stops it: the node is cut off for too long. So many milliseconds of the grace period are over already. */
  fence(lateMs: number): void {
    this.fencedUntil = this.now() + Math.max(0, gracePeriodMs(this.pod) - lateMs);
    this.look();
  }
  /** Ends it for good: its node is about to be off. */
  terminate(graceMs: number): void {
    if (this.over || this.record.failed || isTerminal(this.record.status.phase)) return;
    const asked = this.now() + graceMs;
    const { endBy = asked, endGraceMs = graceMs } = this.record;
    const ends = { endBy: Math.min(endBy, asked), endGraceMs: Math.min(endGraceMs, graceMs) };
    this.record = { ...this.record, failed: kubelet.NODE_SHUTDOWN, ...ends };
    this.look();
  }
  /** It may run again. */
  unfence(): void {
    this.fencedUntil = undefined;
    this.retryNow();
    this.look();
  }
  /** A ConfigMap, Secret or Service that it may need changed. */
  needsChanged(): void {
    this.retryNow();
    this.lifecycle.files.refreshVolumes();
    this.look();
  }
  /** A volume that has grown over its limit costs the pod its place. */
  async checkUsage(): Promise<void> {
    if (this.over || this.record.endBy !== undefined) return;
    for (const { name, limitBytes, limit } of kubelet.limitedVolumesOf(this.pod)) {
      if ((await this.context.options.volumes.usedBytes(this.uid, name)) <= limitBytes) continue;
      const message = `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
      this.context.reporter.incident(this.pod, { type: 'Warning', reason: 'Evicted', message });
      this.record = kubelet.evicted(this.pod, this.record, message, this.now());
      this.look();
      return;
    }
  }
  private retryNow(): void {
    const { volumesRetry: _retry, ...record } = this.record;
    this.record = kubelet.withoutConfigWaits(record);
  }

  /**
   * Takes what the engine shows. Answers may come out of order: a container never goes back in its life, one that was
   * removed never comes back, and a list does not undo what was seen after it was asked for (`since`).
   */
  async observe(found: readonly RuntimeContainer[], since = this.version): Promise<void> {
    const seen = await Promise.all(found.map((c) => this.withMessage(c)));
    const listed = new Set(seen.map((c) => c.id));
    const newer = this.containers.filter((c) => !listed.has(c.id) && (this.seenAt.get(c.id) ?? 0) > since);
    this.containers = [...seen.filter((c) => !this.removed.has(c.id)).map((c) => this.latest(c)), ...newer];
    if (!this.observed) {
      this.observed = true;
      this.record = kubelet.adopted(this.pod, this.record, this.containers);
      this.onFound(this);
    }
    this.lifecycle.observed();
    this.look();
  }
  /** News of the engine. Whoever starts a container looks at it right afterwards: that is not asked for twice. */
  async heard(id: string, what: RuntimeChange['what']): Promise<void> {
    if (what === 'started' && this.containers.some((c) => c.id === id && c.state !== 'created')) return;
    if (what === 'started' && this.isStarting) this.unseen.add(id);
    else await this.observeOne(id);
  }
  private get isStarting(): boolean {
    return [...this.busy].some((key) => key === 'sandbox' || key.startsWith('making:'));
  }
  /** What was started although the starting seemed to fail. */
  private seeStarted(): void {
    if (this.unseen.size === 0 || this.isStarting) return;
    for (const id of this.unseen) void this.observeOne(id).catch(() => undefined);
    this.unseen.clear();
  }
  /** One container as it is now, after something was done to it. */
  async observeOne(id: string): Promise<void> {
    if (!this.busy.has('cleanup')) await this.takeOne(id, await this.context.options.runtime.inspect(id));
  }
  /** One container as the engine has just shown it. */
  async takeOne(id: string, found: RuntimeContainer | undefined): Promise<void> {
    this.unseen.delete(id);
    const shown = found && (await this.withMessage(found));
    this.seenAt.set(id, ++this.version);
    if (!shown) this.removed.add(id);
    const others = this.containers.filter((c) => c.id !== id);
    this.containers = shown && !this.removed.has(id) ? [...others, this.latest(shown)] : others;
    this.lifecycle.observed();
    this.look();
  }
  private latest(shown: ObservedContainer): ObservedContainer {
    const known = this.containers.find((c) => c.id === shown.id);
    return known && STAGES.indexOf(known.state) > STAGES.indexOf(shown.state) ? known : shown;
  }
  private async withMessage(container: RuntimeContainer): Promise<ObservedContainer> {
    const known = this.containers.find((c) => c.id === container.id);
    if (container.state !== 'exited' || container.labels.role === 'infra') return container;
    if (known?.state === 'exited')
      return { ...container, ...(known.message !== undefined && { message: known.message }) };
    const message = await this.lifecycle.files.terminationMessage(container).catch(() => '');
    return { ...container, ...(message && { message }) };
  }
  async observeAll(): Promise<void> {
    const since = this.version;
    await this.observe(await this.context.options.runtime.containers(this.owner, this.uid), since);
  }

  /** Decides anew, soon: many reasons at once lead to one look. */
  look(): void {
    if (this.looking) {
      this.lookAgain = true;
      return;
    }
    this.looking = true;
    queueMicrotask(() => {
      this.looking = false;
      this.lookAgain = false;
      if (!this.context.stopped && this.observed && !this.over && !this.busy.has('cleanup')) this.tryToDecide();
      if (this.lookAgain) this.look();
    });
  }
  situation(): kubelet.Situation {
    const { node } = this.context;
    const now = this.now();
    const resizeRefused = kubelet.isResizing(this.pod, this.record) ? this.context.resizeRefusal(this.pod) : undefined;
    return {
      pod: this.pod,
      record: this.record,
      containers: this.containers,
      busy: this.busy,
      stopping: this.stopping,
      gone: this.gone,
      ...this.served(),
      ...(this.fencedUntil !== undefined && { fencedUntil: this.fencedUntil }),
      node,
      ...(resizeRefused && { resizeRefused }),
      now,
    };
  }

  /** Asked only of a pod that is about to be stopped: it means to look through the endpoints of its namespace. */
  private served(): { readonly served?: kubelet.Served } {
    const isEnding = this.pod.metadata.deletionTimestamp !== undefined || this.record.failed !== undefined;
    if (!isEnding || Object.keys(this.stopping).length > 0) return {};
    const served = servedState(this.context.objects, this.pod);
    return served === undefined ? {} : { served };
  }

  /** A bug that this pod meets costs this pod its progress, and not the agent its life. */
  private tryToDecide(): void {
    try {
      this.decide();
      this.failures.delete(DECIDE);
    } catch (error) {
      this.context.options.onBug?.(error);
      const pauseMs = this.noted(DECIDE, DECIDE, error);
      const { clock } = this.context.options;
      this.wake?.();
      this.wake = clock.after(pauseMs, () => this.look());
    }
  }
  private decide(): void {
    const { options, reporter } = this.context;
    const before = this.record.status;
    const situation = this.situation();
    this.context.policies.put(this.pod, kubelet.podIpsOf(situation));
    const plan = kubelet.planPod(situation);
    this.record = plan.record;
    for (const incident of plan.incidents) reporter.incident(this.pod, incident);
    if (!this.gone)
      reporter.status({ pod: this.pod, status: plan.status, finished: plan.finished, ...eventOf(before, plan.status) });
    this.wake?.();
    this.wake = plan.wakeAt === undefined ? undefined : options.clock.at(plan.wakeAt, () => this.look());
    if (plan.finished && this.gone) {
      this.end();
      this.context.finished(this.uid);
      return;
    }
    for (const action of plan.actions) this.begin(action);
  }
  private begin(action: kubelet.Action): void {
    const key = kubelet.actionKey(action);
    if (action.do === 'stop') {
      this.lifecycle.stop(action);
      return;
    }
    this.busy.add(key);
    const run = async (): Promise<void> => this.lifecycle.run(action);
    run()
      .then(
        () => void this.failures.delete(key),
        // Busy until the pause is over: otherwise the next look would begin the same at once.
        (error: unknown) => this.failed(action, error),
      )
      .finally(() => {
        this.busy.delete(key);
        this.seeStarted();
        this.look();
      });
  }
  /**
   * What went wrong without being part of the pod's story. An engine that is away is asked again soon; what it refuses
   * is tried ever more seldom. Said at the 1st, 2nd, 4th, 8th … time.
   */
  private failed(action: kubelet.Action, error: unknown): Promise<void> {
    const pauseMs = this.noted(kubelet.actionKey(action), action.do, error);
    this.seeStarted();
    const isAway = error instanceof RuntimeFault && error.reason === 'unavailable';
    return pause(this.context.options.clock, isAway ? RETRY_MS : pauseMs);
  }
  /** Counts a failure, reports it when it is due, and returns for how long to wait before the next try. */
  private noted(key: string, what: string, error: unknown): number {
    const count = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, count);
    const { namespace = '', name } = this.pod.metadata;
    if ((count & (count - 1)) === 0) this.context.log(`${what} of pod ${namespace}/${name}: ${reasonOf(error)}`);
    return Math.min(RETRY_MS * 2 ** Math.min(count - 1, 10), RETRY_MS_MAX);
  }
  end(): void {
    this.over = true;
    this.wake?.();
    this.lifecycle.end();
  }
}

/** What went wrong outside has a sentence; a bug is found by its stack. */
export function reasonOf(error: unknown): string {
  if (error instanceof Fault || !(error instanceof Error))
    return error instanceof Error ? error.message : String(error);
  return error.stack ?? error.message;
}

function eventOf(before: PodStatus, after: PodStatus): { event?: PodReport['event'] } {
  const restartsOf = (status: PodStatus): number =>
    [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].reduce(
      (sum, c) => sum + c.restartCount,
      0,
    );
  if (restartsOf(after) > restartsOf(before)) return { event: { type: 'ContainerRestarted' } };
  if (after.phase === 'Running' && before.phase !== 'Running') return { event: { type: 'PodStarted' } };
  return {};
}

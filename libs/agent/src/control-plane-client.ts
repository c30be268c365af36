import type {
  AssignmentChange,
  AssignmentPart,
  AssignmentSync,
  Heartbeat,
  RegisterRequest,
  ReportAnswer,
  SyncRequest,
} from '#model';
import type { kubelet } from '#loops';
import type { BusSubscription, RuntimeInfo } from '#ports';
import { decodeMessage, encodeMessage, pause, subjects } from '#engine';
import type { Assigned, News } from './assigned.js';
import type { Fence } from './fence.js';
import { nodeObject } from './node-object.js';
import { HEARTBEAT_MS, type AgentOptions } from './options.js';

const REGISTER_MS = 10_000;
const SYNC_ANSWER_MS = 15_000;
const BEAT_ANSWER_MS = 5000;
const RETRY_MS = 1000;
/** One assignment that is behind may be an answer that came late. */
const REFUSALS_MAX = 3;

/** Registers the node, sends heartbeats and receives assignments. Its peer is the health app. */
export class ControlPlaneClient {
  private registered = false;
  private syncing = false;
  private stopped = false;
  private heartbeats = 0;
  /** Assignments that were refused in a row. */
  private refusals = 0;
  private foreign: string | undefined;
  /** Called when {@link refusal} may have changed. */
  onRefusal: () => void = () => undefined;
  /** Why the node can run no pods, whatever the control plane assigns. */
  unready: () => string | undefined = () => undefined;
  /** What the node is short of. */
  pressures: () => readonly kubelet.Pressure[] = () => [];
  /** How often in a row a question for assignments failed, and what takes back the next one. */
  private failures = 0;
  private again: () => void = () => undefined;

  constructor(
    private readonly options: AgentOptions,
    private readonly boot: string,
    private readonly assigned: Assigned,
    private readonly apply: (news: News) => Promise<void>,
    private readonly fence: Fence,
  ) {}

  listen(): readonly BusSubscription[] {
    const { bus, node } = this.options;
    const listen = (subject: string, part: AssignmentPart): BusSubscription =>
      bus.subscribe(subject, (data) => this.take(decodeMessage(data) as unknown as AssignmentChange, part));
    return [listen(subjects.node(node.name, 'change'), 'own'), listen(subjects.allNodes, 'shared')];
  }
  stop(): void {
    this.stopped = true;
  }

  /** Why this node takes nothing that the control plane assigns, undefined while it does. */
  get refusal(): string | undefined {
    if (this.foreign !== undefined) return this.foreign;
    return this.refusals < REFUSALS_MAX
      ? undefined
      : 'the control plane is behind what this node has seen: its event log was restored or replaced';
  }
  private judge(sync: AssignmentSync, isRefused: boolean): void {
    const before = this.refusal;
    this.refusals = isRefused ? this.refusals + 1 : 0;
    this.foreign = this.assigned.isForeign(sync)
      ? `this node's data are of cluster ${this.assigned.cluster}, and the control plane is cluster ${sync.cluster}`
      : undefined;
    if (this.refusal === before) return;
    if (this.refusal !== undefined) this.log(`${this.refusal}: the node is not ready and runs no pods of it`);
    this.onRefusal();
  }

  /** Goes on until the node is known. A node that has data of another cluster is never shown as ready. */
  async register(info: RuntimeInfo): Promise<void> {
    const { node, runtime, clock, ingress } = this.options;
    while (!this.stopped && !this.registered) {
      try {
        if (this.assigned.cluster !== undefined) {
          const sync = await this.askForSync();
          this.judge(sync, this.assigned.isForeign(sync));
        }
        const images = await runtime.images();
        const said = { refusal: this.unready() ?? this.refusal, pressures: this.pressures() };
        const shown = { ...node, ...said, servesIngress: ingress !== undefined };
        const request: RegisterRequest = { boot: this.boot, node: nodeObject(shown, info, images, clock.now()) };
        const answer = await this.ask<ReportAnswer>('register', request, REGISTER_MS);
        if (!answer.taken) throw new Error(answer.reason ?? 'refused');
        this.registered = true;
      } catch (error) {
        this.log(`registering ${node.name}: ${words(error)}`);
        await pause(clock, RETRY_MS);
      }
    }
    this.beat();
    void this.sync();
  }
  beat(): void {
    if (!this.registered || this.stopped) return;
    const { bus, node } = this.options;
    const everyMs = node.heartbeatMs ?? HEARTBEAT_MS;
    const heartbeat: Heartbeat = { node: node.name, boot: this.boot, sequence: ++this.heartbeats, everyMs };
    const subject = subjects.heartbeat(node.name);
    try {
      if (!this.fence.isWanted) return bus.publish(subject, encodeMessage(heartbeat));
      const sentAt = this.fence.now();
      bus.request(subject, encodeMessage(heartbeat), BEAT_ANSWER_MS).then(
        // One of which nothing is taken does not say that a pod may go on.
        () => this.stopped || this.refusal !== undefined || this.fence.answered(sentAt),
        () => undefined,
      );
    } catch {
      // The bus is away; the next one says the same.
    }
  }

  /** Asks for the whole assignment, of which nothing travels when it is held already; again soon when there was no answer. */
  async sync(): Promise<void> {
    if (this.syncing || this.stopped || !this.registered) return;
    this.syncing = true;
    const { clock } = this.options;
    this.again();
    let failed = false;
    try {
      const sentAt = this.fence.now();
      const sync = await this.askForSync();
      if (this.stopped) return;
      const outcome = this.assigned.takeSync(sync);
      this.judge(sync, 'refused' in outcome);
      if (!('refused' in outcome)) {
        await this.apply(outcome);
        this.fence.answered(sentAt);
        this.fence.synced(sentAt);
      } else
        this.log(`an assignment was refused: ${outcome.refused}; remove the agent's data to let the node join anew`);
      this.failures = 0;
    } catch (error) {
      failed = true;
      const count = ++this.failures;
      if ((count & (count - 1)) === 0) this.log(`asking for assignments: ${words(error)}`);
    } finally {
      this.syncing = false;
    }
    if (failed) this.again = clock.after(RETRY_MS, () => void this.sync());
  }
  private take(change: AssignmentChange, part: AssignmentPart): undefined {
    if (this.stopped) return;
    const news = this.assigned.takeChange(change, part);
    if (news === undefined) void this.sync();
    else if (news !== 'old') this.apply(news).catch((error: unknown) => this.log(`taking a change: ${words(error)}`));
    return undefined;
  }

  private askForSync(): Promise<AssignmentSync> {
    const request: SyncRequest = { node: this.options.node.name, boot: this.boot, held: this.assigned.digests() };
    return this.ask<AssignmentSync>('sync', request, SYNC_ANSWER_MS);
  }
  private async ask<T>(what: string, question: unknown, timeoutMs: number): Promise<T> {
    const { bus, node } = this.options;
    const answer = await bus.request(subjects.report(node.name, what), encodeMessage(question), timeoutMs);
    return decodeMessage(answer) as unknown as T;
  }
  private log(line: string): void {
    this.options.log?.(line);
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

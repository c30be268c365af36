import type { AssignmentChange, AssignmentSync, Heartbeat, RegisterRequest, ReportAnswer, SyncRequest } from '#model';
import type { BusSubscription, RuntimeInfo } from '#ports';
import { decodeMessage, encodeMessage, pause, subjects } from '#engine';
import type { Assigned, News } from './assigned.js';
import { nodeObject } from './node-object.js';
import type { AgentOptions } from './options.js';

const REGISTER_MS = 10_000;
const SYNC_ANSWER_MS = 15_000;
const RETRY_MS = 1000;

/** The agent's side of its talk with the health app: who it is, that it lives, and what it is to run. */
export class Contact {
  private registered = false;
  private syncing = false;
  private stopped = false;
  private heartbeats = 0;
  /** How often in a row a question for assignments failed, and what takes back the next one. */
  private failures = 0;
  private again: () => void = () => undefined;

  constructor(
    private readonly options: AgentOptions,
    private readonly boot: string,
    private readonly assigned: Assigned,
    private readonly apply: (news: News) => Promise<void>,
  ) {}

  listen(): BusSubscription {
    const { bus, node } = this.options;
    return bus.subscribe(subjects.node(node.name, 'change'), (data) =>
      this.take(decodeMessage(data) as unknown as AssignmentChange),
    );
  }
  stop(): void {
    this.stopped = true;
  }

  /** Goes on until the node is known. */
  async register(info: RuntimeInfo): Promise<void> {
    const { node, runtime, clock } = this.options;
    while (!this.stopped && !this.registered) {
      try {
        const images = await runtime.images();
        const request: RegisterRequest = { boot: this.boot, node: nodeObject(node, info, images, clock.now()) };
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
    const heartbeat: Heartbeat = { node: node.name, boot: this.boot, sequence: ++this.heartbeats };
    try {
      bus.publish(subjects.heartbeat(node.name), encodeMessage(heartbeat));
    } catch {
      // The bus is away; the next one says the same.
    }
  }

  /** Asks for the whole assignment; again soon when there was no answer. */
  async sync(): Promise<void> {
    if (this.syncing || this.stopped || !this.registered) return;
    this.syncing = true;
    const { node, clock } = this.options;
    this.again();
    let failed = false;
    try {
      const request: SyncRequest = { node: node.name, boot: this.boot };
      const sync = await this.ask<AssignmentSync>('sync', request, SYNC_ANSWER_MS);
      if (this.stopped) return;
      const outcome = this.assigned.takeSync(sync);
      if (!('refused' in outcome)) await this.apply(outcome);
      else this.log(`an assignment was refused: ${outcome.refused}; remove the agent's data to let the node join anew`);
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
  private take(change: AssignmentChange): undefined {
    if (this.stopped) return;
    const news = this.assigned.takeChange(change);
    if (news === undefined) void this.sync();
    else if (news !== 'old') this.apply(news).catch((error: unknown) => this.log(`taking a change: ${words(error)}`));
    return undefined;
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

import { refusals, type Command, type CommandResult } from '#model';
import { BusUnavailable, LogFull, WrongExpectedRevision, type Bus, type BusSubscription } from '#ports';
import { Fault } from '#std';
import type { CommandsMessage, ResultsMessage } from './bus-commands.js';
import type { CommandGate } from './command-gate.js';
import type { ControlPlane } from './control-plane.js';
import { RecentCommands } from './recent-commands.js';
import { untilView } from './until-view.js';
import { pause } from './delay.js';
import { MAY_NOT_COUNT, NOT_WRITER } from './writer-refusals.js';
import { askSeat, holdSeat, SEAT_ANSWER_MS, type SeatHeld } from './writer-seat.js';
import type { CommandPort, Writer } from './writer.js';

/** How long the role is held after the last proof that it still is: a look at the log's head that finds no later election. */
export const LEASE_MS = 2_500;
/** How often the lease is renewed, and how often a standby asks for the writer. */
const RENEW_MS = 400;
/** The seat is free so long after the last look at the log of whoever answered last: its lease has run out. */
const SILENT_MS = LEASE_MS;
/** The seat is free once the bus has said for so long that nobody listens: a writer that reconnects keeps it. */
const VACANT_MS = 500;
/** Who was not called for so much longer than it asked for has stood still itself: it heard nobody, but nobody was silent. */
const STOOD_STILL_MS = 1_000;

export interface WriterRoleOptions {
  readonly plane: ControlPlane;
  readonly bus: Bus;
  /** Names the cluster if its log is empty. */
  readonly cluster: string;
  /** Receives one sentence when the role is taken, put down or could not be taken. */
  readonly say: (sentence: string) => void;
}

/** Where a command came from, and in which term. */
interface From {
  readonly client: string;
  readonly term: number;
  readonly gate: CommandGate;
  readonly isStillMeant: () => boolean;
}

/** What a process does while it has the role; the result ends it. */
type Duty = () => () => void;

interface Tenure {
  readonly writer: Writer;
  /** On the monotonic clock. */
  leaseUntil: number;
  isProving: boolean;
  readonly ends: (() => void)[];
  /** Its last term, once it is over. */
  readonly lost: Promise<number>;
  readonly end: (term: number) => void;
}

/** The role as a process has it at some moment. */
export interface Held {
  /** Whether it has had the role without a break since then. */
  isStill(): boolean;
  /** Resolves with the last term of this process when it has the role no more: nobody carries out anything in a later one before its election. */
  readonly lost: Promise<number>;
}

/**
 * The writer's role in one process that may have it. Where the log is this process's alone it takes the role at its start and has it
 * for good. Where others may write, one process holds the role by a lease, which it renews by reading the log's head; the others
 * stand by, ask for the writer on the bus, and stand for election when it is silent. Whoever appends the next election is
 * the writer, and what an earlier one appends after that does not count: the lease decides how soon, the log decides who.
 */
export class WriterRole implements CommandPort {
  private tenure: Tenure | undefined;
  private readonly duties: Duty[] = [];
  private readonly servers: (() => BusSubscription)[] = [];
  /** Pending while this process stands for election. */
  private candidacy: Promise<unknown> = Promise.resolve();
  private isConnected = false;
  private heardAt: number;
  private vacantSince: number | undefined;
  private isStopped = false;
  private isStandingBy = false;
  private told = '';
  private readonly underWay = new Map<string, Promise<CommandResult>>();
  private readonly recent: RecentCommands;

  constructor(private readonly options: WriterRoleOptions) {
    const { plane, bus } = options;
    const { clock } = plane.options;
    this.heardAt = clock.monotonic();
    this.recent = new RecentCommands(plane.reads);
    bus.onConnection((connected) => {
      // Who was cut off has heard nobody, and nobody was silent.
      if (connected && !this.isConnected) this.heardNow();
      this.isConnected = connected;
    });
  }

  /** Resolves when this process has the role, or stands by for another that has it. */
  async start(): Promise<void> {
    const { plane, cluster } = this.options;
    const { reads } = plane;
    if (!plane.options.log.shared) {
      const servers = this.serve();
      return this.begin(await plane.becomeWriter(cluster), Infinity, servers);
    }
    if ((await this.ask()) === 'vacant') await this.stand();
    if (this.tenure === undefined) void this.standBy();
    await untilView(reads, () => reads.projection.cluster !== '');
  }

  stop(): void {
    this.isStopped = true;
    this.end();
  }

  get isHeld(): boolean {
    return this.term !== undefined;
  }
  /** The term in which this process has the role. */
  get term(): number | undefined {
    const { tenure } = this;
    return tenure && this.clock.monotonic() < tenure.leaseUntil ? tenure.writer.heldEpoch : undefined;
  }
  /** Undefined when this process has not the role. */
  get held(): Held | undefined {
    const { tenure } = this;
    return tenure && this.isHeld ? { isStill: () => this.tenure === tenure, lost: tenure.lost } : undefined;
  }

  /** Runs something whenever this process has the role, and ends it with the role. */
  whileHeld(duty: Duty): void {
    this.duties.push(duty);
    this.tenure?.ends.push(duty());
  }
  /** Listens for commands whenever this process has the role, and from before its election on: nobody who hears of it finds no ear. */
  listens(subscribe: () => BusSubscription): void {
    this.servers.push(subscribe);
    if (!this.tenure) return;
    const served = subscribe();
    this.tenure.ends.push(() => served.unsubscribe());
  }

  /** A command of this process. {@link NOT_WRITER} when it has not the role (any more). */
  submit(command: Command): Promise<CommandResult> {
    return this.isHeld && this.tenure ? this.tenure.writer.submit(command) : Promise.resolve(NOT_WRITER);
  }

  /**
   * Carries out commands that came over the bus in one message, unless another writer is meant. Undefined: no answer at all, and whoever
   * sent them learns from the log that it is to ask another. A command that comes twice is carried out once.
   */
  async take(client: string, message: CommandsMessage, gate: CommandGate): Promise<ResultsMessage | undefined> {
    await this.candidacy;
    const from = this.from(client, gate);
    if (from === undefined || (message.term ?? from.term) !== from.term) return undefined;
    // In one turn: what is appended of them is one group of the log.
    const taken = message.commands.map((command) =>
      this.takeOne(from, command).catch((cause: unknown) =>
        refusals.unavailable(cause instanceof Error ? cause.message : String(cause)),
      ),
    );
    const results = await Promise.all(taken);
    return results.every((result) => result === null) ? undefined : { results };
  }
  /** One of a client in this process. It may have come over the bus before, when this process had not begun to serve as the writer yet. */
  async takeHere(client: string, command: Command, gate: CommandGate): Promise<CommandResult | null> {
    const from = this.from(client, gate);
    return from ? this.takeOne(from, command) : null;
  }

  private from(client: string, gate: CommandGate): From | undefined {
    const { term, held } = this;
    return term === undefined || held === undefined ? undefined : { client, term, gate, isStillMeant: held.isStill };
  }
  private async takeOne(from: From, command: Command): Promise<CommandResult | null> {
    const id = `${from.client} ${command.correlationId}`;
    // Who has no answer asks again in a later term: then only an event shows that it was carried out.
    const inTerm = `${id} ${from.term}`;
    let result = this.underWay.get(id);
    if (result === undefined) {
      if (this.recent.has(command.correlationId) || this.recent.has(inTerm)) return null;
      result = from.gate.submit(from.client, command, from.isStillMeant).finally(() => this.underWay.delete(id));
      this.recent.add(inTerm);
      this.underWay.set(id, result);
    }
    return answerable(await result) ?? null;
  }

  private get clock(): ControlPlane['options']['clock'] {
    return this.options.plane.options.clock;
  }

  /** Looks for the writer until this process is it. */
  private async standBy(): Promise<void> {
    if (this.isStandingBy) return;
    this.isStandingBy = true;
    while (!this.isStopped && !this.tenure) {
      await pause(this.clock, RENEW_MS);
      await this.ask();
      if (this.isStopped || !this.isConnected) continue;
      const now = this.clock.monotonic();
      const isVacant = this.vacantSince !== undefined && now - this.vacantSince >= VACANT_MS;
      if (isVacant || now - this.heardAt >= SILENT_MS) await this.stand();
    }
    this.isStandingBy = false;
  }

  private async ask(): Promise<SeatHeld | 'silent' | 'vacant'> {
    const asked = this.clock.monotonic();
    const answer = await askSeat(this.options.bus);
    const now = this.clock.monotonic();
    if (now - asked > SEAT_ANSWER_MS + STOOD_STILL_MS) this.heardNow();
    else if (typeof answer === 'object') this.heardAt = now - answer.ageMs;
    this.vacantSince = answer === 'vacant' ? (this.vacantSince ?? now) : undefined;
    return answer;
  }
  private heardNow(): void {
    this.heardAt = this.clock.monotonic();
    this.vacantSince = undefined;
  }

  /** Stands for election once. */
  private async stand(): Promise<void> {
    const { plane, bus, cluster } = this.options;
    const { promise, resolve: settled } = Promise.withResolvers<void>();
    this.candidacy = promise;
    const servers = this.serve();
    try {
      await bus.flush();
      const writer = await plane.becomeWriter(cluster, { onDeposed: (why) => this.resign(why) });
      const { heldEpoch } = writer;
      if (this.isStopped || heldEpoch === undefined || plane.reads.projection.epoch > heldEpoch)
        throw new BusUnavailable('the role was lost at once');
      this.begin(writer, this.clock.monotonic() + LEASE_MS, servers);
      this.tell(`This process is the writer of the cluster (epoch ${heldEpoch}).`);
    } catch (cause) {
      plane.resignWriter();
      for (const end of servers) end();
      this.heardNow();
      this.notElected(cause);
    } finally {
      settled();
    }
  }
  private notElected(cause: unknown): void {
    if (cause instanceof WrongExpectedRevision || cause instanceof BusUnavailable) return;
    if (!(cause instanceof Fault) || !(cause.retryable || cause instanceof LogFull))
      return this.options.plane.options.onFatal(cause);
    this.tell(`This process could not become the writer of the cluster, it is tried again: ${cause.message}`);
  }

  private serve(): (() => void)[] {
    return this.servers.map((subscribe) => {
      const served = subscribe();
      return () => served.unsubscribe();
    });
  }

  private begin(writer: Writer, leaseUntil: number, servers: readonly (() => void)[]): void {
    const { promise: lost, resolve: end } = Promise.withResolvers<number>();
    const tenure: Tenure = { writer, leaseUntil, isProving: false, ends: [...servers], lost, end };
    this.tenure = tenure;
    const seat = holdSeat(this.options.bus, () => this.seat(tenure));
    tenure.ends.push(() => seat.unsubscribe());
    for (const duty of this.duties) tenure.ends.push(duty());
    if (leaseUntil < Infinity) this.keep(tenure);
  }

  private seat({ leaseUntil }: Tenure): SeatHeld | undefined {
    const epoch = this.term;
    const leftMs = Math.min(LEASE_MS, leaseUntil - this.clock.monotonic());
    return epoch === undefined ? undefined : { epoch, ageMs: LEASE_MS - leftMs };
  }

  /** Renews the lease until the role is lost. */
  private keep(tenure: Tenure): void {
    if (this.tenure !== tenure) return;
    if (!this.isHeld) return this.resign('its lease has run out, the event log was not read in time');
    if (!tenure.isProving) void this.prove(tenure);
    this.clock.after(RENEW_MS, () => this.keep(tenure));
  }
  /** The lease runs from before the look that renews it. One that has run out stays so: commands may have been left without an answer. */
  private async prove(tenure: Tenure): Promise<void> {
    const { reads } = this.options.plane;
    const began = this.clock.monotonic();
    tenure.isProving = true;
    const isRead = await reads.fresh(LEASE_MS).catch(() => false);
    tenure.isProving = false;
    if (isRead && this.isHeld && reads.projection.epoch === tenure.writer.heldEpoch)
      tenure.leaseUntil = began + LEASE_MS;
  }

  private resign(why: string): void {
    if (!this.tenure) return;
    this.end();
    if (this.isStopped) return;
    this.tell(`This process is not the writer of the cluster any more: ${why}. It stands by.`);
    this.heardNow();
    void this.standBy();
  }
  private end(): void {
    const { tenure } = this;
    this.tenure = undefined;
    if (!tenure) return;
    this.options.plane.resignWriter();
    for (const end of tenure.ends) end();
    tenure.end(tenure.writer.term.epoch);
  }

  private tell(sentence: string): void {
    if (sentence !== this.told) this.options.say((this.told = sentence));
  }
}

/** What this writer cannot know is not answered: the log will say it. */
export function answerable(result: CommandResult): CommandResult | undefined {
  return result === NOT_WRITER || result === MAY_NOT_COUNT ? undefined : result;
}

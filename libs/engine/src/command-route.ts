import type { Accepted, Change, Command, CommandResult, Refusal } from '#model';
import { isRefusal, refusals } from '#model';
import { BusUnavailable, NobodyListens, NotConnected, type Bus, type Clock } from '#ports';
import { Fault } from '#std';
import { ASKING_MS_MAX } from './asking.js';
import { BusCommands } from './bus-commands.js';
import type { CommandGate } from './command-gate.js';
import { ExpectedEvents, type Expected } from './expected-events.js';
import type { ReadModel } from './read-model.js';
import { cancellableDelay, pause } from './delay.js';
import { NOT_SHOWN, unknownOutcome } from './writer-refusals.js';
import type { Held, WriterRole } from './writer-role.js';
import { COMMAND_TIMEOUT_MS, type CommandPort } from './writer.js';

/** Time for the way there and back, beyond what the writer itself allows a command. */
const WAY_MS = 2_000;
/** When nobody listens for commands, another writer is looked for so much later. */
const AGAIN_MS = 200;
/** A command is refused when for so long nobody listened: longer than another writer takes to be elected. */
const NOBODY_MS = 10_000;
/** After the bus was lost while an answer was awaited, a command waits so long for the log, or a writer, to say what became of it. */
const DOUBT_MS = 10_000;
/** The answer to a command whose event was read here already is waited for so long. */
const ANSWER_MS = 1_000;

export interface CommandRouteOptions {
  /** The client of the bus that submits. */
  readonly client: string;
  readonly bus: Bus;
  readonly reads: Pick<ReadModel, 'projection' | 'onChanges' | 'reached'>;
  readonly clock: Clock;
  /** In a process that may be the writer: its role, and what stands before it. */
  readonly here?: Here;
  /** Whether an answer waits until this process shows the write: what it serves reads from. */
  readonly untilShown?: boolean;
}

interface Here {
  readonly role: WriterRole;
  readonly gate: CommandGate;
}

/**
 * `again`: another writer is to be asked, unless the log has the event; `nobody`: nobody listened; `away`: the command was not sent, as there is
 * no connection to the bus; `lost`: it was sent, and its answer cannot come any more.
 */
type Outcome = CommandResult | 'again' | 'nobody' | 'away' | 'lost';

/** A writer may or may not have carried the command out in a term; until when it is found out. */
interface Doubt {
  readonly term: number;
  readonly until: number;
}

/**
 * Where a client of the bus submits its commands: to the writer in this process, or over the bus to the process that has it, under the
 * client's name. When the writer changes meanwhile, the log knows what became of a command: once the election of the next one has been read,
 * an event of the earlier one was read before it, or never counts. So a command that has none is sent to the next writer,
 * and is carried out once.
 */
export class CommandRoute implements CommandPort {
  private readonly expected: ExpectedEvents;
  private readonly sender: BusCommands;

  constructor(private readonly options: CommandRouteOptions) {
    this.expected = new ExpectedEvents(options.reads);
    this.sender = new BusCommands(options.bus, options.client);
  }

  /** What follows on a command goes its own way: the log says of each what became of it, should the answer be lost. */
  async submit({ next: _next, ...command }: Command): Promise<CommandResult> {
    const own = this.expected.add(command);
    try {
      return await this.shown(await this.outcome(command, own));
    } finally {
      this.expected.remove(command);
    }
  }

  /** Asks one writer after the other until it is known what became of the command, or time is over. */
  private async outcome(command: Command, own: Expected): Promise<CommandResult> {
    const { clock, reads } = this.options;
    const timeoutMs = COMMAND_TIMEOUT_MS + WAY_MS + (command.request ? ASKING_MS_MAX : 0);
    const deadline = clock.monotonic() + timeoutMs;
    let doubt: Doubt | undefined;
    let aloneSince: number | undefined;
    for (;;) {
      // Of a writer whose term is over: whoever is asked next would carry it out once more.
      if (own.change) return carriedOut(command, own.change);
      const until = Math.min(deadline, doubt?.until ?? Infinity);
      if (clock.monotonic() >= until) return NOT_KNOWN;
      const term = reads.projection.epoch;
      const outcome = await this.attempt(command, own, until);
      if (typeof outcome === 'object') return outcome;
      const now = clock.monotonic();
      // The writer of the same term takes it once, however often it is sent.
      if (outcome === 'lost') doubt ??= { term, until: now + DOUBT_MS };
      // It has no event of that term, and can get none any more.
      else if (doubt && reads.projection.epoch > doubt.term) doubt = undefined;
      if (outcome !== 'nobody' && outcome !== 'away') continue;
      if (outcome === 'away' && !doubt) return NO_BUS;
      aloneSince ??= now;
      if (now - aloneSince >= NOBODY_MS) return doubt ? NOT_KNOWN : NO_WRITER;
      await pause(clock, AGAIN_MS);
    }
  }

  private attempt(command: Command, own: Expected, deadline: number): Promise<Outcome> {
    const { here } = this.options;
    const held = here?.role.held;
    return here && held ? this.submitHere(here, held, command, deadline) : this.send(command, own, deadline);
  }

  private async submitHere(
    { role, gate }: Here,
    held: Held,
    command: Command,
    deadline: number,
  ): Promise<CommandResult | 'again'> {
    const answer = role.takeHere(this.options.client, command, gate);
    const result = await Promise.race([answer, held.lost]);
    return result !== null && typeof result === 'object' ? result : this.laterTerm(held.lost, deadline);
  }

  private async send(command: Command, own: Expected, deadline: number): Promise<Outcome> {
    const { reads, clock } = this.options;
    const term = reads.projection.epoch;
    const later = this.untilLater(term);
    const over = new AbortController();
    const late = cancellableDelay(clock, Math.max(0, deadline - clock.monotonic()));
    const unanswered = own.seen.then(async () => {
      const answer = cancellableDelay(clock, ANSWER_MS);
      over.signal.addEventListener('abort', answer.cancel);
      await answer.done;
      return 'again' as const;
    });
    try {
      return await Promise.race([
        this.request(command, term, deadline),
        later.done,
        unanswered,
        late.done.then(() => 'again' as const),
      ]);
    } finally {
      later.cancel();
      late.cancel();
      over.abort();
    }
  }

  private async request(command: Command, term: number, deadline: number): Promise<Outcome> {
    try {
      return await this.sender.send(command, {
        term,
        timeoutMs: Math.max(0, deadline - this.options.clock.monotonic()),
      });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // It was not done, and somebody will be there in some seconds.
      if (error instanceof NobodyListens) return 'nobody';
      if (error instanceof NotConnected) return 'away';
      return error instanceof BusUnavailable ? 'lost' : unknownOutcome(error);
    }
  }
  /** Until the election was read that ends the last term of this process. */
  private async laterTerm(lost: Promise<number>, deadline: number): Promise<CommandResult | 'again'> {
    const { clock } = this.options;
    const late = cancellableDelay(clock, deadline - clock.monotonic());
    const term = await Promise.race([lost, late.done]);
    const later = this.untilLater(term ?? Infinity);
    const outcome = await Promise.race([later.done, late.done.then(() => NOT_KNOWN)]);
    later.cancel();
    late.cancel();
    return outcome;
  }

  private untilLater(term: number): { readonly done: Promise<'again'>; readonly cancel: () => void } {
    const { reads } = this.options;
    let cancel: () => void = () => undefined;
    const done = new Promise<'again'>((resolve) => {
      const look = (): void => {
        if (reads.projection.epoch > term) resolve('again');
      };
      cancel = reads.onChanges(look);
      look();
    });
    return { done, cancel };
  }

  /** Who wrote through this process finds the write here. */
  private async shown(result: CommandResult): Promise<CommandResult> {
    const { reads, untilShown = false } = this.options;
    if (!untilShown || isRefusal(result)) return result;
    return (await reads.reached(result.position, COMMAND_TIMEOUT_MS)) ? result : NOT_SHOWN;
  }
}

const NOT_KNOWN: Refusal = refusals.timeout(
  'it is not known whether the write was taken: no writer has answered in time; what became of it shows a read',
);

const NO_BUS = refusals.unavailable('this server has no connection to the writer right now, please try again', 1);
const NO_WRITER = refusals.unavailable('no process is the writer of this cluster right now, please try again', 1);

/** The answer to a command whose event is in the log, and whose own answer was lost. */
function carriedOut({ subresource }: Command, { before, after, position }: Change): CommandResult {
  const object = after ?? before;
  // Others show something that is not in the log: a Scale, a Status.
  if (object === undefined || (subresource !== undefined && subresource !== 'status'))
    return refusals.timeout(`the write was taken (resourceVersion ${position}), but its answer was lost`);
  const resourceVersion = String(position);
  const shown = after ?? { ...object, metadata: { ...object.metadata, resourceVersion } };
  const accepted: Accepted = {
    ...{ object: shown, created: before === undefined, deleted: after === undefined },
    ...{ position, changed: true, warnings: [] },
  };
  return accepted;
}

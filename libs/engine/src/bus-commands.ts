import type { Command, CommandResult } from '#model';
import { refusals } from '#model';
import type { Bus, BusSubscription } from '#ports';
import { Fault } from '#std';
import { ASKING_MS_MAX } from './asking.js';
import type { CommandGate } from './command-gate.js';
import { decodeMessage, encodeMessage } from './messages.js';
import { clientOfSubject, subjects } from './subjects.js';
import { COMMAND_TIMEOUT_MS, type CommandPort } from './writer.js';

/** Time for the way there and back, beyond what the writer itself allows a command. */
const WAY_MS = 2_000;
/** More commands than this in one message are refused: the writer decides them in one turn. */
export const COMMANDS_TOGETHER_MAX = 512;

/** Commands that travel in one message, and their results in the answer, in the same order. */
export interface CommandsMessage {
  readonly commands: readonly Command[];
}
export interface ResultsMessage {
  readonly results: readonly CommandResult[];
}

interface Sent {
  readonly command: Command;
  resolve(result: CommandResult): void;
  reject(cause: unknown): void;
}

/**
 * Commands of a client in a process that is not the writer: they travel over the bus, under the client's name. What one look of
 * a loop submits in one turn travels in one message, so the writer decides it in one turn and appends it as one group.
 */
export class BusCommands implements CommandPort {
  /** Of this turn, by their looks. */
  private looks = new Map<string, Sent[]>();

  constructor(
    private readonly bus: Bus,
    private readonly client: string,
  ) {}

  submit(command: Command): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const sent: Sent = { command, resolve, reject };
      const look = lookOf(command);
      if (look === undefined) return void this.send([sent]);
      const others = this.looks.get(look);
      if (others && others.length < COMMANDS_TOGETHER_MAX) return void others.push(sent);
      if (others) void this.send(others);
      if (this.looks.size === 0) queueMicrotask(() => this.flush());
      this.looks.set(look, [sent]);
    });
  }

  private flush(): void {
    const { looks } = this;
    this.looks = new Map();
    for (const together of looks.values()) void this.send(together);
  }

  private async send(together: readonly Sent[]): Promise<void> {
    const commands = together.map(({ command }) => command);
    const askingMs = commands.some(({ request }) => request) ? ASKING_MS_MAX : 0;
    try {
      const message: CommandsMessage = { commands };
      const answer = await this.bus.request(
        subjects.commandsTogether(this.client, commands),
        encodeMessage(message),
        COMMAND_TIMEOUT_MS + WAY_MS + askingMs,
      );
      const { results } = decodeMessage(answer) as unknown as ResultsMessage;
      together.forEach(({ resolve }, index) => resolve(results[index] ?? UNANSWERED));
    } catch (error) {
      const refused = error instanceof Fault && refusals.unavailable(`the writer cannot be reached: ${error.message}`);
      for (const { resolve, reject } of together)
        if (refused) resolve(refused);
        else reject(error);
    }
  }
}

const UNANSWERED = refusals.unavailable('the writer has not answered this command');

/** The look that decided a command; undefined of what no loop has decided. */
function lookOf({ via, basis }: Command): string | undefined {
  return basis && JSON.stringify([via, basis.loop, basis.key, basis.view, basis.now]);
}

/** Answers commands from the bus without a framework. Who sends them is in the subject, not in what they say. */
export function serveCommands(bus: Bus, gate: CommandGate): BusSubscription {
  return bus.subscribe(subjects.commands, async (data, subject) => {
    const { commands } = decodeMessage(data) as unknown as CommandsMessage;
    const answer: ResultsMessage = { results: await gate.submitAll(clientOfSubject(subject), commands) };
    return encodeMessage(answer);
  });
}

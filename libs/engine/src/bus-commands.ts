import type { Command, CommandResult } from '#model';
import { type Bus, type BusSubscription } from '#ports';
import { decodeMessage, encodeMessage } from './message-codec.js';
import { clientOfSubject, subjects } from './subjects.js';

/** More commands than this in one message are refused: the writer decides them in one turn. */
export const COMMANDS_TOGETHER_MAX = 512;

/** Commands that travel in one message, and their results in the answer, in the same order. */
export interface CommandsMessage {
  readonly commands: readonly Command[];
  /** The term of the writer that they are sent to, as their sender has read it. */
  readonly term?: number;
}
export interface ResultsMessage {
  /** null: this writer cannot know what became of the command, the log will say it. */
  readonly results: readonly (CommandResult | null)[];
}

/** To whom commands are sent, and how long they are waited for. */
export interface Sending {
  readonly term: number;
  readonly timeoutMs: number;
}
interface Sent extends Sending {
  readonly command: Command;
  resolve(result: CommandResult): void;
  reject(cause: unknown): void;
}

/**
 * Commands of a client on their way to the process that has the writer: they travel over the bus, under the client's name. What one look of
 * a loop submits in one turn travels in one message, so the writer decides it in one turn and appends it as one group.
 */
export class BusCommands {
  /** Of this turn, by their looks. */
  private looks = new Map<string, Sent[]>();

  constructor(
    private readonly bus: Bus,
    private readonly client: string,
  ) {}

  /** Never resolves when the writer cannot know. Rejects as {@link Bus.request} does. */
  send(command: Command, sending: Sending): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const sent: Sent = { command, ...sending, resolve, reject };
      const look = lookOf(command);
      if (look === undefined) return void this.request([sent]);
      const others = this.looks.get(look);
      if (others && others.length < COMMANDS_TOGETHER_MAX) return void others.push(sent);
      if (others) void this.request(others);
      if (this.looks.size === 0) queueMicrotask(() => this.flush());
      this.looks.set(look, [sent]);
    });
  }

  private flush(): void {
    const { looks } = this;
    this.looks = new Map();
    for (const together of looks.values()) void this.request(together);
  }

  private async request(together: readonly Sent[]): Promise<void> {
    const commands = together.map(({ command }) => command);
    // Of one turn: all have read the same term.
    const [first] = together;
    const message: CommandsMessage = { commands, ...(first && { term: first.term }) };
    const timeoutMs = Math.max(...together.map((sent) => sent.timeoutMs));
    const subject = subjects.commandsTogether(this.client, commands);
    try {
      const answer = await this.bus.request(subject, encodeMessage(message), timeoutMs);
      const { results } = decodeMessage(answer) as unknown as ResultsMessage;
      together.forEach(({ resolve }, index) => {
        const result = results[index];
        if (result) resolve(result);
      });
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }
}

/** The look that decided a command; undefined of what no loop has decided. */
function lookOf({ via, basis }: Command): string | undefined {
  return basis && JSON.stringify([via, basis.loop, basis.key, basis.view, basis.now]);
}

/** Answers commands of a client; undefined: with nothing at all. */
export type TakeCommands = (client: string, message: CommandsMessage) => Promise<ResultsMessage | undefined>;

/** Answers commands from the bus without a framework. Who sends them is in the subject, not in what they say. */
export function serveCommands(bus: Bus, take: TakeCommands): BusSubscription {
  return bus.subscribe(subjects.commands, async (data, subject) => {
    const answer = await take(clientOfSubject(subject), decodeMessage(data) as unknown as CommandsMessage);
    return answer && encodeMessage(answer);
  });
}

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

/** Commands of a client in a process that is not the writer: they travel over the bus, under the client's name. */
export class BusCommands implements CommandPort {
  constructor(
    private readonly bus: Bus,
    private readonly client: string,
  ) {}

  async submit(command: Command): Promise<CommandResult> {
    try {
      const answer = await this.bus.request(
        subjects.command(this.client, command),
        encodeMessage(command),
        COMMAND_TIMEOUT_MS + WAY_MS + (command.request ? ASKING_MS_MAX : 0),
      );
      return decodeMessage(answer) as unknown as CommandResult;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return refusals.unavailable(`the writer cannot be reached: ${error.message}`);
    }
  }
}

/** Answers commands from the bus without a framework. Who sends one is in the subject, not in what it says. */
export function serveCommands(bus: Bus, gate: CommandGate): BusSubscription {
  return bus.subscribe(subjects.commands, async (data, subject) =>
    encodeMessage(await gate.submit(clientOfSubject(subject), decodeMessage(data) as unknown as Command)),
  );
}

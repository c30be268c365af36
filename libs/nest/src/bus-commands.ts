import { COMMAND_TIMEOUT_MS, subjects, type CommandPort } from '#engine';
import type { Command, CommandResult } from '#model';
import type { Bus } from '#ports';
import { Fault } from '#std';

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
        encodeJson(command),
        COMMAND_TIMEOUT_MS + WAY_MS,
      );
      return decodeJson(answer) as CommandResult;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return {
        refused: true,
        code: 503,
        reason: 'ServiceUnavailable',
        message: `the writer cannot be reached: ${error.message}`,
      };
    }
  }
}

export function encodeJson(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
}

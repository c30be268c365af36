import { isRefusal, refusals, streamOf, VALUES_SHREDDED, type Command, type CommandResult } from '#model';
import type { Shredder } from './shredder.js';
import type { CommandPort } from './writer.js';

/**
 * Submits a command that shreds: adds which objects it is about, and waits until their keys are destroyed. The log has the
 * command first, so what was destroyed and by whom is on record whatever happens in between.
 */
export async function submitShredding(
  command: Command,
  commands: CommandPort,
  shredder: Shredder | undefined,
): Promise<CommandResult> {
  if (!shredder) return refusals.unavailable('this server has no key store: ask the one that has the writer', 1);
  const shredded = await shredder.readableDead(streamOf(command.kind, command.namespace, command.name));
  const event = { type: VALUES_SHREDDED, facts: { shredded } };
  const result = await commands.submit({ ...command, event });
  if (isRefusal(result) || !result.changed) return result;
  if (await shredder.settled([...shredded, result.object.metadata.uid])) return result;
  return refusals.unavailable(
    'the command is on record, but the key store does not let the keys be destroyed; it is tried again every minute',
  );
}

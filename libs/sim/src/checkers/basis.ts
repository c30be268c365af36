import type { CommandPort } from '#engine';
import { isRefusal, type Command, type CommandResult, type View } from '#model';

/** What the command of a loop rests on that has moved in this view already. */
export function movedBasis(command: Command, view: Pick<View, 'stream'>): string | undefined {
  return command.basedOn?.find(({ stream, revision }) => (view.stream(stream)?.revision ?? -1) > revision)?.stream;
}

/** A writer takes no command of a loop that rests on what has moved, as far as its own process had folded the log. */
export function watchedBasis(
  writer: CommandPort,
  view: Pick<View, 'stream'>,
  onViolation: (message: string) => void,
): CommandPort {
  return {
    async submit(command): Promise<CommandResult> {
      const moved = movedBasis(command, view);
      const result = await writer.submit(command);
      if (moved !== undefined && !isRefusal(result) && result.changed)
        onViolation(`${command.via}: ${command.verb} ${command.name} was taken although ${moved} had moved`);
      return result;
    },
  };
}

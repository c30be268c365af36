import type { Command, CommandResult, StoredEvent } from '#model';
import { isRefusal } from '#model';

/** Refusals after which a client knows that nothing was done. All others leave it open. */
const DEFINITE = [400, 403, 404, 409, 413, 422];

/** What was refused, to be held against the log at the end. */
export class RefusedWrites {
  private readonly refused = new Map<string, string>();

  /** Takes what a client was answered. A deletion is not kept: what follows on it may be refused when it was done itself. */
  note({ verb, kind, name, correlationId }: Command, answer: CommandResult): void {
    if (verb === 'delete' || !isRefusal(answer) || !DEFINITE.includes(answer.code)) return;
    this.refused.set(correlationId, `${verb} ${kind} ${name}: ${answer.code} ${answer.message}`);
  }

  /** Writes that were refused and are in the log all the same. Events of a writer that had been voted out change nothing. */
  foundIn(events: readonly StoredEvent[]): readonly string[] {
    let term = 0;
    return events.flatMap(({ metadata, position }) => {
      const isCounted = metadata.epoch >= (term = Math.max(term, metadata.epoch));
      const what = this.refused.get(metadata.correlationId);
      return isCounted && what !== undefined ? [`${what}, but done at position ${position}`] : [];
    });
  }
}

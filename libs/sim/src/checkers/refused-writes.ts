import type { Command, CommandResult, StoredEvent } from '#model';
import { isRefusal, parseStream } from '#model';

/** Refusals after which a client knows that nothing was done. All others leave it open. */
const DEFINITE = [400, 403, 404, 409, 413, 422];

/** `kind`: what must not have been written; undefined for anything. */
interface Refused {
  readonly what: string;
  readonly kind: string | undefined;
}

/** What was refused, to be held against the log at the end. */
export class RefusedWrites {
  private readonly refused = new Map<string, Refused>();

  /** Takes what a client was answered. A deletion is not kept: what follows on it may be refused when it was done itself. */
  note({ verb, kind, name, subresource, correlationId }: Command, answer: CommandResult): void {
    if (verb === 'delete' || !isRefusal(answer) || !DEFINITE.includes(answer.code)) return;
    // An eviction is charged to a budget first, and stays so when its pod is gone meanwhile.
    const written = subresource === 'eviction' ? kind : undefined;
    const what = `${verb} ${kind} ${name}: ${answer.code} ${answer.message}`;
    this.refused.set(correlationId, { what, kind: written });
  }

  /** Writes that were refused and are in the log all the same. Events of a writer that had been voted out change nothing. */
  foundIn(events: readonly StoredEvent[]): readonly string[] {
    let term = 0;
    return events.flatMap(({ metadata, position, stream }) => {
      const isCounted = metadata.epoch >= (term = Math.max(term, metadata.epoch));
      const refused = this.refused.get(metadata.correlationId);
      if (!isCounted || refused === undefined) return [];
      const isIt = refused.kind === undefined || refused.kind === parseStream(stream).kind;
      return isIt ? [`${refused.what}, but done at position ${position}`] : [];
    });
  }
}

import type { StoredEvent } from '#model';
import { LogDamaged, type EventLog } from '#ports';

/** Where an event stands: in the whole log and in its stream. */
export type Place = Pick<StoredEvent, 'stream' | 'revision' | 'position'>;

/** Throws {@link LogDamaged} unless an event has the revision that follows its stream's last one. */
export function requireNext(last: number, { stream, revision, position }: Place): void {
  if (revision === last + 1) return;
  throw new LogDamaged(
    `The event log is damaged: the event at position ${position} is revision ${revision} of stream ${stream}, ` +
      `but the stream's event before it is revision ${last}. Restore the log from a backup.`,
    { position },
  );
}

/**
 * Events of streams that a projection does not know although they are not the first there: the name was forgotten. Each is
 * checked against the event before it, read from the log. Nothing of a stream that was checked is kept.
 */
export class StreamProofs {
  private readonly open: Place[] = [];
  private settling: Promise<void> | undefined;

  constructor(private readonly log: Pick<EventLog, 'readStream' | 'origin'>) {}

  add({ stream, revision, position }: Place): void {
    this.open.push({ stream, revision, position });
  }

  /** Checks all that was added; rejects with {@link LogDamaged}, or with what kept the log from being read. */
  settle(): Promise<void> {
    if (this.open.length === 0) return this.settling ?? Promise.resolve();
    this.settling ??= this.settleAll().finally(() => (this.settling = undefined));
    return this.settling;
  }

  private async settleAll(): Promise<void> {
    for (let place = this.open.at(-1); place; place = this.open.at(-1)) {
      await this.check(place);
      this.open.splice(this.open.lastIndexOf(place), 1);
    }
  }

  private async check({ stream, revision, position }: Place): Promise<void> {
    for await (const before of this.log.readStream(stream, revision - 1)) {
      if (before.revision === revision - 1 && before.position < position) return;
      break;
    }
    // What was before the log's beginning is in an archive.
    if ((await this.log.origin()) > 0) return;
    throw new LogDamaged(
      `The event log is damaged: the event at position ${position} is revision ${revision} of stream ${stream}, ` +
        `and revision ${revision - 1} is not there. Restore the log from a backup.`,
      { position },
    );
  }
}

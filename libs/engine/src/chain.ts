import type { StoredEvent } from '#model';
import { LogDamaged, type EventLog, type RecordedEvent } from '#ports';
import { RecentHashes } from './recent-hashes.js';

/** Positions whose hash is remembered for an anchor that may still name them: more than can be under way at once. */
const LINKS_MAX = 16_384;

/** The last event of a log, and the hash chain there. */
export interface Tip {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  /** The hash chain with this event, and before it. */
  readonly hash: string;
  readonly before: string;
}

/**
 * The hash chain of a log as one reader has computed it: each event's hash covers all events before it, so that one hash
 * names one history. Events that pin it (`CheckpointMade`) are held against it.
 */
export class LogChain {
  private hash: string | undefined;
  private before = '';
  private last: StoredEvent | RecordedEvent | undefined;
  private restored: Tip | undefined;
  /** The chain at the last positions, from the last anchor on. */
  private readonly recent = new RecentHashes(LINKS_MAX);

  constructor(private readonly log: Pick<EventLog, 'chain'>) {}

  /** Begins before the first event; where the beginning of the log was archived the chain is not known. */
  begin(origin: number): void {
    this.hash = origin === 0 ? '' : undefined;
  }
  /** Begins where a checkpoint was made. */
  restore(tip: Tip): void {
    this.hash = tip.hash;
    this.before = tip.before;
    this.restored = tip;
    this.recent.clear();
    this.recent.add(tip.position, tip.hash);
  }

  take(event: StoredEvent | RecordedEvent): void {
    this.last = event;
    if (this.hash === undefined) return;
    this.before = this.hash;
    this.hash = this.log.chain(this.hash, event);
    this.recent.add(event.position, this.hash);
  }

  /** The memory of the events that were taken may hold others from now on. */
  settle(): void {
    this.restored = this.tip;
    this.last = undefined;
  }

  /** The last event that was taken; undefined before the first, and where the chain is not known. */
  get tip(): Tip | undefined {
    const { last, hash, before } = this;
    if (hash === undefined || last === undefined) return this.restored;
    const { position, stream, revision } = last;
    return { position, stream, revision, id: 'open' in last ? last.open().id : last.id, hash, before };
  }

  /** Throws {@link LogDamaged} when an anchor says another hash than this reader has computed for that position. */
  verify(anchor: { readonly position: number; readonly hash: string }, at: number): void {
    const hash = this.recent.at(anchor.position);
    // What lies before the beginning of this reader, or far behind, is covered by the next anchor.
    if (hash === undefined) return;
    if (hash !== anchor.hash) {
      throw new LogDamaged(
        `The event log is not the one that was written: the hash of its events up to position ${anchor.position} is ` +
          `${hash}, but the CheckpointMade event at position ${at} says ${anchor.hash}. Restore the log from a backup.`,
        { position: anchor.position },
      );
    }
    this.recent.dropBefore(anchor.position);
  }
}

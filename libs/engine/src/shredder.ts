import type { Change } from '#model';
import type { Clock, Keys } from '#ports';
import { fromEventTime, type Instant } from '#std';
import type { ReadModel } from './read-model.js';

export interface ShredderOptions {
  readonly reads: ReadModel;
  readonly keys: Pick<Keys, 'objects' | 'noteDeletion' | 'shred'>;
  readonly clock: Clock;
  /** Whether objects of a kind have sealed values. */
  readonly isSealed: (kind: string) => boolean;
  /** How long a deleted object's values stay readable in the past, in milliseconds. */
  readonly keepMs: number;
  /** Receives the uids of objects whose keys were just destroyed: what is cached of their values has to go too. */
  readonly onShredded: (objectUids: ReadonlySet<string>) => void;
  /** Receives a key that could not be destroyed; it is tried again. */
  readonly onError: (objectUid: string, cause: unknown) => void;
}

/** A key without an object may belong to one whose creation is on its way. */
const UNKNOWN_GRACE_MS = 60_000;
/** The wall clock may be set: a long wait is cut into pieces. */
const LOOK_MS = 60_000;

/**
 * Destroys the keys of deleted objects with sealed values, so that nothing in the log can show these values any more. When
 * an object was deleted is kept in the key store, so deletions that a stopped process missed are found at its next start.
 * One process runs this: the one that has the writer.
 */
export class Shredder {
  /** Uids of deleted objects, with the instant at which their key goes. */
  private readonly due = new Map<string, Instant>();
  private unsubscribe: () => void = () => undefined;
  private cancel: (() => void) | undefined;

  constructor(private readonly options: ShredderOptions) {}

  /** Looks for deletions that were missed, then follows the log. */
  start(): void {
    const { reads, keys, clock, keepMs } = this.options;
    this.unsubscribe = reads.onChanges((changes) => this.notice(changes));
    const known = this.knownDeletions();
    for (const { objectUid, deletedAt } of keys.objects()) {
      if (reads.projection.byUid(objectUid)) continue;
      const at = deletedAt ?? known.get(objectUid);
      if (at !== undefined) this.due.set(objectUid, keys.noteDeletion(objectUid, at) + keepMs);
      else this.due.set(objectUid, clock.now() + Math.max(keepMs, UNKNOWN_GRACE_MS));
    }
    this.look();
  }

  stop(): void {
    this.unsubscribe();
    this.cancel?.();
  }

  private notice(changes: readonly Change[]): void {
    const { isSealed, keys, clock, keepMs } = this.options;
    for (const { kind, before, after } of changes) {
      if (!before || !isSealed(kind) || before.metadata.uid === after?.metadata.uid) continue;
      const { uid } = before.metadata;
      this.due.set(uid, keys.noteDeletion(uid, clock.now()) + keepMs);
    }
    if (this.due.size > 0) this.look();
  }

  private look(): void {
    this.cancel?.();
    this.cancel = undefined;
    const now = this.options.clock.now();
    let soonestMs = LOOK_MS;
    const ripe: string[] = [];
    for (const [uid, at] of this.due) {
      if (at <= now) ripe.push(uid);
      else soonestMs = Math.min(soonestMs, at - now);
    }
    void this.shred(ripe);
    if (this.due.size > 0) this.cancel = this.options.clock.after(soonestMs, () => this.look());
  }

  private async shred(uids: readonly string[]): Promise<void> {
    const { reads, keys, onShredded, onError } = this.options;
    const shredded = new Set<string>();
    for (const uid of uids) {
      this.due.delete(uid);
      // It was on its way when its key was found.
      if (reads.projection.byUid(uid)) continue;
      try {
        await keys.shred(uid);
        shredded.add(uid);
      } catch (cause) {
        this.due.set(uid, this.options.clock.now() + LOOK_MS);
        onError(uid, cause);
      }
    }
    if (shredded.size > 0) onShredded(shredded);
  }

  /** Deletions that the projection still remembers. */
  private knownDeletions(): ReadonlyMap<string, Instant> {
    const found = new Map<string, Instant>();
    for (const [, { ended }] of this.options.reads.projection.entries())
      if (ended?.uid !== undefined) found.set(ended.uid, fromEventTime(ended.at));
    return found;
  }
}

import type { Change, KubeObject, Shredding, StoredEvent } from '#model';
import { objectsByUid } from '#model';
import { VALUES_SHREDDED } from '#model';
import type { Clock, EventLog, Keys } from '#ports';
import { fromEventTime, type Instant } from '#std';
import { sealedPaths } from './sealing.js';
import type { ReadModel } from './read-model.js';

export interface ShredderOptions {
  readonly log: Pick<EventLog, 'readStream'>;
  readonly reads: ReadModel;
  readonly keys: Pick<Keys, 'objects' | 'noteDeletion' | 'hasKey' | 'shred' | 'shredVersions'>;
  readonly clock: Clock;
  /** How long a deleted object's values stay readable in the past, in milliseconds. */
  readonly keepMs: number;
  /** Whether another cluster has keys in the store: one without an object may be of one of its objects, and stays. */
  readonly isShared?: boolean;
  /** Whether this process has the writer: only there what nobody asked for is destroyed, because its time has come. Default: it has. */
  readonly isWriter?: () => boolean;
  /** Called when keys were destroyed, with what tells whose values they were: what is cached of these has to go too. */
  readonly onShredded: (isShredded: (version: KubeObject) => boolean) => void;
  /** Receives a key that could not be destroyed; it is tried again. */
  readonly onError: (objectUid: string, cause: unknown) => void;
}

/** A key without an object may belong to one whose creation is on its way. */
const UNKNOWN_GRACE_MS = 60_000;
/** The wall clock may be set: a long wait is cut into pieces. */
const LOOK_MS = 60_000;
/** What a command has asked for is due at once. */
const ASKED_FOR: Instant = 0;
/** One command names at most so many objects; an event has room for them. */
const OBJECTS_MAX = 10_000;

/**
 * Destroys the keys of deleted objects with sealed values, and of old versions when that was asked for, so that nothing in the
 * log can show these values any more. When an object was deleted is kept in the key store, what was asked for in the log, so
 * what a stopped process missed is found at its next start. Every process that serves the API runs this; what the log asks for each
 * of them does (it is the same however often it is done), the rest the one that has the writer, and all forget what they cached.
 */
export class Shredder {
  /** Uids of deleted objects, with the instant at which their key goes. */
  private readonly due = new Map<string, Instant>();
  /** Old versions whose keys could not be destroyed yet. */
  private readonly versionsDue = new Map<string, Kept>();
  private commanded: Promise<unknown> = Promise.resolve();
  private unsubscribe: () => void = () => undefined;
  private cancel: (() => void) | undefined;

  constructor(private readonly options: ShredderOptions) {}

  /** Looks for what was missed, then follows the log. */
  start(): void {
    const { reads } = this.options;
    this.unsubscribe = reads.onChanges((changes, events) => this.notice(changes, events));
    this.lookForMissed();
  }

  /** Looks for keys that nobody has destroyed yet. */
  lookForMissed(): void {
    const { reads, keys, clock, keepMs, isShared = false } = this.options;
    const known = new Map<string, string>();
    for (const [, { object, ended, shredding }] of reads.projection.entries()) {
      if (ended?.uid !== undefined) known.set(ended.uid, ended.at);
      if (shredding) this.take(object?.metadata.uid, shredding);
    }
    for (const { objectUid, deletedAt } of keys.objects()) {
      if (reads.projection.by(objectsByUid, objectUid)[0]) continue;
      const ended = known.get(objectUid);
      const at = deletedAt ?? (ended === undefined ? undefined : fromEventTime(ended));
      if (at !== undefined) this.schedule(objectUid, keys.noteDeletion(objectUid, at) + keepMs);
      else if (!isShared) this.schedule(objectUid, clock.now() + Math.max(keepMs, UNKNOWN_GRACE_MS));
    }
    this.look();
  }

  stop(): void {
    this.unsubscribe();
    this.cancel?.();
  }

  /** Resolves when what commands have asked for so far was tried. True when nothing of it is left to be tried again. */
  async settled(objectUids: readonly string[]): Promise<boolean> {
    await this.commanded;
    return objectUids.every((uid) => !this.due.has(uid) && !this.versionsDue.has(uid));
  }

  /** Uids of objects of a stream that are gone and whose values can still be read, the oldest first. */
  async readableDead(stream: string): Promise<readonly string[]> {
    const { log, reads, keys } = this.options;
    const uids = new Set<string>();
    for await (const { data } of log.readStream(stream, 0)) {
      const { metadata } = (data['object'] ?? {}) as Partial<KubeObject>;
      if (metadata) uids.add(metadata.uid);
    }
    const dead = [...uids].filter((uid) => !reads.projection.by(objectsByUid, uid)[0] && keys.hasKey(uid));
    return dead.slice(0, OBJECTS_MAX);
  }

  private notice(changes: readonly Change[], events: readonly StoredEvent[]): void {
    const { reads, keys, clock, keepMs } = this.options;
    const sealed = new Set(events.filter(({ data }) => sealedPaths(data).length > 0).map(({ position }) => position));
    for (const { position, before, after } of changes) {
      if (!before || !sealed.has(position) || before.metadata.uid === after?.metadata.uid) continue;
      const { uid } = before.metadata;
      this.schedule(uid, keys.noteDeletion(uid, clock.now()) + keepMs);
    }
    for (const { type, data, metadata, revision, position } of events) {
      if (type !== VALUES_SHREDDED || metadata.epoch !== reads.projection.epoch) continue;
      const { snapshot, shredded, uid } = data;
      const objects = Array.isArray(shredded) ? shredded.map(String) : [];
      this.take(String(uid), { objects, ...(snapshot !== undefined && { kept: { revision, position } }) });
    }
    if (this.due.size > 0 || this.versionsDue.size > 0) this.look();
  }

  /** What a command has asked for. Only what is gone is shredded as a whole, whatever it says. */
  private take(living: string | undefined, { kept, objects }: Shredding): void {
    if (living !== undefined && kept) this.versionsDue.set(living, kept);
    for (const uid of objects) this.due.set(uid, ASKED_FOR);
  }

  /** What was asked for already is not put off. */
  private schedule(uid: string, at: Instant): void {
    this.due.set(uid, Math.min(at, this.due.get(uid) ?? at));
  }

  private look(): void {
    this.cancel?.();
    this.cancel = undefined;
    const now = this.options.clock.now();
    let soonestMs = LOOK_MS;
    const ripe: (readonly [string, Instant])[] = [];
    for (const [uid, at] of this.due) {
      if (at <= now) ripe.push([uid, at]);
      else soonestMs = Math.min(soonestMs, at - now);
    }
    const versions = [...this.versionsDue];
    if (ripe.length > 0 || versions.length > 0)
      this.commanded = Promise.all([this.commanded, this.shred(ripe, versions)]);
    if (this.due.size > 0 || versions.length > 0) this.cancel = this.options.clock.after(soonestMs, () => this.look());
  }

  private async shred(
    ripe: readonly (readonly [string, Instant])[],
    versions: readonly (readonly [string, Kept])[],
  ): Promise<void> {
    const { reads, keys, clock, onShredded, isWriter = () => true } = this.options;
    const shredded = new Set<string>();
    const cut = new Map<string, Kept>();
    for (const [uid, at] of ripe) {
      this.due.delete(uid);
      // It was on its way when its key was found.
      if (reads.projection.by(objectsByUid, uid)[0]) continue;
      if (at !== ASKED_FOR && !isWriter()) shredded.add(uid);
      else if (await this.tried(uid, () => keys.shred(uid))) shredded.add(uid);
      else this.due.set(uid, clock.now() + LOOK_MS);
    }
    for (const [uid, kept] of versions) {
      if (!(await this.tried(uid, () => keys.shredVersions(uid, kept.revision)))) continue;
      if (this.versionsDue.get(uid) === kept) this.versionsDue.delete(uid);
      cut.set(uid, kept);
    }
    if (shredded.size === 0 && cut.size === 0) return;
    onShredded(({ metadata: { uid, resourceVersion } }) => {
      const kept = cut.get(uid);
      return shredded.has(uid) || (kept !== undefined && Number(resourceVersion) < kept.position);
    });
  }

  private async tried(uid: string, act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (cause) {
      this.options.onError(uid, cause);
      return false;
    }
  }
}

type Kept = NonNullable<Shredding['kept']>;

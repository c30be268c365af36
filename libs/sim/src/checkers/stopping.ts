import type { MemoryLogStore } from '#adapters';
import { pods } from '#kinds';
import { FENCE_AFTER } from '#pod';
import { DELETED, kindOfStream, type KubeObject, type StoredEvent } from '#model';

/**
 * Uids of pods whose deletion the log knows: an agent may stop only theirs, and those that say that they are to stop when their
 * node is cut off.
 */
export class Deletions {
  private readonly uids = new Set<string>();
  private readonly alive = new Map<string, string>();
  private read = 0;

  constructor(private readonly store: MemoryLogStore) {}

  /** Whether the log says that this pod is to go, or has ended by itself. */
  has(uid: string): boolean {
    for (const event of this.store.events.slice(this.read)) this.take(event);
    this.read = this.store.events.length;
    return this.uids.has(uid);
  }

  private take(event: StoredEvent): void {
    if (kindOfStream(event.stream) !== pods.id) return;
    const data = event.data as {
      object?: KubeObject;
      uid?: string;
      set?: readonly (readonly [readonly unknown[], unknown])[];
    };
    if (data.object) this.alive.set(event.stream, data.object.metadata.uid);
    if (data.object?.metadata.annotations?.[FENCE_AFTER] !== undefined) this.uids.add(data.object.metadata.uid);
    const uid = data.uid ?? this.alive.get(event.stream);
    if (uid === undefined) return;
    const ends = data.set?.some(
      ([path, value]) => isDeletion(path) || (path.join('.') === 'status.phase' && value === 'Failed'),
    );
    if (event.type === DELETED || ends) this.uids.add(uid);
  }
}

function isDeletion(path: readonly unknown[]): boolean {
  return path[0] === 'metadata' && path[1] === 'deletionTimestamp';
}

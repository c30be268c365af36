import type { KubeObject } from '#model';
import type { HistoryIndex, HistoryScope } from '#ports';
import { bytesOf } from './held-bytes.js';

/** How many bytes of lists are kept, as {@link bytesOf} counts them. */
const KEPT_BYTES = 32 * 1024 * 1024;

interface Kept {
  readonly objects: readonly KubeObject[];
  readonly bytes: number;
}

/**
 * Lists that questions about the past need beside what they ask for, the definitions of kinds above all. Between two changes of
 * its kind a list is the same, so all moments between them get the very same array, and what is derived from it is found again.
 */
export class PastLists {
  /** The one that was asked for last is at the end. */
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;

  constructor(
    private readonly index: Pick<HistoryIndex, 'lastChange'>,
    private readonly bytesMax = KEPT_BYTES,
  ) {}

  forget(): void {
    this.kept.clear();
    this.bytes = 0;
  }

  async of(
    { kind, namespace = '', at }: HistoryScope,
    read: () => Promise<readonly KubeObject[]>,
  ): Promise<readonly KubeObject[]> {
    const key = `${kind} ${namespace} ${await this.index.lastChange(kind, at)}`;
    const known = this.kept.get(key);
    if (known) {
      this.kept.delete(key);
      this.kept.set(key, known);
      return known.objects;
    }
    const objects = await read();
    this.keep(key, { objects, bytes: key.length + bytesOf(objects) });
    return this.kept.get(key)?.objects ?? objects;
  }

  private keep(key: string, list: Kept): void {
    // Another question may have read it meanwhile: all get the one that was kept first.
    if (this.kept.has(key) || list.bytes > this.bytesMax) return;
    this.kept.set(key, list);
    this.bytes += list.bytes;
    for (const [oldest, { bytes }] of this.kept) {
      if (this.bytes <= this.bytesMax) return;
      this.kept.delete(oldest);
      this.bytes -= bytes;
    }
  }
}

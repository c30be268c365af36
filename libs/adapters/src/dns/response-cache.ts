import type { Clock } from '#ports';
import type { Response } from './response.js';

/** What an entry costs beside its bytes. */
const OVERHEAD_BYTES = 300;

interface Kept {
  readonly response: Response;
  /** On the monotonic clock, in milliseconds. */
  readonly since: number;
  readonly bytes: number;
}

/** Answers of other servers for as long as they may be kept, bounded in bytes. What was not asked for longest goes first. */
export class ResponseCache {
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;

  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly bytesMax: number,
  ) {}

  get(key: string): { readonly response: Response; readonly ageSeconds: number } | undefined {
    const known = this.kept.get(key);
    if (!known) return undefined;
    this.remove(key, known);
    const age = this.clock.monotonic() - known.since;
    if (age >= known.response.keepSeconds * 1000) return undefined;
    this.add(key, known);
    return { response: known.response, ageSeconds: Math.floor(age / 1000) };
  }
  put(key: string, response: Response): void {
    const before = this.kept.get(key);
    if (before) this.remove(key, before);
    const bytes =
      response.data.length + 8 * (response.ttlsAt.length + response.answersAt.length) + 2 * key.length + OVERHEAD_BYTES;
    if (response.keepSeconds === 0 || bytes > this.bytesMax) return;
    // A datagram is a part of a larger buffer, which would be kept with it.
    const own = { ...response, data: Buffer.from(response.data) };
    this.add(key, { response: own, since: this.clock.monotonic(), bytes });
    for (const [oldest, entry] of this.kept) {
      if (this.bytes <= this.bytesMax) return;
      this.remove(oldest, entry);
    }
  }
  clear(): void {
    this.kept.clear();
    this.bytes = 0;
  }
  get size(): number {
    return this.kept.size;
  }

  private add(key: string, entry: Kept): void {
    this.kept.set(key, entry);
    this.bytes += entry.bytes;
  }
  private remove(key: string, entry: Kept): void {
    this.kept.delete(key);
    this.bytes -= entry.bytes;
  }
}

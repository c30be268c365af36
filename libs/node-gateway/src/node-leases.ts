import type { NamedFacts, UnloggedQuestion } from '#model';
import type { Clock } from '#ports';
import type { Instant } from '#std';

const WAIT_MAX_MS = 30_000;
/** A lease is renewed so often at most, as a kubelet does, however often the agent beats: each renewal is news for watchers. */
const RENEW_MS = 9000;

/**
 * When the agent of each node last renewed its lease, which it does by its heartbeats. All of it goes with the process, and
 * comes back with the next heartbeats.
 */
export class NodeLeases {
  private readonly renewed = new Map<string, { readonly at: Instant; readonly monotonic: number }>();
  private readonly waiting = new Set<() => void>();
  /** Counted from the clock: an asker of an earlier life has seen a smaller one. */
  private revision: number;

  constructor(private readonly clock: Clock) {
    this.revision = clock.now();
  }

  renew(node: string): void {
    const monotonic = this.clock.monotonic();
    const known = this.renewed.get(node);
    if (known !== undefined && monotonic - known.monotonic < RENEW_MS) return;
    this.renewed.set(node, { at: this.clock.now(), monotonic });
    this.changed();
  }

  /** The node is gone. Should its agent go on, the next heartbeat says so. */
  forget(node: string): void {
    if (this.renewed.delete(node)) this.changed();
  }

  async answer({ after, waitMs = 0 }: UnloggedQuestion): Promise<Omit<NamedFacts, 'position'>> {
    if (after === this.revision && waitMs > 0) await this.nextChange(Math.min(waitMs, WAIT_MAX_MS));
    return {
      revision: this.revision,
      facts: Object.fromEntries([...this.renewed].map(([node, { at }]) => [node, at])),
    };
  }

  private nextChange(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.waiting.delete(done);
        resolve();
      };
      const cancel = this.clock.after(waitMs, done);
      this.waiting.add(done);
    });
  }

  private changed(): void {
    this.revision++;
    for (const done of [...this.waiting]) done();
  }
}

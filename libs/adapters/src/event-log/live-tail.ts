import type { LogSubscription, OnProgress } from '#ports';
import type { StoredEvent } from '#model';

const RECENT_MAX = 512;
/** Reads the events that follow a position, in order; an empty answer says that there are none yet. */
export type ReadPage = (afterPosition: number) => Promise<Page>;
export interface Page {
  readonly events: readonly StoredEvent[];
  /** How far this page reaches: the last event's position, or further where foreign events were passed. */
  readonly upTo: number;
}
export interface SubscriptionCallbacks {
  readonly onEvents: (events: readonly StoredEvent[]) => void;
  readonly onEnd?: ((cause: unknown) => void) | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/**
 * The live end of a log within one process: every new event enters here once, decoded once, and the same object goes to
 * every subscriber. The last few hundred are kept, so that a subscriber that lags a little never goes back to the disk.
 */
export class LiveTail {
  #position: number;
  /** `#recent` holds every event above this position. */
  #recentAfter: number;
  #recent: StoredEvent[] = [];
  readonly #followers = new Set<Follower>();
  #ended: { readonly cause: unknown } | undefined;

  constructor(position: number) {
    this.#position = position;
    this.#recentAfter = position;
  }
  /** The last position that went through. */
  get position(): number {
    return this.#position;
  }
  get followed(): boolean {
    return this.#followers.size > 0;
  }

  publish(events: readonly StoredEvent[], upTo?: number): void {
    const last = Math.max(upTo ?? 0, events.at(-1)?.position ?? 0);
    if (last <= this.#position) return;
    const fresh = events.filter((event) => event.position > this.#position);
    this.#position = last;
    this.#recent.push(...fresh);
    if (this.#recent.length > RECENT_MAX * 2) {
      const dropped = this.#recent.splice(0, this.#recent.length - RECENT_MAX);
      this.#recentAfter = dropped.at(-1)?.position ?? this.#recentAfter;
    }
    for (const follower of [...this.#followers]) follower.give(fresh, last);
  }

  /** The events above a position, when all of them are still at hand. */
  recentAfter(position: number): Page | undefined {
    if (position < this.#recentAfter) return undefined;
    let from = this.#recent.length;
    while (from > 0 && (this.#recent[from - 1]?.position ?? 0) > position) from--;
    return { events: this.#recent.slice(from), upTo: this.#position };
  }

  subscribe(afterPosition: number, callbacks: SubscriptionCallbacks, readPage: ReadPage): LogSubscription {
    const follower = new Follower(afterPosition, callbacks, () => this.#followers.delete(follower));
    // Not in the caller's own tick: it has not even got the subscription yet.
    void Promise.resolve().then(() => this.#catchUp(follower, readPage));
    return follower;
  }

  /** The log is closed by its owner: subscriptions end without a word. */
  close(): void {
    for (const follower of [...this.#followers]) void follower.close();
    this.#ended = { cause: undefined };
  }

  /** Ends every subscription; a later one ends at once. */
  end(cause: unknown): void {
    this.#ended ??= { cause };
    for (const follower of [...this.#followers]) follower.end(cause);
  }

  async #catchUp(follower: Follower, readPage: ReadPage): Promise<void> {
    try {
      let coming: Promise<Page> | undefined;
      while (!follower.closed) {
        if (this.#ended !== undefined) return follower.end(this.#ended.cause);
        const recent = this.recentAfter(follower.position);
        if (recent !== undefined) {
          this.#followers.add(follower);
          follower.give(recent.events, recent.upTo);
          return;
        }
        const page = await (coming ?? readPage(follower.position));
        // The next page is read while the subscriber works on this one.
        coming = page.upTo < this.#recentAfter ? readPage(page.upTo) : undefined;
        coming?.catch(() => undefined);
        follower.give(page.events, page.upTo);
      }
    } catch (cause) {
      follower.end(cause);
    }
  }
}

class Follower implements LogSubscription {
  closed = false;
  constructor(
    public position: number,
    private readonly callbacks: SubscriptionCallbacks,
    private readonly leave: () => void,
  ) {}

  give(events: readonly StoredEvent[], upTo: number): void {
    if (this.closed) return;
    const first = events[0];
    const fresh =
      first === undefined || first.position > this.position
        ? events
        : events.filter((event) => event.position > this.position);
    const passed = Math.max(this.position, fresh.at(-1)?.position ?? 0);
    this.position = Math.max(passed, upTo);
    try {
      if (fresh.length > 0) this.callbacks.onEvents(fresh);
      if (!this.closed && upTo > passed) this.callbacks.onProgress?.(upTo);
    } catch (cause) {
      this.end(cause);
    }
  }

  end(cause: unknown): void {
    if (this.closed) return;
    this.closed = true;
    this.leave();
    if (cause !== undefined) this.callbacks.onEnd?.(cause);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.leave();
  }
}

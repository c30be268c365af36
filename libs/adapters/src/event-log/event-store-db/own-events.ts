/** So much text is kept of what was appended and has not come back by the subscription, the newest. */
const BYTES_MAX = 16 * 1024 * 1024;

interface Own {
  readonly number: number;
  readonly body: string;
}

/**
 * What the main thread has appended and the subscription has not brought yet, by event id. The main thread still has these
 * events, so it need not parse them again. Only an event whose whole text came back as it was sent counts: a server that
 * was sent an id twice keeps the first event, and that is the true one.
 */
export class OwnEvents {
  /** Whether there is a subscription that takes what is noted here. */
  isFollowed = false;
  readonly #sent = new Map<string, Own>();
  #bytes = 0;

  /** Notes what is sent; `number` is the append's. */
  sent(id: string, own: Own): void {
    if (!this.isFollowed) return;
    this.#drop(id);
    this.#sent.set(id, own);
    this.#bytes += own.body.length;
    for (const oldest of this.#sent.keys()) {
      if (this.#bytes <= BYTES_MAX) return;
      this.#drop(oldest);
    }
  }

  /** Number of the append that an event was sent with, text by text; -1 for any other event. */
  take(id: string, body: string): number {
    const own = this.#sent.get(id);
    this.#drop(id);
    return own?.body === body ? own.number : -1;
  }

  #drop(id: string): void {
    const own = this.#sent.get(id);
    if (!own) return;
    this.#sent.delete(id);
    this.#bytes -= own.body.length;
  }
}

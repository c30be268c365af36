import type { EventCodec } from '#engine';
import type { StoredEvent } from '#model';

/** The log with Secrets in clear, as projections see it. */
export class DecodedLog {
  private readonly decoded: StoredEvent[] = [];

  constructor(
    private readonly store: { readonly events: readonly StoredEvent[] },
    private readonly codec: EventCodec,
  ) {}

  get events(): readonly StoredEvent[] {
    for (const event of this.store.events.slice(this.decoded.length)) this.decoded.push(this.codec.decode(event));
    return this.decoded;
  }
}

import type { StoredEvent } from '#model';
import type { RecordedEvent } from '#ports';
import { fromEventTime, type Instant } from '#std';
import { digestOf, textOf } from '../chain.js';

/** What was made of an event of a store, once for all who read it; an event that was altered is another one. */
interface Made {
  readonly text: string;
  digest?: string;
}
const made = new WeakMap<StoredEvent, Made>();

function madeOf(event: StoredEvent): Made {
  let found = made.get(event);
  if (found === undefined) made.set(event, (found = { text: textOf(event) }));
  return found;
}
/** SHA-256 over the canonical bytes of an event of a store. */
export function digestOfKept(event: StoredEvent): string {
  const found = madeOf(event);
  return (found.digest ??= digestOf(event, found.text));
}

/**
 * An event as a store of texts gives it: no two readers share a value of it, since whoever reads the past may write to what
 * it gets.
 */
export class KeptEvent implements RecordedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  readonly time: string;

  private readonly made: Made;
  private opened: StoredEvent | undefined;

  constructor(private readonly event: StoredEvent) {
    this.stream = event.stream;
    this.revision = event.revision;
    this.position = event.position;
    this.type = event.type;
    this.time = event.time;
    this.made = madeOf(event);
  }

  get instant(): Instant {
    return fromEventTime(this.time);
  }
  get digest(): string {
    return digestOfKept(this.event);
  }
  get bytes(): number {
    return this.made.text.length;
  }
  get raw(): Uint8Array {
    return Buffer.from(this.made.text);
  }
  get firstKey(): string {
    return Object.keys(this.event.data)[0] ?? '';
  }
  mayHave(key: string): boolean {
    return this.made.text.includes(JSON.stringify(key));
  }
  open(): StoredEvent {
    return (this.opened ??= {
      ...(JSON.parse(this.made.text) as StoredEvent),
      ...{ stream: this.stream, revision: this.revision, position: this.position },
    });
  }
  fact(): StoredEvent {
    return this.open();
  }
  done(): void {}
}

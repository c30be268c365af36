import type { StoredEvent } from '#model';
import type { RecordedEvent } from '#ports';
import { fromEventTime, type Instant } from '#std';

/** An event that its store gives decoded. */
export class DecodedEvent implements RecordedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  readonly time: string;

  private length: number | undefined;

  constructor(private readonly event: StoredEvent) {
    this.stream = event.stream;
    this.revision = event.revision;
    this.position = event.position;
    this.type = event.type;
    this.time = event.time;
  }

  get instant(): Instant {
    return fromEventTime(this.event.time);
  }
  get bytes(): number {
    return (this.length ??= JSON.stringify(this.event.data).length);
  }
  get raw(): Uint8Array {
    const { id, type, time, data, metadata } = this.event;
    return Buffer.from(JSON.stringify({ id, type, time, data, metadata }));
  }
  get firstKey(): string {
    return Object.keys(this.event.data)[0] ?? '';
  }
  mayHave(key: string): boolean {
    return JSON.stringify(this.event.data).includes(JSON.stringify(key));
  }
  open(): StoredEvent {
    return this.event;
  }
  fact(): StoredEvent {
    return this.event;
  }
  done(): void {}
}

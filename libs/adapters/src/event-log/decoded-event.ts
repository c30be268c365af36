import type { StoredEvent } from '#model';
import type { RecordedEvent } from '#ports';

/** An event that its store gives decoded. */
export class DecodedEvent implements RecordedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  readonly time: string;

  constructor(private readonly event: StoredEvent) {
    this.stream = event.stream;
    this.revision = event.revision;
    this.position = event.position;
    this.type = event.type;
    this.time = event.time;
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
}

import type { NewEvent, StoredEvent } from '#model';
import type { RecordedEvent } from '#ports';

/** A body begins as the log's own append wrote it: `{"id":"…","type":"…","time":"…"`. */
const ID = '{"id":"';
const TYPE = '","type":"';
const TIME = '","time":"';

/** A row of the log: its body was checked against the chain by the worker, so its shape is what was once appended. */
export class RecordedRow implements RecordedEvent {
  readonly type: string;
  readonly time: string;

  constructor(
    readonly stream: string,
    readonly revision: number,
    readonly position: number,
    private readonly body: string,
  ) {
    const typeAt = body.indexOf(TYPE, ID.length) + TYPE.length;
    const timeAt = body.indexOf(TIME, typeAt) + TIME.length;
    this.type = body.slice(typeAt, timeAt - TIME.length);
    this.time = body.slice(timeAt, body.indexOf('"', timeAt));
  }

  mayHave(key: string): boolean {
    return this.body.includes(JSON.stringify(key));
  }
  open(): StoredEvent {
    return stored(JSON.parse(this.body) as NewEvent, this.stream, this.revision, this.position);
  }
}

export function stored(event: NewEvent, stream: string, revision: number, position: number): StoredEvent {
  const { id, type, time, data, metadata } = event;
  return { id, type, time, data, metadata, stream, revision, position };
}

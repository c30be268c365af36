import type { Fact, NewEvent, StoredEvent } from '#model';
import type { JsonObject } from '#std';
import type { RecordedEvent } from '#ports';

/** A body is as the log's own append wrote it: `{"id":"…","type":"…","time":"…","data":…,"metadata":{"epoch":…`. */
const ID = '{"id":"';
const TYPE = '","type":"';
const TIME = '","time":"';
const DATA = '","data":';
const METADATA = ',"metadata":{"epoch":';
/** Within the metadata; a text that says the same has its quotes escaped. */
const VERSION = '"schemaVersion":';

/** A row of the log: its body was checked against the chain by the worker, so its shape is what was once appended. */
export class RecordedRow implements RecordedEvent {
  constructor(
    readonly stream: string,
    readonly revision: number,
    readonly position: number,
    private readonly body: string,
  ) {}

  get type(): string {
    const at = this.body.indexOf(TYPE, ID.length) + TYPE.length;
    return this.body.slice(at, this.body.indexOf('"', at));
  }
  get time(): string {
    const at = this.body.indexOf(TIME, ID.length) + TIME.length;
    return this.body.slice(at, this.body.indexOf('"', at));
  }

  mayHave(key: string): boolean {
    return this.body.includes(JSON.stringify(key));
  }
  open(): StoredEvent {
    return stored(JSON.parse(this.body) as NewEvent, this.stream, this.revision, this.position);
  }
  /** Parses the data alone, a third less than all. */
  fact(): Fact {
    const { body, stream, revision, position, type, time } = this;
    const dataAt = body.indexOf(DATA, ID.length) + DATA.length;
    const metadataAt = body.lastIndexOf(METADATA);
    try {
      const data = JSON.parse(body.slice(dataAt, metadataAt)) as JsonObject;
      const metadata = {
        epoch: numberAt(body, metadataAt + METADATA.length),
        schemaVersion: numberAt(body, body.indexOf(VERSION, metadataAt) + VERSION.length),
      };
      return { stream, type, time, data, revision, position, metadata };
    } catch {
      // These words stand within the metadata once more: cut there, nothing is JSON.
      return this.open();
    }
  }
}

/** The whole number that begins there. */
function numberAt(text: string, at: number): number {
  let number = 0;
  for (let i = at; ; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return number;
    number = number * 10 + digit;
  }
}

export function stored(event: NewEvent, stream: string, revision: number, position: number): StoredEvent {
  const { id, type, time, data, metadata } = event;
  return { id, type, time, data, metadata, stream, revision, position };
}

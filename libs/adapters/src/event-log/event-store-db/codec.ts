import { jsonEvent } from '@eventstore/db-client';
import type { AllStreamRecordedEvent, JSONEventData, RecordedEvent } from '@eventstore/db-client';
import type { EventMetadata, NewEvent, StoredEvent } from '#model';
import { LogDamaged } from '#ports';
import { isJsonObject } from '#std';
import type { JsonObject } from '#std';

/** What stands for one stored event in EventStoreDB's custom metadata: ours, and the time that the writer decided at. */
interface StoredMetadata extends JsonObject {
  readonly time: string;
}

/** Clusters may share a server: each keeps to streams that begin with its own name. */
export class EventCodec {
  readonly #prefix: string;

  constructor(cluster: string) {
    this.#prefix = `shiplog.${cluster}/`;
  }

  streamOf(stream: string): string {
    return `${this.#prefix}${stream}`;
  }

  encode(event: NewEvent): JSONEventData {
    const { id, type, time, data, metadata } = event;
    // The client takes mutable types for what it only reads.
    return jsonEvent({ id, type, data: data as Record<string, unknown>, metadata: { ...metadata, time } });
  }

  /** Undefined for what is not of this cluster: other clusters' events and the server's own. */
  decode(recorded: AllStreamRecordedEvent | RecordedEvent): StoredEvent | undefined {
    if (!recorded.streamId.startsWith(this.#prefix)) return undefined;
    const stream = recorded.streamId.slice(this.#prefix.length);
    const position = positionOf(recorded);
    const { id, type, data, metadata: stored } = recorded;
    if (!isJsonObject(data) || !isStoredMetadata(stored)) {
      throw new LogDamaged(`The event at position ${position} in ${recorded.streamId} was not written by Shiplog.`, {
        position,
      });
    }
    const { time, ...metadata } = stored;
    return {
      id,
      type,
      time,
      data,
      metadata: metadata as unknown as EventMetadata,
      stream,
      revision: Number(recorded.revision),
      position,
    };
  }
}

/** A position is a byte offset in the server's log; beyond 2^53 a number could not carry it. */
export function positionOf(recorded: AllStreamRecordedEvent | RecordedEvent): number {
  const position = Number(recorded.position?.commit ?? 0n);
  if (!Number.isSafeInteger(position))
    throw new LogDamaged(`Position ${position} is beyond what a resourceVersion can carry.`);
  return position;
}

function isStoredMetadata(value: unknown): value is StoredMetadata {
  return isJsonObject(value) && typeof value['time'] === 'string' && typeof value['epoch'] === 'number';
}

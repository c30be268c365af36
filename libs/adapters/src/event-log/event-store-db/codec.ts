import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Row } from '../log-worker/page.js';
import { Damaged } from './faults.js';
import type { WireEvent } from './requests.js';

type Recorded = NonNullable<ReturnType<ReadResp.ReadEvent['getEvent']>>;
interface Body {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly data: unknown;
  readonly metadata: object;
}

/**
 * Between an event's JSON text, as the main thread has it, and what the server stores: the data, and metadata that bear
 * the time at which the writer decided. Clusters may share a server: each keeps to streams that begin with its own name.
 */
export class EventCodec {
  readonly prefix: string;

  constructor(cluster: string) {
    this.prefix = `shiplog.${cluster}/`;
  }

  streamOf(stream: string): string {
    return `${this.prefix}${stream}`;
  }

  encode(body: string): WireEvent {
    const { id, type, time, data, metadata } = JSON.parse(body) as Body;
    return { id, type, data: bytesOf(data), metadata: bytesOf({ ...metadata, time }) };
  }

  /** Whether an event is of this cluster: others are other clusters' and the server's own. */
  isOwn(recorded: Recorded): boolean {
    return streamNameOf(recorded).startsWith(this.prefix);
  }

  /** Throws {@link Damaged} for an event under this cluster's name that Shiplog did not write. */
  decode(recorded: Recorded): Row {
    const position = positionOf(recorded);
    const stream = streamNameOf(recorded).slice(this.prefix.length);
    const map = recorded.getMetadataMap();
    const data = textOf(recorded.getData_asU8());
    const metadata = objectIn(textOf(recorded.getCustomMetadata_asU8()));
    const { time, ...rest } = metadata ?? {};
    if (objectIn(data) === undefined || typeof time !== 'string' || typeof rest['epoch'] !== 'number') {
      const name = streamNameOf(recorded);
      throw new Damaged(`The event at position ${position} in ${name} was not written by Shiplog.`, position);
    }
    const id = JSON.stringify(idOf(recorded));
    const head = `{"id":${id},"type":${JSON.stringify(map.get('type') ?? '')},"time":${JSON.stringify(time)}`;
    // The data stay the very bytes that were appended.
    const body = `${head},"data":${data},"metadata":${JSON.stringify(rest)}}`;
    return { position, stream, revision: Number(recorded.getStreamRevision()), body };
  }
}

/** A position is a byte offset in the server's log; beyond 2^53 a number could not carry it. */
export function positionOf(recorded: Recorded): number {
  return safePosition(recorded.getCommitPosition());
}

export function safePosition(text: string): number {
  const position = Number(text);
  if (!Number.isSafeInteger(position))
    throw new Damaged(`Position ${text} is beyond what a resourceVersion can carry.`, undefined);
  return position;
}

export function idOf(recorded: Recorded): string {
  return recorded.getId()?.getString() ?? '';
}

function streamNameOf(recorded: Recorded): string {
  return textOf(recorded.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array());
}

function bytesOf(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Row } from '../log-worker/page.js';
import { idOf, positionOf, type EventCodec } from './codec.js';
import type { LogClient } from './log-client.js';
import { allRequest, streamRequest } from './requests.js';

const READ_MAX = Number.MAX_SAFE_INTEGER;

/** How much of the log is known: all own events up to `upTo`, of which the last one stands at `last`. */
export interface Known {
  readonly upTo: number;
  readonly last: number;
}

/** Reads of this cluster's events, filtered by the server. Each throws when its connection fails. */
export class LogReads {
  readonly #client: LogClient;
  readonly #codec: EventCodec;
  readonly #silenceMs: number;
  #known: Known | undefined;

  constructor(client: LogClient, codec: EventCodec, silenceMs: number) {
    this.#client = client;
    this.#codec = codec;
    this.#silenceMs = silenceMs;
  }

  /** Own events above a position, in order, up to the end of the log. */
  async *after(position: number): AsyncGenerator<Row> {
    const request = allRequest({ position, prefix: this.#codec.prefix, countMax: READ_MAX });
    for await (const recorded of this.#events(request)) {
      // A read begins with the event at its position; the caller has that one already.
      if (positionOf(recorded) > position) yield this.#codec.decode(recorded);
    }
  }

  /** Events of a stream from a revision on, at most so many. */
  async *stream(stream: string, fromRevision: number, countMax = READ_MAX): AsyncGenerator<Row> {
    const request = streamRequest(this.#codec.streamOf(stream), fromRevision, countMax);
    for await (const recorded of this.#events(request)) yield this.#codec.decode(recorded);
  }

  async eventAt(stream: string, revision: number): Promise<{ id: string; position: number } | undefined> {
    const request = streamRequest(this.#codec.streamOf(stream), revision, 1);
    for await (const recorded of this.#events(request)) {
      if (Number(recorded.getStreamRevision()) === revision)
        return { id: idOf(recorded), position: positionOf(recorded) };
    }
    return undefined;
  }

  /**
   * Position of this cluster's last event, 0 when it has none: linearizable, and without a look at what is known. The
   * server's last event costs nothing to read. Where that is not an own one, only what came after the last look (or after
   * the subscription's last checkpoint) is searched; only the first look searches back from the end.
   */
  async head(): Promise<number> {
    const last = await this.#lastOf(allRequest({ position: 0, isBackwards: true, countMax: 1 }));
    if (last === undefined) return 0;
    if (last.isOwn) return this.#learned({ upTo: last.position, last: last.position });
    const known = this.#known;
    if (known !== undefined && known.upTo >= last.position) return known.last;
    if (known === undefined) {
      const prefix = this.#codec.prefix;
      const own = await this.#lastOf(allRequest({ position: 0, isBackwards: true, prefix, countMax: 1 }));
      return this.#learned({ upTo: Math.max(last.position, own?.position ?? 0), last: own?.position ?? 0 });
    }
    let own = known.last;
    for await (const { position } of this.after(known.upTo)) own = Math.max(own, position);
    return this.#learned({ upTo: Math.max(last.position, own), last: own });
  }

  /** A subscription that began at `since` has given all own events up to `upTo`, the last of them at `last`. */
  passed(since: number, { upTo, last }: Known): void {
    if (this.#known !== undefined && since > this.#known.upTo) return;
    this.#learned({ upTo, last });
  }

  #learned({ upTo, last }: Known): number {
    const known = this.#known ?? { upTo: 0, last: 0 };
    this.#known = { upTo: Math.max(known.upTo, upTo), last: Math.max(known.last, last) };
    return this.#known.last;
  }

  async #lastOf(request: ReadReq): Promise<{ isOwn: boolean; position: number } | undefined> {
    for await (const recorded of this.#events(request))
      return { isOwn: this.#codec.isOwn(recorded), position: positionOf(recorded) };
    return undefined;
  }

  async *#events(request: ReadReq): AsyncGenerator<RecordedMessage> {
    for await (const message of this.#client.read(request, this.#silenceMs)) {
      const recorded = message.getEvent()?.getEvent();
      if (recorded !== undefined) yield recorded;
    }
  }
}

export type RecordedMessage = NonNullable<ReturnType<ReadResp.ReadEvent['getEvent']>>;

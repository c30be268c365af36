import type { ServerWritableStream } from '@grpc/grpc-js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import {
  caughtUpMessage,
  checkpointMessage,
  confirmationMessage,
  deletedFailure,
  eventMessage,
  notFoundMessage,
  streamName,
} from './messages.js';
import type { EsdbStore, RecordedEvent } from './store.js';

const PAGE = 200;
/** The events that a filtered subscription looks at at once, unless the client says how many. */
const WINDOW_EVENTS = 32;
type Call = ServerWritableStream<ReadReq, ReadResp>;
type Passes = (event: RecordedEvent) => boolean;

/** Answers `Read`: of one stream or of all, forwards or backwards, once or as a subscription. */
export class Reader {
  /** Events that went out to clients. */
  eventsSent = 0;
  readonly #store: EsdbStore;
  readonly #delayMs: number;

  constructor(store: EsdbStore, delayMs: number) {
    this.#store = store;
    this.#delayMs = delayMs;
  }

  async read(call: Call): Promise<void> {
    call.on('error', () => undefined);
    const options = call.request.getOptions();
    if (options === undefined) return void call.end();
    const stream = options.hasStream() ? streamName(options.getStream()?.getStreamIdentifier()) : undefined;
    if (stream !== undefined && this.#store.isDeleted(stream)) return void call.emit('error', deletedFailure(stream));
    if (options.hasSubscription()) return this.#subscribe(call, options);
    const events = stream === undefined ? this.#allPart(options) : this.#streamPart(stream, options);
    if (events === undefined) await send(call, notFoundMessage(stream ?? ''));
    for (const event of events ?? []) {
      this.eventsSent++;
      if (!(await send(call, eventMessage(event)))) return;
    }
    call.end();
  }

  /** Forwards begins at the position, backwards before it; a filter applies to either. */
  #allPart(options: ReadReq.Options): readonly RecordedEvent[] {
    const all = options.getAll();
    const count = Number(options.getCount());
    const { events } = this.#store;
    const passes = options.hasFilter() ? passesOf(options) : undefined;
    const end = events.length;
    const index = all?.hasPosition()
      ? this.#store.indexOf(Number(all.getPosition()?.getCommitPosition()))
      : all?.hasEnd()
        ? end
        : 0;
    if (passes === undefined) return part(events, index, isBackwards(options) ? -count : count);
    const wanted = isBackwards(options) ? events.slice(0, index).reverse() : events.slice(index);
    return wanted.filter(passes).slice(0, count);
  }

  #streamPart(stream: string, options: ReadReq.Options): readonly RecordedEvent[] | undefined {
    const events = this.#store.stream(stream);
    if (events === undefined) return undefined;
    const from = options.getStream();
    const count = Number(options.getCount());
    const revision = from?.hasRevision() ? Number(from.getRevision()) : from?.hasEnd() ? events.length - 1 : 0;
    return isBackwards(options) ? part(events, revision + 1, -count) : part(events, revision, count);
  }

  /** What is there, the word that this was all, and then what comes, until the client goes. */
  async #subscribe(call: Call, options: ReadReq.Options): Promise<void> {
    const passes = passesOf(options);
    const filter = options.getFilter();
    const checkpointAfter =
      (filter?.hasMax() === true ? filter.getMax() : WINDOW_EVENTS) *
      Math.max(1, filter?.getCheckpointintervalmultiplier() ?? 1);
    let next = this.#startOf(options);
    let sinceCheckpoint = 0;
    let caughtUp = false;
    await send(call, confirmationMessage());
    while (!call.cancelled) {
      const page = this.#store.events.slice(next, next + PAGE);
      for (const event of page) {
        if (passes(event)) {
          this.eventsSent++;
          if (!(await send(call, eventMessage(event)))) return;
        }
        if (options.hasFilter() && ++sinceCheckpoint % checkpointAfter === 0)
          await send(call, checkpointMessage(event.position));
      }
      next += page.length;
      if (page.length > 0) continue;
      if (!caughtUp) {
        // How far it has come says a checkpoint when it goes live, too.
        const last = this.#store.events[next - 1];
        if (options.hasFilter() && last !== undefined) await send(call, checkpointMessage(last.position));
        await send(call, caughtUpMessage());
      }
      caughtUp = true;
      await this.#committed(call, next);
    }
  }

  /** Index of the first event after the one that a subscription begins behind. */
  #startOf(options: ReadReq.Options): number {
    const end = this.#store.events.length;
    const all = options.getAll();
    if (all?.hasPosition()) return this.#store.indexOf(Number(all.getPosition()?.getCommitPosition()) + 1);
    if (all?.hasEnd()) return end;
    const stream = options.getStream();
    if (stream?.hasEnd()) return end;
    return 0;
  }

  /** Resolves when there is something at this index, or the client has gone. */
  async #committed(call: Call, index: number): Promise<void> {
    while (this.#store.events.length <= index && !call.cancelled) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          forget();
          call.off('cancelled', done);
          resolve();
        };
        const forget = this.#store.onCommit(done);
        call.once('cancelled', done);
      });
    }
    if (this.#delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#delayMs));
  }
}

function isBackwards(options: ReadReq.Options): boolean {
  return options.getReadDirection() === streamsPb.ReadReq.Options.ReadDirection.BACKWARDS;
}

/** So many from an index on, or, where the count is negative, those before it, last first. */
function part(events: readonly RecordedEvent[], index: number, count: number): readonly RecordedEvent[] {
  if (count >= 0) return events.slice(index, Math.min(events.length, index + count));
  return events.slice(Math.max(0, index + count), index).reverse();
}

function passesOf(options: ReadReq.Options): Passes {
  const stream = options.getStream();
  if (stream !== undefined) {
    const name = streamName(stream.getStreamIdentifier());
    const after = stream.hasRevision() ? Number(stream.getRevision()) : -1;
    return (event) => event.stream === name && event.revision > after;
  }
  const filter = options.getFilter();
  if (filter === undefined) return () => true;
  const byStream = filter.getStreamIdentifier();
  const expression = byStream ?? filter.getEventType();
  const prefixes = expression?.getPrefixList() ?? [];
  const pattern = expression?.getRegex() ? new RegExp(expression.getRegex()) : undefined;
  return (event) => {
    const text = byStream === undefined ? event.type : event.stream;
    return pattern === undefined ? prefixes.some((prefix) => text.startsWith(prefix)) : pattern.test(text);
  };
}

/** Waits while the client does not keep up; false when it has gone. */
async function send(call: Call, message: ReadResp): Promise<boolean> {
  if (call.cancelled) return false;
  if (call.write(message)) return true;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      call.off('drain', done);
      call.off('cancelled', done);
      resolve();
    };
    call.once('drain', done);
    call.once('cancelled', done);
  });
  return !call.cancelled;
}

import type { Bus, BusSubscription, Clock } from '#ports';
import { Fault } from '#std';
import { decodeFrame, encodeFrame, type StreamFrame } from './stream-frame.js';

/** Largest body of one frame. */
export const FRAME_BYTES = 64 * 1024;
/** What a sender may have under way that the receiver has not drained. */
export const CREDIT_BYTES = 1024 * 1024;
/** Credit is renewed in steps of this, not for every frame. */
const GRANT_STEP_BYTES = CREDIT_BYTES / 4;
const STATE_EVERY_MS = 5_000;
const GREET_EVERY_MS = 250;
const SILENCE_MAX_MS = 20_000;

export interface StreamOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** `stream.<node>.<id>`, see `subjects.stream`. */
  readonly subject: string;
  /** Which end this is: the agent's, or that of whoever asked the agent. */
  readonly side: 'agent' | 'client';
}
export interface StreamChunk {
  /** Which of several flows in one stream: stdin, stdout, stderr. 0 when there is one. */
  readonly channel: number;
  readonly data: Uint8Array;
}

/** The stream is over, and not because its sender was done. */
export class StreamBroken extends Fault {
  override readonly name = 'StreamBroken';
  constructor(message: string) {
    super(message, true);
  }
}

/**
 * One end of a byte stream, both directions. Bytes arrive in order and complete, or the reader gets {@link StreamBroken}.
 * A writer waits while the other side does not read: the credit travels with the draining. Give it a bus of its own, so
 * that a slow stream never holds up reports.
 */
export class ByteStream implements AsyncIterable<StreamChunk> {
  readonly #options: StreamOptions;
  readonly #subscription: BusSubscription;
  readonly #chunks: StreamChunk[] = [];
  #cancelTimer: () => void = () => undefined;
  #wake = Promise.withResolvers<void>();
  #writes: Promise<void> = Promise.resolve();
  /** On the monotonic clock. */
  #heardAt: number;
  #isGreeted = false;
  #failure: StreamBroken | undefined;

  #sentFrames = 0;
  #sentBytes = 0;
  #maySend = 0;
  #hasEnded = false;

  #receivedFrames = 0;
  #receivedBytes = 0;
  #drainedBytes = 0;
  #granted = CREDIT_BYTES;
  #peerEnded = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#heardAt = options.clock.monotonic();
    this.#subscription = options.bus.subscribe(`${options.subject}.${options.side}`, (data) => this.#receive(data));
    this.#beat();
  }

  /** Sends, in frames; resolves when all of it had credit. Rejects when the stream is over. */
  write(data: Uint8Array, channel = 0): Promise<void> {
    // One write after the other: two of them must not mix their frames.
    this.#writes = this.#writes.then(() => this.#writeFrames(data, channel));
    return this.#writes;
  }

  /** Nothing more will be written; the other direction stays open. */
  async end(): Promise<void> {
    await this.#writes;
    if (this.#hasEnded || this.#failure) return;
    this.#hasEnded = true;
    this.#sendEnd();
    this.#disposeWhenDone();
  }

  /** Ends both directions now, on both sides. */
  cancel(reason = 'the stream was cancelled'): void {
    if (this.#failure || (this.#hasEnded && this.#peerEnded)) return;
    this.#send({ is: 'break', reason });
    this.#fail(reason);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<StreamChunk> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        yield chunk;
        this.#drained(chunk.data.length);
      } else if (this.#failure) {
        throw this.#failure;
      } else if (this.#peerEnded) {
        return;
      } else {
        await this.#wake.promise;
      }
    }
  }

  async #writeFrames(data: Uint8Array, channel: number): Promise<void> {
    for (let start = 0; start < data.length; start += FRAME_BYTES) {
      const body = data.subarray(start, start + FRAME_BYTES);
      while (this.#sentBytes + body.length > this.#maySend && !this.#failure) await this.#wake.promise;
      if (this.#failure) throw this.#failure;
      if (this.#hasEnded) throw new StreamBroken('write after the end');
      this.#sentBytes += body.length;
      this.#send({ is: 'data', sequence: this.#sentFrames++, channel, body });
    }
  }

  #receive(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    if (frame === undefined || this.#failure) return;
    this.#heardAt = this.#options.clock.monotonic();
    switch (frame.is) {
      case 'data':
        if (frame.sequence < this.#receivedFrames) return;
        if (frame.sequence > this.#receivedFrames) return this.#break('part of the stream was lost');
        this.#receivedFrames++;
        this.#receivedBytes += frame.body.length;
        // What nobody reads is kept, so nobody sends more than he may.
        if (this.#receivedBytes > this.#granted) return this.#break('the other side sent more than it may');
        if (frame.body.length > 0) this.#chunks.push({ channel: frame.channel, data: frame.body });
        break;
      case 'end':
        if (frame.sequence > this.#receivedFrames) return this.#break('part of the stream was lost');
        this.#peerEnded = true;
        this.#disposeWhenDone();
        break;
      case 'state':
        if (frame.sequence > this.#receivedFrames) return this.#break('part of the stream was lost');
        this.#maySend = Math.max(this.#maySend, frame.granted);
        if (!this.#isGreeted) {
          // The other side may have missed our greeting: it was not listening yet.
          this.#isGreeted = true;
          this.#sendState();
        }
        break;
      case 'break':
        return this.#fail(frame.reason);
    }
    this.#notify();
  }

  #drained(bytes: number): void {
    this.#drainedBytes += bytes;
    if (this.#drainedBytes + CREDIT_BYTES - this.#granted < GRANT_STEP_BYTES) return;
    this.#granted = this.#drainedBytes + CREDIT_BYTES;
    this.#sendState();
  }

  /** Greets until answered, then shows now and then that this side lives. */
  #beat(): void {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#heardAt > SILENCE_MAX_MS) {
      this.#fail('the other side of the stream fell silent');
      return;
    }
    this.#sendState();
    // The bus may have lost it, and nothing follows by which the other side would notice.
    if (this.#hasEnded) this.#sendEnd();
    const wait = this.#isGreeted ? STATE_EVERY_MS : GREET_EVERY_MS;
    this.#cancelTimer = clock.after(wait, () => this.#beat());
  }

  #sendState(): void {
    if (!this.#failure) this.#send({ is: 'state', sequence: this.#sentFrames, granted: this.#granted });
  }

  #sendEnd(): void {
    this.#send({ is: 'end', sequence: this.#sentFrames });
  }

  #send(frame: StreamFrame): void {
    const { bus, subject, side } = this.#options;
    bus.publish(`${subject}.${side === 'agent' ? 'client' : 'agent'}`, encodeFrame(frame));
  }

  /** The other side does not keep to the protocol, or the bus has lost something. */
  #break(reason: string): void {
    this.#send({ is: 'break', reason });
    this.#fail(reason);
  }

  #fail(reason: string): void {
    if (this.#failure) return;
    this.#failure = new StreamBroken(reason);
    this.#dispose();
    this.#notify();
  }

  #disposeWhenDone(): void {
    if (this.#hasEnded && this.#peerEnded) this.#dispose();
  }

  #dispose(): void {
    this.#cancelTimer();
    this.#subscription.unsubscribe();
  }

  #notify(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

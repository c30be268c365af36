import { parseStream, type StoredEvent } from '#model';
import type { Bus, Clock, EventLog } from '#ports';
import { Fault } from '#std';
import { encodeMessage } from './message-codec.js';
import { subjects } from './subjects.js';
import { pause } from './delay.js';

/** Bytes that are published and not confirmed yet. Beyond that the feed reads the log only as fast as the bus confirms. */
const UNCONFIRMED_BYTES_MAX = 8 * 1024 * 1024;
/** How long the last events may take to be confirmed when the feed stops. */
const LAST_CONFIRMATION_MS = 1_000;
const RETRY_MS = 200;

export interface FeedOptions {
  readonly log: EventLog;
  readonly bus: Bus;
  readonly clock: Clock;
  /** Position of the last event that the bus has confirmed: publishing begins after it. */
  readonly after: number;
  /** Receives each position up to which the bus has confirmed every event. What comes after it is published again later. */
  readonly onConfirmed: (position: number) => void;
  /** The log cannot be followed any more. */
  readonly onFatal: (cause: unknown) => void;
}

/**
 * Publishes every event of the log on the bus, in order, each at least once. While the bus is away it waits; when the bus is
 * back it goes on after the last event that was confirmed. Whether anybody listens is not its concern.
 */
export class Feed {
  private confirmed: number;
  private published: number;
  private unconfirmedBytes = 0;
  private isConnected = false;
  private isStopped = false;
  private confirming: Promise<boolean> | undefined;
  /** Ends the following of the log; present while it is followed. */
  private endFollowing: (() => void) | undefined;
  private onceConnected: (() => void) | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: FeedOptions) {
    this.confirmed = this.published = options.after;
    options.bus.onConnection((isConnected) => {
      this.isConnected = isConnected;
      if (isConnected) this.onceConnected?.();
      else this.endFollowing?.();
    });
  }

  start(): void {
    this.running = this.run().catch(this.options.onFatal);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.onceConnected?.();
    this.endFollowing?.();
    const { clock } = this.options;
    if (this.isConnected) await Promise.race([this.confirm(), pause(clock, LAST_CONFIRMATION_MS)]);
    await Promise.race([this.running, pause(clock, LAST_CONFIRMATION_MS)]);
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      await this.connected();
      // What was published and never confirmed is published again.
      this.published = this.confirmed;
      this.unconfirmedBytes = 0;
      if (await this.catchUp()) await this.follow();
      if (!this.isStopped) await pause(this.options.clock, RETRY_MS);
    }
  }

  private connected(): Promise<void> {
    if (this.isConnected || this.isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.onceConnected = () => {
        this.onceConnected = undefined;
        resolve();
      };
    });
  }

  /** Publishes what the log holds already, each batch once the one before was confirmed. False when the bus went away. */
  private async catchUp(): Promise<boolean> {
    try {
      for await (const events of this.options.log.readAll(this.confirmed)) {
        if (this.isStopped || !this.isConnected) return false;
        this.publish(events.map((event) => event.open()));
        if (!(await this.confirm())) return false;
      }
      return true;
    } catch (cause) {
      // A log that is away is read again later; the position stays.
      if (cause instanceof Fault && cause.retryable) return false;
      throw cause;
    }
  }

  /** Publishes each new event, until the bus goes away, confirms too slowly, or the feed stops. */
  private async follow(): Promise<void> {
    const { log, onFatal } = this.options;
    if (this.isStopped || !this.isConnected) return;
    const over = Promise.withResolvers<void>();
    this.endFollowing = () => {
      this.endFollowing = undefined;
      over.resolve();
    };
    const subscription = log.subscribe(
      this.published,
      (events) => this.take(events),
      (cause) => {
        if (cause !== undefined) onFatal(cause);
        over.resolve();
      },
    );
    await over.promise;
    await subscription.close();
    await this.confirming;
  }

  private take(events: readonly StoredEvent[]): void {
    if (this.endFollowing === undefined) return;
    this.publish(events);
    if (this.unconfirmedBytes > UNCONFIRMED_BYTES_MAX) this.endFollowing();
    this.confirming ??= this.confirmAll();
  }

  private async confirmAll(): Promise<boolean> {
    let isConfirmed = true;
    while (isConfirmed && this.published > this.confirmed) isConfirmed = await this.confirm();
    this.confirming = undefined;
    if (!isConfirmed) this.endFollowing?.();
    return isConfirmed;
  }

  private publish(events: readonly StoredEvent[]): void {
    for (const event of events) {
      if (event.position <= this.published) continue;
      const { kind, namespace, name } = parseStream(event.stream);
      const data = encodeMessage(event);
      this.options.bus.publish(subjects.event(kind, namespace, name, event.type), data);
      this.published = event.position;
      this.unconfirmedBytes += data.length;
    }
  }

  /** Waits until the bus has everything that was published so far. False when it went away before. */
  private async confirm(): Promise<boolean> {
    const [upTo, bytes] = [this.published, this.unconfirmedBytes];
    try {
      await this.options.bus.flush();
    } catch (cause) {
      if (cause instanceof Fault) return false;
      throw cause;
    }
    this.unconfirmedBytes = Math.max(0, this.unconfirmedBytes - bytes);
    if (upTo > this.confirmed) this.options.onConfirmed((this.confirmed = upTo));
    return true;
  }
}

import { NatsContext, ServerNats, type MessageHandler } from '@nestjs/microservices';
import type { Bus, BusSubscription } from '#ports';
import { decodeJson, encodeJson } from './json-bytes.js';

interface Packet {
  readonly err?: unknown;
  readonly response?: unknown;
}

interface Subscribed {
  readonly pattern: string;
  readonly handler: MessageHandler;
}

/**
 * Nest's NATS transport over our own connection: handlers are found and run by Nest, messages come and go through the
 * bus port. So one connection with TLS, JWT and parts serves all, payloads are plain JSON without Nest's envelope (a
 * request without one would never be answered), and a handler's Fault reaches the asker as one.
 */
export class BusServer extends ServerNats {
  readonly #subscriptions: BusSubscription[] = [];

  /** `listens`: when the handler of a pattern is to listen, if not all the time. */
  constructor(
    private readonly bus: Bus,
    private readonly listens: Readonly<Record<string, (subscribe: () => BusSubscription) => void>> = {},
  ) {
    super({});
  }

  override listen(callback: (error?: unknown, ...optional: unknown[]) => void): Promise<void> {
    for (const [pattern, handler] of this.messageHandlers) {
      const handle = (data: Uint8Array, subject: string) => this.#handle({ pattern, handler }, data, subject);
      const subscribe = (): BusSubscription => this.bus.subscribe(pattern, handle);
      const listens = this.listens[pattern];
      if (listens) listens(subscribe);
      else this.#subscriptions.push(subscribe());
    }
    callback();
    return Promise.resolve();
  }

  override close(): Promise<void> {
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    return Promise.resolve();
  }

  async #handle({ pattern, handler }: Subscribed, data: Uint8Array, subject: string): Promise<Uint8Array | undefined> {
    const context = new NatsContext([subject, undefined]);
    const payload = decodeJson(data);
    if (handler.isEventHandler) {
      await this.handleEvent(pattern, { pattern, data: payload }, context);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const answer = (packet: Packet): void => {
        if (packet.err !== undefined) reject(packet.err instanceof Error ? packet.err : new Error(String(packet.err)));
        else if ('response' in packet) resolve(encodeJson(packet.response));
      };
      const produce = async (): Promise<ReturnType<typeof this.transformToObservable>> =>
        this.transformToObservable(await handler(payload, context));
      // Typed as void, but a promise: a handler that fails before it answers rejects it.
      Promise.resolve(this.handleRequest(context, produce, answer)).catch(reject);
    });
  }
}

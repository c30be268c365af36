import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createInbox, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import {
  BusUnavailable,
  NobodyListens,
  NotConnected,
  RequestFailed,
  type Bus,
  type BusRules,
  type BusSubscription,
} from '#ports';
import { Fault } from '#std';
import { ConnectionListeners } from './connection-listeners.js';
import { signatureOf, type NatsCredentials } from './nats-authority.js';
import { NatsParts } from './nats-parts.js';

type Handler = Parameters<Bus['subscribe']>[1];

/** Message of the failure that a handler answered with, and whether asking again may help. */
const FAULT = 'Shiplog-Fault';
const RETRYABLE = 'Shiplog-Retryable';
const NO_RESPONDERS = 503;
const RETRY_MS = 200;

export interface NatsBusOptions {
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly rules: BusRules;
  /** Ends the waiting for a server that is not there. */
  readonly signal?: AbortSignal;
  /** Hears what goes wrong without a caller who could be told: a refused permission, a handler of a one-way message. */
  readonly onProblem?: (problem: string) => void;
}

/**
 * A client of the bus: TLS with the cluster's CA, its own user JWT, reconnecting for ever. Nothing is queued while the
 * connection is away: what is published then is lost, as the port says, and a request fails when the time is up.
 */
export class NatsBus implements Bus {
  readonly parts: NatsParts;
  readonly #listeners = new ConnectionListeners();
  readonly #inboxes = new Map<string, (message: Msg) => void>();
  readonly #failWaiting = new Set<(error: Error) => void>();
  readonly #inboxPrefix: string;
  /** Dropped messages by the inbox prefix that their reply subject should have had. */
  readonly #dropped = new Map<string, number>();
  #inboxCount = 0;

  private constructor(
    readonly connection: NatsConnection,
    inbox: string,
    private readonly options: NatsBusOptions,
  ) {
    this.#inboxPrefix = createInbox(inbox);
    this.parts = new NatsParts(connection, (onMessage) => this.#openInbox(onMessage));
    connection.subscribe(`${this.#inboxPrefix}.*`, {
      callback: (error, message) => {
        if (error === null) this.#inboxes.get(message.subject)?.(message);
      },
    });
    this.#listeners.set(true);
    void this.#follow();
  }

  /** Connects, waiting for the server if it is not there yet, until `options.signal` ends the waiting. */
  static async connect(credentials: NatsCredentials, options: NatsBusOptions): Promise<NatsBus> {
    let told = '';
    for (;;) {
      try {
        return new NatsBus(await dial(credentials, options.name), credentials.inbox, options);
      } catch (cause) {
        const problem = `the bus at ${credentials.url} cannot be reached yet: ${cause instanceof Error ? cause.message : String(cause)}`;
        if (options.signal?.aborted) throw new BusUnavailable(problem, { cause });
        if (problem !== told) options.onProblem?.((told = problem));
        await sleep(RETRY_MS);
      }
    }
  }

  publish(subject: string, data: Uint8Array): void {
    if (this.#listeners.connected) this.parts.publish(subject, data, this.options.rules(subject).listenerInbox);
  }

  async flush(): Promise<void> {
    if (!this.#listeners.connected) throw new BusUnavailable('the bus is away');
    const lost = Promise.withResolvers<never>();
    const fail = (error: Error): void => lost.reject(error);
    this.#failWaiting.add(fail);
    try {
      await Promise.race([this.connection.flush(), lost.promise]);
    } catch (cause) {
      if (cause instanceof BusUnavailable) throw cause;
      throw new BusUnavailable('the bus was lost before it confirmed what was published', { cause });
    } finally {
      this.#failWaiting.delete(fail);
    }
  }

  async request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const answer = new Answer(subject, timeoutMs);
    const fail = (error: Error): void => answer.reject(error);
    this.#failWaiting.add(fail);
    const { listenerInbox } = this.options.rules(subject);
    const inbox = this.#openInbox((message) => {
      if (!this.parts.give(message, data, listenerInbox)) answer.resolve(message);
    });
    try {
      await this.#connectedBefore(answer.promise);
      this.parts.publishFirst(subject, data, { reply: inbox.subject });
      return await this.#read(subject, await answer.promise);
    } finally {
      answer.settle();
      inbox.close();
      this.#failWaiting.delete(fail);
    }
  }

  subscribe(subject: string, handler: Handler, queue?: string): BusSubscription {
    const subscription = this.connection.subscribe(subject, {
      ...(queue !== undefined && { queue }),
      callback: (error, message) => {
        if (error === null) void this.#handle(handler, message);
        else this.#problem(`subscription ${subject}: ${error.message}`);
      },
    });
    return { unsubscribe: () => subscription.unsubscribe() };
  }

  onConnection(listener: (connected: boolean) => void): void {
    this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    await this.connection.close();
    this.#lost('the bus was closed');
  }

  async #handle(handler: Handler, message: Msg): Promise<void> {
    const { senderInbox, bytesMax } = this.options.rules(message.subject);
    if (message.reply && !message.reply.startsWith(senderInbox)) {
      this.#drop(message, senderInbox);
      return;
    }
    try {
      const data = await this.parts.join(message, { inbox: senderInbox, bytesMax });
      const answer = await handler(data, message.subject);
      if (answer === undefined || !message.reply || !this.#listeners.connected) return;
      this.parts.publish(message.reply, answer, senderInbox);
    } catch (error) {
      this.#answerFault(message, error);
    }
  }

  /** Logged at the 1st, 2nd, 4th, 8th … time: the sender must not fill the log. */
  #drop(message: Msg, senderInbox: string): void {
    const count = (this.#dropped.get(senderInbox) ?? 0) + 1;
    this.#dropped.set(senderInbox, count);
    if ((count & (count - 1)) === 0)
      this.#problem(`${message.subject}: dropped, it asks for an answer outside of ${senderInbox}> (${count} so far)`);
  }

  #answerFault(message: Msg, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (!message.reply) {
      this.#problem(`${message.subject}: ${text}`);
      return;
    }
    if (!this.#listeners.connected) return;
    const answer = headers();
    answer.set(FAULT, encodeURIComponent(text));
    answer.set(RETRYABLE, String(!(error instanceof Fault) || error.retryable));
    this.connection.publish(message.reply, undefined, { headers: answer });
  }

  #read(subject: string, message: Msg): Promise<Uint8Array> {
    if (message.headers?.code === NO_RESPONDERS) throw new NobodyListens(`${subject}: nobody listens`);
    if (message.headers?.has(FAULT)) {
      throw new RequestFailed(
        decodeURIComponent(message.headers.get(FAULT)),
        message.headers.get(RETRYABLE) === 'true',
      );
    }
    const { listenerInbox, answerBytesMax } = this.options.rules(subject);
    return this.parts.join(message, { inbox: listenerInbox, bytesMax: answerBytesMax });
  }

  #openInbox(onMessage: (message: Msg) => void): { readonly subject: string; close(): void } {
    const subject = `${this.#inboxPrefix}.${this.#inboxCount++}`;
    this.#inboxes.set(subject, onMessage);
    return { subject, close: () => void this.#inboxes.delete(subject) };
  }

  #connected(): Promise<void> {
    if (this.#listeners.connected) return Promise.resolve();
    return new Promise((resolve) => {
      const watch = (connected: boolean): void => {
        if (connected) resolve();
      };
      this.#listeners.once(watch);
    });
  }

  async #connectedBefore(end: Promise<unknown>): Promise<void> {
    try {
      await Promise.race([this.#connected(), end]);
    } catch (cause) {
      throw new NotConnected(`${cause instanceof Error ? cause.message : String(cause)}, as there was no connection`, {
        cause,
      });
    }
  }

  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'reconnect') this.#listeners.set(true);
      else if (status.type === 'disconnect') this.#lost('the bus was lost while an answer was awaited');
      else if (status.type === 'error') this.#problem(status.error.message);
    }
  }

  /** Nobody knows whether an answer was on its way: better told at once than after the time-out. */
  #lost(why: string): void {
    this.#listeners.set(false);
    for (const fail of [...this.#failWaiting]) fail(new BusUnavailable(why));
  }

  #problem(problem: string): void {
    this.options.onProblem?.(problem);
  }
}

function dial(credentials: NatsCredentials, name: string): Promise<NatsConnection> {
  return connect({
    servers: credentials.url,
    name,
    // Asked at every connection: a credential may have been renewed since.
    authenticator: (nonce) => ({
      jwt: credentials.jwt,
      ...(nonce !== undefined && { sig: signatureOf(credentials.seed, nonce) }),
    }),
    // Asked at every connection, like the authenticator: the CA has successors.
    tls: {
      get ca() {
        return credentials.ca;
      },
    },
    inboxPrefix: credentials.inbox,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    ignoreClusterUpdates: true,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    reconnectJitterTLS: 100,
    timeout: 5_000,
    // A server that hangs is noticed within some seconds, not after the default of minutes.
    pingInterval: 5_000,
    maxPingOut: 2,
  });
}

/** The first message that answers, or the end of the waiting. */
class Answer {
  readonly promise: Promise<Msg>;
  resolve: (message: Msg) => void = () => undefined;
  reject: (error: Error) => void = () => undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(subject: string, timeoutMs: number) {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // The race below may be lost before anybody waits for the answer itself.
    this.promise.catch(() => undefined);
    this.#timer = setTimeout(
      () => this.reject(new BusUnavailable(`${subject}: no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
  }

  settle(): void {
    clearTimeout(this.#timer);
  }
}

import { Fault } from '#std';

/** The bus between processes: NATS in production, memory in simulation. Delivery may repeat, reorder, stall or fail. */
export interface Bus {
  publish(subject: string, data: Uint8Array): void;
  /**
   * Resolves once the bus has everything that this client published before the call, on its way to whoever listens. Rejects
   * with {@link BusUnavailable} when the bus is away or is lost meanwhile: then nobody knows what of it arrived.
   */
  flush(): Promise<void>;
  /** One answer or a {@link Fault}; messages larger than the server's limit are split and joined behind this port. */
  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** `queue` shares the messages among subscribers of that name. Return bytes to answer a request. */
  subscribe(
    subject: string,
    handler: (data: Uint8Array, subject: string) => Promise<Uint8Array | undefined> | Uint8Array | undefined | void,
    queue?: string,
  ): BusSubscription;
  /** Called with true on every (re)connect and false on every disconnect. */
  onConnection(listener: (connected: boolean) => void): void;
  close(): Promise<void>;
}
export interface BusSubscription {
  unsubscribe(): void;
}

/** Limits that a bus enforces on the messages of one subject. */
export interface SubjectRule {
  /**
   * Prefix of the inboxes of the clients that may publish on the subject. A message that names a reply subject outside of
   * it is dropped: the answer would be published with the rights of the one who answers.
   */
  readonly senderInbox: string;
  /** Prefix of the inboxes of the clients that may listen on the subject, `*` for any one token; parts are sent nowhere else. */
  readonly listenerInbox: string;
  /** Size limit of a message in bytes, all of its parts together. */
  readonly bytesMax: number;
  /** Size limit of an answer in bytes. */
  readonly answerBytesMax: number;
}
export type BusRules = (subject: string) => SubjectRule;

/** Nobody answered in time, or there was no way to ask. What was asked may or may not have been done. */
export class BusUnavailable extends Fault {
  override readonly name: string = 'BusUnavailable';
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, true, options);
  }
}
/** Nobody is there to be asked: what was asked was not done. */
export class NobodyListens extends BusUnavailable {
  override readonly name = 'NobodyListens';
}
/** The client had no connection for as long as it waited: nothing was sent. */
export class NotConnected extends BusUnavailable {
  override readonly name = 'NotConnected';
}
/** The other side answered that it failed. */
export class RequestFailed extends Fault {
  override readonly name = 'RequestFailed';
}

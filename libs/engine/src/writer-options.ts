import type { Command, CommandResult, KindRegistry, StreamState } from '#model';
import type { Askers, Clock, EventLog, Ids } from '#ports';
import type { Instant } from '#std';
import type { EventCodec } from './codec.js';
import type { ReadModel } from './read-model.js';

export interface WriterOptions {
  readonly log: EventLog;
  readonly reads: ReadModel;
  readonly kinds: KindRegistry;
  readonly codec: EventCodec;
  readonly ids: Ids;
  readonly clock: Clock;
  /** How many events of a stream there are from one snapshot to the next. Default: as the model says. */
  readonly snapshotEvery?: number;
  /** Whom decisions can ask. Undefined: nobody. */
  readonly askers?: Askers;
  readonly onFatal: (cause: unknown) => void;
  /** Receives why this writer has the role no more, once another was elected. Undefined: that is fatal. */
  readonly onDeposed?: ((why: string) => void) | undefined;
}

/** Where commands go: the writer itself, or the bus that leads to it. */
export interface CommandPort {
  submit(command: Command): Promise<CommandResult>;
}

/** What a decision was made on. */
export interface Basis {
  readonly stream: string;
  readonly before: StreamState | undefined;
  /** Appends that have to be settled before this one is sent. */
  readonly restsOn: readonly Promise<unknown>[];
  readonly now: Instant;
}

import type { ObjectHistory, PastCluster } from '#engine';
import type {
  AdmissionNotes,
  HttpsAnswer,
  Change,
  Command,
  CommandResult,
  ForwardRequest,
  KindId,
  KindRegistry,
  LogRequest,
  NodeDocument,
  HttpsQuestion,
  Refusal,
  SessionRequest,
  Unlogged,
  UnloggedFacts,
  UnloggedPlace,
  View,
} from '#model';
import type { Askers } from '#ports';
import type { Instant, JsonObject } from '#std';

/**
 * What the HTTP API needs of a cluster: one writer to submit to, views to read from, changes to follow. The engine
 * satisfies it; the API knows nothing of logs, folding or buses.
 */
export interface Backend {
  readonly kinds: KindRegistry;
  /** The writer pipeline. Resolves when the change is durable and visible in {@link Backend.current}. */
  submit(command: Command): Promise<CommandResult>;
  /** Asks admission about a connection to a subresource: what it adds to the audit event, or why it is refused. */
  admitConnection(command: Command): Promise<Pick<AdmissionNotes, 'auditAnnotations'> | Refusal>;
  /** Answers a create of a virtual resource, which stores nothing; `askers` are those of this server. */
  serve(command: Command, askers: Askers): Promise<CommandResult>;
  /** Asks a server outside, a conversion webhook, what a read has to know. Never rejects. */
  ask(question: HttpsQuestion): Promise<HttpsAnswer>;
  /** A view that has passed the log's head as of the call (a linearizable read), or a 504 refusal after 3 s. */
  fresh(): Promise<View | Refusal>;
  /** The projection as it is. Its objects carry `metadata.resourceVersion`. */
  current(): View;
  /** True once the projection has passed `position`; false when that takes longer than `timeoutMs`. */
  reached(position: number, timeoutMs: number): Promise<boolean>;
  /**
   * The cluster at a position inside the kept window of versions, for who began to read it at the {@link moment} `since`; undefined when either
   * is too long ago.
   */
  recent(position: number, since: Instant): View | undefined;
  /** Whether what a kind was at a position was superseded longer ago than versions are kept for reads by version: five minutes. */
  isPast(kind: KindId, position: number): boolean;
  /** The cluster at any past position; a 400 refusal where there is none, 503 when the history index has not got there in time. */
  at(position: number): Promise<PastCluster | Refusal>;
  /** The last position whose time is not after the instant; a 400 refusal before the beginning and in the future. */
  positionAt(time: Instant): Promise<number | Refusal>;
  /** What happened to single objects, without secret values. */
  readonly objects: ObjectHistory;
  /** When the last event at or before a position was decided. */
  timeOf(position: number): Promise<Instant | undefined>;
  /**
   * Changes of a kind, or of those in one namespace, after a position, in order: those that happened already within the call,
   * then each batch as it is folded. Undefined when `after` lies before the kept window.
   */
  watch(
    scope: { readonly kind: KindId; readonly namespace?: string },
    after: number,
    onChanges: (changes: readonly Change[], progress: number) => void,
  ): { cancel(): void } | undefined;
  /** Changes of a kind after a position, in order, as they are kept; undefined when `after` lies before the kept window. */
  since(kind: KindId, after: number): readonly Change[] | undefined;
  /**
   * Changes of a kind after a position that lies before the kept window, in slices out of the history index, up to the present;
   * none when the log does not reach back so far.
   */
  changes(
    kind: KindId,
    after: number,
    isWanted: () => boolean,
  ): AsyncIterable<{ readonly changes: readonly Change[]; readonly position: number }>;
  /**
   * What an app remembers of a kind's unlogged objects: nothing where no such app runs and the kind has others, a 503 refusal when
   * it cannot be asked.
   */
  unlogged(source: Unlogged, place: UnloggedPlace): Promise<UnloggedFacts | Refusal>;
  /** What it remembers of the last minutes. */
  unloggedHistory(source: Unlogged, place: UnloggedPlace, sinceMs: number): Promise<JsonObject | Refusal>;
  /** Tells all that it remembers whenever that is something else than at the revision `after`. */
  followUnlogged(source: Unlogged, after: number, onFacts: (facts: UnloggedFacts) => void): { cancel(): void };
  /** Why nothing can be written now, in one sentence; undefined while nothing is known to be wrong. Answers within seconds. */
  problem(): Promise<string | undefined>;
  /** The wall clock. */
  now(): Instant;
  /** An instant for measuring ages: a wall clock that is set while this server runs does not move it. */
  moment(): Instant;
  /** A fresh UUID. */
  uid(): string;
  /** Opens a container's log on a node. Undefined where no agent can be reached. */
  openLog?(node: string, request: Omit<LogRequest, 'stream'>): Promise<LogStream | Refusal>;
  /** Runs a program in a container on a node, or joins its own. Undefined where no agent can be reached. */
  openSession?(node: string, request: Omit<SessionRequest, 'stream'>): Promise<NodeStream | Refusal>;
  /** Asks a node's agent for a document of a kubelet, by its path. Undefined where no agent can be reached. */
  nodeDocument?(node: string, path: string): Promise<NodeDocument | Refusal>;
  /** Connects to a port of a pod on a node. Undefined where no agent can be reached, and so is its answer where none answers. */
  openPort?(node: string, request: Omit<ForwardRequest, 'stream'>): Promise<NodeStream | Refusal | undefined>;
}

/** A container's log as the agent sends it; ends when the log ends (with `follow`: when the container does). */
export interface LogStream extends AsyncIterable<Uint8Array> {
  /** The client went away: the agent may stop reading. */
  cancel(): void;
}

/** Bytes to and from a node, on numbered channels. */
export interface NodeStream extends AsyncIterable<{ readonly channel: number; readonly data: Uint8Array }> {
  /** Resolves when the node has room for more. */
  write(data: Uint8Array, channel?: number): Promise<void>;
  end(): Promise<void>;
  cancel(reason?: string): void;
}

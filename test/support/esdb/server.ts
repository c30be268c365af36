import { Server, ServerCredentials } from '@grpc/grpc-js';
import type {
  Metadata,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceError,
  sendUnaryData,
} from '@grpc/grpc-js';
import gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import type { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
  TombstoneReq,
  TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Access } from './access.js';
import { appendAnswer, batchAnswer, batchExpectedOf, expectedOf, proposedOf, streamName } from './messages.js';
import { Gate } from './gate.js';
import type { NodeState, SlowStart } from './gate.js';
import { Reader } from './reader.js';
import { EsdbStore } from './store.js';
import type { Expected, ProposedEvent, StoreOptions } from './store.js';

export interface StandInOptions extends StoreOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
  /** The version that the server tells, 24.10.0 unless said otherwise. */
  readonly version?: string;
  /** How far subscriptions lag behind what is written. */
  readonly subscriptionDelayMs?: number;
  /** Serves TLS and asks for logins, as the genuine server does unless it is told to be insecure. */
  readonly secure?: {
    readonly certificate: Buffer;
    readonly privateKey: Buffer;
    readonly administratorPassword: string;
  };
  /** How it behaves in its first seconds; at once ready when absent. */
  readonly slowStart?: SlowStart;
  /** The events that it serves: its own when absent, those of its cluster for a node of one. */
  readonly store?: EsdbStore;
  /** The members that its gossip tells of: itself alone when absent. */
  readonly members?: () => readonly Member[];
}
export interface Member {
  readonly host: string;
  readonly port: number;
  readonly state: NodeState;
  readonly isAlive: boolean;
}

/**
 * A server that speaks enough of EventStoreDB's published gRPC protocol for a log: appending, reading, subscribing, its
 * features and its gossip. It is for tests, and for machines that cannot get the genuine image.
 */
export class StandInEsdb {
  readonly store: EsdbStore;
  readonly gate = new Gate();
  readonly #server: Server;
  readonly #access: Access | undefined;
  readonly #options: StandInOptions;
  readonly #reader: Reader;
  port = 0;

  private constructor(options: StandInOptions) {
    this.#options = options;
    this.store = options.store ?? new EsdbStore(options);
    this.#access = options.secure && new Access(this.store, options.secure.administratorPassword);
    this.#server = new Server({
      'grpc.max_receive_message_length': 17 * 1024 * 1024,
      ...(this.#access && { interceptors: [this.#access.interceptor] }),
    });
    if (options.slowStart !== undefined) this.gate.startSlowly(options.slowStart);
    this.#reader = new Reader(this.store, options.subscriptionDelayMs ?? 0);
  }

  static async start(options: StandInOptions): Promise<StandInEsdb> {
    const standIn = new StandInEsdb(options);
    await standIn.#listen();
    return standIn;
  }

  get eventsSent(): number {
    return this.#reader.eventsSent;
  }

  get url(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
  }

  /** Goes away as a killed server does: no call is ended properly. */
  stop(): void {
    this.#server.forceShutdown();
    if (this.#options.store === undefined) this.store.close();
  }

  async #listen(): Promise<void> {
    const store = this.store;
    this.#server.addService(streamsGrpc.StreamsService, {
      read: (call: ServerWritableStream<ReadReq, ReadResp>) =>
        this.#pass(
          call,
          () => void this.#reader.read(call),
          (error) => call.emit('error', error),
        ),
      append: (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>) =>
        this.#pass(call, () => append(store, call, answer), answer),
      batchAppend: (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>) =>
        this.#pass(
          call,
          () => batchAppend(store, call),
          (error) => call.emit('error', error),
        ),
      tombstone: (call: ServerUnaryCall<TombstoneReq, TombstoneResp>, answer: sendUnaryData<TombstoneResp>) =>
        this.#pass(call, () => void tombstone(store, call, answer), answer),
    });
    this.#server.addService(featuresGrpc.ServerFeaturesService, {
      // It and gossip are answered by a server that is not ready, too.
      getSupportedMethods: (_call: unknown, answer: sendUnaryData<SupportedMethods>) => answer(null, this.#features()),
    });
    this.#server.addService(gossipGrpc.GossipService, {
      read: (_call: unknown, answer: sendUnaryData<ClusterInfo>) => answer(null, this.#gossip()),
    });
    this.#access?.addUsers(this.#server);
    const { secure } = this.#options;
    const credentials = secure
      ? ServerCredentials.createSsl(null, [{ cert_chain: secure.certificate, private_key: secure.privateKey }])
      : ServerCredentials.createInsecure();
    const address = `${this.#options.host ?? '127.0.0.1'}:${this.#options.port}`;
    this.port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, credentials, (cause, port) => (cause === null ? resolve(port) : reject(cause)));
    });
  }

  /** Serves a call when the gate lets it through. */
  #pass(call: Gated, serve: () => void, refuse: (error: ServiceError) => void): void {
    call.on('error', () => undefined);
    if (call.cancelled) return;
    const verdict = this.gate.verdict(call.metadata);
    if (verdict === 'serve') serve();
    else if ('waitMs' in verdict) setTimeout(() => this.#pass(call, serve, refuse), verdict.waitMs);
    else refuse(verdict);
  }

  #features(): SupportedMethods {
    const methods = ['read', 'append', 'batchappend', 'tombstone'].map((name) => {
      const method = new featuresPb.SupportedMethod();
      method.setMethodName(name);
      method.setServiceName('event_store.client.streams.streams');
      return method;
    });
    const features = new featuresPb.SupportedMethods();
    features.setMethodsList(methods);
    features.setEventStoreServerVersion(this.#options.version ?? '24.10.0');
    return features;
  }

  /** Without members a cluster of one, which leads. */
  #gossip(): ClusterInfo {
    const { host = '127.0.0.1', members } = this.#options;
    const cluster = new gossipPb.ClusterInfo();
    cluster.setMembersList(
      (members?.() ?? [{ host, port: this.port, state: 'leader', isAlive: true } as const]).map(memberInfo),
    );
    return cluster;
  }
}

interface Gated {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  on(event: 'error', listener: () => void): unknown;
}

function memberInfo({ host, port, state, isAlive }: Member): InstanceType<typeof gossipPb.MemberInfo> {
  const endPoint = new gossipPb.EndPoint();
  endPoint.setAddress(host);
  endPoint.setPort(port);
  const member = new gossipPb.MemberInfo();
  member.setInstanceId(new sharedPb.UUID().setString(crypto.randomUUID()));
  const { LEADER, FOLLOWER } = gossipPb.MemberInfo.VNodeState;
  member.setState(state === 'leader' ? LEADER : FOLLOWER);
  member.setIsAlive(isAlive);
  member.setHttpEndPoint(endPoint);
  return member;
}

function append(
  store: EsdbStore,
  call: ServerReadableStream<AppendReq, AppendResp>,
  answer: sendUnaryData<AppendResp>,
): void {
  let options: AppendReq.Options | undefined;
  const proposed: ProposedEvent[] = [];
  call.on('data', (request: AppendReq) => {
    const message = request.getProposedMessage();
    if (message === undefined) options = request.getOptions();
    else proposed.push(proposedOf(message));
  });
  call.on('end', () => {
    const stream = streamName(options?.getStreamIdentifier());
    const expected = expectedOf(options);
    void store.append(stream, expected, proposed).then((outcome) => {
      const result = appendAnswer(outcome, stream, expected);
      if (result instanceof Error) answer(result);
      else answer(null, result);
    });
  });
}

interface Batch {
  readonly correlationId: UUID;
  readonly stream: string;
  readonly expected: Expected;
  readonly proposed: ProposedEvent[];
}
/** One long call carries many appends; a large one comes in several parts under one correlation id. */
function batchAppend(store: EsdbStore, call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void {
  const open = new Map<string, Batch>();
  call.on('data', (request: BatchAppendReq) => {
    const correlationId = request.getCorrelationId() ?? new sharedPb.UUID();
    const key = correlationId.getString();
    const options = request.getOptions();
    const batch = open.get(key) ?? {
      correlationId,
      stream: streamName(options?.getStreamIdentifier()),
      expected: batchExpectedOf(options),
      proposed: [],
    };
    open.set(key, batch);
    batch.proposed.push(...request.getProposedMessagesList().map(proposedOf));
    if (!request.getIsFinal()) return;
    open.delete(key);
    void store.append(batch.stream, batch.expected, batch.proposed).then((outcome) => {
      if (!call.cancelled) call.write(batchAnswer(outcome, batch));
    });
  });
  call.on('end', () => call.end());
  call.on('error', () => undefined);
}

async function tombstone(
  store: EsdbStore,
  call: ServerUnaryCall<TombstoneReq, TombstoneResp>,
  answer: sendUnaryData<TombstoneResp>,
): Promise<void> {
  const written = await store.tombstone(streamName(call.request.getOptions()?.getStreamIdentifier()));
  const position = new streamsPb.TombstoneResp.Position();
  position.setCommitPosition(String(written));
  position.setPreparePosition(String(written));
  answer(null, new streamsPb.TombstoneResp().setPosition(position));
}

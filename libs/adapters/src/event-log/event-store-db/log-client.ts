import { readFileSync } from 'node:fs';
import { EventStoreDBClient } from '@eventstore/db-client';
import type {
  DNSClusterOptions,
  GossipClusterOptions,
  SingleNodeOptions,
} from '@eventstore/db-client/dist/Client/index.js';
import { parseConnectionString } from '@eventstore/db-client/dist/Client/parseConnectionString.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { AppendReq, AppendResp, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { convertToCommandError } from '@eventstore/db-client/dist/utils/CommandError.js';
import { Metadata, status } from '@grpc/grpc-js';
import { TookTooLong, within } from '../../within.js';
import { scrubber } from '../event-log-name.js';

/** A node that is frozen keeps its connections: only a ping without an answer says so. */
const PING_EVERY_MS = 1000;
const PING_ANSWER_MS = 1500;
/** How long one node may take to say what the cluster looks like, in seconds. */
const GOSSIP_S = 1;
/** When nothing at all was heard for so long, a late answer means that the node is gone. */
const SILENT_MS = 1500;

type Options = ReturnType<typeof parseConnectionString>;

/**
 * The client library's connection (its URL, nodes, TLS, logins and reconnections) with the calls that a log needs, made on
 * the library's generated stubs: its own append keeps the pending appends of all its streams in one table, which an error
 * on any stream empties, and its own reads take no filter.
 */
export class LogClient extends EventStoreDBClient {
  #heardAt = performance.now();
  readonly #onLeave = new Set<() => void>();

  static connect(url: string): LogClient {
    const login = url.slice(0, url.lastIndexOf('@'));
    if (login.includes('@')) throw new Error('its user or password holds an "@": write that as %40');
    const clean = scrubber(url);
    // The library warns of unknown options on the console, with the whole URL.
    const options = warning(
      (text) => clean(text),
      () => parseConnectionString(url),
    );
    const nodes = nodesOf(options);
    // It warns of pings that are more frequent than its default, too, at each start.
    return warning(
      () => undefined,
      () => new LogClient(nodes as SingleNodeOptions, credentialsOf(options), options.defaultCredentials),
    );
  }

  /** One append by the server's plain call. */
  async append(messages: readonly AppendReq[], deadlineMs: number): Promise<AppendResp> {
    const stub = await this.#stub();
    try {
      const answer = await new Promise<AppendResp>((resolve, reject) => {
        const [metadata, options] = this.callArguments({ requiresLeader: true, deadline: deadlineMs });
        const sink = stub.append(metadata, options, (error, response) =>
          error === null ? resolve(response) : reject(error),
        );
        // The callback has it too.
        sink.on('error', () => undefined);
        for (const message of messages) sink.write(message);
        sink.end();
      });
      this.#heard();
      return answer;
    } catch (cause) {
      throw await this.#failed(stub, cause);
    }
  }

  /**
   * The messages of a read, until it ends. Without a message for `silenceMs` it ends with {@link TookTooLong}; a consumer
   * that takes its time is not silence. A subscription gives none: it may be silent for long.
   */
  async *read(request: ReadReq, silenceMs?: number): AsyncGenerator<ReadResp> {
    const stub = await this.#stub();
    const call = stub.read(request, ...this.callArguments({ requiresLeader: true }, { deadline: Infinity }));
    // The stub may emit errors when nobody iterates any more.
    call.on('error', () => undefined);
    let ended: unknown;
    const end = (cause: unknown): void => {
      ended ??= cause;
      call.cancel();
    };
    let isWaiting = true;
    const leave = (): void => end(new TookTooLong(SILENT_MS));
    this.#onLeave.add(leave);
    // One timer for the whole read, because a read has hundreds of thousands of events.
    const silence = setTimeout(() => {
      if (silenceMs === undefined || !isWaiting) silence.refresh();
      else end(new TookTooLong(silenceMs));
    }, silenceMs ?? SILENT_MS);
    try {
      for await (const message of call as AsyncIterable<ReadResp>) {
        this.#heard();
        isWaiting = false;
        yield message;
        isWaiting = true;
        silence.refresh();
      }
    } catch (cause) {
      throw ended ?? (await this.#failed(stub, cause));
    } finally {
      clearTimeout(silence);
      this.#onLeave.delete(leave);
      call.cancel();
    }
  }

  /**
   * A call got no answer in time. If nothing else was heard from the server meanwhile, its connection is left: its calls
   * end, and the next call asks the other nodes first.
   */
  async leaveIfSilent(): Promise<void> {
    if (performance.now() - this.#heardAt < SILENT_MS) return;
    this.#heard();
    const details = 'the server does not answer';
    const silent = Object.assign(new Error(details), {
      code: status.UNAVAILABLE,
      details,
      metadata: new Metadata(),
    });
    // While no node was found there is no connection that could be left.
    const stub = await within(this.#stub(), PING_ANSWER_MS).catch(() => undefined);
    if (stub !== undefined) await this.handleError(stub, silent);
    for (const leave of [...this.#onLeave]) leave();
  }

  /** The version that the server names, `24.10.0`. */
  async serverVersion(): Promise<string> {
    return (await this.capabilities).serverVersion;
  }

  #stub(): Promise<StreamsClient> {
    return this.execute(streamsGrpc.StreamsClient, 'log', (stub) => Promise.resolve(stub));
  }

  #heard(): void {
    this.#heardAt = performance.now();
  }

  /** The library replaces the connection where that helps. */
  async #failed(stub: StreamsClient, cause: unknown): Promise<unknown> {
    if (!(cause instanceof Error)) return cause;
    await this.handleError(stub, cause);
    return convertToCommandError(cause);
  }
}

/** As the library reads its own URLs, with what a log needs where the URL does not say otherwise. */
function nodesOf(options: Options): DNSClusterOptions | GossipClusterOptions | SingleNodeOptions {
  const { keepAliveInterval = PING_EVERY_MS, keepAliveTimeout = PING_ANSWER_MS, gossipTimeout = GOSSIP_S } = options;
  const { hosts, dnsDiscover, connectionName, discoveryInterval, maxDiscoverAttempts, nodePreference } = options;
  const shared = {
    keepAliveInterval,
    keepAliveTimeout,
    gossipTimeout,
    ...(connectionName !== undefined && { connectionName }),
    ...(discoveryInterval !== undefined && { discoveryInterval }),
    ...(maxDiscoverAttempts !== undefined && { maxDiscoverAttempts }),
    ...(nodePreference !== undefined && { nodePreference }),
  };
  const [first] = hosts;
  if (first === undefined) throw new Error('it names no host');
  if (dnsDiscover) return { ...shared, discover: first };
  return hosts.length > 1 ? { ...shared, endpoints: hosts } : { ...shared, endpoint: first };
}

function credentialsOf(options: Options): ConstructorParameters<typeof EventStoreDBClient>[1] {
  const { tls, tlsCAFile, userCertFile, userKeyFile } = options;
  return {
    insecure: tls === false,
    ...(tls !== false && tlsCAFile !== undefined && { rootCertificate: readFileSync(tlsCAFile) }),
    ...(userCertFile !== undefined && { userCertFile: readFileSync(userCertFile) }),
    ...(userKeyFile !== undefined && { userKeyFile: readFileSync(userKeyFile) }),
  };
}

/** The library's warnings meanwhile are what `reworded` makes of them. */
function warning<T>(reworded: (text: string) => string | undefined, make: () => T): T {
  const { console: output } = globalThis;
  const { warn } = output;
  output.warn = (...texts: unknown[]) => {
    const text = reworded(texts.map(String).join(' '));
    if (text !== undefined) warn(text);
  };
  try {
    return make();
  } finally {
    output.warn = warn;
  }
}

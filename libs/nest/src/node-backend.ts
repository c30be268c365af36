import { ByteStream, ClusterBackend, subjects, type CommandPort, type ControlPlane } from '#engine';
import type { ForwardRequest, LogRequest, NodeDocument, Refusal, SessionRequest, StreamOpened } from '#model';
import { refusals } from '#model';
import type { Bus } from '#ports';
import { Fault, isJsonObject } from '#std';
import { decodeJson, encodeJson } from './json-bytes.js';

const OPEN_TIMEOUT_MS = 10_000;
/** Prometheus waits ten seconds for a scrape. */
const DOCUMENT_TIMEOUT_MS = 8_000;

export interface NodeBackendParts {
  readonly plane: ControlPlane;
  readonly commands: CommandPort;
  readonly bus: Bus;
  /** Byte streams have a connection of their own. */
  readonly streamBus: Bus;
}

/** The cluster as the HTTP API uses it, with the way to the nodes: logs and sessions are byte streams over
 * the bus. */
export class NodeBackend extends ClusterBackend {
  constructor(private readonly parts: NodeBackendParts) {
    super(parts.plane, parts.commands, parts.bus);
  }

  async openLog(node: string, request: Omit<LogRequest, 'stream'>): Promise<NodeLog | Refusal> {
    const opened = await this.open(node, 'logs', request);
    return opened instanceof ByteStream ? new NodeLog(opened) : (opened ?? unreachable(node));
  }

  async openSession(node: string, request: Omit<SessionRequest, 'stream'>): Promise<ByteStream | Refusal> {
    return (await this.open(node, request.command === undefined ? 'attach' : 'exec', request)) ?? unreachable(node);
  }

  openPort(node: string, request: Omit<ForwardRequest, 'stream'>): Promise<ByteStream | Refusal | undefined> {
    return this.open(node, 'portforward', request);
  }

  /** Asks a node's agent for a document that a kubelet serves. The bus bounds its size. */
  async nodeDocument(node: string, path: string): Promise<NodeDocument | Refusal> {
    try {
      const answer = await this.parts.bus.request(
        subjects.node(node, 'metrics'),
        encodeJson({ path }),
        DOCUMENT_TIMEOUT_MS,
      );
      return documentOf(decodeJson(answer)) ?? refusals.unavailable(`the agent of node ${node} answered nonsense`);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return unreachable(node);
    }
  }

  /** Asks a node's agent to open a byte stream; undefined where none answers. */
  private async open(node: string, verb: string, request: object): Promise<ByteStream | Refusal | undefined> {
    const { bus, streamBus, plane } = this.parts;
    const subject = subjects.stream(node, this.uid());
    // Listens before it asks: the agent may send as soon as it has answered.
    const stream = new ByteStream({ bus: streamBus, clock: plane.options.clock, subject, side: 'client' });
    try {
      const message = encodeJson({ ...request, stream: subject });
      const opened = decodeJson(await bus.request(subjects.node(node, verb), message, OPEN_TIMEOUT_MS)) as StreamOpened;
      if (opened.opened) return stream;
      stream.cancel();
      return refusalOf(opened);
    } catch (error) {
      stream.cancel();
      if (!(error instanceof Fault)) throw error;
      return undefined;
    }
  }
}

/** A log on its way from a node. */
class NodeLog implements AsyncIterable<Uint8Array> {
  constructor(private readonly stream: ByteStream) {}

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for await (const chunk of this.stream) yield chunk.data;
    await this.stream.end();
  }

  cancel(): void {
    this.stream.cancel('the reader went away');
  }
}

function refusalOf(opened: StreamOpened): Refusal {
  const { code = 500, reason = 'InternalError', message = 'the node refused' } = opened;
  return { refused: true, code, reason: reason as Refusal['reason'], message };
}

/** What an agent may make a browser believe that it gets. */
const TYPES = /^(text\/plain|application\/json|application\/openmetrics-text)(; ?[\w.+/=; -]{1,100})?$/;
/** The code and type are the only headers that an agent decides about. */
function documentOf(answer: unknown): NodeDocument | undefined {
  if (!isJsonObject(answer)) return undefined;
  const { code, type, text } = answer;
  const isCode = code === 200 || code === 404 || code === 500 || code === 503;
  const isType = typeof type === 'string' && TYPES.test(type);
  return isCode && isType && typeof text === 'string' ? { code, type, text } : undefined;
}

function unreachable(node: string): Refusal {
  return refusals.unavailable(`the agent of node ${node} cannot be reached`);
}

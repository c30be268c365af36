import { isRefusal, sessionChannels, type SessionResult } from '#model';
import { Duplex } from 'node:stream';
import type { Backend, NodeStream } from './backend.js';
import type { Call } from './call.js';
import { SpdySession, type SpdyStream } from './spdy/index.js';
import { answers, type HttpRefusal } from './status.js';
import { acceptWebSocket, offeredWebSocket } from './websocket.js';
import { ChannelReader } from './websocket/channel-reader.js';
import type { ServerSocket } from './websocket/server-socket.js';

const TUNNEL = 'SPDY/3.1+portforward.k8s.io';
/** The older one of clients without SPDY: the ports stand in the query, each has a channel for data and one for errors. */
const CHANNELS = 'v4.channel.k8s.io';
/** Two channels for each, of which a byte has 256. */
const PORTS_MAX = 128;

export interface ForwardPlace {
  readonly node: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
}

/** Serves `pods/<name>/portforward`, in the protocol of kubectl or in that of clients without SPDY. */
export async function portForward(backend: Backend, call: Call, place: ForwardPlace): Promise<HttpRefusal | undefined> {
  const ports = call.query.all('ports').flatMap((text) => text.split(',').map(Number));
  if (ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535)) {
    return answers.badRequest(`unable to parse "${call.query.all('ports').join(',')}" as port numbers`);
  }
  if (ports.length > PORTS_MAX) return answers.badRequest(`at most ${PORTS_MAX} ports can be forwarded at once`);
  const offer = offeredWebSocket(call, ports.length === 0 ? [TUNNEL] : [TUNNEL, CHANNELS]);
  if ('refused' in offer) return offer;
  const { socket, protocol } = await acceptWebSocket(offer);
  if (protocol === CHANNELS) channels(backend, place, { socket, ports });
  else tunnel(backend, place, socket);
  return undefined;
}

/** Streams that wait for their other half. */
const WAITING_MAX = 100;

/** For each connection of the client's there is a stream for its data and one for its errors. */
function tunnel(backend: Backend, place: ForwardPlace, socket: ServerSocket): void {
  const waiting = new Map<string, Partial<Record<'data' | 'error', SpdyStream>>>();
  new SpdySession(socket.bytes(), (stream) => {
    const { streamtype, port = '', requestid = '' } = stream.headers;
    if ((streamtype !== 'data' && streamtype !== 'error') || waiting.size >= WAITING_MAX) {
      stream.destroy();
      return;
    }
    const pair = { ...waiting.get(requestid), [streamtype]: stream };
    waiting.set(requestid, pair);
    stream.once('close', () => waiting.delete(requestid));
    if (!pair.data || !pair.error) return;
    waiting.delete(requestid);
    void forward({ backend, place, port: Number(port) }, pair.data, pair.error);
  });
}

/** One connection to each port, for as long as the WebSocket lives. */
function channels(
  backend: Backend,
  place: ForwardPlace,
  { socket, ports }: { readonly socket: ServerSocket; readonly ports: readonly number[] },
): void {
  let open = ports.length;
  const full = new Set<Duplex>();
  const joined = ports.map((port, index) => {
    const data = new ChannelStream({ socket, full, channel: index * 2 }, port);
    const errors = new ChannelStream({ socket, full, channel: index * 2 + 1 }, port);
    void forward({ backend, place, port }, data, errors).then(() => {
      if (--open === 0) socket.close(1000);
    });
    return data;
  });
  const reader = new ChannelReader(false, (channel, data) => {
    const stream = channel % 2 === 0 ? joined[channel / 2] : undefined;
    if (data.length > 0 && stream && !stream.hear(data)) socket.pause();
  });
  socket.on('data', (part, isStart, isEnd) => reader.take(part, isStart, isEnd));
  socket.on('close', () => joined.forEach((data) => data.destroy()));
  socket.resume();
}

/** One channel of a WebSocket, which is read only while none of its channels is full. Its first message names the port. */
class ChannelStream extends Duplex {
  constructor(
    private readonly of: { readonly socket: ServerSocket; readonly full: Set<Duplex>; readonly channel: number },
    port: number,
  ) {
    super();
    this.on('error', () => undefined);
    of.socket.send(Buffer.from([of.channel, port & 0xff, port >> 8])).catch(() => undefined);
  }
  /** False: the client has to wait until this is read. */
  hear(chunk: Buffer): boolean {
    if (!this.push(chunk)) this.of.full.add(this);
    return this.of.full.size === 0;
  }
  override _read(): void {
    const { full, socket } = this.of;
    if (full.delete(this) && full.size === 0) socket.resume();
  }
  override _destroy(cause: Error | null, done: (error?: Error | null) => void): void {
    this._read();
    done(cause);
  }
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.of.socket.send(Buffer.concat([Buffer.from([this.of.channel]), chunk])).then(() => done(), done);
  }
}

async function forward(
  to: { readonly backend: Backend; readonly place: ForwardPlace; readonly port: number },
  data: Duplex,
  errors: Duplex,
): Promise<void> {
  const { node, namespace, pod, uid } = to.place;
  errors.resume();
  let problem: string | undefined;
  try {
    const opened = await to.backend.openPort?.(node, { namespace, pod, uid, port: to.port });
    if (!opened) problem = `node ${node} cannot be reached`;
    else if (isRefusal(opened)) problem = opened.message;
    else problem = await join(opened, data);
  } catch (cause) {
    problem = cause instanceof Error ? cause.message : String(cause);
  }
  if (problem !== undefined) errors.write(`error forwarding port ${to.port} to pod ${pod}, uid ${uid}: ${problem}`);
  errors.end();
  data.end();
  // What nobody takes any more must not hold up the other connections.
  data.resume();
}

/** Both directions until the pod's is over; what went wrong on the node, if something did. */
async function join(stream: NodeStream, data: Duplex): Promise<string | undefined> {
  const leave = (): void => stream.cancel('the client went away');
  data.once('close', leave);
  if (data.destroyed) leave();
  send(data, stream);
  let result: SessionResult = {};
  for await (const { channel, data: bytes } of stream) {
    if (channel === sessionChannels.result) result = JSON.parse(Buffer.from(bytes).toString('utf8')) as SessionResult;
    else await new Promise<void>((resolve) => data.write(bytes, () => resolve()));
  }
  await stream.end();
  return result.problem;
}

/** Not by iteration: that would destroy the stream at the end of one of its directions. */
function send(data: Duplex, stream: NodeStream): void {
  const pass = (bytes: Uint8Array, channel: number): Promise<void> =>
    stream.write(bytes, channel).catch(() => stream.cancel('the client went away'));
  data.on('data', (chunk: Buffer) => {
    data.pause();
    void pass(chunk, sessionChannels.input).then(() => data.resume());
  });
  data.once('end', () => void pass(Buffer.from([0]), sessionChannels.inputEnd));
}

import { isRefusal, sessionChannels, type SessionResult } from '#model';
import { createWebSocketStream } from 'ws';
import type { Backend, NodeStream } from './backend.js';
import type { Call } from './call.js';
import { serveSpdy, type SpdyStream } from './spdy.js';
import type { HttpRefusal } from './status.js';
import { acceptWebSocket } from './websocket.js';

const PROTOCOL = 'SPDY/3.1+portforward.k8s.io';

export interface ForwardPlace {
  readonly node: string;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
}

/** Serves `pods/<name>/portforward`: for each connection of the client's, a stream for its data and one for its errors. */
export async function portForward(backend: Backend, call: Call, place: ForwardPlace): Promise<HttpRefusal | undefined> {
  const accepting = acceptWebSocket(call, [PROTOCOL]);
  if ('refused' in accepting) return accepting;
  const { socket } = await accepting;
  const waiting = new Map<string, Partial<Record<'data' | 'error', SpdyStream>>>();
  const tunnel = createWebSocketStream(socket);
  tunnel.on('error', () => undefined);
  serveSpdy(tunnel, (stream) => {
    const { streamtype, port = '', requestid = '' } = stream.headers;
    if (streamtype !== 'data' && streamtype !== 'error') return stream.destroy();
    const pair = { ...waiting.get(requestid), [streamtype]: stream };
    waiting.set(requestid, pair);
    if (!pair.data || !pair.error) return;
    waiting.delete(requestid);
    void forward({ backend, place, port: Number(port) }, pair.data, pair.error);
  });
  socket.resume();
  return undefined;
}

async function forward(
  to: { readonly backend: Backend; readonly place: ForwardPlace; readonly port: number },
  data: SpdyStream,
  errors: SpdyStream,
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
}

/** Both directions until the pod's is over; what went wrong on the node, if something did. */
async function join(stream: NodeStream, data: SpdyStream): Promise<string | undefined> {
  data.once('close', () => stream.cancel('the client went away'));
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
function send(data: SpdyStream, stream: NodeStream): void {
  const pass = (bytes: Uint8Array, channel: number): Promise<void> =>
    stream.write(bytes, channel).catch(() => stream.cancel('the client went away'));
  data.on('data', (chunk: Buffer) => {
    data.pause();
    void pass(chunk, sessionChannels.input).then(() => data.resume());
  });
  data.once('end', () => void pass(Buffer.from([0]), sessionChannels.inputEnd));
}

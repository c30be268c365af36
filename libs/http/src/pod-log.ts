import { containerPlace } from '#kinds';
import type { LogRequest, Problem, Refusal } from '#model';
import { canonicalTime, isRefusal, refusals } from '#model';
import type { ServerResponse } from 'node:http';
import { isGone } from './answer.js';
import type { Backend, LogStream } from './backend.js';
import { breakOff } from './break-off.js';
import type { Call } from './call.js';
import { parseInt64 } from './go-text.js';
import type { Query } from './query.js';
import { answers } from './status.js';
import { acceptWebSocket, offeredWebSocket, type Offer } from './websocket.js';

type Wanted = Omit<LogRequest, 'stream' | 'uid' | 'container'> & { readonly container: string };

/** Serves `pods/<name>/log` as plain text while it is written. Refusals before the first byte are returned. */
export async function podLog(
  backend: Backend,
  at: { namespace: string; name: string },
  call: Call,
): Promise<Refusal | undefined> {
  const { query, response } = call;
  const wanted = wantedLog(at, query);
  if (isRefusal(wanted)) return wanted;
  const view = await backend.fresh();
  if (isRefusal(view)) return view;
  const place = containerPlace(view, wanted);
  if (isRefusal(place)) return place;
  const out = response as ServerResponse;
  if (place === 'unscheduled') {
    out.writeHead(204);
    out.end();
    return undefined;
  }
  if (!backend.openLog) return unreachable(place.node);
  const offer = call.upgrade && offeredWebSocket(call, ['binary.k8s.io', 'base64.binary.k8s.io']);
  if (offer && 'refused' in offer) return offer;
  const stream = await backend.openLog(place.node, { ...wanted, container: place.container, uid: place.uid });
  if (isRefusal(stream)) return stream;
  if (isGone(response)) stream.cancel();
  else if (offer) await messageLog(stream, offer);
  else await sendLog(stream, out);
  return undefined;
}

const unreachable = (node: string): Refusal =>
  refusals.unavailable(`node ${JSON.stringify(node)} cannot be reached for logs`);

function wantedLog({ namespace, name }: { namespace: string; name: string }, query: Query): Wanted | Refusal {
  const numbers: Record<string, number> = {};
  for (const key of ['tailLines', 'limitBytes', 'sinceSeconds']) {
    const text = query.get(key);
    if (text === undefined) continue;
    const parsed = parseInt64(text);
    if ('error' in parsed) return answers.badRequest(parsed.error);
    numbers[key] = parsed.value;
  }
  const since = query.get('sinceTime');
  const time = since === undefined ? undefined : canonicalTime(since);
  if (time && 'error' in time) return answers.badRequest(time.error);
  const problems = logProblems(numbers, time !== undefined, query.has('stream'));
  if (problems.length > 0) return refusals.invalid({ group: '', resource: '', kind: 'PodLogOptions', name }, problems);
  const { tailLines, limitBytes, sinceSeconds } = numbers;
  return {
    namespace,
    pod: name,
    container: query.get('container') ?? '',
    follow: query.flag('follow'),
    previous: query.flag('previous'),
    timestamps: query.flag('timestamps'),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(since !== undefined && { sinceTime: since }),
  };
}

function logProblems(
  numbers: Readonly<Record<string, number>>,
  hasTime: boolean,
  hasStream: boolean,
): readonly Problem[] {
  const { tailLines, limitBytes, sinceSeconds } = numbers;
  const problems: Problem[] = [];
  const invalid = (field: string, value: number, detail: string): void =>
    void problems.push({ type: 'Invalid', field, value, detail });
  if (tailLines !== undefined && tailLines < 0) invalid('tailLines', tailLines, 'must be greater than or equal to 0');
  if (limitBytes !== undefined && limitBytes < 1) invalid('limitBytes', limitBytes, 'must be greater than 0');
  if (sinceSeconds !== undefined && hasTime) {
    problems.push({
      type: 'Forbidden',
      field: '[]',
      detail: 'at most one of `sinceTime` or `sinceSeconds` may be specified',
    });
  } else if (sinceSeconds !== undefined && sinceSeconds < 1)
    invalid('sinceSeconds', sinceSeconds, 'must be greater than 0');
  if (hasStream) problems.push({ type: 'Forbidden', field: 'stream', detail: 'may not be specified' });
  return problems;
}

async function sendLog(stream: LogStream, out: ServerResponse): Promise<void> {
  out.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
  out.flushHeaders();
  let isGone = false;
  out.on('close', () => {
    isGone = true;
    stream.cancel();
  });
  try {
    for await (const chunk of stream) {
      if (isGone) return;
      if (!out.write(chunk)) await drained(out);
    }
    out.end();
  } catch {
    // The node broke off.
    breakOff(out);
  }
}
/** The log as the messages of a WebSocket, without channels. */
async function messageLog(stream: LogStream, offer: Offer): Promise<void> {
  const accepted = await acceptWebSocket(offer).catch(() => undefined);
  if (!accepted) return stream.cancel();
  const { socket, protocol } = accepted;
  socket.on('close', () => stream.cancel());
  socket.resume();
  try {
    for await (const chunk of stream) {
      await socket.send(protocol.startsWith('base64') ? Buffer.from(chunk).toString('base64') : chunk);
    }
    socket.close(1000);
  } catch {
    socket.terminate();
  }
}
function drained(out: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      out.off('drain', done);
      out.off('close', done);
      resolve();
    };
    out.on('drain', done);
    out.on('close', done);
  });
}

import { containerPlace, proxyTarget, type NodeTarget } from '#kinds';
import type { View } from '#model';
import { isRefusal, refusals } from '#model';
import type { JsonObject } from '#std';
import type { Answer } from './answer.js';
import type { Backend } from './backend.js';
import { notFoundQuoted, type Call } from './call.js';
import { portForward } from './port-forward.js';
import { podLog } from './pod-log.js';
import { podSession } from './pod-session.js';
import { forward } from './proxy.js';
import { originOf } from './audit/trail.js';
import { percentEncoded, type Query } from './query.js';
import type { Route } from './routes.js';
import { answers, type HttpRefusal } from './status.js';
import { notInThePast } from './time-travel.js';

/** The subresources whose answer is no object but bytes from a node. */
export const STREAMED: ReadonlySet<string> = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

/** Those of them that reach into a pod, or pass a request on. */
export const CONNECTING: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);

/** Logs, and what else is a stream of bytes to and from a node. */
export async function streamed(
  backend: Backend,
  call: Call,
  route: Route,
  sub: string,
): Promise<HttpRefusal | Answer | undefined> {
  if (call.past) return notInThePast(sub === 'log' ? 'a log' : sub);
  if (sub === 'log') return podLog(backend, route, call);
  const view = await backend.fresh();
  if (isRefusal(view)) return view;
  if (sub === 'proxy') return (await notAdmitted(backend, call, route)) ?? proxied(backend, call, route, view);
  const object = view.get(route.on.kind.ref, route.namespace || undefined, route.name);
  if (!object) return notFoundQuoted(route);
  const refused = await notAdmitted(backend, call, route);
  if (refused) return refused;
  const nodeName = (object['spec'] as { readonly nodeName?: string } | undefined)?.nodeName;
  if (!nodeName) return answers.badRequest(`pod ${route.name} does not have a host assigned`);
  if (sub === 'exec' || sub === 'attach') return joined(backend, call, route, { sub, view });
  return portForward(backend, call, {
    node: nodeName,
    namespace: route.namespace,
    pod: route.name,
    uid: object.metadata.uid,
  });
}

/** What admission has against the connection. */
async function notAdmitted(backend: Backend, call: Call, route: Route): Promise<HttpRefusal | undefined> {
  const { user, trail, request, query } = call;
  const verdict = await backend.admitConnection({
    ...{ verb: 'create', kind: route.on.kind.id, apiVersion: route.on.apiVersion, options: {} },
    ...(route.namespace !== '' && { namespace: route.namespace }),
    // A proxied name says a scheme and a port as well.
    name: proxiedName(route.name),
    subresource: route.subresource?.name ?? '',
    body: connectionOptions(route, query),
    actor: user,
    request: originOf(trail, request),
    via: request.headers['user-agent'] ?? 'unknown',
    correlationId: backend.uid(),
  });
  if (verdict.auditAnnotations) call.trail.annotations = verdict.auditAnnotations;
  return isRefusal(verdict) ? verdict : undefined;
}
function proxiedName(name: string): string {
  const parts = name.split(':');
  return (parts.length === 3 ? parts[1] : parts[0]) ?? name;
}

/** The options of a connection as Kubernetes' types have them: `PodExecOptions` and the like. */
function connectionOptions({ subresource, rest }: Route, query: Query): JsonObject {
  const kind = { kind: subresource?.kind ?? '', apiVersion: 'v1' };
  const name = subresource?.name;
  if (name === 'proxy') return { ...kind, path: rest === '' ? '/' : rest };
  const ports = query.all('ports').flatMap((text) => text.split(',').map(Number));
  if (name === 'portforward') return { ...kind, ...(ports.length > 0 && { ports }) };
  const flags = ['stdin', 'stdout', 'stderr', 'tty'].filter((flag) => query.flag(flag)).map((flag) => [flag, true]);
  const container = query.get('container');
  const command = query.all('command');
  return {
    ...kind,
    ...(Object.fromEntries(flags) as JsonObject),
    ...(container && { container }),
    ...(command.length > 0 && { command }),
  };
}

function joined(
  backend: Backend,
  call: Call,
  { namespace, name }: Route,
  { sub, view }: { readonly sub: 'exec' | 'attach'; readonly view: View },
): Promise<HttpRefusal | undefined> | HttpRefusal {
  const place = containerPlace(view, { namespace, pod: name, container: call.query.get('container') ?? '' });
  if (place === 'unscheduled') return answers.badRequest(`pod ${name} does not have a host assigned`);
  return isRefusal(place) ? place : podSession(backend, call, { sub, namespace, pod: name, place });
}

async function proxied(
  backend: Backend,
  call: Call,
  route: Route,
  view: View,
): Promise<HttpRefusal | Answer | undefined> {
  const { request, query, info } = call;
  const target = proxyTarget(view, route.on.kind.names.plural, route.namespace, route.name);
  if ('refused' in target) return target;
  const search = query.raw === '' ? '' : `?${query.raw}`;
  const asked = (request.url ?? '').split('?', 1)[0] ?? '';
  if (route.rest === '' && (request.method === 'GET' || request.method === 'HEAD')) {
    return { code: 301, text: '', headers: { Location: `${asked}/${search}` } };
  }
  if ('node' in target) return nodeDocument(backend, target, { method: request.method ?? '', path: route.rest });
  const prefix = percentEncoded(info.path.slice(0, info.path.length - route.rest.length));
  const path = route.rest === '' ? '/' : percentEncoded(route.rest);
  return forward(backend, { ...target, prefix, path: path + search }, call);
}

/** What a kubelet would answer: the node's agent has its documents, and no address of its own. */
async function nodeDocument(
  backend: Backend,
  { node }: NodeTarget,
  { method, path }: { readonly method: string; readonly path: string },
): Promise<HttpRefusal | Answer> {
  if (method !== 'GET' && method !== 'HEAD') return { code: 405, text: 'Method Not Allowed\n' };
  const known = path === '' ? '/' : path;
  const found =
    (await backend.nodeDocument?.(node, known)) ?? refusals.unavailable('agents cannot be reached from here');
  if (isRefusal(found)) return { ...found, message: `error trying to reach service: ${found.message}` };
  const { code, type, text } = found;
  return { code, bytes: Buffer.from(text), type };
}

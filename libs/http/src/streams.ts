import { containerPlace, proxyTarget } from '#kinds';
import type { View } from '#model';
import { isRefusal } from '#model';
import type { Answer } from './answer.js';
import type { Backend } from './backend.js';
import { notFoundQuoted, type Call } from './call.js';
import { portForward } from './port-forward.js';
import { podLog } from './pod-log.js';
import { podSession } from './pod-session.js';
import { forward } from './proxy.js';
import { percentEncoded } from './query.js';
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
  if (sub === 'proxy') return proxied(call, route, view);
  const object = view.get(route.on.kind.ref, route.namespace || undefined, route.name);
  if (!object) return notFoundQuoted(route);
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
  { request, response, query, info }: Call,
  route: Route,
  view: View,
): Promise<HttpRefusal | Answer | undefined> {
  const target = proxyTarget(view, route.on.kind.names.plural, route.namespace, route.name);
  if ('refused' in target) return target;
  const search = query.raw === '' ? '' : `?${query.raw}`;
  const asked = (request.url ?? '').split('?', 1)[0] ?? '';
  if (route.rest === '' && (request.method === 'GET' || request.method === 'HEAD')) {
    return { code: 301, text: '', headers: { Location: `${asked}/${search}` } };
  }
  const prefix = percentEncoded(info.path.slice(0, info.path.length - route.rest.length));
  const path = route.rest === '' ? '/' : percentEncoded(route.rest);
  return forward({ ...target, prefix, path: path + search }, request, response);
}

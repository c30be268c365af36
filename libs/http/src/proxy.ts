import type { Refusal, View } from '#model';
import { refusals } from '#model';
import { goQuote } from '#std';
import { request as httpRequest, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AnyResponse } from './answer.js';
import type { AnyRequest } from './authenticate.js';
import { answers } from './status.js';

/** Where a proxied request goes. */
interface Target {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** `name`, `name:port` or `scheme:name:port`, as the last part of a proxy's path says it. */
interface Asked {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  readonly port: string;
}

const unavailable = (message: string): Refusal => ({ refused: true, code: 503, reason: 'ServiceUnavailable', message });

/** Finds the pod behind `services/<name>/proxy` or `pods/<name>/proxy`, as the API server sees it. */
export function proxyTarget(view: View, plural: string, namespace: string, text: string): Target | Refusal {
  const asked = askedFor(text);
  if (!asked)
    return answers.badRequest(
      `invalid ${plural === 'services' ? 'service' : plural.slice(0, -1)} request ${goQuote(text)}`,
    );
  if (plural === 'services') return serviceTarget(view, namespace, asked);
  return plural === 'pods' ? podTarget(view, namespace, asked) : nodeTarget(view, asked);
}

function askedFor(text: string): Asked | undefined {
  const parts = text.split(':');
  if (parts.length === 1) return { scheme: 'http', name: text, port: '' };
  if (parts.length === 2) return { scheme: 'http', name: parts[0] as string, port: parts[1] as string };
  const [scheme, name = '', port = ''] = parts;
  if (parts.length > 3 || (scheme !== '' && scheme !== 'http' && scheme !== 'https')) return undefined;
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

interface Port {
  readonly name?: string;
  readonly port?: number;
}
interface Subset {
  readonly addresses?: readonly { readonly ip: string }[];
  readonly ports?: readonly Port[];
}

function serviceTarget(view: View, namespace: string, { scheme, name, port }: Asked): Target | Refusal {
  const missing = refusals.notFound({ group: '', resource: 'services', kind: 'Service', name });
  const service = view.get({ id: 'core.services' }, namespace, name);
  let portName = port;
  if (/^\d+$/.test(port)) {
    if (!service) return missing;
    const ports = ((service['spec'] as { readonly ports?: readonly Port[] } | undefined)?.ports ??
      []) as readonly Port[];
    const found = ports.find((one) => one.port === Number(port));
    if (!found) return unavailable(`no service port ${port} found for service ${goQuote(name)}`);
    portName = found.name ?? '';
  }
  const endpoints = view.get({ id: 'core.endpoints' }, namespace, name);
  if (!service || !endpoints) return missing;
  for (const { addresses = [], ports = [] } of (endpoints['subsets'] ?? []) as readonly Subset[]) {
    const number = ports.find((one) => (one.name ?? '') === portName)?.port;
    const [ready] = addresses;
    if (number !== undefined && ready) return { scheme, host: ready.ip, port: number };
  }
  return unavailable(`no endpoints available for service ${goQuote(name)}`);
}

interface PodShape {
  readonly spec?: {
    readonly containers?: readonly { readonly ports?: readonly { readonly containerPort?: number }[] }[];
  };
  readonly status?: { readonly podIP?: string };
}

function podTarget(view: View, namespace: string, { scheme, name, port }: Asked): Target | Refusal {
  const pod = view.get({ id: 'core.pods' }, namespace, name);
  if (!pod) return refusals.notFound({ group: '', resource: 'pods', kind: 'Pod', name });
  const { spec, status } = pod as unknown as PodShape;
  const first = spec?.containers?.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  const number = port === '' ? (first ?? (scheme === 'https' ? 443 : 80)) : Number(port);
  if (!status?.podIP || !Number.isInteger(number)) return answers.badRequest('address not allowed');
  return { scheme, host: status.podIP, port: number };
}

function nodeTarget(view: View, { name }: Asked): Refusal {
  if (!view.get({ id: 'core.nodes' }, undefined, name))
    return refusals.notFound({ group: '', resource: 'nodes', kind: 'Node', name });
  return unavailable(`error trying to reach service: node ${goQuote(name)} serves nothing of its own over HTTP`);
}

/** Headers that concern one connection only, and those that tell who asks. */
const NOT_PASSED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'host',
  'authorization',
]);

/** Passes the request on and its answer back. The refusal says that there is nobody at the other end. */
export function forward(
  target: Target,
  path: string,
  request: AnyRequest,
  response: AnyResponse,
): Promise<Refusal | undefined> {
  return new Promise((resolve) => {
    const send = target.scheme === 'https' ? httpsRequest : httpRequest;
    const passed = send(
      {
        host: target.host,
        port: target.port,
        method: request.method,
        path,
        headers: passedHeaders(request.headers),
        rejectUnauthorized: false,
        timeout: 30_000,
      },
      (answer) => {
        const out = response as ServerResponse;
        out.writeHead(answer.statusCode ?? 502, passedHeaders(answer.headers));
        answer.pipe(out);
        answer.on('error', () => out.destroy());
        resolve(undefined);
      },
    );
    passed.on('timeout', () => passed.destroy(new Error('i/o timeout')));
    passed.on('error', (cause) => {
      if (!response.headersSent) resolve(unavailable(`error trying to reach service: ${cause.message}`));
    });
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  });
}

function passedHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !NOT_PASSED.has(name) && !name.startsWith(':') && !name.startsWith('impersonate-'),
    ),
  );
}

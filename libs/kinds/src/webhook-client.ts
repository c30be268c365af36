import type { HttpsAnswer, HttpsEndpoint, View } from '#model';
import { goQuote, isJsonObject, type Json, type JsonObject } from '#std';
import { serviceEndpoints } from './service-endpoints.js';
import type { WebhookClient } from './validation/webhook-client.js';

/** `clientConfig` of admission and conversion webhooks. */
export interface WebhookClientConfig extends WebhookClient {
  readonly caBundle?: string;
}
export interface WebhookEndpoint {
  readonly to: HttpsEndpoint;
  /** Why the service cannot be resolved. */
  readonly unreachable: string | undefined;
}

/** `seed` chooses among the endpoints of a service. */
export function webhookEndpoint(
  { url, service, caBundle }: WebhookClientConfig,
  { view, timeoutSeconds, seed }: { readonly view: View; readonly timeoutSeconds: number; readonly seed: string },
): WebhookEndpoint {
  const ca = caBundle ? { caBundle } : {};
  const query = `?timeout=${timeoutSeconds}s`;
  if (!service) return { to: { url: `${url ?? ''}${query}`, ...ca }, unreachable: undefined };
  const { namespace, name, path = '', port = 443 } = service;
  const serverName = `${name}.${namespace}.svc`;
  const resolved = serviceEndpoints(view, { namespace, name, port }, seed);
  const to = { url: `https://${serverName}:${port}${path === '' ? '/' : path}${query}`, serverName, ...ca };
  if ('problem' in resolved) return { to, unreachable: resolved.problem };
  return { to: { ...to, addresses: resolved }, unreachable: undefined };
}

/** What a client of Kubernetes says of a POST that came to nothing. */
export function postFailed({ url }: HttpsEndpoint, why: string): string {
  return `Post ${goQuote(url)}: ${why}`;
}

/** The review that was answered, or why there is none. */
export function answeredReview(to: HttpsEndpoint, answer: HttpsAnswer): JsonObject | string {
  if (answer.is === 'failed') return postFailed(to, answer.why);
  if (answer.status < 200 || answer.status > 299) return statusWords(answer.status, answer.body);
  if (isJsonObject(answer.body)) return answer.body;
  return "couldn't get version/kind; json parse error: the answer is no JSON object";
}

const QUOTED_CHARACTERS_MAX = 1024;

/** What a client of Kubernetes says of an answer that is no success. */
function statusWords(status: number, body: Json): string {
  if (isJsonObject(body) && body['kind'] === 'Status' && typeof body['message'] === 'string') return body['message'];
  const words: Readonly<Record<number, string>> = {
    400: 'the server rejected our request for an unknown reason',
    401: 'the server has asked for the client to provide credentials',
    403: 'access to the requested resource is not allowed',
    404: 'the server could not find the requested resource',
    405: 'the server does not allow this method on the requested resource',
    409: 'the server reported a conflict',
    415: 'the body of the request was in an unknown format - accepted media types include: ',
    429: 'the server has received too many requests and has asked us to try again later',
    503: 'the server is currently unable to handle the request',
  };
  const text = (typeof body === 'string' ? body : JSON.stringify(body)).slice(0, QUOTED_CHARACTERS_MAX);
  return words[status] ?? `an error on the server (${goQuote(text)}) has prevented the request from succeeding`;
}

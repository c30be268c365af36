import { request } from 'node:https';
import { Fault, type Json } from '#std';
import type { Cluster } from './cluster.js';

/** Longer than the API lets a question for the past wait for its index, which is fifteen seconds. */
const TIMEOUT_MS = 20_000;

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: Json;
  readonly accept?: string;
}

/** Asks the API of a cluster as the user of its kubeconfig; rejects with one sentence when it does not answer. */
export function ask(
  { server, ca, login }: Cluster,
  { method = 'GET', path, body, accept }: Ask,
): Promise<{ readonly code: number; readonly json: unknown }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void =>
      reject(new Fault(`The API at ${server} does not answer: ${cause.message}`, true, { cause }));
    const { token, ...tls } = login;
    const headers = {
      ...(accept !== undefined && { accept }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const options = { ca, ...tls, method, headers, timeout: TIMEOUT_MS };
    const call = request(`${server}${path}`, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const code = response.statusCode ?? 0;
        try {
          resolve({ code, json: JSON.parse(text) as unknown });
        } catch (cause) {
          // Pages that there are not, and what is away behind the API, are told in plain text.
          if (code >= 400) resolve({ code, json: undefined });
          else fail(cause as Error);
        }
      });
      response.on('error', fail);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    call.on('error', fail);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

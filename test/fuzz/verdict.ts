import { parse } from 'yaml';
import type { FuzzAnswer } from './client.js';
import type { FuzzRequest } from './grammar.js';

/** No answer comes later. */
export const ANSWER_MS_MAX = 1000;

/**
 * Answers with 500 that a genuine server gives too: mistakes of the client for which it has no other code. They carry no
 * reason, unlike a fault of the server.
 */
const KUBERNETES_OWN = [
  /^failed to create typed patch object /,
  /^failed to create manager for existing fields: /,
  /^failed to convert new object /,
  /^failed to decode managed fields/,
  /^(resourceVersion: Invalid value: .*: )?strconv\.Parse/s,
  /^target\.name: Required value/,
  // A strategic merge patch that contradicts itself.
  /^(unknown patch type found|invalid patch format|expected a list|expected a map|cannot merge lists|map: |The order in patch list)/,
];

/** What is wrong with an answer, whatever the request was. */
export function wrongAnswer({ status, text }: FuzzAnswer, request: FuzzRequest): string | undefined {
  if (status === 0) return `no answer: ${text}`;
  if (status < 500 || status === 503 || status === 504) return undefined;
  const answer = parsed(text);
  if (answer.reason === undefined && KUBERNETES_OWN.some((own) => own.test(answer.message ?? ''))) return undefined;
  return request.path.startsWith('/readyz') || status === 501 ? undefined : `${status}: ${text.slice(0, 1000)}`;
}

function parsed(text: string): { readonly message?: string; readonly reason?: string } {
  try {
    // JSON is YAML too.
    return (parse(text) ?? {}) as object;
  } catch {
    return {};
  }
}

/** A request as a person can send it again. */
export function described({ method, path, headers, body, about }: FuzzRequest): string {
  const lines = [
    `${about}: ${method} ${cut(path)}`,
    ...Object.entries(headers).map(([key, value]) => `  ${key}: ${value}`),
  ];
  if (body) lines.push(`  ${cut(body.toString('latin1'))}`);
  return lines.join('\n');
}
function cut(text: string): string {
  return text.length <= 2000 ? text : `${text.slice(0, 2000)}… (${text.length} bytes)`;
}

import type { KubeObject, Refusal } from '#model';
import type { Instant, JsonObject } from '#std';
import { isJsonObject } from '#std';
import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { contentType, PLAIN_JSON, type OutputForm } from './negotiate.js';
import { objectText, partialText, shown } from './object-text.js';
import type { ServedKind } from './routes.js';
import { answers, statusOf, type HttpRefusal } from './status.js';
import { tableText, type TableForm } from './table.js';
import { yamlText } from './yaml-text.js';

export type AnyResponse = ServerResponse | Http2ServerResponse;

/** The client closed the connection already: what listens for that now would wait for ever. */
export function isGone(response: AnyResponse): boolean {
  return 'stream' in response ? response.stream.destroyed : response.destroyed;
}

/** A finished answer. */
export interface Answer {
  readonly code: number;
  /** JSON text; turned into YAML or indented on the way out if that was asked for. */
  readonly json?: string;
  readonly text?: string;
  /** Neither JSON nor text. */
  readonly bytes?: Uint8Array;
  readonly type?: string;
  readonly form?: OutputForm;
  readonly headers?: Readonly<Record<string, string>>;
  readonly warnings?: readonly string[];
}

export function sendAnswer(response: AnyResponse, answer: Answer): void {
  const { code, json, form = PLAIN_JSON } = answer;
  const headers: Record<string, string | number | string[]> = {
    'Cache-Control': 'no-cache, private',
    ...answer.headers,
  };
  if (answer.warnings && answer.warnings.length > 0) headers['Warning'] = warningHeaders(answer.warnings);
  // The union of both responses has no common signature for writeHead and end.
  const out = response as ServerResponse;
  // A 304 keeps what the client's cache knows of the body: a length of 0 would replace the cached one.
  if (code === 204 || code === 304) {
    out.writeHead(code, headers);
    out.end();
    return;
  }
  const bytes = answer.bytes ?? Buffer.from(json === undefined ? (answer.text ?? '') : written(json, form), 'utf8');
  headers['Content-Type'] = answer.type ?? (json === undefined ? 'text/plain; charset=utf-8' : contentType(form));
  headers['Content-Length'] = bytes.length;
  out.writeHead(code, headers);
  out.end(bytes);
}

/** Each text once, as `299 - "…"`. */
export function warningHeaders(warnings: readonly string[]): string[] {
  return [...new Set(warnings)].map((text) => {
    const clean = text.replace(/[\p{Cc}]/gu, (c) => (c === '\n' || c === '\t' ? ' ' : '')).replace(/["\\]/g, '\\$&');
    return `299 - "${clean}"`;
  });
}

function written(json: string, form: OutputForm): string {
  if (form.media === 'yaml') {
    return yamlText(JSON.parse(json));
  }
  return form.pretty ? JSON.stringify(JSON.parse(json), null, 2) : `${json}\n`;
}

/** A refusal as it goes out. Its form is the one asked for, as far as that makes sense for a Status. */
export function refusalAnswer(refusal: HttpRefusal, form: OutputForm = PLAIN_JSON): Answer {
  const warnings = refusal.warnings && { warnings: refusal.warnings };
  if (refusal.text !== undefined) {
    return { code: refusal.code, text: refusal.text, headers: { 'X-Content-Type-Options': 'nosniff' }, ...warnings };
  }
  const retry = refusal.details?.retryAfterSeconds;
  return {
    code: refusal.code,
    json: JSON.stringify(statusOf(refusal)),
    form: { ...form, as: undefined },
    ...(retry !== undefined && { headers: { 'Retry-After': String(retry) } }),
    ...warnings,
  };
}

export interface Rendering {
  readonly form: OutputForm;
  readonly include: TableForm['include'];
  /** What ages are relative to: the moment of each row, or the moment of the past that is looked at. */
  now(): Instant;
}

/** One object in the form that was asked for. */
export function objectJson(on: ServedKind, object: KubeObject, { form, include, now }: Rendering): string | Refusal {
  switch (form.as) {
    case undefined:
      return objectText(on, object);
    case 'PartialObjectMetadata':
      return partialText(shown(on, object), form.asVersion);
    case 'Table': {
      const { resourceVersion } = object.metadata;
      const metadata = JSON.stringify(resourceVersion === undefined ? {} : { resourceVersion });
      return tableText(on, [object], { version: form.asVersion, include, now: now() }, { metadata });
    }
    case 'PartialObjectMetadataList':
      return notAnObjectForm;
  }
}
const ACCEPTED = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
export const notAnObjectForm = answers.notAcceptable(ACCEPTED);

/**
 * A Status, a Scale, …: what a subresource or a deletion answers instead of the object. One that stands for the object
 * itself has its version, which is known only now.
 */
export function responseJson(response: JsonObject, object: KubeObject): string {
  const { metadata } = response;
  if (!isJsonObject(metadata) || metadata['uid'] !== object.metadata.uid) return JSON.stringify(response);
  const { resourceVersion } = object.metadata;
  return JSON.stringify({
    ...response,
    metadata: { ...metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
  });
}

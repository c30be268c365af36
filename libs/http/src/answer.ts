import type { KubeObject, Refusal, Subresource } from '#model';
import type { Instant, JsonObject } from '#std';
import { isJsonObject } from '#std';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import { acceptsGzip, compressed, COMPRESSED_BYTES_MIN } from './content-encoding.js';
import { contentType, PLAIN_JSON, type OutputForm } from './negotiate.js';
import { objectText, partialText, shown } from './object-text.js';
import type { Route, ServedKind } from './routes.js';
import { answers, statusOf, type HttpRefusal } from './status.js';
import { tableText, type TableForm } from './table.js';
import { prettyParts } from './pretty-text.js';
import { inTurns, othersFirst } from './turns.js';
import { yamlParts } from './yaml-text.js';

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
  /** The object that was written, for the audit. */
  readonly about?: { readonly name: string; readonly uid?: string };
}

/** Writes an answer out. A large one that has to be indented or turned into YAML is made in turns. */
export async function sendAnswer(response: AnyResponse, answer: Answer): Promise<void> {
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
  const made = answer.bytes ?? (json === undefined ? Buffer.from(answer.text ?? '', 'utf8') : written(json, form));
  const whole = made instanceof Promise ? await made : made;
  if (isGone(response)) return;
  const bytes = whole.length < COMPRESSED_BYTES_MIN ? whole : await encoded(out.req, whole, headers);
  if (isGone(response)) return;
  headers['Content-Type'] = answer.type ?? (json === undefined ? 'text/plain; charset=utf-8' : contentType(form));
  headers['Content-Length'] = bytes.length;
  out.writeHead(code, headers);
  if (bytes.length <= TAIL_BYTES || out.req.httpVersionMajor !== 1) return void out.end(bytes);
  await sent(out, bytes.subarray(0, -TAIL_BYTES));
  out.end(bytes.subarray(-TAIL_BYTES));
}

/** A large body in the encoding that the client accepts. Caches keep the encodings apart whichever was sent. */
async function encoded(
  { headers: asked, method }: IncomingMessage,
  bytes: Uint8Array,
  headers: Record<string, string | number | string[]>,
): Promise<Uint8Array> {
  headers['Vary'] = headers['Vary'] === undefined ? 'Accept-Encoding' : `${String(headers['Vary'])}, Accept-Encoding`;
  if (method === 'HEAD' || !acceptsGzip(asked['accept-encoding'])) return bytes;
  headers['Content-Encoding'] = 'gzip';
  return compressed(bytes);
}

/**
 * The end of a large answer follows when all before it has left this process. While an answer of HTTP/1.1 is still being
 * written, Node pauses its parser at the next request, and breaks the connection when more of that request has come already.
 */
const TAIL_BYTES = 4096;
function sent(out: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    out.once('close', resolve);
    out.write(bytes, () => {
      out.off('close', resolve);
      resolve();
    });
  });
}

/** Characters of all warnings of an answer; beyond these each is cut, and what then comes still is left out. */
const WARNINGS_LENGTH_MAX = 4096;
const CUT_WARNING_LENGTH_MAX = 256;

/** Each text once, as `299 - "…"`, and all of them no longer than clients take of a header: bounded as Kubernetes does. */
export function warningHeaders(warnings: readonly string[]): string[] {
  const once = [...new Set(warnings)];
  const isLong = once.reduce((sum, { length }) => sum + length, 0) > WARNINGS_LENGTH_MAX;
  const texts: string[] = [];
  let length = 0;
  for (const text of once) {
    if (length >= WARNINGS_LENGTH_MAX) break;
    const told = isLong ? text.slice(0, CUT_WARNING_LENGTH_MAX).toWellFormed() : text;
    texts.push(told);
    length += told.length;
  }
  return texts.map((text) => {
    const clean = text.replace(/[\p{Cc}]/gu, (c) => (c === '\n' || c === '\t' ? ' ' : '')).replace(/["\\]/g, '\\$&');
    // Node writes the characters of a header as bytes: these are the bytes of UTF-8, as Go writes them.
    return Buffer.from(`299 - "${clean}"`, 'utf8').toString('latin1');
  });
}

/** Characters of JSON that are indented or turned into YAML at once. */
const AT_ONCE_CHARACTERS = 16 * 1024;

function written(json: string, form: OutputForm): Buffer | Promise<Buffer> {
  const isYaml = form.media === 'yaml';
  if (!isYaml && !form.pretty) return Buffer.from(`${json}\n`, 'utf8');
  const parts = (): Iterable<string> => (isYaml ? yamlParts(JSON.parse(json)) : prettyParts(json));
  if (json.length <= AT_ONCE_CHARACTERS) return Buffer.from([...parts()].join(''), 'utf8');
  return writtenInTurns(json.length, parts);
}
async function writtenInTurns(size: number, parts: () => Iterable<string>): Promise<Buffer> {
  await othersFirst(size);
  return Buffer.concat(await inTurns(utf8Parts(parts())));
}
function* utf8Parts(parts: Iterable<string>): Generator<Buffer> {
  for (const part of parts) yield Buffer.from(part, 'utf8');
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
  /** Why the form cannot be made, whatever is found. */
  readonly refusal?: HttpRefusal;
  /** What ages are relative to: the moment of each row, or the moment of the past that is looked at. */
  now(): Instant;
}

/** One object in the form that was asked for. */
export function objectJson(
  on: ServedKind,
  object: KubeObject,
  { form, include, now, refusal }: Rendering,
): string | Refusal {
  if (refusal) return refusal;
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
      return answers.noSuchForm(form.as, `not a list (*${goPackage(on)}.${on.kind.names.kind})`);
  }
}

/** Where Kubernetes keeps a kind's type for itself. */
export function goPackage({ kind }: ServedKind): string {
  return kind.names.group.split('.')[0] || 'core';
}

/**
 * A Status, a Scale, …: what a subresource or a deletion answers instead of the object. One that stands for the object
 * itself has its version, which is known only now, and the forms that objects have.
 */
export function responseAnswer(
  code: number,
  response: JsonObject,
  object: KubeObject,
  { route, rendering }: { readonly route: Route; readonly rendering: Rendering },
): Answer | Refusal {
  const { metadata } = response;
  if (!isJsonObject(metadata) || metadata['uid'] !== object.metadata.uid)
    return { code, json: JSON.stringify(response), form: { ...rendering.form, as: undefined } };
  const { resourceVersion } = object.metadata;
  const whole = {
    ...response,
    metadata: { ...metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
  } as unknown as KubeObject;
  const json = objectJson(subresourceOn(route), whole, rendering);
  return typeof json === 'string' ? { code, json, form: rendering.form } : json;
}

const subresources = new WeakMap<Subresource, ServedKind>();
/** A subresource that is an object of another kind, served as one. */
function subresourceOn({ on, subresource }: Route): ServedKind {
  if (!subresource?.version) return on;
  let served = subresources.get(subresource);
  if (!served) {
    const { kind, group = '', version, columns = [] } = subresource;
    const { rowConditions: _none, ...rest } = on.kind;
    const names = { ...on.kind.names, group, version, kind };
    const apiVersion = group ? `${group}/${version}` : version;
    served = {
      kind: { ...rest, names },
      group,
      version,
      apiVersion,
      served: undefined,
      columns,
      subresources: [],
      deprecation: undefined,
    };
    subresources.set(subresource, served);
  }
  return served;
}

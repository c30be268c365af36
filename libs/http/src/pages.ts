import type { Answer } from './answer.js';
import type { Discovery } from './discovery/discovery.js';
import { parseAccept, type AcceptClause } from './accept.js';
import { contentType, negotiate, type Asked, type OutputForm } from './negotiate.js';
import type { OpenApiDocument, OpenApiDocuments } from './openapi/documents.js';
import { OPENAPI_V2_PROTOBUF } from './openapi/protobuf.js';
import { split, type RequestInfo } from './request-info.js';
import { answers, type HttpRefusal } from './status.js';
import type { JsonObject } from '#std';
import { createHash } from 'node:crypto';

/** The paths that are no resources: discovery, OpenAPI, health, version, keys. */
export interface Pages {
  readonly discovery: Discovery;
  readonly openApi: OpenApiDocuments;
  /** Whether a group is one that this build defines. */
  isBuiltIn(group: string): boolean;
  readonly version: JsonObject;
  readonly issuer: string;
  /** `host:port` that clients reach this server under. */
  readonly address: string;
  jwks(): { readonly keys: readonly unknown[] };
  /** Why the log cannot be written, undefined while it can be as far as is known. */
  logProblem(): Promise<string | undefined>;
  metrics(): Promise<Answer>;
}

export interface PageCall {
  readonly info: RequestInfo;
  readonly asked: Asked;
  readonly query: {
    flag(key: string): boolean;
    has(key: string): boolean;
    get(key: string): string | undefined;
    all(key: string): readonly string[];
  };
  readonly ifNoneMatch: string | undefined;
}

export function page(pages: Pages, call: PageCall): Answer | HttpRefusal | Promise<Answer | HttpRefusal> {
  const [first = '', ...rest] = split(call.info.path);
  switch (first) {
    case '':
      return indented(call, { paths: rootPaths(pages) });
    case 'api':
      return readOnly(call) ?? core(pages, call, rest);
    case 'apis':
      return groups(pages, call, rest);
    case 'version':
      return rest.length > 0 ? answers.noSuchPage : (readOnly(call) ?? indented(call, pages.version));
    case 'healthz':
    case 'livez':
    case 'readyz':
      return health(pages, call, first, rest);
    case 'openapi':
      return openApi(pages, call, rest);
    case '.well-known':
      return rest.join('/') === 'openid-configuration' ? openIdConfiguration(pages) : answers.noSuchPage;
    case 'openid':
      return rest.join('/') === 'v1/jwks' ? keySet(pages, call) : answers.noSuchPage;
    case 'metrics':
      return rest.length > 0 ? answers.noSuchPage : pages.metrics();
    default:
      return answers.noSuchPage;
  }
}

function readOnly({ info }: PageCall): HttpRefusal | undefined {
  return info.method === 'GET' ? undefined : answers.methodNotAllowed;
}

function core(pages: Pages, call: PageCall, rest: readonly string[]): Answer | HttpRefusal {
  const { discovery } = pages;
  const [version] = rest;
  if (version === undefined) return aggregatedOr(pages, call, true, discovery.coreVersions);
  const list = discovery.resourceList('', version);
  return list ? json(call, list) : answers.noSuchResource;
}

function groups(pages: Pages, call: PageCall, rest: readonly string[]): Answer | HttpRefusal {
  const { discovery } = pages;
  const [group, version] = rest;
  if (group === undefined) return aggregatedOr(pages, call, false, discovery.groupList);
  const known = discovery.group(group);
  if (!known) return answers.noSuchPage;
  if (version === undefined) return json(call, known);
  const list = discovery.resourceList(group, version);
  if (!list) return pages.isBuiltIn(group) ? answers.noSuchResource : answers.noSuchPage;
  return readOnly(call) ?? json(call, list);
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Whoever takes the aggregated form gets it, wherever it stands in the Accept header. */
function aggregatedOr(pages: Pages, call: PageCall, isCore: boolean, plain: JsonObject): Answer | HttpRefusal {
  const clause = parseAccept(call.asked.accept).find(({ type, subtype, parameters }) => {
    const isMedia = type === 'application' && (subtype === 'json' || subtype === 'yaml');
    return (
      isMedia &&
      parameters['g'] === 'apidiscovery.k8s.io' &&
      parameters['v'] === 'v2' &&
      parameters['as'] === 'APIGroupDiscoveryList'
    );
  });
  if (!clause) return json(call, plain);
  const text = JSON.stringify(pages.discovery.aggregated(isCore));
  const etag = `"${createHash('sha256').update(text).digest('hex').toUpperCase()}"`;
  const headers = { ETag: etag, 'Cache-Control': 'public', Vary: 'Accept' };
  if (call.ifNoneMatch === etag) return { code: 304, headers };
  const form: OutputForm = {
    media: clause.subtype === 'yaml' ? 'yaml' : 'json',
    pretty: false,
    as: undefined,
    asVersion: '',
  };
  return {
    code: 200,
    json: text,
    form,
    type: AGGREGATED.replace('application/json', `application/${clause.subtype}`),
    headers,
  };
}

function json(call: PageCall, value: JsonObject): Answer | HttpRefusal {
  const form = negotiate(call.asked);
  if ('refused' in form) return form;
  return { code: 200, json: JSON.stringify(value), form };
}

/** The root and `/version` are indented whoever asks, and end without a line feed. */
function indented(call: PageCall, value: JsonObject): Answer | HttpRefusal {
  const answer = json(call, value);
  if ('refused' in answer || answer.form?.media !== 'json') return answer;
  return { code: 200, text: JSON.stringify(value, null, 2), type: contentType(answer.form) };
}

function rootPaths({ discovery, openApi }: Pages): readonly string[] {
  const paths = [
    '/.well-known/openid-configuration',
    '/api',
    '/apis',
    '/healthz',
    '/healthz/log',
    '/healthz/ping',
    '/livez',
    '/livez/ping',
  ];
  for (const version of discovery.versionsOf('')) paths.push(`/api/${version}`);
  for (const group of discovery.groupNames) {
    paths.push(`/apis/${group}`);
    for (const version of discovery.versionsOf(group)) paths.push(`/apis/${group}/${version}`);
  }
  for (const name of openApi.names) paths.push(`/openapi/v3/${name}`);
  return [
    ...paths,
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/openid/v1/jwks',
    '/readyz',
    '/readyz/log',
    '/readyz/ping',
    '/version',
  ].sort();
}

interface Check {
  readonly name: string;
  readonly problem: string | undefined;
}
/** A process whose log cannot be written is alive: to start it anew would not help. */
async function checksOf(pages: Pages, which: string): Promise<readonly Check[]> {
  const ping: Check = { name: 'ping', problem: undefined };
  return which === 'livez' ? [ping] : [ping, { name: 'log', problem: await pages.logProblem() }];
}

async function health(
  pages: Pages,
  { query }: PageCall,
  which: string,
  rest: readonly string[],
): Promise<Answer | HttpRefusal> {
  const checks = await checksOf(pages, which);
  if (rest.length > 0) {
    const check = checks.find(({ name }) => name === rest.join('/'));
    if (!check) return answers.noSuchPage;
    return check.problem === undefined
      ? { code: 200, text: 'ok' }
      : { code: 500, text: `internal server error: ${check.problem}\n` };
  }
  const excluded = new Set(query.all('exclude'));
  const lines = checks.map(({ name, problem }) => {
    if (excluded.has(name)) return `[+]${name} excluded: ok`;
    return problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`;
  });
  const isWell = checks.every(({ name, problem }) => problem === undefined || excluded.has(name));
  if (isWell && !query.has('verbose')) return { code: 200, text: 'ok' };
  const text = `${lines.join('\n')}\n${which} check ${isWell ? 'passed' : 'failed'}\n`;
  return { code: isWell ? 200 : 500, text };
}

function openApi(pages: Pages, call: PageCall, rest: readonly string[]): Answer | HttpRefusal {
  const [version, ...names] = rest;
  if (version === 'v2' && names.length === 0) return openApiV2(pages.openApi, call);
  if (version !== 'v3') return answers.noSuchPage;
  if (names.length === 0) return document(pages.openApi.index, call);
  const name = names.join('/');
  const found = pages.openApi.v3(name);
  if (!found) return answers.noSuchPage;
  const hash = call.query.get('hash');
  if (hash === undefined || hash === '') return document(found, call);
  if (hash !== found.hash)
    return { code: 301, text: '', headers: { Location: `/openapi/v3/${name}?hash=${found.hash}` } };
  return document(found, call, { 'Cache-Control': 'public, max-age=31536000, immutable' });
}

/** The first form in the Accept header that there is: JSON, or protobuf under either of its names. */
function openApiV2(documents: OpenApiDocuments, call: PageCall): Answer | HttpRefusal {
  const first = parseAccept(call.asked.accept).find((clause) => takesJson(clause) || takesV2Protobuf(clause));
  if (first === undefined || takesJson(first)) return document(documents.v2, call);
  const { bytes, hash } = documents.v2Protobuf;
  const headers = { ETag: `"${hash}"`, Vary: 'Accept' };
  if (call.ifNoneMatch?.includes(`"${hash}"`)) return { code: 304, headers };
  return { code: 200, bytes, type: OPENAPI_V2_PROTOBUF, headers };
}

function takesJson({ type, subtype }: AcceptClause): boolean {
  return (type === '*' || type === 'application') && (subtype === '*' || subtype === 'json');
}
function takesV2Protobuf({ type, subtype }: AcceptClause): boolean {
  return `${type}/${subtype.replace('@', '.')}` === OPENAPI_V2_PROTOBUF;
}

function document(
  { json: text, hash }: OpenApiDocument,
  call: PageCall,
  headers: Readonly<Record<string, string>> = {},
): Answer | HttpRefusal {
  const { accept } = call.asked;
  if (accept !== '' && !parseAccept(accept).some(takesJson))
    return { ...answers.notAcceptable(['application/json']), text: '' };
  const all = { ETag: `"${hash}"`, Vary: 'Accept', ...headers };
  if (call.ifNoneMatch?.includes(`"${hash}"`)) return { code: 304, headers: all };
  return { code: 200, json: text, headers: all };
}

function openIdConfiguration({ issuer, address }: Pages): Answer {
  const configuration = {
    issuer,
    jwks_uri: keySetUri(issuer, address),
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
  return { code: 200, json: JSON.stringify(configuration), headers: { 'Cache-Control': 'public, max-age=3600' } };
}

/**
 * The server's own address, as in kube-apiserver; the issuer's where the server's is loopback, which no pod and no other
 * machine can reach.
 */
function keySetUri(issuer: string, address: string): string {
  const { hostname } = new URL(`https://${address}`);
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return `${isLoopback ? issuer : `https://${address}`}/openid/v1/jwks`;
}

function keySet(pages: Pages, { asked }: PageCall): Answer | HttpRefusal {
  const type = 'application/jwk-set+json';
  const takes =
    asked.accept === '' ||
    asked.accept.split(',').some((part) => ['*/*', 'application/*', type].includes(part.split(';')[0]?.trim() ?? ''));
  if (!takes) return answers.routeNotAcceptable([type]);
  return { code: 200, json: JSON.stringify(pages.jwks()), type, headers: { 'Cache-Control': 'public, max-age=3600' } };
}

import type { KubeObject, Refusal, UserInfo, View } from '#model';
import { decideCommand, isRefusal } from '#model';
import type { Keys } from '#ports';
import type { Instant, JsonObject } from '#std';
import { objectJson, refusalAnswer, responseJson, sendAnswer, type Answer, type AnyResponse, type Rendering } from './answer.js';
import { authenticator, type AnyRequest } from './authenticate.js';
import { bootstrapPolicy, forbidden, impersonated, type Authorizer } from './authorize.js';
import type { Backend } from './backend.js';
import { bodyMedia, ClientGone, parseObject, readBytes, schemaFor } from './body/request-body.js';
import { Discovery } from './discovery/discovery.js';
import { goQuote, parseDuration } from './go-text.js';
import { listOptions, versionOf } from './list-options.js';
import { list, listAt, notFound, tooNew } from './lists.js';
import { Metrics } from './metrics.js';
import { negotiate, PLAIN_JSON, type Asked, type OutputForm } from './negotiate.js';
import { OpenApi } from './openapi/documents.js';
import { managerOf, writeOptions } from './options.js';
import { page, type Pages } from './pages.js';
import { podLog } from './pod-log.js';
import { forward, proxyTarget } from './proxy.js';
import { percentDecoded, Query } from './query.js';
import { requestInfo, type RequestInfo } from './request-info.js';
import { Routes, type Route } from './routes.js';
import { answers, type HttpRefusal } from './status.js';
import { includeObject } from './table.js';
import { momentOf, notInThePast, travels, unchangeable, type Moment } from './time-travel.js';
import { readTokenRequest, requestToken } from './token-request.js';
import { watch, watchAt } from './watch.js';
import { userAgent, write } from './writes.js';

export interface ApiOptions {
  readonly backend: Backend;
  readonly keys: Pick<Keys, 'verifyToken' | 'signToken' | 'jwks'>;
  /** `host:port` that clients reach this server under. */
  readonly address: string;
  readonly issuer?: string;
  /** What `/version` says. */
  readonly version?: JsonObject;
  readonly authorize?: Authorizer;
  readonly health?: Pages['health'];
  /** Told of what should not have happened, after it was answered with 500. */
  readonly onFault?: (cause: unknown) => void;
}

export const DEFAULT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
export const VERSION: JsonObject = {
  major: '1',
  minor: '35',
  emulationMajor: '1',
  emulationMinor: '35',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '34',
  gitVersion: 'v1.35.4+shiplog',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};

/** The Kubernetes API over one cluster, as a handler that any Node server can call. */
export interface Api {
  handle(request: AnyRequest, response: AnyResponse): void;
}

export function createApi(options: ApiOptions): Api {
  return new KubernetesApi(options);
}

/** One request on its way. */
interface Call {
  readonly request: AnyRequest;
  readonly response: AnyResponse;
  readonly info: RequestInfo;
  readonly query: Query;
  readonly user: UserInfo;
  readonly past: Moment | undefined;
}

class KubernetesApi implements Api {
  private readonly routes: Routes;
  private readonly pages: Pages;
  private readonly authenticate: ReturnType<typeof authenticator>;
  private readonly may: Authorizer;
  private readonly issuer: string;
  private readonly metrics = new Metrics();

  constructor(private readonly options: ApiOptions) {
    const { backend, keys, address, health } = options;
    this.issuer = options.issuer ?? DEFAULT_ISSUER;
    this.routes = new Routes(backend.kinds);
    const version = options.version ?? VERSION;
    this.pages = {
      discovery: new Discovery(this.routes, address),
      openApi: new OpenApi(this.routes, String(version['gitVersion'] ?? '')),
      version,
      issuer: this.issuer,
      keySetUri: `https://${address}/openid/v1/jwks`,
      jwks: () => keys.jwks(),
      health: health ?? (() => [{ name: 'ping', problem: undefined }]),
      metrics: () => this.metrics.text(),
    };
    this.authenticate = authenticator({ keys, issuer: this.issuer, current: () => backend.current(), now: () => backend.now() });
    this.may = options.authorize ?? bootstrapPolicy;
  }

  handle(request: AnyRequest, response: AnyResponse): void {
    response.on('error', () => undefined);
    this.answer(request, response).catch((cause: unknown) => {
      if (cause instanceof ClientGone) return;
      this.options.onFault?.(cause);
      if (response.headersSent) (response as { destroy(): void }).destroy();
      else sendAnswer(response, refusalAnswer(internalError(cause)));
    });
  }

  private async answer(request: AnyRequest, response: AnyResponse): Promise<void> {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const rawPath = mark < 0 ? url : url.slice(0, mark);
    const query = new Query(mark < 0 ? '' : url.slice(mark + 1));
    const travel = travels(rawPath);
    const path = percentDecoded(travel?.rest ?? rawPath);
    if (path === undefined) return sendAnswer(response, { code: 400, text: '400 Bad Request' });
    const info = requestInfo(request.method ?? 'GET', path, query);
    const outcome = await this.admitted(request, response, { info, query, moment: travel?.moment });
    if (outcome === undefined) return this.metrics.count(info, 200);
    const answer = 'refused' in outcome ? refusalAnswer(outcome, errorForm(request, query)) : outcome;
    this.metrics.count(info, answer.code);
    sendAnswer(response, answer);
  }

  /** Who asks, may they, and when is it about. Undefined: the answer is on its way already. */
  private async admitted(
    request: AnyRequest,
    response: AnyResponse,
    asked: { readonly info: RequestInfo; readonly query: Query; readonly moment: string | undefined },
  ): Promise<Answer | HttpRefusal | undefined> {
    const { info, query, moment } = asked;
    const who = this.authenticate(request);
    let user = who instanceof Promise ? await who : who;
    if ('refused' in user) return user;
    const other = impersonated(user, request.headers, this.may);
    if (other && 'refused' in other) return other;
    if (other) user = other;
    const timeout = query.get('timeout');
    if (timeout && info.verb !== 'watch') {
      const parsed = parseDuration(timeout);
      if ('error' in parsed) return answers.badRequest(`invalid timeout specified in the request URL - ${parsed.error}`);
    }
    if (!this.may(user, info)) return forbidden(user, info);
    const past = moment === undefined ? undefined : momentOf(moment, this.options.backend);
    // kubectl reads discovery first and does not show why that failed: the refusal comes with the first real question.
    if (past && 'refused' in past && !isDiscovery(info)) return past;
    const call: Call = { request, response, info, query, user, past: past && 'refused' in past ? undefined : past };
    if (info.path.startsWith('//')) return answers.noSuchPage;
    return info.isResource ? this.resource(call) : this.page(call);
  }

  private page({ request, info, query, past }: Call): Answer | HttpRefusal {
    if (past && info.method !== 'GET' && info.method !== 'HEAD') return unchangeable;
    const asked = this.asked(request, query, { on: 'object', hasTable: false });
    const ifNoneMatch = request.headers['if-none-match'];
    return page(this.pages, { info, asked, query, ifNoneMatch });
  }

  private async resource(call: Call): Promise<Answer | HttpRefusal | undefined> {
    const { info, past } = call;
    const route = this.routes.find(info);
    if ('refused' in route) return route;
    const isRead = route.verb === 'get' || route.verb === 'list' || route.verb === 'watch';
    if (past && !isRead) return unchangeable;
    const wrong = route.name === '' || route.verb === 'create' ? undefined : wrongName(route.name);
    if (wrong) return wrong;
    const sub = route.subresource?.name;
    if (sub !== undefined && STREAMED.has(sub)) return this.streamed(call, route, sub);
    const rendering = this.rendering(call, route);
    if ('refused' in rendering) return rendering;
    if (sub === 'token' && route.on.kind.id === 'core.serviceaccounts') return this.token(call, route, rendering);
    if (route.verb === 'get') return this.get(call, route, rendering);
    if (route.verb === 'list' || route.verb === 'watch') return this.listOrWatch(call, route, rendering);
    const mayCreate = this.may(call.user, { ...info, verb: 'create' });
    const { backend } = this.options;
    return write({ backend, route, query: call.query, request: call.request, user: call.user, rendering, mayCreate });
  }

  private rendering({ request, query, past }: Call, route: Route): Rendering | HttpRefusal {
    const on = route.verb === 'watch' ? 'watch' : route.verb === 'list' ? 'collection' : 'object';
    const form = negotiate(this.asked(request, query, { on, hasTable: !NO_TABLE.has(route.subresource?.name ?? '') }));
    if ('refused' in form) return form;
    const include = form.as === 'Table' ? includeObject(query.get('includeObject')) : 'Metadata';
    if (typeof include !== 'string') return include;
    return { form, include, now: past?.now ?? this.options.backend.now() };
  }
  private asked({ headers }: AnyRequest, query: Query, kind: Pick<Asked, 'on' | 'hasTable'>): Asked {
    const accept = headers.accept ?? '';
    return { accept, pretty: query.get('pretty'), userAgent: headers['user-agent'] ?? '', ...kind };
  }

  private async get({ query, past }: Call, route: Route, rendering: Rendering): Promise<Answer | HttpRefusal> {
    const view = past ? await this.options.backend.at(past.position) : await this.viewForGet(query.get('resourceVersion') ?? '');
    if (isRefusal(view)) return view;
    const object = view.get(route.on.kind.ref, route.namespace || undefined, route.name);
    if (!object) return notFoundQuoted(route);
    const { subresource } = route;
    if (subresource && subresource.kind !== route.on.kind.names.kind) return this.derived(view, object, { route, rendering });
    const json = objectJson(route.on, object, rendering);
    return typeof json === 'string' ? { code: 200, json, form: rendering.form } : json;
  }
  private async viewForGet(resourceVersion: string): Promise<View | Refusal> {
    const { backend } = this.options;
    if (resourceVersion === '') return backend.fresh();
    const version = versionOf(resourceVersion);
    if ('error' in version) return answers.internal(version.error);
    return (await tooNew(backend, version.value)) ?? backend.current();
  }
  /** A subresource that is another object (a Scale): what a change of nothing would answer. */
  private derived(view: View, object: KubeObject, { route, rendering }: { route: Route; rendering: Rendering }): Answer | HttpRefusal {
    const { backend } = this.options;
    const { on, namespace, name, subresource } = route;
    const decided = decideCommand(
      backend.kinds,
      {
        verb: 'patch',
        patchType: 'merge',
        kind: on.kind.id,
        apiVersion: on.apiVersion,
        ...(namespace !== '' && { namespace }),
        name,
        subresource: subresource?.name ?? '',
        body: {},
        options: { dryRun: true },
        actor: { name: 'system:apiserver', groups: ['system:masters'] },
        via: 'read',
        correlationId: '',
      },
      view,
      { now: rendering.now, uid: '' },
    );
    if (isRefusal(decided)) return decided;
    if (!decided.response) return answers.noSuchResource;
    return { code: 200, json: responseJson(decided.response, object), form: { ...rendering.form, as: undefined } };
  }

  private async listOrWatch(call: Call, route: Route, rendering: Rendering): Promise<Answer | HttpRefusal | undefined> {
    const { query, past, response } = call;
    const { backend } = this.options;
    const isWatch = route.verb === 'watch';
    const options = listOptions(route.on, query, isWatch);
    if ('refused' in options) return options;
    if (!past) {
      if (!isWatch) return list(backend, route, options, rendering);
      return watch({ backend, route, options, rendering, response });
    }
    const view = await backend.at(past.position);
    if (isRefusal(view)) return view;
    if (!isWatch) return listAt(view, route, options, rendering);
    watchAt(view, { route, options, rendering, response });
    return undefined;
  }

  private async token({ request, query, user }: Call, route: Route, rendering: Rendering): Promise<Answer | HttpRefusal> {
    const { backend, keys } = this.options;
    const media = bodyMedia(request.headers['content-type']);
    if (typeof media !== 'string') return media;
    const bytes = await readBytes(request);
    if ('refused' in bytes) return bytes;
    const parsed = parseObject(bytes, media, schemaFor(route.on.kind, route.on, 'token'));
    if ('refused' in parsed) return parsed;
    const view = await backend.fresh();
    if (isRefusal(view)) return view;
    const { namespace, name } = route;
    const fieldManager = managerOf(query.get('fieldManager') ?? '', userAgent(request));
    const given = { keys, issuer: this.issuer, view, now: backend.now(), id: backend.uid() };
    const wanted = writeOptions('CreateOptions', query);
    if ('refused' in wanted) return wanted;
    const read = readTokenRequest(parsed, { fieldValidation: wanted.fieldValidation, kinds: backend.kinds, kind: route.on.kind, user });
    if ('refused' in read) return read;
    const made = await requestToken({ ...given, namespace, name, body: parsed.value, request: read.object, fieldManager });
    return isRefusal(made) ? made : { code: 201, json: JSON.stringify(made), form: { ...rendering.form, as: undefined }, warnings: read.warnings };
  }

  /** Logs, and what else is a stream of bytes to and from a node. */
  private async streamed(call: Call, route: Route, sub: string): Promise<HttpRefusal | Answer | undefined> {
    const { backend } = this.options;
    if (call.past) return notInThePast(sub === 'log' ? 'a log' : sub);
    if (sub === 'log') return podLog(backend, route, call.query, call.response);
    const view = await backend.fresh();
    if (isRefusal(view)) return view;
    if (sub === 'proxy') return this.proxied(call, route, view);
    const object = view.get(route.on.kind.ref, route.namespace || undefined, route.name);
    if (!object) return notFoundQuoted(route);
    const nodeName = (object['spec'] as { readonly nodeName?: string } | undefined)?.nodeName;
    if (!nodeName) return answers.badRequest(`pod ${route.name} does not have a host assigned`);
    const message = `${route.on.kind.names.plural}/${sub} cannot be reached: no byte stream to it is open on this server`;
    return { refused: true, code: 503, reason: 'ServiceUnavailable', message };
  }

  private async proxied({ request, response, query }: Call, route: Route, view: View): Promise<HttpRefusal | Answer | undefined> {
    const target = proxyTarget(view, route.on.kind.names.plural, route.namespace, route.name);
    if ('refused' in target) return target;
    const search = query.raw === '' ? '' : `?${query.raw}`;
    if (route.rest === '' && (request.method === 'GET' || request.method === 'HEAD')) {
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      return { code: 301, text: '', headers: { Location: `${path}/${search}` } };
    }
    return forward(target, `${route.rest === '' ? '/' : encodeURI(route.rest)}${search}`, request, response);
  }
}

function isDiscovery({ isResource, method, path }: RequestInfo): boolean {
  return !isResource && method === 'GET' && /^\/(api|apis|openapi)(\/|$)/.test(path);
}

const STREAMED = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);
const NO_TABLE = new Set(['scale', 'approval', 'binding', 'eviction', 'token']);

function wrongName(name: string): HttpRefusal | undefined {
  const why =
    name === '.' || name === '..' ? `may not be '${name}'` : name.includes('/') ? "may not contain '/'" : name.includes('%') ? "may not contain '%'" : undefined;
  return why === undefined ? undefined : answers.badRequest(`Name parameter invalid: ${goQuote(name)}: ${why}`);
}
function notFoundQuoted(route: Route): HttpRefusal {
  const refusal = notFound(route);
  const message = refusal.message.replace(`"${route.name}"`, () => goQuote(route.name));
  return { ...refusal, message, details: { ...refusal.details, name: route.name.toWellFormed() } };
}
function errorForm({ headers }: AnyRequest, query: Query): OutputForm {
  const { accept = '', 'user-agent': agent = '' } = headers;
  const form = negotiate({ accept, pretty: query.get('pretty'), userAgent: agent, on: 'object', hasTable: true });
  return 'refused' in form ? PLAIN_JSON : { ...form, as: undefined };
}
function internalError(cause: unknown): HttpRefusal {
  const message = cause instanceof Error ? cause.message : String(cause);
  return {
    refused: true,
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${message}`,
    details: { causes: [{ message }] },
  };
}
export type { Instant };

import type { PastCluster } from '#engine';
import { accessPolicy } from '#kinds';
import { accessForbidden, isRefusal, type Kind } from '#model';
import type { Askers, AuditLog, Authorizer, Keys } from '#ports';
import { parseDuration, type Instant, type JsonObject } from '#std';
import { isGone, refusalAnswer, sendAnswer, type Answer, type AnyResponse, type Rendering } from './answer.js';
import type { Aggregator } from './aggregation/index.js';
import { forwarded, remoteOfPage, routeIn, type Remote } from './aggregation/remote-routes.js';
import { Auditor } from './audit/auditor.js';
import type { AuditPolicy } from './audit/policy.js';
import { Authenticator, type AnyRequest } from './authenticate.js';
import { impersonated, type Access } from './authorize.js';
import type { Backend } from './backend.js';
import { breakOff } from './break-off.js';
import { ClientGone } from './body/request-body.js';
import { faultAnswer, wrongName, type Call, type OnFault } from './call.js';
import { get } from './gets.js';
import { CostlyWork, LONG_QUERY_CHARACTERS } from './costly-work.js';
import { listOptions, type ListOptions } from './list-options.js';
import { list, listAt } from './lists.js';
import { Metrics } from './metrics.js';
import { negotiate, PLAIN_JSON, type Asked, type OutputForm } from './negotiate.js';
import { page, type Pages } from './pages.js';
import { percentDecoded, Query } from './query.js';
import { outOfBounds } from './request-bounds.js';
import { REQUEST_LIMITS, RequestsUnderWay, type RequestLimits } from './request-limits.js';
import { objectHistory, objectWhy } from './object-history.js';
import { OBJECT_HISTORY, OBJECT_WHY, isDiscovery, requestInfo } from './request-info.js';
import type { Route } from './routes.js';
import { serverAskers } from './server-askers.js';
import { ServedKinds, type Served } from './served-kinds.js';
import { answers, type HttpRefusal } from './status.js';
import { streamed, STREAMED } from './streams.js';
import { includeObject } from './table.js';
import { momentOf, travels, unchangeable } from './time-travel.js';
import { missingInThePast } from './unlogged.js';
import { watch, watchAt } from './watch.js';
import { upgradable, type Upgrade } from './websocket.js';
import { write } from './writes.js';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

export interface ApiOptions {
  readonly backend: Backend;
  readonly keys: Pick<Keys, 'verifyToken' | 'signToken' | 'jwks'>;
  /** `host:port` that clients reach this server under. */
  readonly address: string;
  readonly issuer?: string;
  /** What `/version` says. */
  readonly version?: JsonObject;
  readonly authorizer?: Authorizer;
  /** Where audit events go; undefined keeps none. */
  readonly audit?: AuditLog;
  /** What is kept of which request; undefined: all that is more than a plain read of what is no secret, without bodies. */
  readonly auditPolicy?: AuditPolicy | undefined;
  readonly onFault?: OnFault;
  readonly limits?: RequestLimits;
  /** Serves the group versions of aggregated servers; without it they are unavailable. */
  readonly aggregator?: Aggregator;
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
  /** A request that asks for another protocol: the server's event of that name. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export function createApi(options: ApiOptions): Api {
  return new KubernetesApi(options);
}

class KubernetesApi implements Api {
  private readonly served: ServedKinds;
  private readonly pages: Omit<Pages, 'discovery' | 'openApi'>;
  private readonly authenticator: Authenticator;
  private readonly authorizer: Authorizer;
  private readonly askers: Askers;
  private readonly costly = new CostlyWork();
  private readonly issuer: string;
  private readonly underWay: RequestsUnderWay;
  private readonly metrics: Metrics;
  private readonly auditor: Auditor;

  constructor(private readonly options: ApiOptions) {
    const { backend, keys, address, audit } = options;
    this.auditor = new Auditor({
      log: audit,
      policy: options.auditPolicy,
      kinds: () => backend.kinds.at(backend.current()),
      now: () => backend.now(),
    });
    this.issuer = options.issuer ?? DEFAULT_ISSUER;
    const version = options.version ?? VERSION;
    this.served = new ServedKinds(backend.kinds, { address, version: String(version['gitVersion'] ?? '') });
    this.metrics = new Metrics(audit, (info) => this.served.at(backend.current()).routes.serves(info));
    this.pages = {
      isBuiltIn: (group) => this.served.isBuiltIn(group),
      version,
      issuer: this.issuer,
      address,
      jwks: () => keys.jwks(),
      logProblem: () => backend.problem(),
      metrics: async () => ({ code: 200, text: await this.metrics.text(), type: this.metrics.contentType }),
    };
    this.authenticator = new Authenticator({
      keys,
      issuer: this.issuer,
      current: () => backend.current(),
      now: () => backend.now(),
    });
    this.authorizer = options.authorizer ?? accessPolicy;
    this.underWay = new RequestsUnderWay(options.limits ?? REQUEST_LIMITS);
    this.askers = serverAskers({
      ...{ authorizer: this.authorizer, authenticator: this.authenticator, keys, issuer: this.issuer },
      current: () => backend.current(),
      onFault: options.onFault,
    });
  }

  /** What a user may do now: also reads of the past are allowed by the roles of today. */
  private readonly access: Access = (user, asked) =>
    this.authorizer.authorize(user, asked, this.options.backend.current());

  handle(request: AnyRequest, response: AnyResponse): void {
    this.serve(request, response, undefined);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { response, upgrade } = upgradable(request, socket, head);
    this.serve(request, response, upgrade);
  }

  private serve(request: AnyRequest, response: AnyResponse, upgrade: Upgrade | undefined): void {
    response.on('error', () => undefined);
    // Before anything of it is kept.
    const refused = outOfBounds(request);
    if (refused) return void sendAnswer(response, refusalAnswer(refused));
    const trail = this.auditor.begin(request, response);
    this.answer(request, response, { upgrade, trail }).catch((cause: unknown) => {
      if (cause instanceof ClientGone) return;
      const answer = faultAnswer(cause, this.options.onFault);
      this.auditor.end(trail, request, { code: answer.code });
      if (response.headersSent) breakOff(response);
      else void sendAnswer(response, refusalAnswer(answer));
    });
  }

  private async answer(
    request: AnyRequest,
    response: AnyResponse,
    { upgrade, trail }: Pick<Call, 'upgrade' | 'trail'>,
  ): Promise<void> {
    const cameAt = performance.now();
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const rawPath = mark < 0 ? url : url.slice(0, mark);
    const query = new Query(mark < 0 ? '' : url.slice(mark + 1));
    const travel = travels(rawPath);
    const path = percentDecoded(travel?.rest ?? rawPath);
    if (path === undefined) return sendAnswer(response, { code: 400, text: '400 Bad Request' });
    const info = requestInfo(request.method ?? 'GET', path, query);
    trail.info = info;
    const outcome = await this.admitted(request, response, { info, query, moment: travel?.moment, upgrade, trail });
    if (outcome === undefined) {
      this.auditor.goesOn(trail, request, response);
      return this.metrics.count(info, 200);
    }
    const answer = 'refused' in outcome ? refusalAnswer(outcome, errorForm(request, query)) : outcome;
    this.auditor.end(trail, request, { ...outcome, ...answer });
    this.metrics.count(info, answer.code, cameAt);
    await sendAnswer(response, answer);
  }

  /** Who asks, may they, and when is it about. Undefined: the answer is on its way already. */
  private async admitted(
    request: AnyRequest,
    response: AnyResponse,
    asked: Pick<Call, 'info' | 'query' | 'upgrade' | 'trail'> & { readonly moment: string | undefined },
  ): Promise<Answer | HttpRefusal | undefined> {
    const { info, query, moment, upgrade, trail } = asked;
    const who = this.authenticator.sender(request);
    let user = who instanceof Promise ? await who : who;
    if ('refused' in user) return user;
    this.auditor.authenticated(trail, request, user);
    const other = impersonated(user, request.headers, this.access);
    if (other && 'refused' in other) return other;
    if (other) trail.impersonated = user = other;
    const timeout = query.get('timeout');
    if (timeout && info.verb !== 'watch') {
      const parsed = parseDuration(timeout);
      if ('error' in parsed)
        return answers.badRequest(`invalid timeout specified in the request URL - ${parsed.error}`);
    }
    const verdict = this.access(user, info);
    trail.verdict = verdict;
    if (!verdict.allowed) return accessForbidden(user, info, verdict.reason);
    if (isGone(response)) throw new ClientGone();
    const tooMany = this.underWay.begin(user, info, { until: upgrade?.socket ?? response });
    if (tooMany) return tooMany;
    const past = moment === undefined ? undefined : await momentOf(moment, this.options.backend);
    // kubectl reads discovery first and does not show why that failed: the refusal comes with the first real question.
    if (past && 'refused' in past && !isDiscovery(info)) return past;
    const when = past && 'refused' in past ? undefined : past;
    const call: Call = { request, response, info, query, user, trail, past: when, upgrade };
    if (info.path.startsWith('//')) return answers.noSuchPage;
    return info.isResource ? this.resource(call) : this.page(call);
  }

  private async page(call: Call): Promise<Answer | HttpRefusal | undefined> {
    const { request, info, query, past } = call;
    if (past && info.method !== 'GET' && info.method !== 'HEAD') return unchangeable;
    const asked = this.asked(request, query, { on: 'object', hasTable: false });
    const ifNoneMatch = request.headers['if-none-match'];
    const then = past && (await this.options.backend.at(past.position));
    // As with a moment that is not understood: the refusal comes with the first real question.
    const isToday = then === undefined || isRefusal(then);
    const served = isToday ? this.servedNow() : await this.servedAt(then);
    const remote = remoteOfPage(served, info);
    if (remote) return forwarded(this.options.aggregator, call, remote);
    const { discovery, openApi: local, groups } = served;
    const openApi = (isToday && this.options.aggregator?.openApi(local, groups)) || local;
    return page({ ...this.pages, discovery, openApi }, { info, asked, query, ifNoneMatch });
  }

  private async resource(call: Call): Promise<Answer | HttpRefusal | undefined> {
    const route = await this.routeOf(call);
    if ('refused' in route) return route;
    if ('remote' in route) return forwarded(this.options.aggregator, call, route.remote);
    const answer = await this.routed(call, route);
    const { deprecation } = route.on;
    // A body of a type that nobody reads, an answer that nobody writes: refused before it is known what it is about.
    if (answer === undefined || deprecation === undefined || answer.code === 415 || answer.code === 406) return answer;
    return { ...answer, warnings: [deprecation, ...(answer.warnings ?? [])] };
  }

  /**
   * A path that no kind has: the kind may have been defined elsewhere a moment ago, so it is searched once more in a view that
   * has passed the head of the log. A group that is built in has no other kinds.
   */
  private async routeOf({ info, past }: Call): Promise<Route | HttpRefusal | Remote> {
    const { backend } = this.options;
    const then = past && (await backend.at(past.position));
    if (then && isRefusal(then)) return then;
    const route = routeIn(then ? await this.servedAt(then) : this.servedNow(), info);
    if (!('refused' in route) || this.served.isBuiltIn(info.group)) return route;
    const fresh = then ? undefined : await backend.fresh();
    if (fresh && isRefusal(fresh)) return fresh;
    const found = fresh ? routeIn(this.served.at(fresh), info) : route;
    // What no definition serves has no page at all.
    return 'refused' in found && found.code === 404 && info.subresource === '' ? answers.noSuchPage : found;
  }

  private servedNow(): Served {
    return this.served.at(this.options.backend.current(), this.options.aggregator?.remote);
  }
  private servedAt(then: PastCluster): Promise<Served> {
    return then.look((view) => this.served.at(view));
  }

  private async routed(call: Call, route: Route): Promise<Answer | HttpRefusal | undefined> {
    const { info, past } = call;
    const isRead = route.verb === 'get' || route.verb === 'list' || route.verb === 'watch';
    if (past && !isRead) return unchangeable;
    const hidden = past && route.on.kind.sealed.length > 0 ? this.historyForbidden(call) : undefined;
    if (hidden) return hidden;
    const wrong = route.name === '' || route.verb === 'create' ? undefined : wrongName(route.name);
    if (wrong) return wrong;
    const sub = route.subresource?.name;
    if (sub !== undefined && STREAMED.has(sub)) return streamed(this.options.backend, call, route, sub);
    if (route.subresource?.isOwn && (sub === OBJECT_HISTORY || sub === OBJECT_WHY)) return this.told(call, route, sub);
    const rendering = this.rendering(call, route);
    if ('refused' in rendering) return rendering;
    if (route.verb === 'get') return get(this.options.backend, call, route, rendering);
    if (route.verb === 'list' || route.verb === 'watch') return this.listOrWatch(call, route, rendering);
    const { query, request, user, trail } = call;
    const mayCreate = this.access(user, { ...info, verb: 'create' }).allowed;
    const { askers, costly } = this;
    return write({
      backend: this.options.backend,
      askers,
      costly,
      route,
      query,
      request,
      user,
      trail,
      rendering,
      mayCreate,
      mayRead: (version) => this.versionForbidden(call, route, version),
    });
  }

  /** What happened to an object and why takes `get` on its subresource `history`, of the objects in a chain of causes too. */
  private told(call: Call, route: Route, sub: string): Promise<Answer | HttpRefusal> | HttpRefusal {
    const { info, user } = call;
    const hidden = this.historyForbidden(call);
    if (hidden) return hidden;
    const maySee = ({ names }: Kind, namespace: string | undefined, name: string): boolean => {
      const { group, version, plural: resource } = names;
      const of = { group, version, resource, namespace: namespace ?? '', name };
      return this.access(user, { ...info, verb: 'get', subresource: OBJECT_HISTORY, ...of }).allowed;
    };
    const { backend } = this.options;
    return sub === OBJECT_WHY ? objectWhy(backend, call, route, maySee) : objectHistory(backend, call, route);
  }

  /** Who may read Secrets need not read what they once were: that is `get` on their subresource `history`. */
  private historyForbidden({ info, user }: Call): HttpRefusal | undefined {
    const asked = { ...info, verb: 'get', subresource: 'history' };
    const verdict = this.access(user, asked);
    return verdict.allowed ? undefined : accessForbidden(user, asked, verdict.reason);
  }

  /**
   * The same rule for a version that is read by its number, in a watch or a list. Where Kubernetes would have it still, five
   * minutes, it is none of history; beyond that, a caller without the right gets what Kubernetes answers, and lists again.
   */
  private versionForbidden(call: Call, { on: { kind } }: Route, version: number): HttpRefusal | undefined {
    if (kind.sealed.length === 0 || !this.options.backend.isPast(kind.id, version)) return undefined;
    const forbidden = this.historyForbidden(call);
    const right = `"get" on "${kind.names.plural}/history"`;
    return forbidden && answers.expired(`too old resource version: ${version}; reading older ones takes ${right}`);
  }

  private rendering({ request, query, past }: Call, route: Route): Rendering | HttpRefusal {
    const on = route.verb === 'watch' ? 'watch' : route.verb === 'list' ? 'collection' : 'object';
    const { isVirtual, name = '' } = route.subresource ?? { isVirtual: route.on.kind.isVirtual };
    // What is never stored is never listed: it has no columns.
    const hasTable = isVirtual !== true && !NO_TABLE.has(name);
    const form = negotiate(this.asked(request, query, { on, hasTable }));
    if ('refused' in form) return form;
    const now = (): Instant => past?.now ?? this.options.backend.now();
    const include = form.as === 'Table' ? includeObject(query.get('includeObject')) : 'Metadata';
    return typeof include === 'string' ? { form, include, now } : { form, include: 'Metadata', now, refusal: include };
  }
  private asked({ headers }: AnyRequest, query: Query, kind: Pick<Asked, 'on' | 'hasTable'>): Asked {
    const accept = headers.accept ?? '';
    return { accept, pretty: query.get('pretty'), userAgent: headers['user-agent'] ?? '', ...kind };
  }

  private async listOrWatch(call: Call, route: Route, rendering: Rendering): Promise<Answer | HttpRefusal | undefined> {
    const { past, response } = call;
    const { backend } = this.options;
    const { deprecation } = route.on;
    const warnings = deprecation === undefined ? [] : [deprecation];
    const isWatch = route.verb === 'watch';
    const options = await this.listOptions(call, route);
    if ('refused' in options) return options;
    if (isWatch && rendering.refusal) return rendering.refusal;
    if (!past) {
      const own = { ...options, mayRead: (version: number) => this.versionForbidden(call, route, version) };
      if (!isWatch) return list(backend, route, own, rendering);
      const { onFault } = this.options;
      return watch({ backend, route, options: own, rendering, response, warnings, onFault });
    }
    const then = await backend.at(past.position);
    if (isRefusal(then)) return then;
    if (!isWatch) return listAt({ backend, then }, route, options, rendering);
    const missing = await then.look((view) => missingInThePast(route, view));
    const { onFault } = this.options;
    void watchAt(then, { backend, route, options, rendering, response, warnings: [...warnings, ...missing], onFault });
    return undefined;
  }

  /** Selectors of many requirements are costly work like large bodies. */
  private async listOptions({ request, query, user }: Call, { on, verb }: Route): Promise<ListOptions | HttpRefusal> {
    const isWatch = verb === 'watch';
    if ((request.url ?? '').length < LONG_QUERY_CHARACTERS) return listOptions(on, query, isWatch);
    const work = await this.costly.enter(user.name, { isCostly: true, timeout: query.get('timeout') });
    if (isRefusal(work)) return work;
    return work.step(() => listOptions(on, query, isWatch)).finally(() => work.end());
  }
}

const NO_TABLE = new Set(['approval', 'binding', 'eviction']);

function errorForm({ headers }: AnyRequest, query: Query): OutputForm {
  const { accept = '', 'user-agent': agent = '' } = headers;
  const form = negotiate({ accept, pretty: query.get('pretty'), userAgent: agent, on: 'object', hasTable: true });
  return 'refused' in form ? PLAIN_JSON : { ...form, as: undefined };
}

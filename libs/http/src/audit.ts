import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { boundedUser, cut } from '#engine';
import type { AccessVerdict, KindRegistry, RequestOrigin, UserInfo } from '#model';
import type { AuditLog, AuditSeries } from '#ports';
import type { Instant, JsonObject } from '#std';
import { isGone, type AnyResponse } from './answer.js';
import type { AnyRequest } from './authenticate.js';
import type { RequestInfo } from './request-info.js';
import { CONNECTING } from './streams.js';
import { ANONYMOUS } from './users.js';

/** What is known of a request while it is served; filled in on its way. */
export interface Trail {
  readonly auditId: string;
  readonly received: Instant;
  readonly source: string | undefined;
  info?: RequestInfo;
  /** Who the connection or the token belongs to. */
  authenticated?: UserInfo;
  /** Who that user asked to be taken for. */
  impersonated?: UserInfo;
  verdict?: AccessVerdict;
}

/** How a request ended. */
export interface Outcome {
  readonly code: number;
  readonly reason?: string;
  readonly message?: string;
  /** The object that a write was about, whose name a create's path does not have. */
  readonly about?: { readonly name: string; readonly uid?: string };
}

interface Ended extends Outcome {
  readonly stage?: 'ResponseStarted' | 'ResponseComplete';
  readonly at: Instant;
}

export interface AuditorOptions {
  readonly log: AuditLog | undefined;
  /** The kinds of the newest view. */
  readonly kinds: () => KindRegistry;
  readonly now: () => Instant;
}

const ID_MAX = 64;
const AGENT_MAX = 512;
const PATH_MAX = 1024;
const URI_MAX = 2048;
const MESSAGE_MAX = 512;
const SOURCES_MAX = 8;
const READS = new Set(['get', 'list', 'watch']);

/** Gives each request its audit id, and writes the audit events of those that are more than a plain read. */
export class Auditor {
  constructor(private readonly options: AuditorOptions) {}

  /** Begins a request. The answer carries its audit id: the client's own if it sent one, as in Kubernetes. */
  begin(request: AnyRequest, response: AnyResponse): Trail {
    const own = request.headers['audit-id'];
    const auditId = typeof own === 'string' && /^[!-~]+$/.test(own) ? own.slice(0, ID_MAX) : randomUUID();
    response.setHeader('Audit-Id', auditId);
    const source = request.socket.remoteAddress;
    return { auditId, received: this.options.now(), source };
  }

  /** An answer goes on for as long as the client likes: its start is written now, its end when the connection ends. */
  goesOn(trail: Trail, request: AnyRequest, response: AnyResponse): void {
    if (!this.isKept(trail, 200)) return;
    const isHttp = response.headersSent;
    const code = isHttp ? response.statusCode : 101;
    this.write('audit', eventOf(trail, request, { code, stage: 'ResponseStarted', at: this.options.now() }));
    const end = (): void => this.write('audit', eventOf(trail, request, { code, at: this.options.now() }));
    // What went on in another protocol has left its response.
    const isOver = isHttp ? isGone(response) : request.socket.destroyed;
    if (isOver) end();
    else if (isHttp) response.once('close', end);
    else request.socket.once('close', end);
  }

  end(trail: Trail, request: AnyRequest, outcome: Outcome): void {
    if (!this.isKept(trail, outcome.code)) return;
    const isRefused = outcome.code === 401 || outcome.code === 403;
    this.write(isRefused ? 'refused' : 'audit', eventOf(trail, request, { ...outcome, at: this.options.now() }));
  }

  /** Everything but plain reads of what is no secret. */
  private isKept({ info, impersonated }: Trail, code: number): boolean {
    if (this.options.log === undefined || info === undefined) return false;
    if (code === 401 || code === 403 || impersonated !== undefined) return true;
    if (!info.isResource) return info.method !== 'GET' && info.method !== 'HEAD';
    if (!READS.has(info.verb) || CONNECTING.has(info.subresource)) return true;
    return (this.options.kinds().byResource(info.group, info.version, info.resource)?.sealed ?? []).length > 0;
  }

  private write(series: AuditSeries, event: JsonObject | undefined): void {
    if (event) this.options.log?.write(series, event);
  }
}

function eventOf(trail: Trail, request: AnyRequest, ended: Ended): JsonObject | undefined {
  const { info, authenticated = ANONYMOUS, impersonated, verdict, auditId, received, source } = trail;
  if (info === undefined) return undefined;
  const { code, stage = 'ResponseComplete', at } = ended;
  const event = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: auditId,
    stage,
    requestURI: uriOf(request.url ?? '/', info),
    verb: info.verb,
    user: userOf(code === 401 ? ANONYMOUS : authenticated),
    ...(impersonated && { impersonatedUser: userOf(impersonated) }),
    sourceIPs: sourcesOf(request, source),
    userAgent: cut(request.headers['user-agent'] ?? '', AGENT_MAX),
    ...(info.isResource && { objectRef: referenceOf(info, ended) }),
    responseStatus: statusOf(ended),
    requestReceivedTimestamp: microTime(received),
    stageTimestamp: microTime(at),
    ...(verdict && {
      annotations: {
        'authorization.k8s.io/decision': verdict.allowed ? 'allow' : 'forbid',
        'authorization.k8s.io/reason': verdict.reason,
      },
    }),
  };
  return event as unknown as JsonObject;
}

/** What the event of a write says of its request. */
export function originOf({ auditId, source }: Trail, request: AnyRequest): RequestOrigin {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  return { auditId, verb: request.method ?? 'GET', path: cut(path, PATH_MAX), ...(source !== undefined && { source }) };
}

function userOf(user: UserInfo): JsonObject {
  const { uid, groups, extra, isCut } = boundedUser(user);
  return {
    username: cut(user.name, AGENT_MAX),
    ...(uid && { uid }),
    ...(groups && { groups }),
    ...(extra && { extra }),
    ...(isCut && { extra: { ...extra, 'shiplog.io/cut': ['true'] } }),
  } as JsonObject;
}

/** Parameters of the API itself. Others may be anything, a token too: of them only the name is kept. */
const KNOWN = new Set(
  (
    'allowWatchBookmarks container continue dryRun fieldManager fieldSelector fieldValidation follow force ' +
    'gracePeriodSeconds ignoreStoreReadErrorWithClusterBreakingPotential labelSelector limit limitBytes orphanDependents ' +
    'ports pretty previous propagationPolicy resourceVersion resourceVersionMatch sendInitialEvents sinceSeconds sinceTime ' +
    'stderr stdin stdout stream tailLines timeout timeoutSeconds timestamps tty watch'
  ).split(' '),
);
/** The program of an exec is kept, its arguments are not: they may hold passwords. */
const PROGRAM = 'command';

function uriOf(url: string, { subresource }: RequestInfo): string {
  const mark = url.indexOf('?');
  if (mark < 0) return cut(url, URI_MAX);
  let isProgramKept = false;
  const pairs = url
    .slice(mark + 1, mark + 1 + 4 * URI_MAX)
    .split('&')
    .map((pair) => {
      const name = pair.split('=', 1)[0] ?? '';
      const isFirst = name === PROGRAM && !isProgramKept;
      isProgramKept ||= isFirst;
      return subresource !== 'proxy' && (KNOWN.has(name) || isFirst) ? pair : `${name}=…`;
    });
  return cut(`${cut(url.slice(0, mark), PATH_MAX)}?${pairs.join('&')}`, URI_MAX);
}

function referenceOf(info: RequestInfo, { about }: Outcome): JsonObject {
  const { resource, namespace, group, version, subresource } = info;
  const name = info.name || about?.name;
  return {
    resource: cut(resource, AGENT_MAX),
    ...(namespace && { namespace: cut(namespace, AGENT_MAX) }),
    ...(name && { name: cut(name, AGENT_MAX) }),
    ...(about?.uid && { uid: about.uid }),
    ...(group && { apiGroup: cut(group, AGENT_MAX) }),
    apiVersion: cut(version, AGENT_MAX),
    ...(subresource && { subresource: cut(subresource, AGENT_MAX) }),
  };
}

function statusOf({ code, reason, message }: Outcome): JsonObject {
  if (code < 400) return { metadata: {}, code };
  const text = message && { message: cut(message, MESSAGE_MAX) };
  return { metadata: {}, status: 'Failure', ...text, ...(reason && { reason }), code };
}

/** The proxies that a request says it came through, then the peer itself: as Kubernetes lists them. */
function sourcesOf({ headers }: AnyRequest, source: string | undefined): readonly string[] {
  const forwarded = [headers['x-forwarded-for'], headers['x-real-ip']].flatMap((value) =>
    typeof value === 'string' ? value.slice(0, AGENT_MAX).split(',') : [],
  );
  const addresses = forwarded.map((text) => text.trim()).filter((text) => isIP(text) !== 0);
  return [...new Set([...addresses.slice(0, SOURCES_MAX), ...(source === undefined ? [] : [source])])];
}

function microTime(instant: Instant): string {
  return new Date(instant).toISOString().replace('Z', '000Z');
}

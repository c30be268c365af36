import { isIP } from 'node:net';
import { boundedUser, cut } from '#engine';
import type { UserInfo } from '#model';
import { isJsonObject, type Instant, type Json, type JsonObject } from '#std';
import type { AnyRequest } from '../authenticate.js';
import type { RequestInfo } from '../request-info.js';
import { ANONYMOUS } from '../users.js';
import { keeps, type AuditLevel, type AuditStage } from './policy.js';
import { KEPT_LENGTH_MAX, type Outcome, type Trail } from './trail.js';

/** One stage of a request, and how much of it is kept. */
export interface Staged {
  readonly stage: AuditStage;
  readonly at: Instant;
  readonly level: AuditLevel;
  readonly omitManagedFields: boolean;
  /** Undefined before there is one. */
  readonly outcome: Outcome | undefined;
}

const AGENT_MAX = 512;
const PATH_MAX = 1024;
const URI_MAX = 2048;
const MESSAGE_MAX = 512;
const SOURCES_MAX = 8;

/** One line of the audit: `audit.k8s.io/v1`, `Event`. */
export function auditEvent(trail: Trail, info: RequestInfo, request: AnyRequest, staged: Staged): JsonObject {
  const { authenticated = ANONYMOUS, impersonated, auditId, received, source } = trail;
  const { level, stage, at, outcome } = staged;
  const bodies = bodiesOf(trail, staged);
  const annotations = annotationsOf(trail, bodies);
  const event = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID: auditId,
    stage,
    requestURI: uriOf(request.url ?? '/', info),
    verb: info.verb,
    user: userOf(outcome?.code === 401 ? ANONYMOUS : authenticated),
    ...(impersonated && { impersonatedUser: userOf(impersonated) }),
    sourceIPs: sourcesOf(request, source),
    userAgent: cut(request.headers['user-agent'] ?? '', AGENT_MAX),
    ...(info.isResource && { objectRef: referenceOf(info, outcome) }),
    ...(outcome && { responseStatus: statusOf(outcome) }),
    ...bodies.objects,
    requestReceivedTimestamp: microTime(received),
    stageTimestamp: microTime(at),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
  return event as unknown as JsonObject;
}

interface Bodies {
  readonly objects: { readonly requestObject?: Json; readonly responseObject?: Json };
  readonly isTruncated: boolean;
}

/** The body and the answer, as far as they are kept. A line with one that is too large says so, as Kubernetes' do. */
function bodiesOf({ requestObject, isTruncated = false }: Trail, staged: Staged): Bodies {
  const { level, stage, omitManagedFields, outcome } = staged;
  if (stage === 'RequestReceived' || !keeps(level, 'Request')) return { objects: {}, isTruncated: false };
  const shown = (object: Json): Json => (omitManagedFields ? withoutManagers(object) : object);
  const asked = requestObject === undefined ? {} : { requestObject: shown(requestObject) };
  const { json } = outcome ?? {};
  if (json === undefined || !keeps(level, 'RequestResponse')) return { objects: asked, isTruncated };
  if (json.length > KEPT_LENGTH_MAX) return { objects: asked, isTruncated: true };
  return { objects: { ...asked, responseObject: shown(JSON.parse(json) as Json) }, isTruncated };
}

function withoutManagers(object: Json): Json {
  if (!isJsonObject(object)) return object;
  const { metadata, items } = object;
  if (Array.isArray(items)) return { ...object, items: items.map(withoutManagers) };
  if (!isJsonObject(metadata)) return object;
  const { managedFields: _left, ...rest } = metadata;
  return { ...object, metadata: rest };
}

function annotationsOf({ verdict, annotations }: Trail, { isTruncated }: Bodies): JsonObject {
  return {
    ...annotations,
    ...(verdict && {
      'authorization.k8s.io/decision': verdict.allowed ? 'allow' : 'forbid',
      'authorization.k8s.io/reason': verdict.reason,
    }),
    ...(isTruncated && { 'audit.k8s.io/truncated': 'true' }),
  };
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

function referenceOf(info: RequestInfo, outcome: Outcome | undefined): JsonObject {
  const { resource, namespace, group, version, subresource } = info;
  const about = outcome?.about;
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

import { parseFieldSelector } from '#meta';
import type { FieldRequirement } from '#model';
import type { Query } from './query.js';

/** What a request is about, read off method, path and query alone: authorisation and routing work on this. */
export interface RequestInfo {
  /** The decoded path without the query. */
  readonly path: string;
  readonly method: string;
  /** `list`, `watch`, `create`, …; '' for a method that Kubernetes does not know. For other paths the method's own verb. */
  readonly verb: string;
  readonly isResource: boolean;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Requirements of the field selector of a list, watch or deletion of many by which a field equals a value. */
  readonly fields?: readonly FieldRequirement[];
  /** Everything after group and version. */
  readonly parts: readonly string[];
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
/** What may follow a namespace's name without being a kind of its own. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);
/** Of every object: what happened to it, and why it is as it is. Shiplog's own. */
export const OBJECT_HISTORY = 'history';
export const OBJECT_WHY = 'why';
const OWN_SUBRESOURCES = new Set([OBJECT_HISTORY, OBJECT_WHY]);

export function requestInfo(method: string, path: string, query: Query): RequestInfo {
  const segments = split(path);
  const isCore = segments[0] === 'api' && segments.length >= 3;
  const isGroup = segments[0] === 'apis' && segments.length >= 4;
  if (!isCore && !isGroup) {
    const none = { group: '', version: '', namespace: '', resource: '', subresource: '', name: '', parts: segments };
    return { path, method, verb: method.toLowerCase(), isResource: false, ...none };
  }
  const group = isCore ? '' : (segments[1] as string);
  const version = segments[isCore ? 1 : 2] as string;
  let parts = segments.slice(isCore ? 2 : 3);
  const isWatchPath = parts[0] === 'watch' && parts.length > 1;
  if (isWatchPath) parts = parts.slice(1);
  let verb = isWatchPath && method === 'GET' ? 'watch' : (VERBS[method] ?? '');
  let namespace = '';
  let rest = parts;
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] as string;
    const part = parts[2] ?? '';
    const isOfNamespace = NAMESPACE_SUBRESOURCES.has(part) || (isCore && OWN_SUBRESOURCES.has(part));
    if (parts.length > 2 && !isOfNamespace) rest = parts.slice(2);
  }
  let name = rest[1] ?? '';
  const fields = name === '' ? fieldsOf(query) : [];
  if (name === '' && (verb === 'get' || verb === 'watch')) {
    verb = verb === 'watch' || query.flag('watch') ? 'watch' : 'list';
    name = nameIn(fields);
  }
  if (name === '' && verb === 'delete') verb = 'deletecollection';
  return {
    path,
    method,
    verb,
    isResource: true,
    group,
    version,
    namespace,
    resource: rest[0] ?? '',
    subresource: rest[2] ?? '',
    name,
    ...(fields.length > 0 && { fields }),
    parts,
  };
}

/** Whether a request reads which API there is. */
export function isDiscovery({ isResource, method, path }: RequestInfo): boolean {
  return !isResource && method === 'GET' && /^\/(api|apis|openapi)(\/|$)/.test(path);
}

const SLASH = 0x2f;

/** `/api/v1/` and `/api/v1` are the same; inner empty segments are kept. */
export function split(path: string): string[] {
  let start = 0;
  let end = path.length;
  // Not a pattern: `/+$` would look at a run of slashes once for each of them.
  while (start < end && path.charCodeAt(start) === SLASH) start++;
  while (end > start && path.charCodeAt(end - 1) === SLASH) end--;
  return start === end ? [] : path.slice(start, end).split('/');
}

function fieldsOf(query: Query): readonly FieldRequirement[] {
  const selector = query.get('fieldSelector');
  if (!selector) return [];
  const terms = parseFieldSelector(selector);
  return terms.ok ? terms.value.filter(({ operator }) => operator !== '!=') : [];
}

/** A list or watch that is pinned to one name counts as a request for it. */
function nameIn(fields: readonly FieldRequirement[]): string {
  const term = fields.find(({ field }) => field === 'metadata.name');
  return term !== undefined && !/^\.{1,2}$|[/%]/.test(term.value) ? term.value : '';
}

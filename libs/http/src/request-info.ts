import { parseFieldSelector } from '#meta';
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
    if (parts.length > 2 && !NAMESPACE_SUBRESOURCES.has(parts[2] as string)) rest = parts.slice(2);
  }
  let name = rest[1] ?? '';
  if (name === '' && (verb === 'get' || verb === 'watch')) {
    verb = verb === 'watch' || query.flag('watch') ? 'watch' : 'list';
    name = nameInSelector(query);
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
    parts,
  };
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

/** A list or watch that is pinned to one name counts as a request for it. */
function nameInSelector(query: Query): string {
  const selector = query.get('fieldSelector');
  if (!selector) return '';
  const terms = parseFieldSelector(selector);
  if (!terms.ok) return '';
  const term = terms.value.find((one) => one.field === 'metadata.name' && one.operator !== '!=');
  return term !== undefined && !/^\.{1,2}$|[/%]/.test(term.value) ? term.value : '';
}

/** What a watcher was sent, in the order in which it came. BOOKMARK has nothing but a version. */
export interface Watched {
  readonly type: string;
  readonly object: { readonly metadata: { readonly uid?: string; readonly resourceVersion?: string } };
}

/**
 * Versions in one watch only grow, and one version of an object is one state: a client that resumes at a version, or that
 * skips a version which it has seen, loses nothing. `listed` is what the client had listed before. Returns what is wrong.
 */
export function wrongVersions(
  events: readonly Watched[],
  listed: readonly Watched['object'][] = [],
): readonly string[] {
  const wrong: string[] = [];
  const seen = new Map<string, string>();
  let last = 0;
  const note = (object: Watched['object'], what: string): number => {
    const { uid = '', resourceVersion = '' } = object.metadata;
    const version = Number(resourceVersion);
    if (!Number.isSafeInteger(version) || version <= 0) {
      wrong.push(`${what} has the version "${resourceVersion}"`);
      return 0;
    }
    if (uid === '') return version;
    const key = `${uid} ${resourceVersion}`;
    const state = JSON.stringify([what === 'DELETED' ? 'gone' : 'there', object]);
    const known = seen.get(key);
    if (known !== undefined && known !== state) wrong.push(`two states of ${uid} at the version ${resourceVersion}`);
    seen.set(key, state);
    return version;
  };
  for (const object of listed) note(object, 'LISTED');
  let isInitial = true;
  for (const { type, object } of events) {
    if (type === 'ERROR') continue;
    const version = note(object, type);
    // The initial state comes in the order of its names, with the versions that the objects have.
    isInitial &&= type === 'ADDED' && version !== 0;
    if (version < last && !isInitial) wrong.push(`${type} at ${version} after ${last}`);
    last = isInitial ? Math.max(last, version) : version;
  }
  return wrong;
}

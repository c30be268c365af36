import type { Subresource, Verb } from '#model';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({
  name,
  in: 'query',
  type,
  description,
});
const PRETTY = query('pretty', 'string', 'Indent the answer.');
const DRY_RUN = query('dryRun', 'string', '`All`: decide and answer as usual, but store nothing.');
const FIELD_MANAGER = query('fieldManager', 'string', 'Name under which the written fields are owned.');
const FIELD_VALIDATION = query(
  'fieldValidation',
  'string',
  'What unknown and doubled fields lead to: Ignore, Warn or Strict.',
);
const FORCE = query('force', 'boolean', 'Take over fields that others own; for apply only.');
const WRITE = [DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION];
const LIST: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'Send bookmarks in a watch.'),
  query('continue', 'string', 'Token of the previous page.'),
  query('fieldSelector', 'string', 'Only objects whose fields match.'),
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('limit', 'integer', 'At most so many objects a page.'),
  query('resourceVersion', 'string', 'Version that the answer starts from.'),
  query('resourceVersionMatch', 'string', 'How that version is meant: Exact or NotOlderThan.'),
  query('sendInitialEvents', 'boolean', 'Begin a watch with the present state.'),
  query('timeoutSeconds', 'integer', 'End the call after so many seconds.'),
  query('watch', 'boolean', 'Follow changes instead of listing.'),
];
const DELETE: readonly Parameter[] = [
  DRY_RUN,
  query('gracePeriodSeconds', 'integer', 'Seconds that the object may still take to end.'),
  query(
    'ignoreStoreReadErrorWithClusterBreakingPotential',
    'boolean',
    'Delete an object that can no longer be read, without regard to what it held.',
  ),
  query('orphanDependents', 'boolean', 'Old form of propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Foreground, Background or Orphan.'),
];
const LOG: readonly Parameter[] = [
  query('container', 'string', 'Container whose log is wanted.'),
  query('follow', 'boolean', 'Stay and send what is written later.'),
  query('limitBytes', 'integer', 'End after so many bytes.'),
  query('previous', 'boolean', 'The log of the instance before the last restart.'),
  query('sinceSeconds', 'integer', 'Only lines of the last seconds.'),
  query('tailLines', 'integer', 'Only so many of the last lines.'),
  query('timestamps', 'boolean', 'Begin each line with its time.'),
];

export const pathParameter = (name: string): Parameter => ({
  name,
  in: 'path',
  type: 'string',
  description: name === 'name' ? 'Name of the object.' : 'Namespace of the object.',
});

/** Query parameters of an operation; those of its path are {@link pathParameter}s. */
export function queryParametersOf(verb: Verb, sub: Subresource | undefined): readonly Parameter[] {
  return [...ownParametersOf(verb, sub), PRETTY];
}
function ownParametersOf(verb: Verb, sub: Subresource | undefined): readonly Parameter[] {
  if (sub?.name === 'log') return LOG;
  switch (verb) {
    case 'list':
    case 'watch':
      return LIST;
    case 'create':
    case 'update':
      return WRITE;
    case 'patch':
      return [...WRITE, FORCE];
    case 'delete':
      return DELETE;
    case 'deletecollection':
      return [...DELETE, ...LIST.filter(({ name }) => name !== 'allowWatchBookmarks' && name !== 'watch')];
    default:
      return [];
  }
}

/** Parameters that all operations of a path have stand at the path; both lists are in the order of their names. */
export function atPath(lists: readonly (readonly Parameter[])[]): {
  readonly shared: readonly Parameter[];
  readonly own: readonly (readonly Parameter[])[];
} {
  const [first = [], ...others] = lists;
  const shared = first.filter(({ name }) => others.every((list) => list.some((one) => one.name === name)));
  const names = new Set(shared.map(({ name }) => name));
  const own = lists.map((list) => byName(list.filter(({ name }) => !names.has(name))));
  return { shared: byName(shared), own };
}
function byName(list: readonly Parameter[]): readonly Parameter[] {
  return [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
}

import type { Subresource, Verb } from '#model';
import type { Json, JsonObject } from '#std';
import type { ServedKind } from '../routes.js';

/** One path of a group version with its operations, before it is put into v2 or v3. */
export interface PathItem {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly operations: Readonly<Record<string, Operation>>;
}
export interface Operation {
  readonly operationId: string;
  readonly action: string;
  readonly description: string;
  readonly tag: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly parameters: readonly Parameter[];
  readonly body: { readonly types: readonly string[]; readonly schema: string } | undefined;
  readonly produces: readonly string[];
  readonly answers: Readonly<Record<string, string | undefined>>;
}
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const PLAIN = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const STREAMS = [...PLAIN, 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

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

const pathParameter = (name: string): Parameter => ({
  name,
  in: 'path',
  type: 'string',
  description: name === 'name' ? 'Name of the object.' : 'Namespace of the object.',
});

/** All paths of one kind in one version. */
export function pathsOf(on: ServedKind, root: string): readonly PathItem[] {
  const { plural, namespaced } = on.kind.names;
  const base = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const place = namespaced ? [pathParameter('namespace')] : [];
  const items: PathItem[] = [
    item(on, base, place, ['list', 'create', 'deletecollection']),
    item(on, `${base}/{name}`, [pathParameter('name'), ...place], ['get', 'update', 'patch', 'delete']),
    ...on.subresources
      .filter(({ isOwn }) => !isOwn)
      .map((sub) => item(on, `${base}/{name}/${sub.name}`, [pathParameter('name'), ...place], sub.verbs, sub)),
  ];
  if (namespaced) items.push(item(on, `${root}/${plural}`, [], ['list'], undefined, true));
  return items.filter(({ operations }) => Object.keys(operations).length > 0);
}

function item(
  on: ServedKind,
  path: string,
  parameters: readonly Parameter[],
  verbs: readonly Verb[],
  sub?: Subresource,
  everywhere = false,
): PathItem {
  const operations: Record<string, Operation> = {};
  for (const verb of verbs) {
    const method = METHODS[verb];
    if (method && (sub || on.kind.verbs.includes(verb))) operations[method] = operation(on, verb, sub, everywhere);
  }
  return { path, parameters: [...parameters, PRETTY], operations };
}
const METHODS: Partial<Record<Verb, string>> = {
  list: 'get',
  get: 'get',
  create: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
};
const ACTIONS: Partial<Record<Verb, string>> = { ...METHODS, list: 'list', deletecollection: 'deletecollection' };
const PREFIXES: Partial<Record<Verb, string>> = {
  list: 'list',
  get: 'read',
  create: 'create',
  update: 'replace',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
};
const SENTENCES: Partial<Record<Verb, string>> = {
  list: 'List or follow objects of kind',
  get: 'Read a',
  create: 'Create a',
  update: 'Replace a',
  patch: 'Change parts of a',
  delete: 'Delete a',
  deletecollection: 'Delete all selected objects of kind',
};

function operation(on: ServedKind, verb: Verb, sub: Subresource | undefined, everywhere: boolean): Operation {
  const { kind, group, version } = on;
  const own = kind.served.find((one) => one.group === group && one.version === version)?.schema ?? kind.schema;
  const schema = sub?.schema?.name ?? own.name;
  const listSchema = own.name.replace(/[^.]+$/, kind.names.listKind);
  const isText = sub?.name === 'log';
  const subject =
    sub && sub.group !== undefined
      ? { group: sub.group, version: sub.version ?? 'v1', kind: sub.kind }
      : { group, version, kind: sub?.kind ?? kind.names.kind };
  return {
    operationId: operationId(on, verb, sub, everywhere),
    action: ACTIONS[verb] ?? verb,
    description: `${SENTENCES[verb]} ${kind.names.kind}${sub ? `'s ${sub.name}` : ''}.`,
    tag: `${groupName(group).toLowerCase()}_${version}`.replace(
      /^(.)(.*)$/,
      (_all, first: string, rest: string) => first.toLowerCase() + rest,
    ),
    kind: subject,
    parameters: parametersOf(verb, sub),
    body: bodyOf(verb, schema),
    produces: isText ? ['text/plain', ...PLAIN] : verb === 'list' ? STREAMS : PLAIN,
    answers: isText ? { 200: undefined } : answersOf(verb, verb === 'list' ? listSchema : schema),
  };
}

function parametersOf(verb: Verb, sub: Subresource | undefined): readonly Parameter[] {
  if (sub?.name === 'log') return LOG;
  switch (verb) {
    case 'list':
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
function bodyOf(verb: Verb, schema: string): Operation['body'] {
  if (verb === 'create' || verb === 'update') return { types: ['*/*'], schema };
  if (verb === 'patch') return { types: PATCHES, schema: `${META}.Patch` };
  if (verb === 'delete' || verb === 'deletecollection') return { types: ['*/*'], schema: `${META}.DeleteOptions` };
  return undefined;
}
function answersOf(verb: Verb, schema: string): Readonly<Record<string, string>> {
  if (verb === 'create') return { 200: schema, 201: schema, 202: schema };
  if (verb === 'update' || verb === 'patch') return { 200: schema, 201: schema };
  if (verb === 'delete') return { 200: `${META}.Status`, 202: `${META}.Status` };
  if (verb === 'deletecollection') return { 200: `${META}.Status` };
  return { 200: schema };
}

/** `Core`, `Apps`, `RbacAuthorization`: a group as operation names spell it. */
export function groupName(group: string): string {
  if (group === '') return 'Core';
  return group
    .replace(/\.k8s\.io$/, '')
    .split('.')
    .map(capital)
    .join('');
}
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function operationId(on: ServedKind, verb: Verb, sub: Subresource | undefined, everywhere: boolean): string {
  const { namespaced, kind } = on.kind.names;
  const collection = verb === 'deletecollection' ? 'Collection' : '';
  const place = namespaced && !everywhere ? 'Namespaced' : '';
  const suffix = everywhere ? 'ForAllNamespaces' : sub ? capital(sub.name) : '';
  return `${PREFIXES[verb]}${groupName(on.group)}${capital(on.version)}${collection}${place}${kind}${suffix}`;
}

export type { Json, JsonObject };

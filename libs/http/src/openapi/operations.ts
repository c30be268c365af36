import type { Subresource, Verb } from '#model';
import type { ServedKind } from '../routes.js';
import { atPath, pathParameter, queryParametersOf, type Parameter } from './parameters.js';

export type { Parameter };

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
  readonly body: Body | undefined;
  readonly produces: readonly string[];
  readonly answers: Readonly<Record<string, string | undefined>>;
}
interface Body {
  readonly types: readonly string[];
  readonly schema: string;
  readonly required: boolean;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const CUSTOM = ['application/json', 'application/yaml'];
export const PLAIN: readonly string[] = [...CUSTOM, 'application/vnd.kubernetes.protobuf'];
const STREAMS = [...PLAIN, 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
const STRATEGIC = 'application/strategic-merge-patch+json';
const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  STRATEGIC,
  'application/apply-patch+yaml',
];

/** A path with the operations that it may have. */
interface Place {
  readonly path: string;
  readonly parameters: readonly string[];
  readonly verbs: readonly Verb[];
  readonly sub?: Subresource;
  /** Objects of all namespaces. */
  readonly everywhere?: boolean;
  /** A watch of one object, not of a collection. */
  readonly isNamed?: boolean;
}

/** All paths of one kind in one version. */
export function pathsOf(on: ServedKind, root: string): readonly PathItem[] {
  return [...placesOf(on, root), ...watchedPlacesOf(on, root)]
    .map((place) => itemAt(on, place))
    .filter(({ operations }) => Object.keys(operations).length > 0);
}

function placesOf(on: ServedKind, root: string): readonly Place[] {
  const { plural, namespaced } = on.kind.names;
  const base = namespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const parameters = namespaced ? ['namespace'] : [];
  const named = ['name', ...parameters];
  return [
    { path: base, parameters, verbs: ['list', 'create', 'deletecollection'] },
    { path: `${base}/{name}`, parameters: named, verbs: ['get', 'update', 'patch', 'delete'] },
    ...on.subresources
      .filter(({ isOwn }) => !isOwn)
      .map((sub) => ({ path: `${base}/{name}/${sub.name}`, parameters: named, verbs: sub.verbs, sub })),
    ...(namespaced ? [{ path: `${root}/${plural}`, parameters: [], verbs: ['list'] as const, everywhere: true }] : []),
  ];
}

/** The paths of watches before there was the parameter. Kubernetes does not publish those of custom kinds. */
function watchedPlacesOf({ kind }: ServedKind, root: string): readonly Place[] {
  if (kind.isCustom) return [];
  const { plural, namespaced } = kind.names;
  const base = namespaced ? `${root}/watch/namespaces/{namespace}/${plural}` : `${root}/watch/${plural}`;
  const parameters = namespaced ? ['namespace'] : [];
  const verbs = ['watch'] as const;
  return [
    { path: base, parameters, verbs },
    { path: `${base}/{name}`, parameters: ['name', ...parameters], verbs, isNamed: true },
    ...(namespaced ? [{ path: `${root}/watch/${plural}`, parameters: [], verbs, everywhere: true }] : []),
  ];
}

function itemAt(on: ServedKind, place: Place): PathItem {
  const verbs = place.verbs.filter(
    (verb) => METHODS[verb] !== undefined && (place.sub || on.kind.verbs.includes(verb)),
  );
  const lists = verbs.map((verb) => queryParametersOf(verb, place.sub));
  const { shared, own } = atPath(lists.map((list) => [...place.parameters.map(pathParameter), ...list]));
  const operations = verbs.map((verb, i) => [METHODS[verb], operation(on, verb, place, own[i] ?? [])] as const);
  return { path: place.path, parameters: shared, operations: Object.fromEntries(operations) };
}
const METHODS: Partial<Record<Verb, string>> = {
  list: 'get',
  watch: 'get',
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
  watch: 'watch',
  get: 'read',
  create: 'create',
  update: 'replace',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
};

function operation(on: ServedKind, verb: Verb, place: Place, parameters: readonly Parameter[]): Operation {
  const { kind, group, version } = on;
  const { sub } = place;
  const own = kind.served.find((one) => one.group === group && one.version === version)?.schema ?? kind.schema;
  const schema = sub?.schema?.name ?? own.name;
  const listSchema = own.name.replace(/[^.]+$/, kind.names.listKind);
  const isText = sub?.name === 'log';
  const subject =
    sub && sub.group !== undefined
      ? { group: sub.group, version: sub.version ?? 'v1', kind: sub.kind }
      : { group, version, kind: sub?.kind ?? kind.names.kind };
  return {
    operationId: operationId(on, verb, place),
    action: verb === 'watch' ? (place.isNamed ? 'watch' : 'watchlist') : (ACTIONS[verb] ?? verb),
    description: describe(kind.names.kind, verb, place),
    tag: tagOf(group, version),
    kind: subject,
    parameters,
    body: bodyOf(on, verb, schema),
    produces: isText ? ['text/plain', ...PLAIN] : producedBy(on, verb),
    answers: isText ? { 200: undefined } : answersOf(verb, verb === 'list' ? listSchema : schema),
  };
}

function producedBy({ kind }: ServedKind, verb: Verb): readonly string[] {
  if (kind.isCustom) return CUSTOM;
  return verb === 'list' || verb === 'watch' ? STREAMS : PLAIN;
}
function bodyOf({ kind }: ServedKind, verb: Verb, schema: string): Body | undefined {
  if (verb === 'create' || verb === 'update') return { types: ['*/*'], schema, required: true };
  if (verb === 'patch') {
    const types = kind.isCustom ? PATCHES.filter((type) => type !== STRATEGIC) : PATCHES;
    return { types, schema: `${META}.Patch`, required: true };
  }
  if (verb === 'delete' || verb === 'deletecollection')
    return { types: ['*/*'], schema: `${META}.DeleteOptions`, required: false };
  return undefined;
}
function answersOf(verb: Verb, schema: string): Readonly<Record<string, string>> {
  if (verb === 'create') return { 200: schema, 201: schema, 202: schema };
  if (verb === 'update' || verb === 'patch') return { 200: schema, 201: schema };
  if (verb === 'delete') return { 200: `${META}.Status`, 202: `${META}.Status` };
  if (verb === 'deletecollection') return { 200: `${META}.Status` };
  if (verb === 'watch') return { 200: `${META}.WatchEvent` };
  return { 200: schema };
}

function describe(kind: string, verb: Verb, { sub, isNamed }: Place): string {
  const instead = "deprecated: use the 'watch' parameter with a list operation instead";
  switch (verb) {
    case 'list':
      return `list or watch objects of kind ${kind}`;
    case 'deletecollection':
      return `delete collection of ${kind}`;
    case 'watch':
      return isNamed
        ? `watch changes to an object of kind ${kind}. ${instead}, filtered to a single item with the 'fieldSelector' parameter.`
        : `watch individual changes to a list of ${kind}. ${instead}.`;
    case 'create':
    case 'delete':
      return `${verb}${sub ? ` ${sub.name} of` : ''} ${withArticle(kind)}`;
    default:
      return `${VERBS[verb] ?? verb}${sub ? ` ${sub.name} of` : ''} the specified ${kind}`;
  }
}
const VERBS: Partial<Record<Verb, string>> = { get: 'read', update: 'replace', patch: 'partially update' };
/** As Kubernetes: what ends in a single `s` counts as a plural and has none. */
function withArticle(kind: string): string {
  if (/[^s]s$/.test(kind)) return kind;
  return `${/^[aeiou]/i.test(kind) ? 'an' : 'a'} ${kind}`;
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
/** `core_v1`, `rbacAuthorization_v1`; of a group alone `apps`. */
export function tagOf(group: string, version?: string): string {
  const name = groupName(group);
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}${version === undefined ? '' : `_${version}`}`;
}
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function operationId(on: ServedKind, verb: Verb, { sub, everywhere, isNamed }: Place): string {
  const { namespaced, kind } = on.kind.names;
  const collection = verb === 'deletecollection' ? 'Collection' : '';
  const place = namespaced && !everywhere ? 'Namespaced' : '';
  const list = verb === 'watch' && !isNamed ? 'List' : '';
  const suffix = everywhere ? 'ForAllNamespaces' : sub ? capital(sub.name) : '';
  return `${PREFIXES[verb]}${groupName(on.group)}${capital(on.version)}${collection}${place}${kind}${list}${suffix}`;
}

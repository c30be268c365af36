import {
  refusals,
  type Column,
  type Kind,
  type KindRegistry,
  type ServedVersion,
  type Subresource,
  type Verb,
} from '#model';
import { OBJECT_HISTORY, OBJECT_WHY, type RequestInfo } from './request-info.js';
import { answers, type HttpRefusal } from './status.js';

/** A kind in one of the versions it is served in. */
export interface ServedKind {
  readonly kind: Kind;
  readonly group: string;
  readonly version: string;
  /** `apps/v1`; `v1` for core. */
  readonly apiVersion: string;
  /** Undefined for the stored version. */
  readonly served: ServedVersion | undefined;
  readonly columns: readonly Column[];
  readonly subresources: readonly Subresource[];
  /** Told with every answer. */
  readonly deprecation: string | undefined;
}

/** Where a request leads: an operation on a kind that this server has. */
export interface Route {
  readonly on: ServedKind;
  /** '' for all namespaces and for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: Subresource | undefined;
  readonly verb: Verb;
  /** What follows a proxy in the path, with its slash; '' when nothing does. */
  readonly rest: string;
}

/** All group versions and what they serve, derived from the registry; made once per registry. */
export class Routes {
  private readonly byGroupVersion = new Map<string, Map<string, ServedKind>>();
  readonly groups: readonly { readonly group: string; readonly versions: readonly string[] }[];

  constructor(readonly kinds: KindRegistry) {
    const versions = new Map<string, Set<string>>();
    for (const kind of kinds.all) {
      for (const on of servedKinds(kind)) {
        const key = `${on.group}/${on.version}`;
        let resources = this.byGroupVersion.get(key);
        if (!resources) this.byGroupVersion.set(key, (resources = new Map()));
        resources.set(kind.names.plural, on);
        let known = versions.get(on.group);
        if (!known) versions.set(on.group, (known = new Set()));
        known.add(on.version);
      }
    }
    this.groups = [...versions].map(([group, known]) => ({ group, versions: [...known].sort().reverse() }));
  }

  hasGroup(group: string): boolean {
    return this.groups.some((one) => one.group === group);
  }
  resources(group: string, version: string): ReadonlyMap<string, ServedKind> | undefined {
    return this.byGroupVersion.get(`${group}/${version}`);
  }

  /** Whether the resource of a request, and its subresource, are served at all. */
  serves({ group, version, resource, subresource }: RequestInfo): boolean {
    const on = this.resources(group, version)?.get(resource);
    return on !== undefined && (subresource === '' || subresourceOf(on, subresource) !== undefined);
  }

  /** Finds the operation, or says as Kubernetes does that there is none. */
  find(info: RequestInfo): Route | HttpRefusal {
    const resources = this.resources(info.group, info.version);
    if (!resources)
      return info.group !== '' && !this.hasGroup(info.group) ? answers.noSuchPage : answers.noSuchResource;
    const place = placed(info.parts, resources);
    if (!place) return answers.noSuchResource;
    const { on, namespace, name, sub } = place;
    const subresource = sub === '' ? undefined : subresourceOf(on, sub);
    if (sub !== '' && !subresource) return on.kind.isCustom ? noSuchSubresource(on, name) : answers.noSuchResource;
    const verbs = subresource ? subresource.verbs : verbsAt(on.kind, place);
    // Where nothing can be done there is no path at all.
    if (verbs.length === 0) return answers.noSuchResource;
    if (sub === PROXY)
      return { on, namespace, name, subresource, verb: 'get', rest: place.rest + (info.path.endsWith('/') ? '/' : '') };
    const verb = verbOf(info, name !== '' || sub !== '');
    if (info.method === 'HEAD' || verb === undefined || !verbs.includes(verb))
      return on.kind.isCustom && verb !== undefined ? notSupported(on, verb) : answers.methodNotAllowed;
    return { on, namespace, name, subresource, verb, rest: '' };
  }
}

/** Of a custom kind that has such a subresource in no version, or not in this one, it is the object that is not there. */
function noSuchSubresource({ kind, deprecation }: ServedKind, name: string): HttpRefusal {
  const { group, plural } = kind.names;
  const refusal = refusals.notFound({ group, resource: plural, kind: kind.names.kind, name });
  return deprecation === undefined ? refusal : { ...refusal, warnings: [deprecation] };
}
function notSupported({ kind }: ServedKind, verb: Verb): HttpRefusal {
  const { group, plural } = kind.names;
  return answers.notSupported(verb, group, plural);
}

/** The one subresource with paths below it. */
const PROXY = 'proxy';

interface Place {
  readonly on: ServedKind;
  readonly namespace: string;
  readonly name: string;
  readonly sub: string;
  readonly rest: string;
  /** All namespaces of a namespaced kind: only to be read. */
  readonly everywhere: boolean;
}

function placed(parts: readonly string[], resources: ReadonlyMap<string, ServedKind>): Place | undefined {
  const [first = '', second, third, ...rest] = parts;
  const at = (
    on: ServedKind | undefined,
    more: readonly string[],
    namespace = '',
    everywhere = false,
  ): Place | undefined => {
    const [name = '', sub = '', ...rest] = more;
    if (!on || (sub !== PROXY && (rest.length > 0 || more.some((part) => part === '')))) return undefined;
    return { on, namespace, name, sub, rest: rest.map((part) => `/${part}`).join(''), everywhere };
  };
  const own = resources.get(first);
  const isWithin = first === 'namespaces' && third !== undefined;
  if (isWithin && !(own && isOwnSubresource(own, third))) {
    const on = resources.get(third);
    if (!on?.kind.names.namespaced) return undefined;
    return at(on, rest, second ?? '', second === '' && rest.length === 0);
  }
  if (!own) return undefined;
  if (own.kind.names.namespaced) return parts.length === 1 ? at(own, [], '', true) : undefined;
  return at(own, parts.slice(1));
}
function isOwnSubresource(on: ServedKind, part: string): boolean {
  return subresourceOf(on, part) !== undefined;
}
function subresourceOf({ kind, subresources }: ServedKind, name: string): Subresource | undefined {
  // What is never stored has no history.
  return [...subresources, ...((kind.isVirtual ?? kind.unlogged?.isWhole) ? [] : OF_EVERY_OBJECT)].find(
    (one) => one.name === name,
  );
}
const OF_EVERY_OBJECT: readonly Subresource[] = [
  { name: OBJECT_HISTORY, kind: 'ObjectHistory', verbs: ['get'], isOwn: true },
  { name: OBJECT_WHY, kind: 'ObjectWhy', verbs: ['get'], isOwn: true },
];

function verbsAt(kind: Kind, { name, everywhere }: Place): readonly Verb[] {
  const allowed: readonly Verb[] =
    name !== '' ? ['get', 'update', 'patch', 'delete'] : everywhere ? ['list', 'watch'] : COLLECTION;
  return allowed.filter((verb) => kind.verbs.includes(verb));
}
const COLLECTION: readonly Verb[] = ['list', 'watch', 'create', 'deletecollection'];

function verbOf(info: RequestInfo, isNamed: boolean): Verb | undefined {
  switch (info.method) {
    case 'GET':
      return isNamed ? 'get' : info.verb === 'watch' ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return isNamed ? 'delete' : 'deletecollection';
    default:
      return undefined;
  }
}

/** A kind in every version that it is served in, the stored one first. */
export function servedKinds(kind: Kind): readonly ServedKind[] {
  const { group, version } = kind.names;
  const stored: ServedKind = {
    kind,
    group,
    version,
    apiVersion: group ? `${group}/${version}` : version,
    served: undefined,
    columns: kind.columns,
    subresources: kind.subresources,
    deprecation: kind.deprecation,
  };
  return [
    ...(kind.storedOnly ? [] : [stored]),
    ...kind.served.map((served) => ({
      kind,
      group: served.group,
      version: served.version,
      apiVersion: served.group ? `${served.group}/${served.version}` : served.version,
      served,
      columns: served.columns ?? kind.columns,
      subresources: kind.subresources.filter(({ name }) => served.subresources?.includes(name) ?? true),
      deprecation: served.deprecation ?? kind.deprecation,
    })),
  ];
}

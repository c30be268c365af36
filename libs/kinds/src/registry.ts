import { apiVersionOf, type AdmissionPlugin, type Kind, type KindRegistry, type KubeObject, type View } from '#model';

/** So many views with other definitions are remembered: the newest, the writer's look ahead, moments of the past. */
const REMEMBERED = 8;

/** The kinds that a build defines, found by id, by URL and by body; {@link KindRegistry.at} adds those that a view defines. */
export function createRegistry(kinds: readonly Kind[], admission: readonly AdmissionPlugin[] = []): KindRegistry {
  const defining = kinds.filter((kind) => kind.defines !== undefined);
  const builtIn = indexed(kinds);
  const registry: KindRegistry = {
    ...builtIn,
    admission,
    at: defining.length === 0 ? () => registry : definedBy(defining, (defined) => withDefined(registry, defined)),
  };
  return registry;
}

interface Remembered {
  readonly definitions: (readonly KubeObject[])[];
  readonly kinds: readonly Kind[];
  readonly registry: KindRegistry;
}

/** The registry of a view, remembered by the very definitions that it was made of. */
function definedBy(
  defining: readonly Kind[],
  compose: (defined: readonly Kind[]) => KindRegistry,
): (view: Pick<View, 'list'>) => KindRegistry {
  const kindsOf = new WeakMap<KubeObject, { readonly kind: Kind | undefined }>();
  const kindOf = (by: Kind, definition: KubeObject): Kind | undefined => {
    let made = kindsOf.get(definition);
    if (!made) kindsOf.set(definition, (made = { kind: by.defines?.(definition) }));
    return made.kind;
  };
  const remembered: Remembered[] = [];
  return (view) => {
    const definitions = defining.map((kind) => view.list(kind.ref));
    const at = remembered.findIndex((one) => one.definitions.every((list, i) => isSame(list, definitions[i] ?? [])));
    const known = remembered[at];
    if (known) {
      // The same lists next time: compared by identity alone.
      known.definitions.splice(0, definitions.length, ...definitions);
      if (at > 0) remembered.unshift(...remembered.splice(at, 1));
      return known.registry;
    }
    const kinds = defining
      .flatMap((by, i) => (definitions[i] ?? []).map((definition) => kindOf(by, definition)))
      .filter((kind) => kind !== undefined);
    // A definition that has another label or status makes the same kind: nothing that was derived is derived anew.
    const same = remembered.find((one) => isSame(one.kinds, kinds));
    const registry = same?.registry ?? compose(kinds);
    remembered.unshift({ definitions, kinds, registry });
    remembered.length = Math.min(remembered.length, REMEMBERED);
    return registry;
  };
}

/** The chain in which a kind is searched: built-in ones first. */
function withDefined(builtIn: KindRegistry, defined: readonly Kind[]): KindRegistry {
  const own = defined.filter((kind) => builtIn.byId(kind.id) === undefined);
  if (own.length === 0) return builtIn;
  const custom = indexed(own);
  return {
    ...builtIn,
    all: [...builtIn.all, ...own],
    byId: (id) => builtIn.byId(id) ?? custom.byId(id),
    byResource: (...asked) => builtIn.byResource(...asked) ?? custom.byResource(...asked),
    byKind: (...asked) => builtIn.byKind(...asked) ?? custom.byKind(...asked),
  };
}

function isSame<T>(one: readonly T[], other: readonly T[]): boolean {
  return one === other || (one.length === other.length && one.every((object, index) => object === other[index]));
}

function indexed(kinds: readonly Kind[]): Omit<KindRegistry, 'at' | 'admission'> {
  const byId = new Map<string, Kind>();
  const byResource = new Map<string, Kind>();
  const byKind = new Map<string, Kind>();
  for (const kind of kinds) {
    byId.set(kind.id, kind);
    const { group, version } = kind.names;
    const stored = kind.storedOnly ? [] : [{ group, version }];
    for (const served of [...stored, ...kind.served]) {
      const apiVersion = apiVersionOf(served.group, served.version);
      byResource.set(`${apiVersion} ${kind.names.plural}`, kind);
      byKind.set(`${apiVersion} ${kind.names.kind}`, kind);
    }
  }
  return {
    all: kinds,
    byId: (id) => byId.get(id),
    byResource: (group, version, plural) => byResource.get(`${apiVersionOf(group, version)} ${plural}`),
    byKind: (group, version, kind) => byKind.get(`${apiVersionOf(group, version)} ${kind}`),
  };
}

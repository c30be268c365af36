import { apiVersionOf, type AdmissionPlugin, type Kind, type KindRegistry, type KubeObject, type View } from '#model';

/** So many views with other definitions are remembered: the newest, the writer's look ahead, moments of the past. */
const REMEMBERED = 8;

/**
 * The kinds that a build defines, found by id, by URL and by body; {@link KindRegistry.at} adds those that a view defines, and
 * the optional ones that it enables.
 */
export function createRegistry(all: readonly Kind[], admission: readonly AdmissionPlugin[] = []): KindRegistry {
  const kinds = all.filter(({ isOptional }) => !isOptional);
  const optional = all.filter(({ isOptional }) => isOptional);
  const defining = kinds.filter(({ defines, enables }) => defines !== undefined || enables !== undefined);
  const builtIn = indexed(kinds);
  const registry: KindRegistry = {
    ...builtIn,
    admission,
    at:
      defining.length === 0
        ? () => registry
        : definedBy(defining, optional, (defined) => withDefined(registry, defined)),
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
  optional: readonly Kind[],
  compose: (defined: readonly Kind[]) => KindRegistry,
): (view: Pick<View, 'list'>) => KindRegistry {
  const known = new WeakMap<KubeObject, readonly Kind[]>();
  const kindsOf = (by: Kind, definition: KubeObject): readonly Kind[] => {
    let made = known.get(definition);
    if (!made) known.set(definition, (made = kindsBy(by, definition, optional)));
    return made;
  };
  const remembered: Remembered[] = [];
  return (view) => {
    const definitions = defining.map((kind) => view.list(kind.ref));
    const at = remembered.findIndex((one) => one.definitions.every((list, i) => isSame(list, definitions[i] ?? [])));
    const before = remembered[at];
    if (before) {
      // The same lists next time: compared by identity alone.
      before.definitions.splice(0, definitions.length, ...definitions);
      if (at > 0) remembered.unshift(...remembered.splice(at, 1));
      return before.registry;
    }
    const kinds = defining.flatMap((by, i) => (definitions[i] ?? []).flatMap((definition) => kindsOf(by, definition)));
    // A definition that has another label or status makes the same kind: nothing that was derived is derived anew.
    const same = remembered.find((one) => isSame(one.kinds, kinds));
    const registry = same?.registry ?? compose(kinds);
    remembered.unshift({ definitions, kinds, registry });
    remembered.length = Math.min(remembered.length, REMEMBERED);
    return registry;
  };
}

function kindsBy(by: Kind, definition: KubeObject, optional: readonly Kind[]): readonly Kind[] {
  const defined = by.defines?.(definition);
  const enabled = by.enables?.(definition);
  const switchedOn = optional.filter(
    ({ names }) => names.group === enabled?.group && names.version === enabled.version,
  );
  return defined ? [defined, ...switchedOn] : switchedOn;
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

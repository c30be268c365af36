import { builtinKinds, createRegistry } from '#kinds';
import {
  apiVersionOf,
  type Kind,
  type KindId,
  type KindRegistry,
  type KubeObject,
  type ServedVersion,
  type View,
} from '#model';
import { jsonEquals, type Json } from '#std';

/** What is served of custom kinds at a moment: their versions, and every object as each version shows it. */
export type CustomKinds = ReadonlyMap<KindId, Json>;

/** Ages are shown as of this moment, so that they are the same whenever they are looked at. */
const NOW = Date.UTC(2030, 0, 1);

/** As the API serves them that has this registry. */
export function customKindsOf(kinds: KindRegistry, view: Pick<View, 'list'>): CustomKinds {
  const custom = kinds.at(view).all.filter(({ isCustom }) => isCustom);
  return new Map(custom.map((kind) => [kind.id, shown(kind, view.list(kind.ref))]));
}
/** As a registry that has never seen another moment gives them. */
export function customKindsAnew(view: Pick<View, 'list'>): CustomKinds {
  return customKindsOf(createRegistry(builtinKinds), view);
}

/** Kinds that one has and the other has not, or in another way. */
export function differingKinds(one: CustomKinds, other: CustomKinds): readonly KindId[] {
  const ids = new Set([...one.keys(), ...other.keys()]);
  return [...ids].filter((id) => !jsonEquals(one.get(id), other.get(id)));
}

function shown({ names, served, subresources }: Kind, objects: readonly KubeObject[]): Json {
  const { kind, shortNames, namespaced } = names;
  return {
    names: { kind, shortNames: [...(shortNames ?? [])], namespaced },
    subresources: subresources.map(({ name }) => name),
    versions: served.map((version) => ({
      apiVersion: apiVersionOf(version.group, version.version),
      columns: (version.columns ?? []).map(({ name, type }) => `${name} ${type}`),
      subresources: [...(version.subresources ?? [])],
      selectors: (version.fieldSelectors ?? []).map(({ field }) => field),
      deprecation: version.deprecation ?? null,
      rows: objects.map((object) => row(version, object)),
    })),
  };
}

function row(version: ServedVersion, object: KubeObject): Json {
  // Only a webhook knows how it looks in this version.
  if (version.conversion?.isNeeded(object)) return { stored: object as unknown as Json };
  return {
    object: (version.toServed?.(object) ?? object) as unknown as Json,
    cells: (version.columns ?? []).map((column) => column.cell(object, NOW) as Json),
    selected: (version.fieldSelectors ?? []).map(({ value }) => value(object)),
  };
}

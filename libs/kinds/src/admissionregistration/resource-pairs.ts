import type { Kind, KubeObject, ObjectIndex, View } from '#model';

/** Pairs of group and resource under which one object is indexed; one with more is found for every request. */
const PAIRS_MAX = 64;
/** Found for every resource. */
const ANY_RESOURCE = '*/*';

interface Rule {
  readonly apiGroups?: readonly string[] | null;
  readonly resources?: readonly string[] | null;
}

/** The groups and main resources that rules name, as `apps/deployments`: what an object with these rules is indexed by. */
export function pairsOfRules(rules: readonly Rule[]): readonly string[] {
  const pairs = new Set<string>();
  for (const { apiGroups, resources } of rules) {
    for (const group of apiGroups ?? []) {
      for (const resource of resources ?? []) {
        pairs.add(`${group}/${resource.split('/', 1)[0] ?? ''}`);
        if (pairs.size > PAIRS_MAX) return [ANY_RESOURCE];
      }
    }
  }
  return [...pairs];
}

/** Objects whose rules name a kind in one of its versions, in the order of their names. */
export function namingKind<T extends KubeObject>(view: View, index: ObjectIndex<T>, kind: Kind): readonly T[] {
  const found = new Map<string, T>();
  for (const pair of pairsOfKind(kind))
    for (const object of view.by(index, pair)) found.set(object.metadata.name, object);
  return [...found.values()].sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1));
}

const known = new WeakMap<Kind, readonly string[]>();

/** What rules may write for a kind. Every write asks, so it is remembered. */
function pairsOfKind(kind: Kind): readonly string[] {
  let pairs = known.get(kind);
  if (!pairs) {
    const { group, plural } = kind.names;
    const groups = new Set([group, ...kind.served.map((one) => one.group), '*']);
    pairs = [...groups].flatMap((one) => [`${one}/${plural}`, `${one}/*`]);
    known.set(kind, pairs);
  }
  return pairs;
}

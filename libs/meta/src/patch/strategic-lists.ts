import { isJsonObject, jsonEquals, stableStringify, type Json, type JsonObject } from '#std';

/** The patch contradicts itself or the schema: Kubernetes answers 500. */
export class PatchFailure extends Error {
  override readonly name = 'PatchFailure';
}

type MergeItem = (item: JsonObject, change: JsonObject) => JsonObject;

/** Merges a list by its merge key, or as a set of plain values when there is none. */
export function mergeList(
  original: readonly Json[],
  patch: readonly Json[],
  mergeKey: string | undefined,
  mergeItem: MergeItem,
): readonly Json[] {
  if (original.length === 0 && patch.length === 0) return original;
  const ofMaps = [...original, ...patch].some((item) => isJsonObject(item));
  if (!ofMaps) return inOrder(unique([...original, ...patch]), patch, original, undefined);
  if (mergeKey === undefined) throw new PatchFailure('cannot merge lists without merge key');
  const special = applySpecial(original, patch, mergeKey);
  const merged = mergeItems(special.base, special.patch, mergeKey, mergeItem);
  return inOrder(merged, special.patch, special.base, mergeKey);
}

/** Orders a merged list as `$setElementOrder` says; items it does not name keep their place among the others. */
export function ordered(
  merged: readonly Json[],
  order: readonly Json[],
  before: readonly Json[],
  mergeKey: string | undefined,
  patch: readonly Json[] | undefined,
): readonly Json[] {
  checkOrder(order, patch ?? [], mergeKey);
  return inOrder(merged, order, before, mergeKey);
}

/** The patch's items must stand in the order list, in the same sequence. */
function checkOrder(order: readonly Json[], patch: readonly Json[], mergeKey: string | undefined): void {
  let at = 0;
  for (const item of patch) {
    if (isJsonObject(item) && item['$patch'] !== undefined) continue;
    while (at < order.length && !same(order[at], item, mergeKey)) at++;
    if (at >= order.length) throw new PatchFailure(`The order in patch list doesn't match $setElementOrder list`);
    at++;
  }
}

interface Special {
  readonly base: readonly Json[];
  readonly patch: readonly Json[];
}
/** Carries out items that are directives: `{name, $patch: delete}` and `{$patch: replace}`. */
function applySpecial(original: readonly Json[], patch: readonly Json[], mergeKey: string): Special {
  const gone = new Set<unknown>();
  let replace = false;
  const plain: Json[] = [];
  for (const item of patch) {
    const directive = isJsonObject(item) ? item['$patch'] : undefined;
    if (!isJsonObject(item) || directive === undefined) plain.push(item);
    else if (directive === 'delete') gone.add(identity(keyOf(item, mergeKey)));
    else if (directive === 'replace') replace = true;
    else throw new PatchFailure(`unknown patch type found: ${String(directive)}`);
  }
  // A replacement takes the patch's plain items instead of all that was there; it is no item itself.
  if (replace) return { base: plain, patch: [] };
  return { base: original.filter((old) => !gone.has(identityOf(old, mergeKey))), patch: plain };
}

function mergeItems(
  base: readonly Json[],
  patch: readonly Json[],
  mergeKey: string,
  mergeItem: MergeItem,
): readonly Json[] {
  const merged = [...base];
  const places = firstPlaces(base, mergeKey);
  for (const item of patch) {
    if (!isJsonObject(item)) throw new PatchFailure(`expected a map in a list merged by ${mergeKey}`);
    const key = identity(keyOf(item, mergeKey));
    const at = places.get(key);
    const old = at === undefined ? undefined : merged[at];
    if (at !== undefined && isJsonObject(old)) merged[at] = mergeItem(old, item);
    // A new item of a list that was there is taken as it came.
    else places.set(key, merged.push(item) - 1);
  }
  return merged;
}
function keyOf(item: JsonObject, mergeKey: string): Json {
  const key = item[mergeKey];
  if (key === undefined) {
    throw new PatchFailure(`map: ${goMap(item)} does not contain declared merge key: ${mergeKey}`);
  }
  return key;
}

/** Items that the patch names go in its order, the others in the server's; between them the server's order decides where both are old, else the patch's item goes first. */
function inOrder(
  merged: readonly Json[],
  patchOrder: readonly Json[],
  serverOrder: readonly Json[],
  mergeKey: string | undefined,
): readonly Json[] {
  const inPatch = ranks(merged, firstPlaces(patchOrder, mergeKey), mergeKey);
  const onServer = ranks(merged, firstPlaces(serverOrder, mergeKey), mergeKey);
  const byRank = (ranks: readonly number[]) => (a: number, b: number) => (ranks[a] ?? 0) - (ranks[b] ?? 0);
  const all = merged.map((_item, at) => at);
  const named = all.filter((at) => (inPatch[at] ?? -1) >= 0).sort(byRank(inPatch));
  const others = all.filter((at) => (inPatch[at] ?? -1) < 0).sort(byRank(onServer));
  const order: number[] = [];
  let i = 0;
  let j = 0;
  while (i < others.length || j < named.length) {
    const other = others[i];
    const mine = named[j];
    if (other === undefined || mine === undefined) {
      const rest = mine === undefined ? others.slice(i) : named.slice(j);
      for (const at of rest) order.push(at);
      break;
    }
    const left = onServer[other] ?? -1;
    const right = onServer[mine] ?? -1;
    if (left >= 0 && right >= 0 && left < right) {
      order.push(other);
      i++;
    } else {
      order.push(mine);
      j++;
    }
  }
  return order.map((at) => merged[at] as Json);
}

/** Where each item stands in a list; -1 for one that is not in it. */
function ranks(
  items: readonly Json[],
  places: ReadonlyMap<unknown, number>,
  mergeKey: string | undefined,
): readonly number[] {
  return items.map((item) => {
    const identity = identityOf(item, mergeKey);
    return identity === undefined ? -1 : (places.get(identity) ?? -1);
  });
}

/** The first place of every item of a list, by identity: a search through the list for each item would be quadratic. */
function firstPlaces(list: readonly Json[], mergeKey: string | undefined): Map<unknown, number> {
  const places = new Map<unknown, number>();
  for (let at = 0; at < list.length; at++) {
    const identity = identityOf(list[at] ?? null, mergeKey);
    if (identity !== undefined && !places.has(identity)) places.set(identity, at);
  }
  return places;
}

/** Equal for items that are the same to {@link same}; undefined for what is the same as nothing. */
function identityOf(item: Json, mergeKey: string | undefined): unknown {
  if (mergeKey === undefined) return identity(item);
  if (!isJsonObject(item)) return undefined;
  const key = item[mergeKey];
  return key === undefined ? MISSING : identity(key);
}
const MISSING = Symbol('no key');

/** A plain value is its own identity, without the cost of its text; of a list or an object it is a text that no plain value has. */
function identity(value: Json): unknown {
  if (typeof value === 'object' && value !== null) return COMPOSED + stableStringify(value);
  return typeof value === 'string' && value.startsWith(COMPOSED) ? `${COMPOSED}"${value}` : value;
}
const COMPOSED = '\u0000';

function same(a: Json | undefined, b: Json | undefined, mergeKey: string | undefined): boolean {
  if (mergeKey === undefined) return jsonEquals(a, b);
  return isJsonObject(a) && isJsonObject(b) && jsonEquals(a[mergeKey], b[mergeKey]);
}
function unique(items: readonly Json[]): readonly Json[] {
  const places = firstPlaces(items, undefined);
  return items.filter((item, i) => places.get(identity(item)) === i);
}

/** A value as Go's `%v` prints it: `map[a:1 b:[x y]]`. */
export function goMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goMap).join(' ')}]`;
  if (value === null || value === undefined) return '<nil>';
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, inner]) => `${key}:${goMap(inner)}`).join(' ')}]`;
}

import { isJsonObject, jsonEquals, type Json, type JsonObject } from '#std';

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
  let base = original;
  let replace = false;
  const plain: Json[] = [];
  for (const item of patch) {
    const directive = isJsonObject(item) ? item['$patch'] : undefined;
    if (!isJsonObject(item) || directive === undefined) plain.push(item);
    else if (directive === 'delete') {
      const key = keyOf(item, mergeKey);
      base = base.filter((old) => !(isJsonObject(old) && jsonEquals(old[mergeKey], key)));
    } else if (directive === 'replace') replace = true;
    else throw new PatchFailure(`unknown patch type found: ${String(directive)}`);
  }
  // A replacement takes the patch's plain items instead of all that was there; it is no item itself.
  return replace ? { base: plain, patch: [] } : { base, patch: plain };
}

function mergeItems(
  base: readonly Json[],
  patch: readonly Json[],
  mergeKey: string,
  mergeItem: MergeItem,
): readonly Json[] {
  const merged = [...base];
  for (const item of patch) {
    if (!isJsonObject(item)) throw new PatchFailure(`expected a map in a list merged by ${mergeKey}`);
    const key = keyOf(item, mergeKey);
    const at = merged.findIndex((old) => isJsonObject(old) && jsonEquals(old[mergeKey], key));
    const old = merged[at];
    if (isJsonObject(old)) merged[at] = mergeItem(old, item);
    // A new item of a list that was there is taken as it came.
    else merged.push(item);
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
  const rank = (list: readonly Json[], item: Json): number => list.findIndex((other) => same(other, item, mergeKey));
  const named = merged.filter((item) => rank(patchOrder, item) >= 0);
  const others = merged.filter((item) => rank(patchOrder, item) < 0);
  named.sort((a, b) => rank(patchOrder, a) - rank(patchOrder, b));
  others.sort((a, b) => rank(serverOrder, a) - rank(serverOrder, b));
  const out: Json[] = [];
  let i = 0;
  let j = 0;
  while (i < others.length || j < named.length) {
    const other = others[i];
    const mine = named[j];
    if (other === undefined || mine === undefined) {
      if (mine === undefined) out.push(...others.slice(i));
      else out.push(...named.slice(j));
      break;
    }
    const left = rank(serverOrder, other);
    const right = rank(serverOrder, mine);
    if (left >= 0 && right >= 0 && left < right) {
      out.push(other);
      i++;
    } else {
      out.push(mine);
      j++;
    }
  }
  return out;
}

function same(a: Json | undefined, b: Json | undefined, mergeKey: string | undefined): boolean {
  if (mergeKey === undefined) return jsonEquals(a, b);
  return isJsonObject(a) && isJsonObject(b) && jsonEquals(a[mergeKey], b[mergeKey]);
}
function unique(items: readonly Json[]): readonly Json[] {
  return items.filter((item, i) => items.findIndex((other) => jsonEquals(other, item)) === i);
}

/** A value as Go's `%v` prints it: `map[a:1 b:[x y]]`. */
export function goMap(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goMap).join(' ')}]`;
  if (value === null || value === undefined) return '<nil>';
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, inner]) => `${key}:${goMap(inner)}`).join(' ')}]`;
}

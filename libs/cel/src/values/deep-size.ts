import { CelList, CelMap, Optional, sizeOf, type Value } from './values.js';

const known = new WeakMap<CelList | CelMap, number>();

/** Size of a value with all that is in it: what comparing it may take. It is counted once for each list and map. */
export function deepSizeOf(value: Value): number {
  return sizeAt(value, 0);
}
/** What nests deeper is taken for larger than any limit: nothing walks it then. */
const DEPTH_MAX = 500;
function sizeAt(value: Value, depth: number): number {
  if (depth > DEPTH_MAX) return Infinity;
  if (value instanceof Optional) return value.value === undefined ? 1 : sizeAt(value.value, depth + 1);
  if (!(value instanceof CelList || value instanceof CelMap)) return sizeOf(value);
  let size = known.get(value);
  if (size === undefined) {
    size = 1;
    const items = value instanceof CelList ? value.items : value.keys.map((key) => value.get(key) ?? null);
    for (const item of items) size += sizeAt(item, depth + 1);
    known.set(value, size);
  }
  return size;
}

import type { Json } from '#std';
import { jsonEquals } from '#std';
import type { ChangedData, Path } from '../event.js';
import type { KubeObject } from '../kube-object.js';

/** What an event sets and unsets in the stored object; both absent when nothing changed. */
export type Change = Pick<ChangedData, 'set' | 'unset'>;

/**
 * The smallest change that makes `after` of `before`. `metadata.resourceVersion` is never part of it: that is the
 * position of the event itself.
 */
export function diff(before: KubeObject, after: KubeObject): Change {
  const set: [Path, Json][] = [];
  const unset: Path[] = [];
  compareFields(before, after, [], { set, unset });
  return { ...(set.length > 0 && { set }), ...(unset.length > 0 && { unset }) };
}

export function isNoChange(change: Change): boolean {
  return change.set === undefined && change.unset === undefined;
}

interface Collected {
  readonly set: [Path, Json][];
  readonly unset: Path[];
}
type Fields = Readonly<Record<string, unknown>>;

function compareFields(before: Fields, after: Fields, path: Path, out: Collected): void {
  const inMetadata = path.length === 1 && path[0] === 'metadata';
  for (const key in after) {
    if (after[key] === undefined || (inMetadata && key === 'resourceVersion')) continue;
    compareValues(before[key], after[key], [...path, key], out);
  }
  for (const key in before) {
    if (before[key] === undefined || after[key] !== undefined || (inMetadata && key === 'resourceVersion')) continue;
    out.unset.push([...path, key]);
  }
}

function compareValues(before: unknown, after: unknown, path: Path, out: Collected): void {
  if (before === after) return;
  if (isFields(before) && isFields(after)) return compareFields(before, after, path, out);
  if (Array.isArray(before) && Array.isArray(after) && compareLists(before, after, path, out)) return;
  if (!jsonEquals(before, after)) out.set.push([path, after as Json]);
}

/** Item by item where that is smaller than the whole list: the same length, or items added at the end. */
function compareLists(before: readonly unknown[], after: readonly unknown[], path: Path, out: Collected): boolean {
  if (before.length === 0 || after.length < before.length) return false;
  const differing: number[] = [];
  for (let i = 0; i < before.length; i++) if (!jsonEquals(before[i], after[i])) differing.push(i);
  if (after.length > before.length && differing.length > 0) return false;
  if (differing.length > 1 && differing.length * 2 > before.length) return false;
  for (const i of differing) compareValues(before[i], after[i], [...path, i], out);
  for (let i = before.length; i < after.length; i++) out.set.push([[...path, i], after[i] as Json]);
  return true;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The object with a change applied: a new object that shares every untouched part, keys in canonical order.
 * Paths that lead nowhere are ignored by `unset` and built by `set`, so that it never throws on a stored event.
 */
export function applyChange<T extends KubeObject>(object: T, change: Change): T {
  const fresh = new Set<object>();
  let root: Container = object;
  for (const path of change.unset ?? []) root = removed(root, path, 0, fresh);
  for (const [path, value] of change.set ?? []) root = placed(root, path, 0, { value, fresh });
  return root as T;
}

type Container = Fields | readonly unknown[];
interface Placing {
  readonly value: unknown;
  /** Containers that this change made: they may be written to, nobody else has seen them. */
  readonly fresh: Set<object>;
}

function placed(container: unknown, path: Path, depth: number, placing: Placing): Container {
  const key = path[depth] as string | number;
  const holder = asContainer(container, key);
  const old = valueAt(holder, key);
  const value = depth === path.length - 1 ? placing.value : placed(old, path, depth + 1, placing);
  if (old === value) return holder;
  const copy = writable(holder, placing.fresh);
  if (Array.isArray(copy)) {
    copy[key as number] = value;
    return copy;
  }
  if (Object.hasOwn(copy, key)) {
    (copy as Record<string, unknown>)[key] = value;
    return copy;
  }
  return withNewKey(copy as Fields, String(key), value, placing.fresh);
}

function removed(container: Container, path: Path, depth: number, fresh: Set<object>): Container {
  const key = path[depth] as string | number;
  const old = valueAt(container, key);
  if (old === undefined) return container;
  if (depth < path.length - 1) {
    if (typeof old !== 'object' || old === null) return container;
    const inner = removed(old as Container, path, depth + 1, fresh);
    if (inner === old) return container;
    const copy = writable(container, fresh);
    (copy as Record<string | number, unknown>)[key] = inner;
    return copy;
  }
  const copy = writable(container, fresh);
  if (Array.isArray(copy)) copy.splice(key as number, 1);
  else delete (copy as Record<string, unknown>)[key];
  return copy;
}

const WHOLE_NUMBER = /^(0|[1-9]\d{0,9})$/;

/** Keys stay in code-unit order: a new one is put where it belongs. */
function withNewKey(holder: Fields, key: string, value: unknown, fresh: Set<object>): Fields {
  const out: Record<string, unknown> = {};
  let isPlaced = false;
  for (const name in holder) {
    // JavaScript keeps whole-number keys in front whatever the order of insertion.
    if (!isPlaced && name > key && !WHOLE_NUMBER.test(name)) {
      out[key] = value;
      isPlaced = true;
    }
    out[name] = holder[name];
  }
  if (!isPlaced) out[key] = value;
  fresh.delete(holder);
  fresh.add(out);
  return out;
}

function writable(container: Container, fresh: Set<object>): Container {
  if (fresh.has(container)) return container;
  const copy = Array.isArray(container) ? container.slice() : { ...container };
  fresh.add(copy);
  return copy;
}
function asContainer(value: unknown, key: string | number): Container {
  if (typeof value === 'object' && value !== null) return value as Container;
  return typeof key === 'number' ? [] : {};
}
function valueAt(container: Container, key: string | number): unknown {
  return Object.hasOwn(container, key) ? (container as Readonly<Record<string | number, unknown>>)[key] : undefined;
}

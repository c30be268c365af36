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

/** A map with more changed entries is set as a whole: applying each costs as much as the map has entries. */
const CHANGES_MAX = 32;

function compareFields(before: Fields, after: Fields, path: Path, out: Collected): void {
  const inMetadata = path.length === 1 && path[0] === 'metadata';
  const [sets, unsets] = [out.set.length, out.unset.length];
  for (const key in after) {
    if (after[key] === undefined || (inMetadata && key === 'resourceVersion')) continue;
    const old = valueAt(before, key);
    if (old !== after[key]) compareValues(old, after[key], [...path, key], out);
  }
  for (const key in before) {
    if (before[key] === undefined || (inMetadata && key === 'resourceVersion')) continue;
    if (valueAt(after, key) !== undefined) continue;
    out.unset.push([...path, key]);
  }
  if (path.length === 0 || inMetadata || out.set.length + out.unset.length - sets - unsets <= CHANGES_MAX) return;
  out.set.length = sets;
  out.unset.length = unsets;
  out.set.push([path, after as Json]);
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
 * An `owned` object is seen by nobody else and is written to instead of copied.
 */
export function applyChange<T extends KubeObject>(object: T, change: Change, owned = false): T {
  const { set, unset } = change;
  const fresh = owned ? ALL_FRESH : new Fresh();
  let root: Container = object;
  if (unset) for (const path of unset) root = removed(root, path, 0, fresh);
  if (set) {
    for (const [path, value] of set)
      if (!owned || !overwritten(root, path, value)) root = placed(root, path, 0, { value, fresh });
  }
  return root as T;
}

/** The short way for what is owned and has a value at the path already: nothing but an assignment. */
function overwritten(root: Container, path: Path, value: unknown): boolean {
  const last = path.length - 1;
  let holder = root as Record<string | number, unknown>;
  for (let depth = 0; depth < last; depth++) {
    const inner = valueAt(holder, path[depth] as string | number);
    if (typeof inner !== 'object' || inner === null) return false;
    holder = inner as Record<string | number, unknown>;
  }
  const key = path[last] as string | number;
  if (valueAt(holder, key) === undefined) return false;
  holder[key] = value;
  return true;
}

type Container = Fields | readonly unknown[];
interface Placing {
  readonly value: unknown;
  readonly fresh: Fresh;
}

function placed(container: unknown, path: Path, depth: number, placing: Placing): Container {
  const key = path[depth] as string | number;
  const holder = asContainer(container, key);
  const old = valueAt(holder, key);
  const value = depth === path.length - 1 ? placing.value : placed(old, path, depth + 1, placing);
  if (old === value) return holder;
  const { fresh } = placing;
  if (Array.isArray(holder)) {
    const copy = fresh.has(holder) ? (holder as unknown[]) : fresh.note((holder as readonly unknown[]).slice());
    copy[key as number] = value;
    return copy;
  }
  const fields = holder as Fields;
  if (old === undefined && !Object.hasOwn(fields, key)) return withNewKey(fields, String(key), value, fresh);
  const copy = fresh.has(fields) ? (fields as Record<string, unknown>) : fresh.note({ ...fields });
  copy[key] = value;
  return copy;
}

function removed(container: Container, path: Path, depth: number, fresh: Fresh): Container {
  const key = path[depth] as string | number;
  const old = valueAt(container, key);
  if (old === undefined) return container;
  const isLast = depth === path.length - 1;
  if (!isLast && (typeof old !== 'object' || old === null)) return container;
  const inner = isLast ? undefined : removed(old as Container, path, depth + 1, fresh);
  if (inner === old) return container;
  if (Array.isArray(container)) {
    const copy = fresh.has(container)
      ? (container as unknown[])
      : fresh.note((container as readonly unknown[]).slice());
    if (isLast) copy.splice(key as number, 1);
    else copy[key as number] = inner;
    return copy;
  }
  const fields = container as Fields;
  if (isLast) return withoutKey(fields, String(key), fresh);
  const copy = fresh.has(fields) ? (fields as Record<string, unknown>) : fresh.note({ ...fields });
  copy[key] = inner;
  return copy;
}

const WHOLE_NUMBER = /^(0|[1-9]\d{0,9})$/;

/** Keys stay in code-unit order: a new one is put where it belongs. */
function withNewKey(holder: Fields, key: string, value: unknown, fresh: Fresh): Fields {
  const out: Record<string, unknown> = {};
  let isPlaced = false;
  for (const name in holder) {
    // JavaScript keeps whole-number keys in front whatever the order of insertion.
    if (!isPlaced && name > key && !WHOLE_NUMBER.test(name)) {
      put(out, key, value);
      isPlaced = true;
    }
    put(out, name, holder[name]);
  }
  if (!isPlaced) put(out, key, value);
  return fresh.note(out);
}
/** Built anew: an object that something was deleted from is slow for everybody who reads or copies it later. */
function withoutKey(holder: Fields, key: string, fresh: Fresh): Fields {
  const out: Record<string, unknown> = {};
  for (const name in holder) if (name !== key) put(out, name, holder[name]);
  return fresh.note(out);
}
/** A key of a map may be `__proto__`, which plain assignment would not store. */
function put(out: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
  else out[key] = value;
}

/** Containers that a change made: they may be written to, nobody else has seen them. Mostly there are a handful. */
class Fresh {
  private readonly few: object[] = [];
  private many: Set<object> | undefined;

  has(container: object): boolean {
    return this.many ? this.many.has(container) : this.few.includes(container);
  }
  note<C extends object>(container: C): C {
    if (this.many) this.many.add(container);
    else if (this.few.push(container) > 16) this.many = new Set(this.few);
    return container;
  }
}

/** For an object that is owned whole. */
const ALL_FRESH = new (class extends Fresh {
  override has(): boolean {
    return true;
  }
  override note<C extends object>(container: C): C {
    return container;
  }
})();

function asContainer(value: unknown, key: string | number): Container {
  // A list has no names: a path that gives one leads nowhere in it.
  const leads = typeof value === 'object' && value !== null && !(Array.isArray(value) && typeof key === 'string');
  return leads ? (value as Container) : typeof key === 'number' ? [] : {};
}
/** What JSON holds at a key. Nothing inherited is JSON, so one look is enough for all but the odd names. */
function valueAt(container: Container, key: string | number): unknown {
  const value = (container as Readonly<Record<string | number, unknown>>)[key];
  if (value === undefined || typeof value === 'function') return undefined;
  return key === '__proto__' || (typeof key === 'string' && Array.isArray(container)) ? ownAt(container, key) : value;
}
function ownAt(container: Container, key: string): unknown {
  return Object.hasOwn(container, key) && !Array.isArray(container) ? (container as Fields)[key] : undefined;
}

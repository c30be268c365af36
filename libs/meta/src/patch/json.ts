import { isJsonObject, jsonEquals, type Json, type JsonObject } from '#std';
import { badRequest, patched, unprocessable, type Patched } from './problem.js';

const OPERATIONS_MAX = 10_000;

/** Applies an RFC 6902 patch. Whatever does not fit the document is one and the same 422, as in Kubernetes. */
export function applyJsonPatch(document: JsonObject, patch: unknown): Patched<JsonObject> {
  if (!Array.isArray(patch)) return badRequest('error decoding patch: the patch must be a list of operations');
  if (patch.length > OPERATIONS_MAX) {
    const text = `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${patch.length}`;
    const message = `Request entity too large: ${text}`;
    return { ok: false, problem: { code: 413, reason: 'RequestEntityTooLarge', message } };
  }
  let at: Json = document;
  for (const operation of patch as readonly unknown[]) {
    const next: Outcome = isJsonObject(operation) ? apply(at, operation) : FAILED;
    if (next === FAILED) return unprocessable();
    at = next;
  }
  return isJsonObject(at) ? patched(at) : unprocessable();
}

/** The operation does not fit the document. */
const FAILED = Symbol('failed');
type Outcome = Json | typeof FAILED;

function apply(document: Json, operation: JsonObject): Outcome {
  const path = pointer(operation['path']);
  if (path === undefined) return FAILED;
  const value = operation['value'] ?? null;
  switch (operation['op']) {
    case 'add':
      return edit(document, path, (holder, key) => insert(holder, key, value));
    case 'remove':
      return edit(document, path, remove);
    case 'replace':
      return edit(document, path, (holder, key) => replace(holder, key, value));
    case 'test':
      return test(document, path, value) ? document : FAILED;
    case 'copy':
    case 'move': {
      const from = pointer(operation['from']);
      if (from === undefined) return FAILED;
      const found = operation['op'] === 'move' ? read(document, from) : copied(document, from);
      if (found === undefined) return FAILED;
      const base = operation['op'] === 'move' ? edit(document, from, remove) : document;
      return base === FAILED ? FAILED : edit(base, path, (holder, key) => insert(holder, key, found));
    }
    default:
      return FAILED;
  }
}

/** Keys of a JSON pointer; an escape that RFC 6901 does not know is kept as it is. */
function pointer(path: unknown): readonly string[] | undefined {
  if (typeof path !== 'string') return undefined;
  const parts = path.split('/');
  if (parts.length < 2) return undefined;
  return parts.slice(1).map((part) => part.replace(/~[01]/g, (escape) => (escape === '~1' ? '/' : '~')));
}

type Edit = (holder: readonly Json[] | JsonObject, key: string) => Outcome;

/** The document with the last holder on the path replaced by what `change` makes of it. */
function edit(document: Json, path: readonly string[], change: Edit): Outcome {
  const [key, ...rest] = path;
  if (key === undefined || typeof document !== 'object' || document === null) return FAILED;
  const holder = document as readonly Json[] | JsonObject;
  if (rest.length === 0) return change(holder, key);
  const inner = member(holder, key);
  if (inner === undefined) return FAILED;
  const next = edit(inner, rest, change);
  return next === FAILED ? FAILED : replace(holder, key, next);
}

function isList(holder: readonly Json[] | JsonObject): holder is readonly Json[] {
  return Array.isArray(holder);
}
function index(key: string): number | undefined {
  return /^[+-]?\d+$/.test(key) ? Number(key) : undefined;
}
function member(holder: readonly Json[] | JsonObject, key: string): Json | undefined {
  if (!isList(holder)) return Object.hasOwn(holder, key) ? holder[key] : undefined;
  const at = placeIn(holder, key);
  return at === undefined ? undefined : holder[at];
}
/** Where an item is; what is below zero counts from the end. */
function placeIn(list: readonly Json[], key: string): number | undefined {
  const at = index(key);
  return at !== undefined && at < 0 ? at + list.length : at;
}

function insert(holder: readonly Json[] | JsonObject, key: string, value: Json): Outcome {
  if (!isList(holder)) return { ...holder, [key]: value };
  if (key === '-') return [...holder, value];
  let at = index(key);
  if (at === undefined) return FAILED;
  // Minus one is the end: the list is counted with the new item in it.
  if (at < 0) at += holder.length + 1;
  if (at < 0 || at > holder.length) return FAILED;
  return [...holder.slice(0, at), value, ...holder.slice(at)];
}
function remove(holder: readonly Json[] | JsonObject, key: string): Outcome {
  if (!isList(holder)) {
    if (!Object.hasOwn(holder, key) || holder[key] === undefined) return FAILED;
    const { [key]: _gone, ...rest } = holder;
    return rest;
  }
  const at = placeIn(holder, key);
  if (at === undefined || at < 0 || at >= holder.length) return FAILED;
  return [...holder.slice(0, at), ...holder.slice(at + 1)];
}
function replace(holder: readonly Json[] | JsonObject, key: string, value: Json): Outcome {
  // A field of an object need not be there yet: replacing it adds it.
  if (!isList(holder)) return { ...holder, [key]: value };
  if (member(holder, key) === undefined) return FAILED;
  const at = placeIn(holder, key);
  return holder.map((item, i) => (i === at ? value : item));
}

function read(document: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = document;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = member(at as readonly Json[] | JsonObject, key);
    if (at === undefined) return undefined;
  }
  return at;
}

/** Nothing there is copied as null, as long as there is an object that could hold it. */
function copied(document: Json, path: readonly string[]): Json | undefined {
  const holder = read(document, path.slice(0, -1));
  return read(document, path) ?? (isJsonObject(holder) ? null : undefined);
}
/** Nothing there equals null likewise. */
function test(document: Json, path: readonly string[], value: Json): boolean {
  const found = copied(document, path);
  return found !== undefined && jsonEquals(found, value);
}

import { isJsonObject, jsonEquals, type JsonObject, type Json } from '#std';
import { JsonDocument, TooMuchMoved } from './json-document.js';
import { badRequest, patched, unprocessable, type Patched } from './problem.js';

const OPERATIONS_MAX = 10_000;
/** Bytes of JSON that the copies of one patch may have in all, as in Kubernetes: copying a copy doubles it each time. */
const COPIED_BYTES_MAX = 3 * 1024 * 1024;

/** Applies an RFC 6902 patch. Whatever does not fit the document is one and the same 422, as in Kubernetes. */
export function applyJsonPatch(document: JsonObject, patch: unknown): Patched<JsonObject> {
  if (!Array.isArray(patch)) return badRequest('error decoding patch: the patch must be a list of operations');
  if (patch.length > OPERATIONS_MAX)
    return tooLarge(`The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${patch.length}`);
  const at = new JsonDocument(document);
  let copiedBytes = 0;
  try {
    for (const operation of patch as readonly unknown[]) {
      if (!isJsonObject(operation)) return unprocessable();
      const copied = apply(at, operation);
      if (copied === FAILED) return unprocessable();
      copiedBytes += copied;
      if (copiedBytes > COPIED_BYTES_MAX) return unprocessable();
    }
  } catch (cause) {
    if (cause instanceof TooMuchMoved) return tooLarge(cause.message);
    throw cause;
  }
  const { root } = at;
  return isJsonObject(root) && !at.isTooDeep ? patched(root) : unprocessable();
}

function tooLarge(text: string): Patched<JsonObject> {
  const message = `Request entity too large: ${text}`;
  return { ok: false, problem: { code: 413, reason: 'RequestEntityTooLarge', message } };
}

/** The operation does not fit the document. */
const FAILED = Symbol('failed');
/** Bytes that the operation copied. */
type Outcome = number | typeof FAILED;

function apply(document: JsonDocument, operation: JsonObject): Outcome {
  const path = pointer(operation['path']);
  if (path === undefined) return FAILED;
  const value = operation['value'] ?? null;
  switch (operation['op']) {
    case 'add':
      return document.insert(path, value) ? 0 : FAILED;
    case 'remove':
      return document.remove(path) ? 0 : FAILED;
    case 'replace':
      return document.replace(path, value) ? 0 : FAILED;
    case 'test':
      return test(document, path, value) ? 0 : FAILED;
    case 'copy':
      return copy(document, pointer(operation['from']), path);
    case 'move': {
      const from = pointer(operation['from']);
      const found = from && document.read(from);
      if (from === undefined || found === undefined) return FAILED;
      return document.remove(from) && document.insert(path, found) ? 0 : FAILED;
    }
    default:
      return FAILED;
  }
}

function copy(document: JsonDocument, from: readonly string[] | undefined, path: readonly string[]): Outcome {
  const found = from && orNull(document, from);
  if (found === undefined) return FAILED;
  const text = document.textOf(found);
  return text !== undefined && document.insert(path, document.shareable(found, text)) ? text.length : FAILED;
}

/** Keys of a JSON pointer; an escape that RFC 6901 does not know is kept as it is. */
function pointer(path: unknown): readonly string[] | undefined {
  if (typeof path !== 'string') return undefined;
  const parts = path.split('/');
  if (parts.length < 2) return undefined;
  return parts.slice(1).map((part) => part.replace(/~[01]/g, (escape) => (escape === '~1' ? '/' : '~')));
}

/** Nothing there is null, as long as there is an object that could hold it. */
function orNull(document: JsonDocument, path: readonly string[]): Json | undefined {
  const found = document.read(path);
  if (found !== undefined) return found;
  return isJsonObject(document.read(path, path.length - 1)) ? null : undefined;
}
function test(document: JsonDocument, path: readonly string[], value: Json): boolean {
  const found = orNull(document, path);
  return found !== undefined && jsonEquals(found, value);
}

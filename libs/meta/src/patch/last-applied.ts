import { isJsonObject, type JsonObject } from '#std';
import { byteLength } from '../names.js';
import { compareObjects } from './compare.js';
import { difference, type FieldSet } from './field-set.js';
import { fieldSetOf } from './own-paths.js';
import type { Shape } from './shape.js';
import { typingProblem } from './typed-validate.js';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const ANNOTATIONS_BYTES_MAX = 256 * 1024;

/**
 * The fields that a client-side apply left as they are now: kubectl may take them over on the server's side without a
 * conflict. Undefined without a readable annotation in the version that is applied now.
 */
export function allowedByLastApplied(live: JsonObject, shape: Shape, apiVersion: string): FieldSet | undefined {
  const text = annotationsOf(live)?.[LAST_APPLIED];
  if (typeof text !== 'string' || text === '') return undefined;
  const applied = parsed(text);
  if (applied === undefined || applied['apiVersion'] !== apiVersion || !applied['kind']) return undefined;
  if (typingProblem(applied, shape) !== undefined) return undefined;
  const { added, modified, removed } = compareObjects(applied, live, shape);
  return difference(difference(difference(fieldSetOf(applied, shape), modified), added), removed);
}

/** Keeps the annotation of client-side applies up to date where there is one; drops it when it grows too large. */
export function withLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  if (annotations === undefined || typeof annotations[LAST_APPLIED] !== 'string' || annotations[LAST_APPLIED] === '')
    return object;
  const text = `${JSON.stringify(withoutLastApplied(applied))}\n`;
  const { [LAST_APPLIED]: _old, ...others } = annotations;
  const bytes = Object.entries({ ...others, [LAST_APPLIED]: text }).reduce(
    (sum, [key, value]) => sum + byteLength(key) + byteLength(String(value)),
    0,
  );
  const next = bytes > ANNOTATIONS_BYTES_MAX ? others : { ...others, [LAST_APPLIED]: text };
  return { ...object, metadata: { ...(object['metadata'] as JsonObject), annotations: next } };
}

/** The configuration as the annotation holds it: keys sorted, and without the annotation itself. */
function withoutLastApplied(applied: JsonObject): JsonObject {
  const metadata = isJsonObject(applied['metadata']) ? applied['metadata'] : {};
  const { [LAST_APPLIED]: _old, ...annotations } = annotationsOf(applied) ?? {};
  const { annotations: _annotations, managedFields: _managed, ...rest } = metadata;
  const kept = { ...rest, ...(Object.keys(annotations).length > 0 && { annotations }) };
  return sorted({ ...applied, metadata: kept });
}
function sorted(value: JsonObject): JsonObject {
  const inOrder = (inner: unknown): unknown => {
    if (Array.isArray(inner)) return inner.map(inOrder);
    if (!isJsonObject(inner)) return inner;
    return Object.fromEntries(
      Object.keys(inner)
        .sort()
        .map((key) => [key, inOrder(inner[key])]),
    );
  };
  return inOrder(value) as JsonObject;
}

function annotationsOf(object: JsonObject): JsonObject | undefined {
  const metadata = object['metadata'];
  const annotations = isJsonObject(metadata) ? metadata['annotations'] : undefined;
  return isJsonObject(annotations) ? annotations : undefined;
}
function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    // A broken annotation proves nothing.
    return undefined;
  }
}

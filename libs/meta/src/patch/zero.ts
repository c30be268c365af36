import type { Json, JsonObject } from '#std';
import { plain, type ObjectShape, type Shape } from './shape.js';

const zeros = new WeakMap<ObjectShape, JsonObject>();

/**
 * The object before anything was said of it. The genuine server compares a new object with this one: fields that it
 * always writes count as there already, so that nobody comes to own them by creating the object.
 */
export function zeroObject(shape: Shape): JsonObject {
  const object = plain(shape);
  if (object.is !== 'object') return {};
  let zero = zeros.get(object);
  if (zero === undefined) {
    zero = make(object);
    zeros.set(object, zero);
  }
  return zero;
}

function make(object: ObjectShape): JsonObject {
  const out: Record<string, Json> = {};
  for (const [name, field] of Object.entries(object.fields)) {
    const { always } = field.options;
    const inner = plain(field.type);
    const isRequired = field.required === true && field.options.omitEmpty !== true;
    const isWritten = always !== undefined || isRequired || name === 'metadata';
    if (!isWritten) continue;
    if (always === null) out[name] = null;
    else if (inner.is === 'object') out[name] = zeroObject(inner);
    else if (inner.is === 'scalar') out[name] = (always as Json | undefined) ?? scalarZero(inner.scalar);
    else out[name] = null;
  }
  return out;
}

function scalarZero(scalar: string): Json {
  switch (scalar) {
    case 'string':
      return '';
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    case 'boolean':
      return false;
    case 'quantity':
      return '0';
    default:
      return null;
  }
}

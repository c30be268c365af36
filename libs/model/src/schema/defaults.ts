import { putValue, type Json } from '#std';
import { type FieldOptions, type ObjectType, resolved, type Type } from './builder.js';
import { customOf, decode } from './decode.js';

/** Sets the static defaults of a type where its fields are absent. Returns the same value when there is nothing to set. */
export function applyDefaults<T>(type: Type<T>, value: T, keepsNulls = false): T {
  const custom = customOf(type);
  return (custom ? custom.applyDefaults(value as Json, keepsNulls) : defaulterOf(type)(value)) as T;
}

type Defaulter = (value: unknown) => unknown;
const same: Defaulter = (value) => value;
const defaulters = new WeakMap<Type, Defaulter>();

/** `same` is returned for types without any default below them, so that whole subtrees cost nothing. */
function defaulterOf(type: Type): Defaulter {
  const t = resolved(type);
  const made = defaulters.get(t);
  if (made !== undefined) return made;
  // A type that contains itself meets this one while it is compiled.
  let compiled: Defaulter = same;
  defaulters.set(t, (value) => compiled(value));
  compiled = compile(t);
  defaulters.set(t, compiled);
  return compiled;
}

function compile(t: Exclude<Type, { is: 'lazy' }>): Defaulter {
  switch (t.is) {
    case 'scalar':
      return same;
    case 'list':
      return eachItem(defaulterOf(t.items));
    case 'map':
      return eachValue(defaulterOf(t.values));
    case 'object':
      return eachField(t);
  }
}

function eachItem(defaulter: Defaulter): Defaulter {
  if (defaulter === same) return same;
  return (value) => {
    if (!Array.isArray(value)) return value;
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item = defaulter(value[i]);
      if (item === value[i]) continue;
      copy ??= value.slice();
      copy[i] = item;
    }
    return copy ?? value;
  };
}

function eachValue(defaulter: Defaulter): Defaulter {
  if (defaulter === same) return same;
  return (value) => {
    if (typeof value !== 'object' || value === null) return value;
    const out: Record<string, unknown> = {};
    let changed = false;
    for (const [key, item] of Object.entries(value)) {
      const made = defaulter(item);
      putValue(out, key, made);
      changed ||= made !== item;
    }
    return changed ? out : value;
  };
}

interface FieldDefault {
  readonly name: string;
  readonly filled: unknown;
  readonly inner: Defaulter;
  /** Whether an explicit zero value is a value and no gap. */
  readonly keepsZero: boolean;
}

function eachField(type: ObjectType): Defaulter {
  const plans: FieldDefault[] = [];
  for (const name of Object.keys(type.fields).sort()) {
    const field = type.fields[name];
    if (field === undefined) continue;
    const inner = defaulterOf(field.type);
    const wanted = writtenDefault(field.options);
    // A default is written as any value of its type is: with the fields that are always written.
    const filled = wanted === undefined ? undefined : inner(decode(field.type, wanted).value);
    if (filled !== undefined || inner !== same)
      plans.push({ name, filled, inner, keepsZero: field.options.pointer === true });
  }
  if (plans.length === 0) return same;
  return (value) => {
    if (typeof value !== 'object' || value === null) return value;
    const source = value as Record<string, unknown>;
    const changes: Record<string, unknown> = {};
    let isNew = false;
    let isChanged = false;
    for (const plan of plans) {
      const old = source[plan.name];
      const set = isUnset(old, plan) ? plan.filled : plan.inner(old);
      if (set === old) continue;
      changes[plan.name] = set;
      isChanged = true;
      isNew ||= !(plan.name in source);
    }
    if (!isChanged) return value;
    return isNew ? inOrder({ ...source, ...changes }) : { ...source, ...changes };
  };
}

/** An empty text that is not written where it is empty is a default for list keys only. */
function writtenDefault({ fill, default: published, pointer, always }: FieldOptions): unknown {
  const wanted = fill ?? published;
  return wanted === '' && pointer !== true && always === undefined ? undefined : wanted;
}

/** Zero values that are always written (`''`, 0) count as absent where a default is to take their place. */
function isUnset(value: unknown, { filled, keepsZero }: FieldDefault): boolean {
  if (filled === undefined) return false;
  return value === undefined || value === null || (!keepsZero && (value === '' || value === 0));
}

function inOrder(value: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) out[key] = value[key];
  return out;
}

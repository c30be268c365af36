/** A static type. */
export type Type =
  | { readonly kind: Simple }
  | { readonly kind: 'list' | 'optional' | 'type'; readonly of: Type }
  | { readonly kind: 'map'; readonly key: Type; readonly value: Type }
  | ObjectType
  /** A value that only functions look into, `kubernetes.Quantity`. */
  | { readonly kind: 'opaque'; readonly name: string }
  /** Stands for one type within a signature. */
  | { readonly kind: 'param'; readonly name: string };
export type Simple =
  'dyn' | 'error' | 'null' | 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'timestamp' | 'duration';
export interface ObjectType {
  readonly kind: 'object';
  readonly name: string;
  /** The type of a field; undefined when the type has no such field. */
  field(name: string): Type | undefined;
}

const simple = (kind: Simple): Type => ({ kind });
export const DYN = simple('dyn');
export const ERROR = simple('error');
export const NULL = simple('null');
export const BOOL = simple('bool');
export const INT = simple('int');
export const UINT = simple('uint');
export const DOUBLE = simple('double');
export const STRING = simple('string');
export const BYTES = simple('bytes');
export const TIMESTAMP = simple('timestamp');
export const DURATION = simple('duration');
export const listOf = (of: Type): Type => ({ kind: 'list', of });
export const mapOf = (key: Type, value: Type): Type => ({ kind: 'map', key, value });
export const optionalOf = (of: Type): Type => ({ kind: 'optional', of });
export const typeOf = (of: Type): Type => ({ kind: 'type', of });
export const opaque = (name: string): Type => ({ kind: 'opaque', name });

const WIRE_NAMES: Partial<Record<Simple, string>> = {
  null: 'null',
  timestamp: 'timestamp',
  duration: 'duration',
  error: '!error!',
};

/** A type as error messages name it: `map(string, int)`. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list(${typeText(type.of)})`;
    case 'optional':
      return `optional_type(${typeText(type.of)})`;
    case 'type':
      return `type(${typeText(type.of)})`;
    case 'map':
      return `map(${typeText(type.key)}, ${typeText(type.value)})`;
    case 'object':
    case 'opaque':
    case 'param':
      return type.name;
    default:
      return WIRE_NAMES[type.kind] ?? type.kind;
  }
}

const SIMPLE_NAMES: ReadonlyMap<string, Type> = new Map<string, Type>([
  ...(['dyn', 'bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'] as const).map(
    (name): [string, Type] => [name, simple(name)],
  ),
  ['null_type', NULL],
]);

/** Reads `map(string, list(A))`; single capitals are parameters, other unknown names opaque types. */
export function parseType(text: string): Type {
  const open = text.indexOf('(');
  if (open < 0) {
    const known = SIMPLE_NAMES.get(text);
    if (known) return known;
    return /^[A-Z]$/.test(text) ? { kind: 'param', name: text } : opaque(text);
  }
  const [first = DYN, second = DYN] = splitTypes(text.slice(open + 1, -1)).map(parseType);
  const name = text.slice(0, open);
  if (name === 'map') return mapOf(first, second);
  return { kind: name as 'list' | 'optional' | 'type', of: first };
}

/** The parts between commas that no bracket encloses. */
export function splitTypes(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const character of text) {
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === ',' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else part += character;
  }
  return part.trim() === '' ? parts : [...parts, part.trim()];
}

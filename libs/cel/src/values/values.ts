import type { Quantity, Cidr, IpAddress } from '#meta';
import { typeText, type Type } from '../check/types.js';

/** A value of the language. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint
  | Uint8Array
  | Timestamp
  | Duration
  | CelList
  | CelMap
  | Optional
  | TypeValue
  | Opaque;

/** An error is a value while it is not known whether anything depends on it: `error || true` is true. */
export class CelError {
  constructor(readonly message: string) {}
}
export type Result = Value | CelError;
export const NO_OVERLOAD = new CelError('no such overload');

export class Uint {
  constructor(readonly value: bigint) {}
}
export class Timestamp {
  constructor(readonly nanos: bigint) {}
}
export class Duration {
  constructor(readonly nanos: bigint) {}
}
export class Optional {
  constructor(readonly value: Value | undefined) {}
}
export class TypeValue {
  constructor(readonly name: string) {}
}

/** Values that only functions look into. */
export type Opaque = UrlValue | QuantityValue | IpValue | CidrValue | SemverValue | FormatValue | AuthorizerValue;
abstract class Named {
  abstract readonly typeName: string;
}
export interface UrlParts {
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, readonly string[]>;
}
export class UrlValue extends Named {
  readonly typeName = 'kubernetes.URL';
  constructor(readonly url: UrlParts) {
    super();
  }
}
export class QuantityValue extends Named {
  readonly typeName = 'kubernetes.Quantity';
  constructor(readonly quantity: Quantity) {
    super();
  }
}
export class IpValue extends Named {
  readonly typeName = 'net.IP';
  constructor(readonly ip: IpAddress) {
    super();
  }
}
export class CidrValue extends Named {
  readonly typeName = 'net.CIDR';
  constructor(readonly cidr: Cidr) {
    super();
  }
}
export interface Semver {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly pre: readonly string[];
  readonly build: readonly string[];
}
export class SemverValue extends Named {
  readonly typeName = 'kubernetes.Semver';
  constructor(readonly semver: Semver) {
    super();
  }
}
export class FormatValue extends Named {
  readonly typeName = 'kubernetes.NamedFormat';
  constructor(
    readonly name: string,
    /** What is wrong with a text, in Kubernetes' words. */
    readonly problems: (text: string) => readonly string[],
  ) {
    super();
  }
}
/** What the authorizer said to one question. */
export interface AuthorizerAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error: string;
}
/** Facts of a question: `verb` with `path`, or with `group`, `resource`, `subresource`, `namespace`, `name` and selectors. */
export type AskAuthorizer = (facts: Readonly<Record<string, string>>) => AuthorizerAnswer;

/** Steps of a question to the authorizer, and whom it is put to. */
export class AuthorizerValue extends Named {
  constructor(
    readonly typeName: string,
    readonly facts: Readonly<Record<string, string>>,
    readonly ask: AskAuthorizer,
  ) {
    super();
  }
}

/** Elements are made when they are first looked at: a rule that reads one field of a large object costs one field. */
export class CelList {
  private made: readonly Value[] | undefined;
  constructor(
    private readonly make: () => readonly Value[],
    readonly size: number,
    /** `set`: order does not matter. */
    readonly order: 'list' | 'set' = 'list',
    /** Fields that identify an element of a list of type map. */
    readonly keys: readonly string[] = [],
  ) {}
  static of(items: readonly Value[]): CelList {
    return new CelList(() => items, items.length);
  }
  get items(): readonly Value[] {
    return (this.made ??= this.make());
  }
}

export type MapKey = string | bigint | boolean | Uint;
/** Keys are compared as values are: `1` and `1u` are one key. */
export class CelMap {
  private readonly byKey: Map<string, readonly [MapKey, () => Value]>;
  private readonly made = new Map<string, Value>();
  private listed: readonly MapKey[] | undefined;
  constructor(
    entries: Iterable<readonly [MapKey, () => Value]>,
    /** An object with declared fields: its type's name. */
    readonly typeName = 'map',
  ) {
    this.byKey = new Map(Array.from(entries, (entry) => [keyText(entry[0]) ?? '', entry]));
  }
  static of(entries: Iterable<readonly [MapKey, Value]>): CelMap {
    return new CelMap(Array.from(entries, ([key, value]) => [key, () => value]));
  }
  get size(): number {
    return this.byKey.size;
  }
  /** Adds an entry to a map that nobody else has yet; false when the key is there. */
  grow(key: MapKey, value: Value): boolean {
    const text = keyText(key) ?? '';
    if (this.byKey.has(text)) return false;
    this.byKey.set(text, [key, () => value]);
    return true;
  }
  get(key: Value): Value | undefined {
    const text = keyText(key);
    const entry = text === undefined ? undefined : this.byKey.get(text);
    if (!entry || text === undefined) return undefined;
    let value = this.made.get(text);
    if (value === undefined) this.made.set(text, (value = entry[1]()));
    return value;
  }
  has(key: Value): boolean {
    const text = keyText(key);
    return text !== undefined && this.byKey.has(text);
  }
  get keys(): readonly MapKey[] {
    if (this.listed?.length !== this.byKey.size) this.listed = Array.from(this.byKey.values(), ([key]) => key);
    return this.listed;
  }
}

function keyText(key: Value): string | undefined {
  if (typeof key === 'string') return `"${key}`;
  if (typeof key === 'bigint' || typeof key === 'boolean') return String(key);
  if (key instanceof Uint) return String(key.value);
  if (typeof key === 'number' && Number.isInteger(key)) return String(BigInt(key));
  return undefined;
}

export function isKey(value: Value): value is MapKey {
  return typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean' || value instanceof Uint;
}

/** The name of a value's type at run time. */
export function typeName(value: Value): string {
  if (value === null) return 'null_type';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
  }
  if (value instanceof Uint) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof CelList) return 'list';
  if (value instanceof CelMap) return value.typeName;
  if (value instanceof Optional) return 'optional_type';
  if (value instanceof TypeValue) return 'type';
  return value.typeName;
}

const SIMPLE: Readonly<Record<string, string>> = {
  null: 'null_type',
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
  optional: 'optional_type',
};
/** Whether a value may be an argument of this type. Elements are not looked at: functions check those they use. */
export function isOfType(value: Value, type: Type): boolean {
  if (type.kind === 'dyn' || type.kind === 'param') return true;
  if (type.kind === 'object') return value instanceof CelMap;
  if (type.kind === 'map') return value instanceof CelMap;
  if (type.kind === 'opaque') return typeName(value) === type.name;
  return typeName(value) === (SIMPLE[type.kind] ?? type.kind);
}

/** The value of a type's name where it is used as a value. */
export function typeValue(type: Type): TypeValue {
  if (type.kind === 'object' || type.kind === 'opaque') return new TypeValue(typeText(type));
  return new TypeValue(SIMPLE[type.kind] ?? type.kind);
}

/**
 * What costs are counted by: characters, bytes, elements or entries; 1 for everything else. Characters beyond the first plane
 * count twice: counting code points would take as long as reading the text.
 */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelList || value instanceof CelMap) return value.size;
  if (value instanceof Optional && value.value !== undefined) return sizeOf(value.value);
  return 1;
}

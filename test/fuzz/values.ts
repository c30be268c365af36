import type { Field, ObjectType, Type } from '#model';
import type { Prng } from '#std';

type Resolved = Exclude<Type, { is: 'lazy' }>;
const resolved = (type: Type): Resolved => (type.is === 'lazy' ? resolved(type.resolve()) : type);

const TEXTS = [
  '',
  'a',
  'b',
  'web',
  'default',
  'Always',
  'TCP',
  'ClusterIP',
  'v1',
  'apps/v1',
  'Pod',
  '10.0.0.1',
  '*',
  '-',
];
const ODD_TEXTS = [
  '\u0000',
  '\ud800',
  '💥',
  '__proto__',
  'constructor',
  '../..',
  '%',
  '/',
  'a'.repeat(300),
  '{{',
  '\n',
  '0x10',
];
const QUANTITIES = ['1', '100m', '1Gi', '0', '-1', '1e3', '0.5', '99999999999999999999', '1e999'];
const NUMBERS = [0, 1, 2, 80, 65535, 65536, -1, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 1.5, 1e300];
/** The last two are slow for a pattern that tries each beginning: in the one writer, everybody would wait. */
const SCHEDULES = [
  '*/5 * * * *',
  '@hourly',
  '@every 1h',
  'TZ=UTC 0 0 * * *',
  `${'0'.repeat(40_000)}x * * * *`,
  `*${' '.repeat(40_000)}* * * *`,
];

/** Values of a schema: mostly such as the schema allows, chosen by a seed. */
export class Values {
  constructor(private readonly random: Prng) {}

  /** An object of a type; fields are fewer the deeper it lies. */
  object(type: ObjectType<unknown>, depth = 0): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(type.fields)) {
      if (name === 'apiVersion' || name === 'kind' || (depth === 0 && name === 'metadata')) continue;
      if (this.random.chance(field.required ? 0.97 : 0.35 / (depth + 1))) out[name] = this.field(name, field, depth);
    }
    return out;
  }

  private field(name: string, field: Field, depth: number): unknown {
    if (name === 'name' && this.random.chance(0.8)) return this.random.pick(['a', 'b', 'c']);
    if (name === 'image') return 'busybox:1';
    if (name === 'schedule') return this.random.pick(SCHEDULES);
    if (field.options.default !== undefined && this.random.chance(0.7)) return field.options.default;
    return this.value(field.type, depth + 1);
  }

  value(type: Type, depth: number): unknown {
    const t = resolved(type);
    switch (t.is) {
      case 'object':
        return depth > 9 ? {} : this.object(t, depth);
      case 'list':
        return this.times(depth > 9 ? 0 : 3, () => this.value(t.items, depth + 1));
      case 'map':
        return Object.fromEntries(this.times(3, () => [this.text(), this.value(t.values, depth + 1)]));
      case 'scalar':
        return this.scalar(t.scalar);
    }
  }

  text(): string {
    return this.random.chance(0.9) ? this.random.pick(TEXTS) : this.random.pick(ODD_TEXTS);
  }

  private scalar(name: string): unknown {
    switch (name) {
      case 'boolean':
        return this.random.chance(0.5);
      case 'int32':
      case 'int64':
      case 'double':
        return this.random.pick(NUMBERS);
      case 'quantity':
        return this.random.pick(QUANTITIES);
      case 'intOrString':
        return this.random.chance(0.5) ? this.random.pick(NUMBERS) : this.text();
      case 'time':
        return this.random.pick(['2024-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59+14:00', 'now']);
      case 'microTime':
        return this.random.pick(['2024-01-01T00:00:00.000000Z', '0001-01-01T00:00:00.000000Z', 'now']);
      case 'byte':
        return this.random.pick(['', 'YQ==', 'AAAA', '!']);
      case 'any':
      case 'fieldsV1':
        return this.random.pick<unknown>([{}, { a: 1 }, [], null, 'x', { 'f:metadata': {} }]);
      default:
        return this.text();
    }
  }

  /** Up to `max` results. */
  times<T>(max: number, make: () => T): T[] {
    return Array.from({ length: this.random.below(max + 1) }, make);
  }

  /** The value with one or several of its parts replaced by what does not belong there. */
  mutated(value: unknown): unknown {
    if (this.random.chance(0.25)) return this.odd();
    if (Array.isArray(value) && value.length > 0) {
      const at = this.random.below(value.length);
      if (this.random.chance(0.2)) return [...(value as unknown[]), ...(value as unknown[])];
      return value.map((item: unknown, i) => (i === at ? this.mutated(item) : item));
    }
    if (typeof value !== 'object' || value === null) return this.odd();
    const fields = value as Record<string, unknown>;
    const keys = Object.keys(fields);
    if (keys.length === 0 || this.random.chance(0.2)) return { ...fields, [this.text()]: this.odd() };
    const key = this.random.pick(keys);
    if (this.random.chance(0.2)) return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
    return { ...fields, [key]: this.mutated(fields[key]) };
  }

  private odd(): unknown {
    return this.random.pick<() => unknown>([
      () => null,
      () => this.text(),
      () => this.random.pick(NUMBERS),
      () => this.random.chance(0.5),
      () => [],
      () => [null],
      () => ({}),
      () => ({ [this.text()]: this.text() }),
      () => 'x'.repeat(this.random.below(2000)),
      () => nested(this.random.below(1500)),
    ])();
  }
}

function nested(depth: number): unknown {
  let value: unknown = {};
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { a: value } : [value];
  return value;
}

import { describe, expect, it } from '@jest/globals';
import { type ObjectType, openApiSchemas, resolved, type Type } from '#model';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as model from '#model';
import * as pod from '#pod';
import * as kinds from './index.js';

/** The schemas of all types that kinds are made of. */
const everything = { ...model, ...pod, ...kinds };

/** Facts of Kubernetes 1.35 about every field, recorded with the answers of a genuine server. */
interface FieldFacts {
  readonly type: unknown;
  readonly tag?: number;
  readonly [key: string]: unknown;
}
interface TypeFacts {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, FieldFacts>>;
  readonly 'x-kubernetes-map-type'?: string;
}
const facts = (
  JSON.parse(readFileSync(join(process.cwd(), 'test/recorded/schemas.json'), 'utf8')) as {
    readonly schemas: Readonly<Record<string, TypeFacts>>;
  }
).schemas;
/** Types of servers that stand beside the genuine one, which recorded nothing of them. */
const BESIDE = 'io.k8s.metrics.';
const types = (Object.values(everything) as readonly unknown[]).filter(
  (value): value is ObjectType<unknown> =>
    typeof value === 'object' &&
    value !== null &&
    'is' in value &&
    value.is === 'object' &&
    !(value as ObjectType<unknown>).name.startsWith(BESIDE),
);

describe('every type', () => {
  it('is there', () => {
    expect(types.length).toBeGreaterThan(190);
  });
  it.each(types.map((type) => [type.name, type] as const))('%s has the fields of Kubernetes 1.35', (name, type) => {
    const wanted = facts[name]?.properties ?? {};
    const shown = openApiSchemas([type], 'v3')[name] as TypeFacts;
    expect(Object.keys(type.fields).sort()).toEqual(Object.keys(wanted).sort());
    expect([...(shown.required ?? [])].sort()).toEqual([...(facts[name]?.required ?? [])].sort());
    expect(shown['x-kubernetes-map-type']).toBe(facts[name]?.['x-kubernetes-map-type']);
    for (const [field, fact] of Object.entries(wanted)) {
      expect([field, typeWords(type.fields[field]?.type)]).toEqual([field, fact.type]);
      if (fact.tag !== undefined) expect([field, type.fields[field]?.tag]).toEqual([field, fact.tag]);
      for (const key of ['list-type', 'list-map-keys', 'patch-merge-key', 'patch-strategy', 'map-type']) {
        expect([field, key, shown.properties?.[field]?.[`x-kubernetes-${key}`]]).toEqual([field, key, fact[key]]);
      }
    }
  });
});

const WORDS: Readonly<Record<string, string>> = {
  int32: 'integer:int32',
  int64: 'integer:int64',
  double: 'number',
  byte: 'string:byte',
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  microTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  fieldsV1: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
};
/** A type in the words of the facts. */
function typeWords(type: Type | undefined): unknown {
  if (type === undefined) return undefined;
  const t = resolved(type);
  switch (t.is) {
    case 'scalar':
      return WORDS[t.scalar] ?? t.scalar;
    case 'list':
      return [typeWords(t.items)];
    case 'map':
      return { map: typeWords(t.values) };
    case 'object':
      return t.name;
  }
}

import { describe, expect, it } from '@jest/globals';
import {
  applyDefaults,
  decode,
  decodeEnvelope,
  decodeProtobuf,
  encodeEnvelope,
  encodeProtobuf,
  type ObjectType,
  openApiSchemas,
  resolved,
  type ScalarName,
  type Type,
} from '#model';
import type { JsonObject } from '#std';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as model from '#model';
import * as pod from '#pod';
import * as kinds from './index.js';

/** The schemas of all types that kinds are made of. */
const everything = { ...model, ...pod, ...kinds };

const roots = Object.values(everything).filter(
  (value): value is ObjectType<Record<string, unknown>> =>
    typeof value === 'object' && 'is' in value && value.is === 'object' && value.options.gvk !== undefined,
);
const seconds = fc
  .integer({ min: 1, max: 4_000_000_000 })
  .map((s) => new Date(s * 1000).toISOString().replace('.000Z', 'Z'));
const scalars: Readonly<Record<ScalarName, fc.Arbitrary<unknown>>> = {
  string: fc.string({ unit: 'grapheme', maxLength: 12 }),
  boolean: fc.boolean(),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  byte: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  time: seconds,
  microTime: fc
    .tuple(seconds, fc.integer({ min: 0, max: 999_999 }))
    .map(([s, us]) => s.replace('Z', `.${String(us).padStart(6, '0')}Z`)),
  duration: fc.constantFrom('30s', '1h0m0s'),
  quantity: fc.constantFrom('1', '250m', '1Gi', '0', '5M', '1e3'),
  intOrString: fc.oneof(fc.integer(), fc.string({ maxLength: 5 })),
  fieldsV1: fc.constantFrom({ 'f:spec': { 'f:replicas': {} } }),
  any: fc.constantFrom({ a: [1, 'x'] }),
};

function isRecursive(type: Type): boolean {
  if (type.is === 'list') return isRecursive(type.items);
  return type.is === 'map' ? isRecursive(type.values) : type.is === 'lazy';
}

function arbitraryOf(type: Type, depth = 0): fc.Arbitrary<unknown> {
  const t = resolved(type);
  switch (t.is) {
    case 'scalar': {
      const { wire } = t;
      if (!wire) return scalars[t.scalar];
      return arbitraryOf(wire.message(), depth + 1).map((message) => wire.fromMessage(message as JsonObject));
    }
    case 'list':
      // Protobuf cannot tell an empty list from none.
      return fc.array(arbitraryOf(t.items, depth + 1), { minLength: 1, maxLength: 2 });
    case 'map':
      return fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), arbitraryOf(t.values, depth + 1), {
        minKeys: 1,
        maxKeys: 2,
      });
    case 'object': {
      // What has no tag is not on the wire: the envelope says it, for the outermost object alone.
      const fields = Object.entries(t.fields).filter(
        // A type that contains itself ends somewhere.
        ([, field]) => field.tag > 0 && !(depth > 6 && isRecursive(field.type)),
      );
      return fc.record(Object.fromEntries(fields.map(([name, field]) => [name, arbitraryOf(field.type, depth + 1)])), {
        requiredKeys: [],
      });
    }
  }
}
const withType = (root: ObjectType<unknown>, value: object): object => ({
  ...value,
  apiVersion: 'x/v1',
  kind: root.name,
});

describe('every kind', () => {
  it('is found', () => {
    expect(roots.length).toBeGreaterThan(16);
  });
  it.each(roots.map((root) => [root.name, root] as const))('%s reads back what it wrote in protobuf', (_name, root) => {
    fc.assert(
      fc.property(arbitraryOf(root), (value) => {
        const stored = decode(root, withType(root, value as object)).value;
        const { raw, apiVersion, kind } = decodeEnvelope(
          encodeEnvelope('x/v1', root.name, encodeProtobuf(root, stored)),
        );
        const back = decode(root, { ...decodeProtobuf(root, raw), apiVersion, kind });
        expect(back.error).toBeUndefined();
        expect(back.value).toEqual(stored);
      }),
      { numRuns: 20 },
    );
  });
  it.each(roots.map((root) => [root.name, root] as const))(
    '%s is read and defaulted once and for all',
    (_name, root) => {
      fc.assert(
        fc.property(arbitraryOf(root), (value) => {
          const stored = applyDefaults(root, decode(root, value).value);
          expect(decode(root, stored)).toEqual({ value: stored, unknown: [], error: undefined });
          expect(JSON.stringify(decode(root, stored).value)).toBe(JSON.stringify(stored));
          expect(applyDefaults(root, stored)).toBe(stored);
        }),
        { numRuns: 20 },
      );
    },
  );
  it('says of every type and field in one line what it is', () => {
    for (const schema of Object.values(everything)) {
      if (typeof schema !== 'object' || !('is' in schema) || schema.is !== 'object') continue;
      for (const text of [schema.doc, ...Object.values(schema.fields).map((field) => field.doc)]) {
        expect(text).toMatch(/^\S.*\.$/);
      }
    }
  });
  it('has no tag twice in one message', () => {
    for (const schema of Object.values(everything)) {
      if (typeof schema !== 'object' || !('fields' in schema)) continue;
      const places = Object.values(schema.fields).flatMap(({ tag, options }) =>
        tag === 0 ? [] : [[...(options.inline ?? []), tag].join('.')],
      );
      expect(new Set(places).size).toBe(places.length);
    }
  });
});

describe('protobuf', () => {
  const golden = JSON.parse(
    readFileSync(join(process.cwd(), 'libs/kinds/src/golden/protobuf.json'), 'utf8'),
  ) as readonly {
    readonly type: string;
    readonly protobuf: string;
    readonly json: { readonly apiVersion: string; readonly kind: string };
  }[];
  it.each(golden.map((example) => [example.type, example] as const))('reads the %s that Go wrote', (type, example) => {
    const root = roots.find((candidate) => candidate.options.gvk?.includes(type));
    if (root === undefined) throw new Error(`no schema of ${type}`);
    const { apiVersion, kind } = example.json;
    const read = decodeProtobuf(root, Uint8Array.from(Buffer.from(example.protobuf, 'base64')));
    expect(decode(root, { ...read, apiVersion, kind }).value).toEqual(decode(root, example.json).value);
    expect(decode(root, example.json).value).toEqual(example.json);
  });
});

describe('a list that is the value of a map', () => {
  it('is a message of its own on the wire, with its items under tag 1', () => {
    const extra = { extra: { k: ['v', 'w'], none: [] } };
    const bytes = Buffer.from(encodeProtobuf(everything.userInfo, extra));
    expect(bytes.toString('hex')).toBe('220b0a016b12060a01760a0177' + '22080a046e6f6e651200');
    expect(decodeProtobuf(everything.userInfo, bytes)).toEqual(extra);
  });
});

describe('OpenAPI', () => {
  const schemas = openApiSchemas(roots, 'v3');
  it('holds every type that it refers to', () => {
    for (const [, name] of JSON.stringify(schemas).matchAll(/#\/components\/schemas\/([^"]+)/g)) {
      expect(schemas).toHaveProperty([name as string]);
    }
  });
  it('publishes keys and kinds', () => {
    expect(schemas['io.k8s.api.apps.v1.Deployment']).toMatchObject({
      'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
    });
    expect(schemas['io.k8s.api.core.v1.Container']).toMatchObject({
      properties: {
        ports: {
          'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
          'x-kubernetes-patch-merge-key': 'containerPort',
        },
      },
    });
  });
});

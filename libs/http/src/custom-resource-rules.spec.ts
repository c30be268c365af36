import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { customResources } from '#loops';
import type { JsonObject } from '#std';
import { TestServer, type Reply } from './testing/test-server.js';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const BOATS = '/apis/example.com/v1/namespaces/default/boats';

function definition(spec: object, rules: readonly object[] = []): JsonObject {
  const properties = {
    spec: { type: 'object', ...spec },
    status: { type: 'object', properties: { knots: { type: 'integer' } }, 'x-kubernetes-validations': rules },
  };
  const version = { name: 'v1', served: true, storage: true, subresources: { status: {} } };
  return {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    metadata: { name: 'boats.example.com' },
    spec: {
      ...{ group: 'example.com', scope: 'Namespaced', names: { plural: 'boats', kind: 'Boat' } },
      versions: [{ ...version, schema: { openAPIV3Schema: { type: 'object', properties } } }],
    } as unknown as JsonObject,
  };
}
const ruled = (...rules: readonly object[]) => ({ 'x-kubernetes-validations': rules });
const boat = (spec: object): JsonObject => ({
  ...{ apiVersion: 'example.com/v1', kind: 'Boat', metadata: { name: 'a' } },
  spec: spec as JsonObject,
});

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
  server.plane.run([customResources], { submit: (command) => server.backend.submit(command) });
});
afterEach(() => server.stop());

async function define(spec: object, rules: readonly object[] = []): Promise<void> {
  await server.create(DEFINITIONS, definition(spec, rules));
  for (let i = 0; (await server.get(BOATS)).code !== 200; i++) {
    if (i === 500) throw new Error('it is not served');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const merge = (path: string, body: object) =>
  server.ask({ method: 'PATCH', path, type: 'application/merge-patch+json', body: body as JsonObject });
/** The code of an answer, and what is wrong in its words: `field: message`. */
function told({ code, json }: Reply): readonly (string | number)[] {
  const { causes = [] } = (json?.['details'] ?? {}) as { causes?: { field: string; message: string }[] };
  return [code, ...causes.map(({ field, message }) => `${field}: ${message}`)];
}

const number = { type: 'integer' };

describe('the rules of a custom kind', () => {
  it('refuse an object that breaks them, with message, reason and field as they say', async () => {
    await define({
      properties: {
        sails: { ...number, ...ruled({ rule: 'self > 0', reason: 'FieldValueForbidden' }) },
        name: { type: 'string', maxLength: 20, ...ruled({ rule: 'self != "x"', messageExpression: '"not " + self' }) },
        min: number,
        max: number,
      },
      ...ruled({ rule: '!has(self.max) || self.min <= self.max', message: 'above max', fieldPath: '.min' }),
    });
    const create = (spec: object) => server.ask({ method: 'POST', path: BOATS, body: boat(spec) });
    const words = ['spec.sails: Forbidden: failed rule: self > 0', 'spec.name: Invalid value: "x": not x'];
    const broken = told(await create({ sails: 0, name: 'x', min: 2, max: 1 }));
    expect(broken).toEqual([422, 'spec.min: Invalid value: above max', words[0], words[1]]);
    expect(told(await create({ max: 1 }))).toEqual([
      422,
      'spec.min: Invalid value: "object": no such key: min evaluating rule: above max',
    ]);
    const [code, wrongType, unchecked] = told(await create({ sails: 'many', name: 'x' }));
    expect([code, wrongType, unchecked]).toEqual([
      422,
      expect.stringContaining('must be of type integer'),
      expect.stringMatching(/^<nil>: Invalid value: null: some validation rules were not checked/),
    ]);
    expect(told(await create({ sails: 1, name: 'y', min: 1, max: 1 }))).toEqual([201]);
  });

  it('compare with the value before, of the object and of its status', async () => {
    const grows = { rule: 'self.knots >= oldSelf.knots', message: 'slows down' };
    await define({ properties: { hull: { ...number, ...ruled({ rule: 'self == oldSelf', message: 'is fixed' }) } } }, [
      grows,
    ]);
    await server.create(BOATS, boat({ hull: 1 }));
    expect(told(await merge(`${BOATS}/a`, { spec: { hull: 2 } }))).toEqual([
      422,
      'spec.hull: Invalid value: 2: is fixed',
    ]);
    expect(told(await merge(`${BOATS}/a/status`, { status: { knots: 5 } }))).toEqual([200]);
    expect(told(await merge(`${BOATS}/a/status`, { status: { knots: 4 } }))).toEqual([
      422,
      'status: Invalid value: slows down',
    ]);
    expect(told(await merge(`${BOATS}/a`, { spec: { hull: null } }))).toEqual([200]);
  });

  it('warn of what an update leaves as it was before they were made', async () => {
    await define({ properties: { sails: number, name: { type: 'string' } } });
    await server.create(BOATS, boat({ sails: 0, name: 'a' }));
    const path = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/sails';
    const value = { ...number, ...ruled({ rule: 'self > 0', message: 'no sails' }) };
    const type = 'application/json-patch+json';
    const changed = await server.ask({
      ...{ method: 'PATCH', path: `${DEFINITIONS}/boats.example.com`, type },
      body: [{ op: 'replace', path, value }] as unknown as JsonObject,
    });
    expect(changed.code).toBe(200);
    const kept = await merge(`${BOATS}/a`, { spec: { name: 'b' } });
    expect([kept.code, kept.headers['warning']]).toEqual([
      200,
      expect.stringContaining('spec.sails: Invalid value: 0: no sails'),
    ]);
    expect(told(await merge(`${BOATS}/a`, { spec: { sails: -1 } }))).toEqual([
      422,
      'spec.sails: Invalid value: -1: no sails',
    ]);
  });

  it('end when they have taken what they may', async () => {
    const list = { type: 'array', maxItems: 300, items: number };
    const rules = Array.from({ length: 5 }, (_, i) => ({ rule: `self.all(x, self.exists(y, x + y < ${i}) || true)` }));
    await define({ properties: { crew: { ...list, ...ruled(...rules) } } });
    const answer = await server.ask({
      ...{ method: 'POST', path: BOATS },
      body: boat({ crew: Array.from({ length: 300 }, (_, i) => i) }),
    });
    expect(told(answer)).toEqual([422, expect.stringContaining('no further validation rules will be run')]);
  });
});

describe('a definition is refused', () => {
  const refusal = async (spec: object) => told(await server.ask({ ...post, body: definition(spec) }));
  const post = { method: 'POST', path: DEFINITIONS } as const;
  const AT = 'spec.validation.openAPIV3Schema.properties[spec]';

  it('for rules that do not compile, cost too much, or whose default breaks them', async () => {
    const [, untyped] = await refusal({ properties: { n: number }, ...ruled({ rule: 'self.m > 1' }) });
    expect(untyped).toMatch(
      /rule: Invalid value: {"Rule":"self.m > 1",.*}: compilation failed: ERROR: .*undefined field/s,
    );
    const list = { type: 'array', items: number, ...ruled({ rule: 'self.all(x, self.exists(y, x == y))' }) };
    const [, costly] = await refusal({ properties: { list } });
    expect(costly).toMatch(/rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x/);
    const sails = { ...number, default: 0, ...ruled({ rule: 'self > 0', message: 'no sails' }) };
    expect(await refusal({ properties: { sails } })).toEqual([
      422,
      `${AT}.properties[sails].default: Invalid value: 0: no sails`,
    ]);
    const unknown = await refusal({ ...ruled({ rule: 'true', reason: 'Because', fieldPath: '.sails' }) });
    expect(unknown).toEqual([
      422,
      expect.stringMatching(/\[0\].reason: Unsupported value: "Because"/),
      `${AT}.x-kubernetes-validations[0].fieldPath: Invalid value: ".sails": must be a valid path`,
    ]);
  });

  it('for more rules than a process can keep', async () => {
    const rules = Array.from({ length: 2001 }, (_, i) => ({ rule: `${i} == ${i}` }));
    expect(await refusal(ruled(...rules))).toEqual([422, expect.stringContaining('at most 2000 rules')]);
    const long = { rule: `true${' && true'.repeat(20_000)}` };
    expect(await refusal(ruled(long))).toEqual([422, expect.stringContaining('use fewer or shorter rules')]);
  });

  it('for a text where a schema belongs, wherever one may stand', async () => {
    for (const wrong of [
      { items: { properties: { a: 'x' } } },
      { items: [{ type: 3 }] },
      { additionalProperties: 'x' },
    ])
      expect(await refusal({ properties: { list: { type: 'array', ...wrong } } })).toEqual([400]);
  });
});

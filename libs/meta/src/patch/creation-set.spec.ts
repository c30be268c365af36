import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#std';
import { setAtCreation } from './creation-set.js';
import { recordUpdate } from './ownership.js';
import type { Shape } from './shape.js';
import { zeroObject } from './zero.js';

const text: Shape = { is: 'scalar', scalar: 'string' };
const inner = (options: object): Shape => ({
  is: 'object',
  fields: { a: { type: text, options: { always: '' } }, b: { type: text, options: {} } },
  options,
});
const shape: Shape = {
  is: 'object',
  fields: {
    apiVersion: { type: text, options: {} },
    metadata: { type: { is: 'map', values: text }, options: {} },
    text: { type: text, options: { always: '' } },
    count: { type: { is: 'scalar', scalar: 'int32' }, options: { always: 0 } },
    room: { type: { is: 'scalar', scalar: 'quantity' }, options: { always: '0' } },
    when: { type: text, options: { always: null } },
    granular: { type: inner({}), options: { always: {} } },
    atomic: { type: inner({ mapType: 'atomic' }), options: { always: {} } },
    set: { type: { is: 'list', items: text }, options: { listType: 'set' } },
  },
  options: {},
};
const value = fc.constantFrom<unknown>('', 'x', 'y', null, 0, 1, '0', '1Gi', false, true, undefined);
const object = fc.record(
  {
    apiVersion: fc.constant('v1'),
    metadata: fc.dictionary(fc.constantFrom('name', 'one', '1 a', 'two"'), fc.constantFrom('', 'x')),
    text: value,
    count: value,
    room: value,
    when: value,
    granular: fc.oneof(value, fc.record({ a: value, b: value, c: value }, { requiredKeys: [] })),
    atomic: fc.oneof(value, fc.record({ a: value, b: value }, { requiredKeys: [] })),
    set: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')),
  },
  { requiredKeys: ['apiVersion'] },
) as fc.Arbitrary<JsonObject>;

describe('the fields that a creation owns', () => {
  it('are those that a comparison finds, whatever was created before', () => {
    const contexts = [undefined, [['text']], [['granular', 'a']]].map((ignore) => ({
      shape,
      apiVersion: 'v1',
      ignore,
    }));
    fc.assert(
      fc.property(object, fc.constantFrom(...contexts), (created, context) => {
        const compared = recordUpdate(zeroObject(shape), created, new Map(), 'me', undefined, context);
        const [entry] = [...compared.values()];
        for (let n = 0; n < 2; n++) expect(setAtCreation(created, context)).toEqual(entry?.set ?? {});
      }),
      { numRuns: 3000 },
    );
  });
  it('are one set for all objects of one outline', () => {
    const context = { shape, apiVersion: 'v1' };
    const one = setAtCreation({ apiVersion: 'v1', text: 'one', granular: { b: 'x' } }, context);
    expect(setAtCreation({ apiVersion: 'v1', text: 'other', granular: { b: 'y' } }, context)).toBe(one);
    expect(one).toEqual({ 'f:granular': { 'f:b': {} }, 'f:text': {} });
  });
});

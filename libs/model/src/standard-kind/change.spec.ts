import { describe, expect, it } from '@jest/globals';
import { canonical } from '#std';
import fc from 'fast-check';
import type { KubeObject } from '../kube-object.js';
import { applyChange, diff, type Change } from './change.js';

const object = (fields: Record<string, unknown>): KubeObject =>
  canonical({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', uid: 'u' }, ...fields }) as KubeObject;

describe('diff and applyChange', () => {
  it('sets what is new and unsets what is gone, as deep as it goes', () => {
    const change = diff(object({ data: { a: '1', b: '2' } }), object({ data: { a: '1', c: '3' } }));
    expect(change).toEqual({ set: [[['data', 'c'], '3']], unset: [['data', 'b']] });
  });
  it('takes away what is named like an own member of every object', () => {
    const change = diff(object({ data: { toString: '1', constructor: '2' } }), object({ data: { constructor: '3' } }));
    expect(change).toEqual({ set: [[['data', 'constructor'], '3']], unset: [['data', 'toString']] });
    expect(diff(object({ list: [{}] }), object({ list: [{ valueOf: '1' }] }))).toEqual({
      set: [[['list', 0, 'valueOf'], '1']],
    });
  });
  it('adds items at the end of a list one by one', () => {
    expect(diff(object({ list: [1] }), object({ list: [1, 2] }))).toEqual({ set: [[['list', 1], 2]] });
  });
  it('ignores the resourceVersion', () => {
    const before = object({ metadata: { name: 'a', uid: 'u', resourceVersion: '7' } });
    expect(diff(before, object({}))).toEqual({});
  });
  it('shares what it does not touch and keeps keys in order', () => {
    const before = object({ data: { b: '2' }, spec: { x: {} } });
    const after = applyChange(before, { set: [[['data', 'a'], '1']] });
    expect(JSON.stringify(after)).toBe(JSON.stringify(object({ data: { a: '1', b: '2' }, spec: { x: {} } })));
    expect(after['spec']).toBe(before['spec']);
    expect(before['data']).toEqual({ b: '2' });
  });
  it('always makes the after of the before, byte for byte', () => {
    const fields = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'data', 'spec'), fc.jsonValue({ maxDepth: 4 }));
    fc.assert(
      fc.property(fields, fields, (a, b) => {
        const [before, after] = [object(a), object(b)];
        expect(JSON.stringify(applyChange(before, diff(before, after)))).toBe(JSON.stringify(after));
      }),
    );
  });
  it('makes the same of what it may write to, and nothing else of any path', () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const key = fc.oneof(fc.constantFrom('a', 'b', 'length', '__proto__', 'constructor', '7', 'data'), fc.nat(3));
    const path = fc.array(key, { minLength: 1, maxLength: 4 });
    const fields = fc.dictionary(fc.constantFrom('a', 'b', 'data', '7'), json);
    const change = fc.record({ set: fc.array(fc.tuple(path, json)), unset: fc.array(path) });
    fc.assert(
      fc.property(fields, change, (of, { set, unset }) => {
        const own = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
        const copied = applyChange(own(object(of)), own({ set, unset }) as Change);
        expect(JSON.stringify(applyChange(own(object(of)), own({ set, unset }) as Change, true))).toBe(
          JSON.stringify(copied),
        );
      }),
    );
  });
});

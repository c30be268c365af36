import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '#std';
import { applyJsonPatch } from './json.js';
import { applyMergePatch } from './merge.js';
import type { Shape } from './shape.js';
import { applyStrategicMergePatch } from './strategic.js';

const text: Shape = { is: 'scalar', scalar: 'string' };
const field = (type: Shape, options = {}): { type: Shape; options: object } => ({ type, options });
const port: Shape = { is: 'object', options: {}, fields: { port: field(text), name: field(text) } };
const shape: Shape = {
  is: 'object',
  options: {},
  fields: {
    ports: field({ is: 'list', items: port }, { mergeKey: 'port', patchStrategy: 'merge' }),
    finalizers: field({ is: 'list', items: text }, { patchStrategy: 'merge' }),
    taints: field({ is: 'list', items: port }),
    strategy: field({ is: 'object', options: {}, fields: { type: field(text) } }, { patchStrategy: 'retainKeys' }),
    selector: field({ is: 'map', values: text }, { patchStrategy: 'replace' }),
    labels: field({ is: 'map', values: text }),
  },
};
const strategic = (document: JsonObject, patch: unknown): unknown => {
  const result = applyStrategicMergePatch(document, patch, shape);
  return result.ok ? result.value : result.problem;
};
const json = (document: JsonObject, ...operations: JsonObject[]): unknown => {
  const result = applyJsonPatch(document, operations);
  return result.ok ? result.value : result.problem.code;
};

describe('JSON patch', () => {
  it('adds, removes, moves, copies and tests', () => {
    expect(json({ a: [1, 2] }, { op: 'add', path: '/a/-', value: 3 }, { op: 'remove', path: '/a/0' })).toEqual({
      a: [2, 3],
    });
    expect(json({ a: [1, 2] }, { op: 'remove', path: '/a/-1' })).toEqual({ a: [1] });
    expect(json({ a: { 'x/y': 1 } }, { op: 'move', from: '/a/x~1y', path: '/b' })).toEqual({ a: {}, b: 1 });
    expect(json({ a: 1 }, { op: 'test', path: '/b', value: null }, { op: 'copy', from: '/a', path: '/b' })).toEqual({
      a: 1,
      b: 1,
    });
  });
  it.each([
    [{ op: 'test', path: '/a', value: 2 }],
    [{ op: 'remove', path: '/b' }],
    [{ op: 'replace', path: '/b/c', value: 1 }],
    [{ op: 'add', path: '/a/x', value: 1 }],
    [{ op: 'add', path: '/l/9', value: 1 }],
    [{ op: 'nonsense', path: '/a' }],
  ])('%j does not fit', (operation) => {
    expect(json({ a: 1, l: [] }, operation)).toBe(422);
  });
  it('counts items below zero from the end, and copies what an object lacks as null', () => {
    const list = { a: [1, [2, 3]] };
    expect(json(list, { op: 'replace', path: '/a/-1/-2', value: 9 })).toEqual({ a: [1, [9, 3]] });
    expect(json(list, { op: 'test', path: '/a/-2', value: 1 })).toEqual(list);
    expect(json(list, { op: 'test', path: '/a/2', value: null })).toBe(422);
    expect(json(list, { op: 'test', path: '/a/-', value: null })).toBe(422);
    expect(json(list, { op: 'copy', from: '/x', path: '/b' })).toEqual({ ...list, b: null });
    expect(json(list, { op: 'move', from: '/x', path: '/b' })).toBe(422);
  });
  it('is a list of operations, and not of too many', () => {
    expect(applyJsonPatch({}, {})).toMatchObject({ problem: { code: 400 } });
    const many = Array.from({ length: 10001 }, () => ({ op: 'test', path: '/a', value: null }));
    expect(json({ a: null }, ...many)).toBe(413);
  });
});

describe('merge patch', () => {
  it('merges maps, replaces the rest, removes by null', () => {
    expect(applyMergePatch({ a: { b: 1, c: 2 }, l: [1] }, { a: { b: null }, l: [2], n: { x: null } })).toEqual({
      ok: true,
      value: { a: { c: 2 }, l: [2], n: {} },
    });
    expect(applyMergePatch({}, [])).toMatchObject({ ok: false, problem: { code: 400 } });
  });
  it('drops the nulls of what is new, in lists too, and keeps those of a list in place of a map', () => {
    const merged = (document: JsonObject): unknown => applyMergePatch(document, { a: [{ b: null, c: 1 }] });
    expect(merged({})).toEqual({ ok: true, value: { a: [{ c: 1 }] } });
    expect(merged({ a: {} })).toEqual({ ok: true, value: { a: [{ b: null, c: 1 }] } });
  });
  it('changes nothing the second time', () => {
    const value = fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc.oneof(fc.constant(null), fc.integer(), fc.object({ maxDepth: 2 })),
    );
    fc.assert(
      fc.property(value, value, (document, patch) => {
        // A list with nulls in it that takes the place of a map keeps them, and loses them the second time: Kubernetes' own way.
        fc.pre(!/\[[^\]]*null/.test(JSON.stringify(patch)));
        const once = applyMergePatch(document as JsonObject, patch);
        if (!once.ok) return;
        expect(applyMergePatch(once.value, patch)).toEqual(once);
      }),
    );
  });
});

describe('keys that JavaScript calls its own', () => {
  const odd = fc.constantFrom('constructor', 'toString', '__proto__', 'valueOf', 'a');
  const data = fc.dictionary(odd, fc.constantFrom('1', '2'), { noNullPrototype: true });
  it('are merged, replaced and removed like all others', () => {
    fc.assert(
      fc.property(data, data, fc.subarray(['constructor', 'toString', '__proto__', 'a']), (old, change, gone) => {
        const nulls = Object.fromEntries(gone.map((key) => [key, null]));
        const document = { labels: old };
        const patch = { labels: Object.fromEntries([...Object.entries(nulls), ...Object.entries(change)]) };
        const wanted = new Map([
          ...Object.entries(old).filter(([key]) => !gone.includes(key)),
          ...Object.entries(change),
        ]);
        for (const result of [applyMergePatch(document, patch), applyStrategicMergePatch(document, patch, shape)]) {
          const labels = result.ok ? (result.value['labels'] as JsonObject) : {};
          expect(new Map(Object.entries(labels))).toEqual(wanted);
        }
      }),
    );
  });
});
describe('strategic merge patch', () => {
  const ports = [
    { port: 80, name: 'web' },
    { port: 443, name: 'tls' },
  ];
  it('merges lists by their key; what is new goes first', () => {
    expect(strategic({ ports }, { ports: [{ port: 53 }, { port: 443, name: 'x' }] })).toEqual({
      ports: [{ port: 53 }, { port: 80, name: 'web' }, { port: 443, name: 'x' }],
    });
  });
  it('carries out directives in lists', () => {
    expect(strategic({ ports }, { ports: [{ port: 80, $patch: 'delete' }] })).toEqual({ ports: [ports[1]] });
    expect(strategic({ ports }, { ports: [{ port: 80, $patch: 'replace' }, { port: 1 }] })).toEqual({
      ports: [{ port: 1 }],
    });
    expect(strategic({ ports }, { '$setElementOrder/ports': [{ port: 443 }, { port: 80 }] })).toEqual({
      ports: [ports[1], ports[0]],
    });
  });
  it('treats plain values as a set and other lists as one value', () => {
    expect(strategic({ finalizers: ['a', 'b'] }, { finalizers: ['c', 'a'] })).toEqual({ finalizers: ['c', 'a', 'b'] });
    expect(strategic({ finalizers: ['a', 'b'] }, { '$deleteFromPrimitiveList/finalizers': ['a'] })).toEqual({
      finalizers: ['b'],
    });
    expect(strategic({ taints: ports }, { taints: [{ port: 1 }] })).toEqual({ taints: [{ port: 1 }] });
  });
  it('replaces, deletes and retains in maps', () => {
    expect(strategic({ labels: { a: '1' } }, { labels: { $patch: 'replace', b: '2' } })).toEqual({
      labels: { b: '2' },
    });
    expect(strategic({ labels: { a: '1' } }, { labels: { $patch: 'delete' } })).toEqual({ labels: {} });
    expect(strategic({ selector: { a: '1' } }, { selector: { b: '2' } })).toEqual({ selector: { b: '2' } });
    expect(
      strategic({ strategy: { type: 'R', rolling: {} } }, { strategy: { $retainKeys: ['type'], type: 'X' } }),
    ).toEqual({
      strategy: { type: 'X' },
    });
  });
  it('takes new items of an old list as they came, and new fields without nulls and directives', () => {
    const item = { port: 'b', name: null };
    expect(strategic({ ports: [{ port: 'a' }] }, { ports: [item] })).toEqual({ ports: [item, { port: 'a' }] });
    expect(strategic({}, { ports: [item, { port: 'c', $patch: 'delete' }] })).toEqual({ ports: [{ port: 'b' }] });
    expect(strategic({}, { ports: 1, '$setElementOrder/ports': [] })).toMatchObject({ code: 500 });
  });
  it('fails on a missing key or a contradicting order', () => {
    expect(strategic({ ports }, { ports: [{ name: 'x' }] })).toMatchObject({ code: 500 });
    expect(strategic({ ports }, { ports: [{ port: 80 }], '$setElementOrder/ports': [{ port: 443 }] })).toMatchObject({
      code: 500,
    });
    expect(strategic({}, { $patch: 'nonsense' })).toMatchObject({ code: 500 });
  });
});

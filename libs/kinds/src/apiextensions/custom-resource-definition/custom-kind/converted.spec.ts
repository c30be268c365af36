import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '#model';
import type { JsonObject } from '#std';
import { convertedObjects } from './converted.js';

const stored = (name: string, more: object = {}): KubeObject => ({
  ...{ apiVersion: 'example.com/v1', kind: 'Boat' },
  metadata: {
    name,
    namespace: 'n',
    uid: `uid-${name}`,
    resourceVersion: '7',
    generation: 3,
    labels: { a: '1' },
    ...more,
  },
});
const given = ({ metadata }: KubeObject, more: object = {}, own: object = {}): JsonObject =>
  ({ apiVersion: 'example.com/v2', kind: 'Boat', metadata: { ...metadata, ...own }, spec: {}, ...more }) as never;
const reviewOf = (objects: readonly unknown[], response: object = {}, more: object = {}): JsonObject =>
  ({
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview' },
    response: { uid: 'u', result: { status: 'Success' }, convertedObjects: objects, ...response },
    ...more,
  }) as never;
const [a, b] = [stored('a'), stored('b')];
const read = (objects: readonly KubeObject[], review: JsonObject, reviewVersion = 'v1') =>
  convertedObjects({ objects, apiVersion: 'example.com/v2', uid: 'u', reviewVersion }, review);

describe('the answer of a conversion webhook', () => {
  it('gives the objects in their order, with their own metadata but for labels and annotations', () => {
    const own = {
      labels: { b: '2' },
      annotations: { c: '3' },
      generation: 99,
      resourceVersion: '1',
      finalizers: ['x'],
    };
    const [first, second] = read([a, b], reviewOf([given(a, {}, own), given(b, {}, { labels: null })])) as KubeObject[];
    expect(first).toEqual({
      ...{ apiVersion: 'example.com/v2', kind: 'Boat', spec: {} },
      metadata: {
        ...{ name: 'a', namespace: 'n', uid: 'uid-a', resourceVersion: '7', generation: 3 },
        ...{ labels: { b: '2' }, annotations: { c: '3' } },
      },
    });
    expect(second?.metadata).toEqual({ name: 'b', namespace: 'n', uid: 'uid-b', resourceVersion: '7', generation: 3 });
  });

  const one = 'returned invalid object';
  it.each<[string, JsonObject, string]>([
    ['no response', reviewOf([], {}, { response: null }), 'failed: no response provided'],
    [
      'another type',
      reviewOf([], {}, { apiVersion: 'v1', kind: 'Pod' }),
      'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /v1, Kind=Pod',
    ],
    ['another uid', reviewOf([given(a)], { uid: 'v' }), 'failed: expected response.uid="u", got "v"'],
    ['a failure', reviewOf([], { result: { status: 'Failure', message: 'no' } }), 'failed: no'],
    ['no status', reviewOf([given(a)], { result: {} }), "failed: response.result.status was '', not 'Success'"],
    ['too few', reviewOf([]), 'returned 0 objects, expected 1'],
    ['no list', reviewOf([], { convertedObjects: 'x' }), 'returned 0 objects, expected 1'],
    ['too many', reviewOf([given(a), given(b)]), 'returned 2 objects, expected 1'],
    ['no object', reviewOf([7]), `${one} at index 0: it is no JSON object`],
    [
      'the version of before',
      reviewOf([given(a, { apiVersion: 'example.com/v1' })]),
      `${one} at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)`,
    ],
    [
      'another kind',
      reviewOf([given(a, { kind: 'Ship' })]),
      `${one} at index 0: invalid kind (expected Boat, received Ship)`,
    ],
    ['another name', reviewOf([given(b)]), `${one}: must have the same name: a != b`],
    ['another namespace', reviewOf([given(a, {}, { namespace: 'm' })]), `${one}: must have the same namespace: n != m`],
    ['another identity', reviewOf([given(a, {}, { uid: '' })]), `${one}: must have the same UID: uid-a != `],
    ['no metadata', reviewOf([given(a, { metadata: null })]), `${one}: must have the same name: a != `],
    [
      'labels that are none',
      reviewOf([given(a, {}, { labels: ['x'] })]),
      'returned invalid metadata: invalid metadata.labels of type []interface {} in converted object',
    ],
    [
      'a label that is no text',
      reviewOf([given(a, {}, { labels: { a: 1 } })]),
      'returned invalid metadata: metadata.labels[a] must be a string, but is int64 in converted object',
    ],
    [
      'an annotation with a bad name',
      reviewOf([given(a, {}, { annotations: { '-': '' } })]),
      'returned invalid metadata: metadata.annotation: Invalid value: "-": name part must consist of',
    ],
  ])('is not taken with %s', (_what, review, words) => {
    expect(String(read([a], review)).slice(0, words.length)).toBe(words);
  });

  it('names the one of several objects that is wrong', () => {
    expect(read([a, b], reviewOf([given(a), given(a)]))).toBe(
      'returned invalid converted object at index 1: must have the same name: b != a',
    );
    expect(read([a, b], reviewOf([given(b), given(a)]))).toBe(
      'returned invalid converted object at index 0: must have the same name: a != b',
    );
    expect(read([a, b], reviewOf([given(a), given(b, {}, { labels: 1 })]))).toBe(
      'returned invalid metadata in object at index 1: invalid metadata.labels of type int64 in converted object',
    );
  });

  it('need not repeat type and uid in the older form', () => {
    const older = reviewOf([given(a)], { uid: 'other' }, { apiVersion: '', kind: '' });
    expect(read([a], older, 'v1beta1')).toHaveLength(1);
  });

  it('is not taken when it nests too deeply, and is told of at no great length', () => {
    let deep: unknown = {};
    for (let i = 0; i < 20_000; i++) deep = [deep];
    expect(read([a], reviewOf([given(a, { spec: deep })]))).toBe('failed: response.convertedObjects nests too deeply');
    const long = read([a], reviewOf([], { result: { status: 'Failure', message: 'x'.repeat(1_000_000) } }));
    expect(String(long).length).toBeLessThan(5_000);
  });
});

import { describe, expect, test } from '@jest/globals';
import { fieldChanges, isPartOf, valueAt } from './field-changes.js';

describe('the fields in which two objects differ', () => {
  test('are single values, or whole ones where one side has nothing', () => {
    const before = { spec: { replicas: 1, paused: true, strategy: { type: 'x' } }, same: [1] };
    const after = { spec: { replicas: 3, strategy: { type: 'x', more: { a: 1 } } }, same: [1] };
    expect(fieldChanges(before, after)).toEqual([
      { field: 'spec.replicas', before: 1, after: 3 },
      { field: 'spec.paused', before: true },
      { field: 'spec.strategy.more', after: { a: 1 } },
    ]);
  });
  test('name items of lists by their names, and else by their places', () => {
    const before = {
      c: [
        { name: 'a', v: 1 },
        { name: 'b', v: 2 },
      ],
      n: [{ v: 1 }, { v: 2 }],
    };
    const after = { c: [{ name: 'b', v: 3 }], n: [{ v: 1 }, { v: 4 }] };
    expect(fieldChanges(before, after)).toEqual([
      { field: 'c[a]', before: { name: 'a', v: 1 } },
      { field: 'c[b].v', before: 2, after: 3 },
      { field: 'n[1].v', before: 2, after: 4 },
    ]);
  });
  test('write keys that are no words in quotes', () => {
    const [change] = fieldChanges(
      { metadata: { labels: {} } },
      { metadata: { labels: { 'app.kubernetes.io/name': 'x' } } },
    );
    expect(change?.field).toBe('metadata.labels["app.kubernetes.io/name"]');
  });
  test('lead to the value in the object', () => {
    const object = { a: { 'x.y/z': [{ type: 'Ready', status: 'True' }, { type: 'B' }], n: [[7]], '0': 'zero' } };
    expect(valueAt(object, 'a["x.y/z"][Ready].status')).toBe('True');
    expect(valueAt(object, 'a.n[0][0]')).toBe(7);
    expect(valueAt(object, 'a["x.y/z"][C].status')).toBeUndefined();
    expect(valueAt(object, 'a.toString')).toBeUndefined();
    expect(valueAt(object, 'b.c')).toBeUndefined();
  });
  test('are parts of those above them', () => {
    expect(isPartOf('spec.template.spec', 'spec.template')).toBe(true);
    expect(isPartOf('spec.containers[a]', 'spec.containers')).toBe(true);
    expect(isPartOf('spec.templates', 'spec.template')).toBe(false);
  });
});

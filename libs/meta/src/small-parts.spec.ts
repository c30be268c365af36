import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { removeCondition, setCondition, type Condition } from './conditions.js';
import { child, keyed, splitPath, valueAt } from './field-path.js';
import { rolloutBounds, scaledValue } from './int-or-string.js';
import { controllerOf, controllerRef, groupOf } from './owner.js';
import { tolerates, tolerationSeconds, untolerated, withDefaultTolerations } from './taints-tolerations.js';

describe('conditions', () => {
  it('move their time with their status only', () => {
    const first = setCondition<Condition>(undefined, { type: 'Ready', status: 'False', reason: 'A' }, 't1');
    const second = setCondition(first, { type: 'Ready', status: 'False', reason: 'B' }, 't2');
    const third = setCondition(second, { type: 'Ready', status: 'True', reason: 'B' }, 't3');
    expect(second[0]?.lastTransitionTime).toBe('t1');
    expect(third[0]?.lastTransitionTime).toBe('t3');
    expect(setCondition(third, { type: 'Ready', status: 'True', reason: 'B' }, 't4')).toBe(third);
    expect(removeCondition(third, 'Ready')).toEqual([]);
  });
});

describe('percentages', () => {
  it('round as asked', () => {
    expect(scaledValue('25%', 10, 'up')).toBe(3);
    expect(scaledValue('25%', 10, 'down')).toBe(2);
    expect(scaledValue('web', 10, 'down')).toBeUndefined();
  });
  it('always let a rollout move', () => {
    const value = fc.oneof(
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`),
    );
    fc.assert(
      fc.property(value, value, fc.integer({ min: 0, max: 50 }), (surge, unavailable, replicas) => {
        const bounds = rolloutBounds(surge, unavailable, replicas);
        expect(bounds.surge + bounds.unavailable).toBeGreaterThan(0);
      }),
    );
  });
});

describe('taints', () => {
  const taint = { key: 'k', value: 'v', effect: 'NoExecute' };
  it('are tolerated by key, value and effect', () => {
    expect(tolerates({ operator: 'Exists' }, taint)).toBe(true);
    expect(tolerates({ key: 'k', value: 'v' }, taint)).toBe(true);
    expect(tolerates({ key: 'k', value: 'w' }, taint)).toBe(false);
    expect(tolerates({ key: 'k', operator: 'Exists', effect: 'NoSchedule' }, taint)).toBe(false);
    expect(untolerated([taint], [{ key: 'x', operator: 'Exists' }])).toBe(taint);
  });
  it('bound a stay by the least of the seconds', () => {
    expect(tolerationSeconds(taint, undefined)).toBe(0);
    expect(tolerationSeconds(taint, [{ operator: 'Exists' }])).toBeUndefined();
    const both = [
      { operator: 'Exists', tolerationSeconds: 9 },
      { key: 'k', operator: 'Exists', tolerationSeconds: 5 },
    ];
    expect(tolerationSeconds(taint, both)).toBe(5);
  });
  it('of silent nodes are tolerated for a while by default', () => {
    const once = withDefaultTolerations([]);
    expect(once).toHaveLength(2);
    expect(withDefaultTolerations(once)).toBe(once);
  });
});

describe('paths and owners', () => {
  it('are written and read as Kubernetes does', () => {
    expect(keyed(child('spec', 'containers', 0, 'data'), 'a.b')).toBe('spec.containers[0].data[a.b]');
    expect(splitPath("metadata.labels['a.b/c']")).toEqual(['metadata', 'labels', 'a.b/c']);
    expect(valueAt({ a: [{ b: 1 }] }, ['a', 0, 'b'])).toBe(1);
  });
  it('find the controller', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'r', uid: 'u' } };
    const reference = controllerRef(owner);
    expect(controllerOf({ metadata: { ownerReferences: [{ ...reference, controller: false }, reference] } })).toBe(
      reference,
    );
    expect([groupOf('apps/v1'), groupOf('v1')]).toEqual(['apps', '']);
  });
});

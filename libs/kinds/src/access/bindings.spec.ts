import { describe, expect, it } from '@jest/globals';
import { Projection } from '#engine';
import { foldEvent, streamOf, type KubeObject } from '#model';
import { bindingsOf } from './bindings.js';

const binding = (name: string, ...users: string[]): KubeObject =>
  ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name, uid: name },
    subjects: users.map((one) => ({ kind: 'User', name: one })),
    roleRef: { kind: 'ClusterRole', name: 'r' },
  }) as unknown as KubeObject;

/** A projection with bindings of others and one of mine; counts how often the subjects of a binding are read. */
function counting(others: number) {
  let reads = 0;
  const view = new Projection(foldEvent);
  const put = (object: KubeObject): void => {
    const counted = Object.defineProperty({ ...object }, 'subjects', {
      enumerable: true,
      get: () => {
        reads++;
        return object['subjects'];
      },
    });
    const { name } = object.metadata;
    const stream = streamOf('rbac.authorization.k8s.io.clusterrolebindings', undefined, name);
    const position = view.position + 1;
    view.put(stream, { revision: 0, position, object: counted }, position);
    view.position = position;
  };
  for (let i = 0; i < others; i++) put(binding(`b${i}`, `user${i}`));
  put(binding('mine', 'me', 'you', 'me'));
  return { view, put, reads: () => reads };
}
const names = (found: readonly KubeObject[]): readonly string[] => found.map(({ metadata }) => metadata.name);

describe('the bindings of a user', () => {
  it('are found once each, by name', () => {
    const { view, put } = counting(3);
    put(binding('also', 'me'));
    expect(names(bindingsOf(view, { name: 'me', groups: [] }, ''))).toEqual(['also', 'mine']);
  });

  it('cost nothing of the bindings of others, also while these change', () => {
    const { view, put, reads } = counting(10_000);
    const ask = () => bindingsOf(view, { name: 'me', groups: ['g'] }, '');
    expect(names(ask())).toEqual(['mine']);
    const before = reads();
    for (let i = 0; i < 50; i++) {
      put(binding(`new${i}`, `other${i}`));
      ask();
    }
    // Each new binding is read, the ten thousand that were there are not.
    expect(reads() - before).toBeLessThan(50 * 4);
  });
});

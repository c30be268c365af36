import { describe, expect, it } from '@jest/globals';
import { accessPolicy } from '#kinds';
import type { AccessAttributes, KubeObject, View } from '#model';
import { TestView } from '#model/testing';
import { registry } from '#kinds';
import { GrantedRights } from './granted-rights.js';

const USER = { name: 'jane', groups: [] };
const ASKED: AccessAttributes = {
  ...{ verb: 'get', isResource: true, path: '', group: '', version: 'v1', namespace: 'default' },
  ...{ resource: 'pods', subresource: '', name: 'a' },
};

function clusterWith(rule: object): TestView {
  const view = new TestView(registry);
  const rbac = (kind: string, more: object) =>
    view.put({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name: 'one', uid: kind } },
      ...more,
    } as unknown as KubeObject);
  rbac('ClusterRole', { rules: [rule] });
  rbac('ClusterRoleBinding', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'one' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }],
  });
  return view;
}
function counted() {
  const counts = { asked: 0 };
  const authorize = (...all: Parameters<typeof accessPolicy.authorize>) => (
    counts.asked++,
    accessPolicy.authorize(...all)
  );
  return { counts, rights: new GrantedRights({ ...accessPolicy, authorize }) };
}
const pods = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };

describe('rights that were granted', () => {
  it('are asked for once at one position, whatever the name', () => {
    const { counts, rights } = counted();
    const view = clusterWith(pods);
    const first = rights.authorize(USER, ASKED, view);
    expect(first).toMatchObject({ allowed: true, reason: expect.stringContaining('allowed by ClusterRoleBinding') });
    expect(rights.authorize(USER, { ...ASKED, name: 'b' }, view)).toEqual(first);
    expect(counts.asked).toBe(1);
    for (const other of [{ verb: 'delete' }, { resource: 'secrets' }, { subresource: 'status' }, { group: 'apps' }])
      expect(rights.authorize(USER, { ...ASKED, ...other }, view).allowed).toBe(false);
    expect(rights.authorize({ name: 'joe', groups: [] }, ASKED, view).allowed).toBe(false);
  });
  it('hold for the names only that a rule names', () => {
    const { rights } = counted();
    for (const resourceNames of [['a'], ['']]) {
      const view = clusterWith({ ...pods, resourceNames });
      const [name = ''] = resourceNames;
      expect(rights.authorize(USER, { ...ASKED, name }, view).allowed).toBe(true);
      expect(rights.authorize(USER, { ...ASKED, name: 'b' }, view).allowed).toBe(false);
    }
  });
  it('end with the position of the view', () => {
    const { rights } = counted();
    const view = clusterWith(pods);
    expect(rights.authorize(USER, ASKED, view).allowed).toBe(true);
    view.put({
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'one', uid: 'r' } },
      rules: [],
    } as unknown as KubeObject);
    expect(rights.authorize(USER, ASKED, view).allowed).toBe(false);
  });
  it('are those of one view', () => {
    const { rights } = counted();
    const [one, other]: View[] = [clusterWith(pods), clusterWith({ ...pods, verbs: ['list'] })];
    expect(one?.position).toBe(other?.position);
    expect(rights.authorize(USER, ASKED, one as View).allowed).toBe(true);
    expect(rights.authorize(USER, ASKED, other as View).allowed).toBe(false);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { KubeObject, UserInfo } from '#model';
import { testCommand, TestView } from '#model/testing';
import { bootstrapObjects, registry } from '../index.js';
import { nodeTokenRefusal } from './node-tokens.js';

const N1: UserInfo = { name: 'system:node:n1', groups: ['system:nodes'] };
const view = new TestView(registry);
const put = (kind: string, apiVersion: string, metadata: object, rest: object): void =>
  view.put({ apiVersion, kind, metadata, ...rest } as unknown as KubeObject);
for (const object of bootstrapObjects) view.put(object as unknown as KubeObject);
const sources = [{ serviceAccountToken: { audience: 'vault' } }];
const volumes = [{ name: 'v', projected: { sources } }];
put('Pod', 'v1', { name: 'mine', namespace: 'ns', uid: 'u' }, { spec: { nodeName: 'n1', volumes } });
put('Pod', 'v1', { name: 'theirs', namespace: 'ns', uid: 't' }, { spec: { nodeName: 'n2', volumes } });
const RBAC = 'rbac.authorization.k8s.io/v1';
const verbs = ['request-serviceaccounts-token-audience'];
put('Role', RBAC, { name: 'r', namespace: 'ns' }, { rules: [{ verbs, apiGroups: [''], resources: ['granted'] }] });
put(
  'RoleBinding',
  RBAC,
  { name: 'b', namespace: 'ns' },
  { subjects: [{ kind: 'Group', name: 'system:nodes' }], roleRef: { kind: 'Role', name: 'r' } },
);

const MINE = { kind: 'Pod', apiVersion: 'v1', name: 'mine', uid: 'u' };
const refusal = (spec: object, actor = N1) =>
  nodeTokenRefusal(
    testCommand({ verb: 'create', kind: 'core.serviceaccounts', namespace: 'ns', name: 'worker', actor }),
    spec,
    view,
  );

describe('a node gets the token', () => {
  it.each(['vault', 'granted'])('of a pod on it, for the audience %s', (audience) => {
    expect(refusal({ boundObjectRef: MINE, audiences: [audience] })).toBeUndefined();
  });
  it('only if it is a node: others are asked by their roles alone', () => {
    expect(refusal({}, { name: 'ann', groups: [] })).toBeUndefined();
  });
});

describe('a node gets no token', () => {
  it.each<[string, object, string]>([
    ['of no pod', {}, 'node requested token not bound to a pod'],
    [
      'without the uid',
      { boundObjectRef: { ...MINE, uid: '' } },
      'node requested token with a pod binding without a uid',
    ],
    [
      "of another node's pod",
      { boundObjectRef: { ...MINE, name: 'theirs', uid: 't' } },
      'node requested token bound to a pod scheduled on a different node',
    ],
    ['of two audiences', { boundObjectRef: MINE, audiences: ['vault', 'x'] }, 'node may only request 0 or 1 audiences'],
    [
      'of an audience that no volume names',
      { boundObjectRef: MINE },
      'audience "" not found in pod spec volume, system:node:n1 is not authorized to request tokens for this audience',
    ],
  ])('%s', (_title, spec, why) => {
    expect(refusal(spec)?.message).toBe(`serviceaccounts "worker" is forbidden: ${why}`);
  });
});

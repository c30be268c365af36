import { describe, expect, it } from '@jest/globals';
import type { AccessAttributes, KubeObject, UserInfo } from '#model';
import { TestView } from '#model/testing';
import { accessPolicy, registry } from '../index.js';

const N1: UserInfo = { name: 'system:node:n1', groups: ['system:nodes'] };

function cluster(): TestView {
  const view = new TestView(registry);
  const pod = (name: string, nodeName: string, spec: object, annotations: object = {}): void =>
    view.put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'ns', uid: name, annotations },
      spec: { nodeName, ...spec },
    } as unknown as KubeObject);
  pod('mine', 'n1', {
    serviceAccountName: 'worker',
    imagePullSecrets: [{ name: 'pull' }],
    containers: [
      {
        env: [{ valueFrom: { secretKeyRef: { name: 'env' } } }, { valueFrom: { configMapKeyRef: { name: 'env' } } }],
        envFrom: [{ secretRef: { name: 'from' } }, { configMapRef: { name: 'from' } }],
      },
    ],
    initContainers: [{ env: [{ valueFrom: { secretKeyRef: { name: 'init' } } }] }],
    volumes: [
      { name: 'a', secret: { secretName: 'volume' } },
      { name: 'b', configMap: { name: 'volume' } },
      { name: 'c', projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'projected' } }] } },
      { name: 'd', persistentVolumeClaim: { claimName: 'claim' } },
      { name: 'e', csi: { nodePublishSecretRef: { name: 'csi' } } },
      { name: 'f', flexVolume: { secretRef: { name: 'flex' } } },
      { name: 'g', ephemeral: {} },
    ],
  });
  pod('theirs', 'n2', { volumes: [{ name: 'a', secret: { secretName: 'theirs' } }] });
  const mirror = { 'kubernetes.io/config.mirror': 'x' };
  pod('mirror', 'n1', { volumes: [{ name: 'a', secret: { secretName: 'mirrored' } }] }, mirror);
  return view;
}
const view = cluster();
const ask = (verb: string, resource: string, name: string, more: Partial<AccessAttributes> = {}, user = N1) =>
  accessPolicy.authorize(
    user,
    {
      ...{
        verb,
        resource,
        name,
        isResource: true,
        path: '',
        group: '',
        version: 'v1',
        namespace: 'ns',
        subresource: '',
      },
      ...more,
    },
    view,
  );

const CSI = { group: 'storage.k8s.io', namespace: '' };

describe('a node may', () => {
  it.each(['env', 'from', 'init', 'pull', 'volume', 'projected', 'csi', 'flex'])('read the secret %s', (name) => {
    expect(ask('get', 'secrets', name).allowed).toBe(true);
  });
  it.each([
    ['get', 'configmaps', 'env'],
    ['get', 'configmaps', 'from'],
    ['watch', 'configmaps', 'volume'],
    ['list', 'configmaps', 'projected'],
    ['get', 'persistentvolumeclaims', 'claim'],
    ['get', 'persistentvolumeclaims', 'mine-g'],
    ['get', 'serviceaccounts', 'worker'],
    ['get', 'pods', 'mine'],
    ['get', 'pods', 'mirror'],
  ])('%s %s %s, which a pod on it is or names', (verb, resource, name) => {
    expect(ask(verb, resource, name).allowed).toBe(true);
  });
  it('list the pods that are bound to it, and itself', () => {
    const fields = [{ field: 'spec.nodeName', value: 'n1' }];
    expect(ask('list', 'pods', '', { namespace: '', fields }).allowed).toBe(true);
    expect(ask('get', 'nodes', 'n1', { namespace: '' }).allowed).toBe(true);
  });
  it.each(['get', 'create', 'update', 'patch', 'delete'])('%s the CSINode of its name', (verb) => {
    expect(ask(verb, 'csinodes', verb === 'create' ? '' : 'n1', CSI).allowed).toBe(true);
  });
});

describe('a node may not', () => {
  const unrelated = "no relationship found between node 'n1' and this object";
  it.each<[string, string, string, Partial<AccessAttributes>, string]>([
    ['get', 'secrets', 'theirs', {}, unrelated],
    ['get', 'secrets', 'mirrored', {}, unrelated],
    ['get', 'secrets', 'volume', { namespace: 'other' }, unrelated],
    ['get', 'pods', 'theirs', {}, unrelated],
    ['list', 'secrets', '', {}, 'No Object name found'],
    ['list', 'secrets', '', { namespace: '' }, 'can only read namespaced object of this type'],
    ['delete', 'secrets', 'volume', {}, 'can only read resources of this type'],
    ['list', 'pods', '', { namespace: '' }, 'can only list/watch pods with spec.nodeName field selector'],
    ['get', 'nodes', 'n2', { namespace: '' }, "node 'n1' cannot read 'n2', only its own Node object"],
    ['create', 'serviceaccounts', 'other', { subresource: 'token' }, unrelated],
    ['get', 'namespaces', 'ns', {}, ''],
    ['get', 'csinodes', 'n2', CSI, 'can only access CSINode with the same name as the requesting node'],
    ['list', 'csinodes', '', CSI, 'can only get, create, update, patch, or delete a CSINode'],
    ['get', 'csinodes', 'n1', { ...CSI, subresource: 'status' }, 'cannot authorize CSINode subresources'],
  ])('%s %s %s %j', (verb, resource, name, more, reason) => {
    expect(ask(verb, resource, name, more)).toEqual({ allowed: false, reason });
  });
  it('be one by its name or its group alone', () => {
    expect(ask('get', 'secrets', 'volume', {}, { ...N1, groups: [] }).allowed).toBe(false);
    expect(ask('get', 'secrets', 'volume', {}, { ...N1, name: 'ann' })).toEqual({ allowed: false, reason: '' });
    expect(ask('get', 'nodes', 'n1', {}, { ...N1, name: 'system:node:' }).reason).toBe(
      'unknown node for user "system:node:"',
    );
  });
});

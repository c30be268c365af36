import { describe, expect, it } from '@jest/globals';
import type { UserInfo } from '#model';
import { specification, type TestCommand } from '#model/testing';
import { testRequest } from '../x509/testing/test-requests.js';
import { registry } from '../index.js';

const { given } = specification(registry);
const N1: UserInfo = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };

const node = (name: string, metadata: object = {}): TestCommand => ({
  verb: 'create',
  kind: 'core.nodes',
  body: { metadata: { name, ...metadata } },
});
const patch = (kind: string, name: string, body: object, more: Partial<TestCommand> = {}): TestCommand => ({
  ...{ verb: 'patch', kind, name, patchType: 'merge', actor: N1, body: body as TestCommand['body'] & object },
  ...more,
});
const pod = (name: string, nodeName: string, more: { metadata?: object; spec?: object } = {}): TestCommand => ({
  verb: 'create',
  kind: 'core.pods',
  namespace: 'ns',
  body: {
    metadata: { name, namespace: 'ns', ...more.metadata },
    spec: { nodeName, containers: [{ name: 'c', image: 'i:1' }], automountServiceAccountToken: false, ...more.spec },
  },
});
const cluster = () =>
  given()
    .and({ verb: 'create', kind: 'core.namespaces', body: { metadata: { name: 'ns' } } })
    .and({ verb: 'create', kind: 'core.serviceaccounts', namespace: 'ns', body: { metadata: { name: 'default' } } })
    .and({ ...node('n1'), uid: 'n1-uid' })
    .and(node('n2', { labels: { 'node-restriction.kubernetes.io/x': '1' } }))
    .and(pod('mine', 'n1'))
    .and(pod('theirs', 'n2'));

describe('a node', () => {
  it('registers itself and no other, with labels of its own', () => {
    given()
      .when({ ...node('n1', { labels: { 'kubernetes.io/hostname': 'n1', tier: 'a' } }), actor: N1 })
      .thenObject({});
    given()
      .when({ ...node('n2'), actor: N1 })
      .thenRefused(403, 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"');
    const labels = { 'z.k8s.io/b': '1', 'node-restriction.kubernetes.io/a': '1', 'node.kubernetes.io/fine': '1' };
    given()
      .when({ ...node('n1', { labels }), actor: N1 })
      .thenRefused(
        403,
        'nodes "n1" is forbidden: node "n1" is not allowed to set the following labels: node-restriction.kubernetes.io/a, z.k8s.io/b',
      );
  });

  it('reports its own state and no other, and lets its taints, owners and restricted labels be', () => {
    const status = { status: { capacity: { cpu: '4' } } };
    const nodes = 'core.nodes';
    cluster()
      .when(patch(nodes, 'n1', status, { subresource: 'status' }))
      .thenObject({});
    cluster()
      .when(patch(nodes, 'n2', status, { subresource: 'status' }))
      .thenRefused(403);
    const taints = { spec: { taints: [] } };
    cluster()
      .when(patch(nodes, 'n1', taints))
      .thenRefused(403, 'nodes "n1" is forbidden: node "n1" is not allowed to modify taints');
    const own = { metadata: { labels: { 'kubernetes.io/os': 'linux' } } };
    cluster()
      .when(patch(nodes, 'n1', own))
      .thenObject({});
    const N2 = { ...N1, name: 'system:node:n2' };
    const freed = { metadata: { labels: { 'node-restriction.kubernetes.io/x': null } } };
    cluster()
      .when(patch(nodes, 'n2', freed, { actor: N2 }))
      .thenRefused(
        403,
        'nodes "n2" is forbidden: node "n2" is not allowed to modify labels: node-restriction.kubernetes.io/x',
      );
  });

  it('deletes and reports its own pods only', () => {
    const status = { status: { phase: 'Running' } };
    const at = { namespace: 'ns', subresource: 'status' };
    cluster()
      .when(patch('core.pods', 'mine', status, at))
      .thenObject({});
    cluster()
      .when(patch('core.pods', 'theirs', status, at))
      .thenRefused(
        403,
        'pods "theirs" is forbidden: node "n1" can only update pod status for pods with spec.nodeName set to itself',
      );
    const remove = { verb: 'delete', kind: 'core.pods', namespace: 'ns', actor: N1 } as const;
    cluster()
      .when({ ...remove, name: 'mine' })
      .thenObject({});
    cluster()
      .when({ ...remove, name: 'theirs' })
      .thenRefused(403, 'pods "theirs" is forbidden: node "n1" can only delete pods with spec.nodeName set to itself');
  });

  it('makes mirror pods of itself and nothing else', () => {
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'n1-uid', controller: true };
    const metadata = { annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [owner] };
    const refusal = (more: Parameters<typeof pod>[2], on = 'n1'): string => {
      const outcome = cluster().when({ ...pod('m', on, more), actor: N1 });
      return outcome.refusal.message.replace('pods "m" is forbidden: ', '');
    };
    expect(refusal({})).toBe(
      'pod does not have "kubernetes.io/config.mirror" annotation, node "n1" can only create mirror pods',
    );
    expect(refusal({ metadata }, 'n2')).toBe('node "n1" can only create pods with spec.nodeName set to itself');
    expect(refusal({ metadata: { ...metadata, ownerReferences: [] } })).toBe(
      'node "n1" can only create pods with an owner reference set to itself',
    );
    const { controller: _, ...loose } = owner;
    expect(refusal({ metadata: { ...metadata, ownerReferences: [loose] } })).toBe(
      'node "n1" can only create pods with a controller owner reference set to itself',
    );
    const other = { ...owner, uid: 'else' };
    expect(refusal({ metadata: { ...metadata, ownerReferences: [other] } })).toBe(
      'node "n1" UID mismatch: expected else got n1-uid',
    );
    const volumes = [{ name: 'v', configMap: { name: 's' } }];
    expect(refusal({ metadata, spec: { volumes } })).toBe('node "n1" can not create pods that reference configmaps');
  });

  it('asks for certificates of a kubelet in its own name alone', async () => {
    const requestOf = async (node: string): Promise<string> =>
      (await testRequest({ commonName: `system:node:${node}`, organizations: ['system:nodes'] })).request;
    const [mine, theirs] = await Promise.all([requestOf('n1'), requestOf('n2')]);
    const ask = (request: string, signerName: string): TestCommand => ({
      verb: 'create',
      ...{ kind: 'certificates.k8s.io.certificatesigningrequests', actor: N1 },
      body: {
        metadata: { name: 'csr' },
        spec: { request, signerName, usages: ['client auth', 'digital signature'] },
      },
    });
    const refused = (why: string): string =>
      `certificatesigningrequests.certificates.k8s.io "csr" is forbidden: ${why}`;
    for (const signer of ['kubernetes.io/kube-apiserver-client-kubelet', 'kubernetes.io/kubelet-serving']) {
      given().when(ask(mine, signer)).thenEvent('Created');
      given().when(ask(theirs, signer)).thenRefused(403, refused('can only create a node CSR with CN=system:node:n1'));
      given()
        .when(ask('eA==', signer))
        .thenRefused(403, refused('unable to parse csr: PEM block type must be CERTIFICATE REQUEST'));
    }
    given().when(ask(theirs, 'example.com/other')).thenEvent('Created');
  });
});

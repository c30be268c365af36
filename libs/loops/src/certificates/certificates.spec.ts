import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  bootstrapObjects,
  certificateSigningRequests,
  joiningBindings,
  JOINING_GROUP,
  joiningRole,
  type CertificateSigningRequest,
  type ClusterRole,
  type ClusterRoleBinding,
} from '#kinds';
import type { KubeObject, Question } from '#model';
import { toTime, type JsonObject } from '#std';
import { NOW, TestCluster } from '../shared/testing/index.js';
import { testCertificate, testRequest } from '../../../kinds/src/x509/testing/test-requests.js';
import { certificateApproving, certificateCleaning, certificateSigning } from './index.js';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const KUBELET = 'kubernetes.io/kube-apiserver-client-kubelet';
const CLIENT = 'kubernetes.io/kube-apiserver-client';
const SERVING = 'kubernetes.io/kubelet-serving';
const BUS = 'shiplog.io/node-bus';
const NODE = 'system:node:a';
let ofNode = '';
let ofUser = '';
let ofServer = '';
let chain = '';

beforeAll(async () => {
  const node = { commonName: NODE, organizations: ['system:nodes'] };
  ofNode = (await testRequest(node)).request;
  ofUser = (await testRequest({ commonName: 'jane', organizations: ['devs'] })).request;
  ofServer = (await testRequest({ ...node, names: [{ type: 'ip', value: '10.0.0.7' }] })).request;
  chain = Buffer.from(await testCertificate(new Date(NOW + 2 * 24 * HOUR_MS)), 'base64').toString();
});

let cluster: TestCluster;
let asked: Question<'signer'>[] = [];
beforeEach(() => {
  cluster = new TestCluster([certificateApproving, certificateSigning, certificateCleaning]);
  asked = [];
  for (const object of bootstrapObjects) {
    const { name } = object.metadata;
    cluster.view.put({ ...object, metadata: { ...object.metadata, uid: `${object.kind} ${name}` } } as KubeObject);
  }
  cluster.answer = (question) => {
    asked.push(question as Question<'signer'>);
    return { is: 'answered', chain };
  };
});

interface Asked {
  readonly signer: string;
  readonly request: string;
  readonly usages: readonly string[];
  readonly username?: string;
  readonly groups?: readonly string[];
  readonly expirationSeconds?: number;
}
const NAME = 'csr';
type Decision = 'Approved' | 'Denied';
/** Who asks is what a creation finds out, so these are there already; the loops hear of them by a label. */
function ask({ signer, ...spec }: Asked, decision?: Decision): void {
  cluster.view.put({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: NAME, uid: `request ${asks++}`, creationTimestamp: toTime(NOW) },
    spec: { ...spec, signerName: signer },
    status: decision === undefined ? {} : { conditions: [decided(decision)] },
  });
  cluster.edit(certificateSigningRequests, undefined, NAME, { metadata: { labels: { heard: 'yes' } } });
}
let asks = 0;
const found = (): CertificateSigningRequest | undefined =>
  cluster.view.get(certificateSigningRequests, undefined, NAME);
const conditions = (): readonly object[] => found()?.status?.conditions ?? [];
function decided(type: Decision) {
  const at = toTime(NOW);
  return { type, status: 'True', reason: 'ByHand', message: 'm', lastUpdateTime: at, lastTransitionTime: at };
}
function forget(): void {
  cluster.gone(found() as CertificateSigningRequest);
}
function grant(subresource: string, group: string): void {
  const rbac = 'rbac.authorization.k8s.io';
  cluster.put<ClusterRole>({
    ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: subresource } },
    rules: [
      {
        verbs: ['create'],
        apiGroups: ['certificates.k8s.io'],
        resources: [`certificatesigningrequests/${subresource}`],
      },
    ],
  } as JsonObject as never);
  cluster.put<ClusterRoleBinding>({
    ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name: subresource } },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: subresource },
    subjects: [{ kind: 'Group', apiGroup: rbac, name: group }],
  } as JsonObject as never);
}
const usages = ['client auth', 'digital signature', 'key encipherment'];

describe('a request of a kubelet for a client certificate', () => {
  test('is approved and signed for who may ask for nodes', () => {
    grant('nodeclient', 'boot');
    ask({ signer: KUBELET, request: ofNode, usages, username: 'system:bootstrap:a', groups: ['boot'] });
    cluster.settle();
    expect(conditions()).toMatchObject([
      {
        type: 'Approved',
        reason: 'AutoApproved',
        message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
      },
    ]);
    expect(found()?.status?.certificate).toBe(btoa(chain));
    expect(asked[0]?.certificate).toMatchObject({
      subject: [
        { oid: '2.5.4.10', value: 'system:nodes' },
        { oid: '2.5.4.3', value: NODE },
      ],
      usages,
      begins: NOW - 300_000,
      ends: NOW + YEAR_MS - 300_000,
    });
  });
  test('is approved for the node itself by the narrower right, and for no other node', () => {
    grant('selfnodeclient', 'system:nodes');
    ask({ signer: KUBELET, request: ofNode, usages, username: 'system:node:b', groups: ['system:nodes'] });
    cluster.settle();
    expect(conditions()).toEqual([]);
    forget();
    ask({ signer: KUBELET, request: ofNode, usages, username: NODE, groups: ['system:nodes'] });
    cluster.settle();
    expect(conditions()).toMatchObject([
      { message: 'Auto approving self kubelet client certificate after SubjectAccessReview.' },
    ]);
  });
  test('waits for the right, and is approved once it is given', () => {
    ask({ signer: KUBELET, request: ofNode, usages, username: 'new', groups: ['boot'] });
    cluster.settle();
    expect(conditions()).toEqual([]);
    grant('nodeclient', 'boot');
    cluster.settle();
    expect(conditions()).toMatchObject([{ type: 'Approved' }]);
  });
  test.each<[string, () => Partial<Asked>]>([
    ['a user', () => ({ request: ofUser })],
    ['a server', () => ({ request: ofServer })],
    ['other usages', () => ({ usages: ['client auth'] })],
    ['another signer', () => ({ signer: CLIENT })],
  ])('that is for %s is left to people', (_what, parts) => {
    grant('nodeclient', 'boot');
    ask({ signer: KUBELET, request: ofNode, usages, username: 'new', groups: ['boot'], ...parts() });
    cluster.settle();
    expect(conditions()).toEqual([]);
  });
});

describe('a request of a machine that joins', () => {
  const joins: readonly KubeObject[] = [joiningRole, ...joiningBindings] as unknown as KubeObject[];
  const token = { username: 'system:bootstrap:abc123', groups: [JOINING_GROUP] };
  beforeEach(() => {
    for (const object of joins) cluster.put(object);
  });
  test('is approved for the bus by what comes with the first token, and never for the API', () => {
    ask({ signer: BUS, request: ofNode, usages, ...token });
    cluster.settle();
    expect(conditions()).toMatchObject([
      { type: 'Approved', message: 'Auto approving a node on the bus after SubjectAccessReview.' },
    ]);
    forget();
    ask({ signer: KUBELET, request: ofNode, usages, ...token });
    cluster.settle();
    expect(conditions()).toEqual([]);
  });
  test('is not approved for the bus by the rights to certificates of the API', () => {
    grant('nodeclient', 'boot');
    grant('selfnodeclient', 'boot');
    ask({ signer: BUS, request: ofNode, usages, username: NODE, groups: ['boot'] });
    cluster.settle();
    expect(conditions()).toEqual([]);
  });
});

describe('an approved request', () => {
  test.each<[string, () => Asked, string]>([
    [
      'for a client with the usage of a server',
      () => ({ signer: CLIENT, request: ofUser, usages: ['server auth'] }),
      'invalid usage for client certificate: server auth',
    ],
    [
      'for a client without its usage',
      () => ({ signer: CLIENT, request: ofUser, usages: ['digital signature'] }),
      'missing required usage for client certificate: client auth',
    ],
    [
      'for a kubelet of a user',
      () => ({ signer: KUBELET, request: ofUser, usages }),
      'subject organization is not system:nodes',
    ],
    [
      'for a kubelet with addresses',
      () => ({ signer: KUBELET, request: ofServer, usages }),
      'IP subjectAltNames are not allowed',
    ],
    [
      'for a kubelet with too few usages',
      () => ({ signer: KUBELET, request: ofNode, usages: ['client auth'] }),
      'usages did not match [client auth digital signature key encipherment]',
    ],
    [
      'for a server without addresses',
      () => ({ signer: SERVING, request: ofNode, usages: ['server auth', 'digital signature'] }),
      'DNS or IP subjectAltName is required',
    ],
  ])('%s fails', (_what, parts, message) => {
    ask(parts(), 'Approved');
    cluster.settle();
    expect(conditions()).toMatchObject([
      { type: 'Approved' },
      { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message },
    ]);
    expect(asked).toEqual([]);
  });
  test('of a serving kubelet is signed with its addresses', () => {
    ask({ signer: SERVING, request: ofServer, usages: ['server auth', 'digital signature'] }, 'Approved');
    cluster.settle();
    expect(asked[0]?.certificate).toMatchObject({ ipAddresses: ['10.0.0.7'] });
    expect(found()?.status?.certificate).toBe(btoa(chain));
  });
  test.each([
    [600, 600],
    [7200, 7200],
    [36_000, 36_000 - 300],
    [2 ** 31 - 1, YEAR_MS / 1000 - 300],
  ])('for %i seconds is signed for %i from now', (expirationSeconds, lasts) => {
    ask({ signer: CLIENT, request: ofUser, usages: ['client auth'], expirationSeconds }, 'Approved');
    cluster.settle();
    expect(asked[0]?.certificate.ends).toBe(NOW + lasts * 1000);
  });
  test('of a signer that is not ours, a denied and an open one are not signed', () => {
    ask({ signer: 'example.com/signer', request: ofUser, usages: ['client auth'] }, 'Approved');
    cluster.settle();
    forget();
    ask({ signer: CLIENT, request: ofUser, usages: ['client auth'] });
    cluster.settle();
    forget();
    ask({ signer: CLIENT, request: ofUser, usages: ['client auth'] }, 'Denied');
    cluster.settle();
    expect(asked).toEqual([]);
    expect(found()?.status?.certificate).toBeUndefined();
  });
  test('is signed later when the signer cannot', () => {
    const { answer } = cluster;
    cluster.answer = () => ({ is: 'failed', why: 'the key store is away' });
    ask({ signer: CLIENT, request: ofUser, usages: ['client auth'] }, 'Approved');
    expect(() => cluster.settle()).toThrow('the certificate was not signed: the key store is away');
    cluster.answer = answer;
    cluster.settle();
    expect(found()?.status?.certificate).toBe(btoa(chain));
  });
});

describe('a request goes', () => {
  const goesAfter = (ms: number): void => {
    cluster.pass(ms - 1000);
    expect(found()).toBeDefined();
    cluster.pass(2000);
    expect(found()).toBeUndefined();
  };
  test('a day after nobody decided about it', () => {
    ask({ signer: 'example.com/signer', request: ofUser, usages });
    cluster.settle();
    goesAfter(24 * HOUR_MS);
  });
  test('an hour after it was denied', () => {
    ask({ signer: CLIENT, request: ofUser, usages }, 'Denied');
    cluster.settle();
    goesAfter(HOUR_MS);
  });
  test('an hour after it was approved and issued', () => {
    ask({ signer: CLIENT, request: ofUser, usages }, 'Approved');
    cluster.settle();
    goesAfter(HOUR_MS);
  });
  test('an hour after it was approved for the bus, where nothing is issued', () => {
    ask({ signer: BUS, request: ofNode, usages }, 'Approved');
    cluster.settle();
    goesAfter(HOUR_MS);
  });
  test('not while it is approved and waits for its signer', () => {
    ask({ signer: 'example.com/signer', request: ofUser, usages }, 'Approved');
    cluster.settle();
    cluster.pass(48 * HOUR_MS);
    expect(found()).toBeDefined();
  });
});

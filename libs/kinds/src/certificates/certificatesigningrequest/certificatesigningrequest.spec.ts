import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Question, UserInfo } from '#model';
import { specification, type TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { registry, type CertificateSigningRequest } from '../../index.js';
import { testCertificate, testRequest } from '../../x509/testing/test-requests.js';

const kind = 'certificates.k8s.io.certificatesigningrequests';
const NAME = 'jane';
let request = '';
let ofMasters = '';
let certificate = '';
beforeAll(async () => {
  request = (await testRequest({ commonName: 'jane', organizations: ['devs'] })).request;
  ofMasters = (await testRequest({ commonName: 'jane', organizations: ['devs', 'system:masters'] })).request;
  certificate = await testCertificate(new Date(Date.UTC(2026, 5)));
});

const { given } = specification(registry);
const asked = (parts: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: NAME },
  spec: { request, signerName: 'example.com/signer', usages: ['client auth'], ...parts },
  ...more,
});
const create = (parts?: JsonObject, more?: JsonObject, actor?: UserInfo) =>
  ({ verb: 'create', kind, body: asked(parts, more), ...(actor && { actor }) }) as const;
const patch = (subresource: string | undefined, body: JsonObject, actor?: UserInfo): TestCommand => ({
  verb: 'patch',
  ...{ patchType: 'merge', kind, name: NAME, body },
  ...(subresource !== undefined && { subresource }),
  ...(actor && { actor }),
});
const condition = (type: string, status = 'True') => ({ type, status, reason: 'R', message: 'm' });
const approve = patch('approval', { status: { conditions: [condition('Approved')] } });

describe('a request for a certificate', () => {
  it('says who asked, whatever it says itself, and begins without a status', () => {
    const ann = { name: 'ann', uid: '7', groups: ['system:masters', 'g'], extra: { k: ['v'] } };
    const sent = { username: 'mallory', uid: 'x', groups: ['y'], extra: { z: ['z'] } };
    const { object } = given().when(
      create(sent, { status: { certificate, conditions: [condition('Approved')] } }, ann),
    ).accepted;
    const { spec, status } = object as CertificateSigningRequest;
    expect(spec).toMatchObject({ username: 'ann', uid: '7', groups: ['system:masters', 'g'], extra: { k: ['v'] } });
    expect(status).toEqual({});
  });
  it('never changes what it asks for, nor its status by a write of the object', () => {
    const body = { metadata: { labels: { a: 'b' } }, spec: { usages: ['any'] }, status: { certificate } };
    const { object } = given().and(create()).when(patch(undefined, body)).thenEvent('MetadataChanged').accepted;
    expect(object).toMatchObject({ metadata: { labels: { a: 'b' } }, spec: { usages: ['client auth'] }, status: {} });
  });
  it('of the group that may do everything is refused by the signer of clients', () => {
    const spec = { request: ofMasters, signerName: 'kubernetes.io/kube-apiserver-client' };
    given()
      .when(create(spec))
      .thenRefused(
        403,
        'certificatesigningrequests.certificates.k8s.io "jane" is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
      );
    given()
      .when(create({ ...spec, signerName: 'example.com/other' }))
      .thenEvent('Created');
  });
  it.each<[JsonObject, string]>([
    [{ request: 'eA==' }, 'spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST'],
    [{ usages: [] }, 'spec.usages: Required value'],
    [
      { signerName: 'kubernetes.io/legacy-unknown' },
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
    [
      { expirationSeconds: 599 },
      'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
    ],
  ])('with %j is refused', (parts, problem) => {
    given()
      .when(create(parts))
      .thenRefused(422, `CertificateSigningRequest.certificates.k8s.io "jane" is invalid: ${problem}`);
  });
});

describe('an approval', () => {
  it('sets conditions with their times and nothing else', () => {
    const body = { spec: { usages: ['any'] }, status: { certificate, conditions: [condition('Approved')] } };
    const { object } = given().and(create()).when(patch('approval', body)).thenEvent('StatusReported').accepted;
    const at = '2026-01-01T12:00:00Z';
    expect(object['status']).toEqual({
      conditions: [{ ...condition('Approved'), lastUpdateTime: at, lastTransitionTime: at }],
    });
    expect(object['spec']).toMatchObject({ usages: ['client auth'] });
  });
  it.each<[string, string, JsonObject[], string]>([
    [
      'both decisions',
      'approval',
      [condition('Approved'), condition('Denied')],
      'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ],
    [
      'a decision that is not True',
      'approval',
      [condition('Approved', 'False')],
      'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
    ],
    [
      'an approval by the signer',
      'status',
      [condition('Approved')],
      'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
    ],
  ])('refuses %s', (_what, subresource, conditions, problem) => {
    given()
      .and(create())
      .when(patch(subresource, { status: { conditions } }))
      .thenRefused(422, `CertificateSigningRequest.certificates.k8s.io "jane" is invalid: ${problem}`);
  });
  it('stays', () => {
    const body = { status: { conditions: [] } };
    const refused =
      'CertificateSigningRequest.certificates.k8s.io "jane" is invalid: status.conditions: Forbidden: updates may not remove a condition of type "Approved"';
    for (const subresource of ['approval', 'status'])
      given().and(create()).and(approve).when(patch(subresource, body)).thenRefused(422, refused);
  });
});

describe('a certificate', () => {
  const issue = () => patch('status', { status: { certificate } });
  it('is set by the status alone, and once', async () => {
    const other = await testCertificate(new Date(Date.UTC(2026, 6)));
    const issued = given().and(create()).and(approve);
    issued.when(issue()).thenObject({ status: { certificate } });
    issued
      .and(issue())
      .when(patch('status', { status: { certificate: other } }))
      .thenRefused(
        422,
        'CertificateSigningRequest.certificates.k8s.io "jane" is invalid: status.certificate: Forbidden: updates may not modify existing certificate content',
      );
  });
  it('has to be one', () => {
    given()
      .and(create())
      .when(patch('status', { status: { certificate: 'bm9uZQ==' } }))
      .thenRefused(
        422,
        'CertificateSigningRequest.certificates.k8s.io "jane" is invalid: status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
      );
  });
});

describe('who may decide', () => {
  const bob: UserInfo = { name: 'bob', groups: [] };
  const rbac = 'rbac.authorization.k8s.io';
  const granted = (verb: string, signer: string): readonly TestCommand[] => [
    {
      verb: 'create',
      kind: `${rbac}.clusterroles`,
      body: {
        ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'r' } },
        rules: [{ verbs: [verb], apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: [signer] }],
      },
    },
    {
      verb: 'create',
      kind: `${rbac}.clusterrolebindings`,
      body: {
        ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name: 'b' } },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'r' },
        subjects: [{ kind: 'User', apiGroup: rbac, name: 'bob' }],
      },
    },
  ];
  const cluster = (verb?: string, signer = '') => {
    const made = given().and(create());
    return verb === undefined ? made : granted(verb, signer).reduce((all, command) => all.and(command), made);
  };
  const approving = patch('approval', { status: { conditions: [condition('Approved')] } }, bob);
  const failing = patch('status', { status: { conditions: [condition('Failed')] } }, bob);
  const refused = (verb: string): string =>
    `certificatesigningrequests.certificates.k8s.io "jane" is forbidden: user not permitted to ${verb} requests with signerName "example.com/signer"`;

  it.each(['example.com/signer', 'example.com/*'])('approves with the verb approve on %s', (signer) => {
    cluster('approve', signer).when(approving).thenEvent('StatusReported');
    cluster('sign', signer).when(approving).thenRefused(403, refused('approve'));
    cluster('approve', 'example.org/*').when(approving).thenRefused(403, refused('approve'));
  });
  it('signs with the verb sign', () => {
    cluster('sign', 'example.com/signer').when(failing).thenEvent('StatusReported');
    cluster('approve', 'example.com/signer').when(failing).thenRefused(403, refused('sign'));
  });
  it('needs the right to approve also for an approval that says nothing, and to sign only for what is said', () => {
    cluster()
      .when(patch('approval', {}, bob))
      .thenRefused(403, refused('approve'));
    cluster()
      .when(patch('status', {}, bob))
      .thenNothing();
  });
});

describe('a certificate of a signer of the cluster', () => {
  const ours = { signerName: 'kubernetes.io/kube-apiserver-client' };
  const issuing: TestCommand = { ...patch('status', {}), event: { type: 'CertificateIssued' } };
  const chainOf = (): string => Buffer.from(certificate, 'base64').toString();

  it('is asked of who has the key, part by part, and recorded with who was asked', () => {
    const approved = given().and(create(ours)).and(approve);
    const [question] = approved.when(issuing).questions;
    expect(question).toMatchObject({ asks: 'signer', certificate: { usages: ['client auth'], dnsNames: [] } });
    expect(JSON.stringify(question)).not.toContain(request);
    const answered = [{ question: question as Question, answer: { is: 'answered', chain: chainOf() } as const }];
    const issued = approved.when(issuing, undefined, answered).thenEvent('CertificateIssued');
    issued.thenObject({ status: { certificate } });
    expect(issued.accepted.answers).toEqual([
      { from: 'signer kubernetes.io/kube-apiserver-client', outcome: 'signed' },
    ]);
  });
  it('is not asked for before the approval, after a denial or a second time, nor of another signer', () => {
    const deny = patch('approval', { status: { conditions: [condition('Denied')] } });
    given().and(create(ours)).when(issuing).thenRefused(409);
    given().and(create(ours)).and(deny).when(issuing).thenRefused(409);
    given().and(create()).and(approve).when(issuing).thenRefused(409);
    const issued = given()
      .and(create(ours))
      .and(approve)
      .and(patch('status', { status: { certificate } }));
    issued.when(issuing).thenRefused(409);
  });
  it('is not what a client sends: only its signer says it', () => {
    const approved = given().and(create(ours)).and(approve);
    const [question] = approved.when({ ...issuing, body: { status: { certificate } } }).questions;
    expect(question?.name).toBe('certificate');
  });
});

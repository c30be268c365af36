import { byte, f, type Infer, int32, list, map, named, object, objectMeta, req, string, time } from '#model';
import type { Stored } from '#model';

const P = 'io.k8s.api.certificates.v1';

const certificateSigningRequestSpec = object(
  `${P}.CertificateSigningRequestSpec`,
  'What is asked for, and by whom. It never changes.',
  {
    request: req(byte, 1, 'The PKCS #10 request in PEM.', { listType: 'atomic', pointer: true }),
    signerName: req(string, 7, 'Who is to sign: a domain and a path, example.com/signer.'),
    expirationSeconds: f(int32, 8, 'How long the certificate is to be valid; the signer may choose less, or more.', {
      pointer: true,
    }),
    usages: f(list(named('v1.KeyUsage')), 5, 'What the key is to be used for.', { listType: 'atomic' }),
    username: f(string, 2, 'Name of the user that made the object. The server says it.'),
    uid: f(string, 3, 'Identity of that user.'),
    groups: f(list(string), 4, 'Groups of that user.', { listType: 'atomic' }),
    extra: f(map(list(string)), 6, 'What else authentication knew of that user.'),
  },
);
export type CertificateSigningRequestSpec = Infer<typeof certificateSigningRequestSpec>;

const certificateSigningRequestCondition = object(
  `${P}.CertificateSigningRequestCondition`,
  'What was decided about a request.',
  {
    type: req(named('v1.RequestConditionType'), 1, 'Approved, Denied, Failed, or a type of the signer.'),
    status: req(named('v1.ConditionStatus'), 6, 'True, False or Unknown; True for the types that Kubernetes knows.'),
    reason: f(string, 2, 'Why, in one CamelCase word.'),
    message: f(string, 3, 'Why, for people.'),
    lastUpdateTime: f(time, 4, 'When the condition was last written.', { always: null }),
    lastTransitionTime: f(time, 5, 'When its status last changed.', { always: null }),
  },
);
export type CertificateSigningRequestCondition = Infer<typeof certificateSigningRequestCondition>;

const certificateSigningRequestStatus = object(`${P}.CertificateSigningRequestStatus`, 'What became of a request.', {
  conditions: f(list(certificateSigningRequestCondition), 1, 'What was decided about it.', {
    ...{ listType: 'map', mapKeys: ['type'] },
  }),
  certificate: f(byte, 2, 'The certificate in PEM, then those that lead to the root. It is written once.', {
    listType: 'atomic',
  }),
});
export type CertificateSigningRequestStatus = Infer<typeof certificateSigningRequestStatus>;

export const certificateSigningRequest = object(
  `${P}.CertificateSigningRequest`,
  'Asks a signer for a certificate; somebody approves or denies it, and the signer answers.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: req(certificateSigningRequestSpec, 2, 'What is asked for, and by whom.'),
    status: f(certificateSigningRequestStatus, 3, 'What became of it.', { always: {} }),
  },
  { gvk: ['certificates.k8s.io/v1 CertificateSigningRequest'] },
);
export type CertificateSigningRequest = Stored<typeof certificateSigningRequest, 'spec'>;

import { refusals, type AdmissionPlugin, type Admitted, type KubeObject, type Refusal } from '#model';
import { jsonEquals, type Json } from '#std';
import { authorize, MASTERS } from '../access/authorizer.js';
import type { CertificateSigningRequest } from '../certificates/certificatesigningrequest/schema.js';
import { CLIENT_SIGNER } from '../certificates/certificatesigningrequest/states.js';
import { readRequest } from '../x509/signing-request.js';

const KIND = 'certificates.k8s.io.certificatesigningrequests';

/** Who approves or denies must be allowed to `approve` for the signer, whatever else of the object they may write. */
export const certificateApproval: AdmissionPlugin = {
  name: 'CertificateApproval',
  mutate: (request) =>
    (isWriteOf(request, 'approval') ? unlessAllowed(request, 'approve') : undefined) ?? request.object,
};

/** Who issues a certificate, or says why there will be none, must be allowed to `sign` for the signer. */
export const certificateSigning: AdmissionPlugin = {
  name: 'CertificateSigning',
  mutate: (request) =>
    (isWriteOf(request, 'status') && !jsonEquals(statusOf(request.object), statusOf(request.old))
      ? unlessAllowed(request, 'sign')
      : undefined) ?? request.object,
};

/** Members of this group may do everything, and nobody could take a certificate away from them again. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  validate(request) {
    if (request.kind.id !== KIND || request.operation !== 'CREATE' || request.subresource !== undefined)
      return undefined;
    const { spec } = request.object as CertificateSigningRequest;
    if (spec.signerName !== CLIENT_SIGNER) return undefined;
    const read = readRequest(spec.request);
    if ('problem' in read) return forbidden(request, `unable to parse csr: ${read.problem}`);
    if (!read.organizations.includes(MASTERS)) return undefined;
    return forbidden(request, `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`);
  },
};

function isWriteOf({ kind, operation, subresource }: Admitted, name: string): boolean {
  return kind.id === KIND && operation === 'UPDATE' && subresource === name;
}
function statusOf(object: KubeObject | undefined): Json {
  return (object?.['status'] ?? {}) as Json;
}

function unlessAllowed(request: Admitted, verb: 'approve' | 'sign'): Refusal | undefined {
  const { signerName } = (request.old as CertificateSigningRequest).spec;
  const [domain = ''] = signerName.split('/');
  if ([signerName, `${domain}/*`].some((name) => isAllowed(request, verb, name))) return undefined;
  return forbidden(request, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
}
function isAllowed({ command, view, kind }: Admitted, verb: string, name: string): boolean {
  const signer = { group: kind.names.group, version: '*', resource: 'signers', subresource: '', namespace: '', name };
  return authorize(command.actor, { verb, isResource: true, path: '', ...signer }, view).allowed;
}

function forbidden({ kind, object, command }: Admitted, why: string): Refusal {
  const { group, plural } = kind.names;
  const name = object.metadata.name || command.name;
  return refusals.forbidden({ group, resource: plural, kind: kind.names.kind, name }, why);
}

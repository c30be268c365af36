import { standardKind, type KubeObject } from '#model';
import { certificateSigningRequestColumns } from './columns.js';
import { CERTIFICATE_ISSUED } from './issue.js';
import { certificateSigningRequest, type CertificateSigningRequest } from './schema.js';
import { certificateSigningRequestStrategy } from './strategy.js';

/** Asks a signer for a certificate. */
export const certificateSigningRequestKind = standardKind<CertificateSigningRequest>({
  names: {
    group: 'certificates.k8s.io',
    version: 'v1',
    kind: 'CertificateSigningRequest',
    plural: 'certificatesigningrequests',
    shortNames: ['csr'],
    namespaced: false,
  },
  schema: certificateSigningRequest,
  columns: certificateSigningRequestColumns,
  subresources: [
    { name: 'approval', kind: 'CertificateSigningRequest', verbs: ['get', 'patch', 'update'] },
    { name: 'status', kind: 'CertificateSigningRequest', verbs: ['get', 'patch', 'update'] },
  ],
  fieldSelectors: [
    { field: 'spec.signerName', value: (object: KubeObject) => (object as CertificateSigningRequest).spec.signerName },
  ],
  fieldSelectorError: 'label',
  events: [CERTIFICATE_ISSUED],
  strategy: certificateSigningRequestStrategy,
});

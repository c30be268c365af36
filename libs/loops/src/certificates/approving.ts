import {
  accessPolicy,
  APPROVED,
  certificateSigningRequests,
  clusterRoleBindings,
  clusterRoles,
  isKubeletClientRequest,
  KUBELET_CLIENT_SIGNER,
  NODE_BUS_RIGHT,
  NODE_BUS_SIGNER,
  readRequest,
  type CertificateSigningRequest,
} from '#kinds';
import type { Loop, ObjectIndex, View } from '#model';
import { patch, streamOfObject } from '../shared/index.js';
import { allRequests, isOpen, requestOf } from './requests.js';

/** Requests of kubelets that nobody has decided about: a new role may give the right that they lack. */
const openRequests: ObjectIndex<CertificateSigningRequest> = {
  name: 'open requests for certificates of kubelets',
  kind: certificateSigningRequests,
  values: (request) => (SIGNERS.includes(request.spec.signerName) && isOpen(request) ? [OPEN] : []),
  part: ({ status }) => status,
};
const OPEN = 'open';
const SIGNERS = [KUBELET_CLIENT_SIGNER, NODE_BUS_SIGNER];

/** A right to have one's request to a signer approved, and what the approval says. One for the API is none for the bus, and the other way round. */
const RIGHTS = [
  {
    signer: KUBELET_CLIENT_SIGNER,
    subresource: 'selfnodeclient',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    because: 'its node renews its own certificate and may do so',
  },
  {
    signer: KUBELET_CLIENT_SIGNER,
    subresource: 'nodeclient',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    because: 'who asked may ask for certificates of nodes',
  },
  {
    signer: NODE_BUS_SIGNER,
    subresource: NODE_BUS_RIGHT,
    message: 'Auto approving a node on the bus after SubjectAccessReview.',
    because: 'who asked may let nodes join',
  },
] as const;

/** Approves what kubelets ask for, for those who have the right. Keys are names. */
export const certificateApproving: Loop = {
  name: 'certificate-approving',
  account: 'certificate-controller',
  indexes: [openRequests],
  keysOf: (change, view) =>
    change.kind === clusterRoles.id || change.kind === clusterRoleBindings.id
      ? view.by(openRequests, OPEN).map(({ metadata }) => metadata.name)
      : requestOf(change),
  keysAtStart: allRequests,
  reconcile(view, key) {
    const request = view.get(certificateSigningRequests, undefined, key);
    if (!request || !isOpen(request)) return [];
    const right = rightOf(view, request);
    if (!right) return [];
    const approved = { type: APPROVED, status: 'True', reason: 'AutoApproved', message: right.message };
    const conditions = [...(request.status?.conditions ?? []), approved];
    return [
      patch(
        certificateSigningRequests,
        request,
        { status: { conditions } },
        {
          subresource: 'approval',
          because: right.because,
          basedOn: [streamOfObject(certificateSigningRequests, request)],
        },
      ),
    ];
  },
};

function rightOf(view: View, { spec }: CertificateSigningRequest): (typeof RIGHTS)[number] | undefined {
  const read = readRequest(spec.request);
  if ('problem' in read || !isKubeletClientRequest(spec, read)) return undefined;
  const { username = '', uid, groups = [], extra } = spec;
  const user = { name: username, groups, ...(uid !== undefined && { uid }), ...(extra && { extra }) };
  const isOwn = username === read.commonName;
  return RIGHTS.filter(
    ({ signer, subresource }) => signer === spec.signerName && (isOwn || subresource !== 'selfnodeclient'),
  ).find(({ subresource }) => accessPolicy.authorize(user, { ...ASKED, subresource }, view).allowed);
}
const ASKED = {
  ...{ verb: 'create', isResource: true, path: '', namespace: '', name: '' },
  ...{ group: 'certificates.k8s.io', version: '*', resource: 'certificatesigningrequests' },
};

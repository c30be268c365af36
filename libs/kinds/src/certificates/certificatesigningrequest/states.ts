import { kindRef } from '#model';
import type { CertificateSigningRequest } from './schema.js';

export const certificateSigningRequests = kindRef<CertificateSigningRequest>(
  'certificates.k8s.io.certificatesigningrequests',
);

/** Conditions that Kubernetes knows. Their status is True, and they stay. */
export const APPROVED = 'Approved';
export const DENIED = 'Denied';
export const FAILED = 'Failed';

export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';
export const KUBELET_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';
/** Not signed at all: its approval admits a node to the bus, by the key in the request. */
export const NODE_BUS_SIGNER = 'shiplog.io/node-bus';
/** Subresource whose `create` has requests to {@link NODE_BUS_SIGNER}, and no others, approved without anybody's doing. */
export const NODE_BUS_RIGHT = 'nodebus';
export const KUBELET_SERVING_SIGNER = 'kubernetes.io/kubelet-serving';
/** Signed what nobody else did in the first versions of this kind; v1 has no such requests. */
export const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';

export function hasCondition({ status }: CertificateSigningRequest, type: string): boolean {
  return (status?.conditions ?? []).some((condition) => condition.type === type);
}
export function isApproved(request: CertificateSigningRequest): boolean {
  return hasCondition(request, APPROVED) && !hasCondition(request, DENIED);
}
export function isIssued({ status }: CertificateSigningRequest): boolean {
  return (status?.certificate ?? '') !== '';
}

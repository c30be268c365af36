import type { Admitted } from '#model';

/** Configurations of webhooks and policies are not sent to webhooks: a bad one could not be mended otherwise. */
const EXEMPT = new Set(
  [
    'mutatingwebhookconfigurations',
    'validatingwebhookconfigurations',
    'validatingadmissionpolicies',
    'validatingadmissionpolicybindings',
    'mutatingadmissionpolicies',
    'mutatingadmissionpolicybindings',
  ].map((plural) => `admissionregistration.k8s.io.${plural}`),
);

/** Subresources that Kubernetes does not have are Shiplog's own business. */
export function isExempt({ kind, subresource }: Pick<Admitted, 'kind' | 'subresource'>): boolean {
  if (EXEMPT.has(kind.id)) return true;
  return subresource !== undefined && kind.subresources.find(({ name }) => name === subresource)?.isOwn === true;
}

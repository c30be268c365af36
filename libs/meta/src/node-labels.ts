/** Labels of the `kubernetes.io` and `k8s.io` domains that a node may give itself. */
const OWN_LABELS = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);
const OWN_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io'];

/** Whether a node may give itself a label with this key, or change it: the rule of Kubernetes' NodeRestriction. */
export function mayNodeLabel(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return true;
  const domain = key.slice(0, slash);
  if (isIn(domain, 'node-restriction.kubernetes.io')) return false;
  if (!isIn(domain, 'kubernetes.io') && !isIn(domain, 'k8s.io')) return true;
  return OWN_LABELS.has(key) || OWN_DOMAINS.some((own) => isIn(domain, own));
}
function isIn(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}

/** Where a group version stands in discovery: higher numbers come first. */
export interface ApiPriority {
  readonly group: number;
  readonly version: number;
}

/** The aggregator's own group, which no APIService registers, comes before all others. */
export const AGGREGATOR_GROUP = 'apiregistration.k8s.io';

/** Priorities of Kubernetes 1.35 for its own groups: of the group, and of each version that is not {@link VERSION}. */
const GROUPS: Readonly<Record<string, readonly [number, Readonly<Record<string, number>>?]>> = {
  '': [18_000, { v1: 1 }],
  apps: [17_800],
  'events.k8s.io': [17_750],
  'authentication.k8s.io': [17_700],
  'authorization.k8s.io': [17_600],
  autoscaling: [17_500, { v2: 30 }],
  batch: [17_400],
  'certificates.k8s.io': [17_300],
  'networking.k8s.io': [17_200],
  policy: [17_100],
  'rbac.authorization.k8s.io': [17_000],
  'storage.k8s.io': [16_800],
  'admissionregistration.k8s.io': [16_700],
  'apiextensions.k8s.io': [16_700],
  'scheduling.k8s.io': [16_600],
  'coordination.k8s.io': [16_500],
  'node.k8s.io': [16_300],
  'discovery.k8s.io': [16_200],
  'resource.k8s.io': [16_200, { v1: 21 }],
  'flowcontrol.apiserver.k8s.io': [16_100, { v1: 21 }],
};
const VERSION = 15;

/** Kinds that a CustomResourceDefinition defines come after all that are built in; their versions follow one another by name. */
export const CUSTOM_PRIORITY: ApiPriority = { group: 1000, version: 100 };

/** The priority under which this server registers a group version of its own. */
export function localPriority(group: string, version: string): ApiPriority {
  const known = Object.hasOwn(GROUPS, group) ? GROUPS[group] : undefined;
  return known ? { group: known[0], version: known[1]?.[version] ?? VERSION } : CUSTOM_PRIORITY;
}

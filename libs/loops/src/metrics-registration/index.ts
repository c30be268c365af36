import { apiServices, clusterRoles, METRICS } from '#kinds';
import type { Decision, KindRef, Loop, View } from '#model';
import { create, type Manifest } from '../shared/index.js';

const REASON = { because: 'what is measured is served here' };
const NAME = `${METRICS.version}.${METRICS.group}`;
const labels = { 'k8s-app': 'metrics-server' };
const RBAC = 'rbac.authorization.k8s.io';

/** What the manifests of metrics-server create for the API server, without a service: this cluster answers by itself. */
const OBJECTS: ReadonlyMap<string, { readonly ref: KindRef; readonly manifest: Manifest }> = new Map([
  [
    'registration',
    {
      ref: apiServices,
      manifest: {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: NAME, labels },
        spec: { ...METRICS, groupPriorityMinimum: 100, versionPriority: 100 },
      },
    },
  ],
  [
    'reader',
    {
      ref: clusterRoles,
      manifest: {
        apiVersion: `${RBAC}/v1`,
        kind: 'ClusterRole',
        metadata: {
          name: 'system:aggregated-metrics-reader',
          labels: {
            ...labels,
            [`${RBAC}/aggregate-to-admin`]: 'true',
            [`${RBAC}/aggregate-to-edit`]: 'true',
            [`${RBAC}/aggregate-to-view`]: 'true',
          },
        },
        rules: [{ apiGroups: [METRICS.group], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
      },
    },
  ],
]);

/**
 * Registers the group version of measurements where the process runs that answers for it, and lets readers of a namespace read
 * them. Once at each start and only what is missing: between starts they are anybody's who may change them, so that
 * metrics-server itself can be installed instead.
 */
export const metricsRegistration: Loop = {
  name: 'metrics-registration',
  account: 'metrics-server',
  keysOf: () => [],
  keysAtStart: () => [...OBJECTS.keys()],
  reconcile: (view, key) => missing(view, key),
};

function missing(view: View, key: string): readonly Decision[] {
  const wanted = OBJECTS.get(key);
  if (!wanted || view.get(wanted.ref, undefined, wanted.manifest.metadata.name)) return [];
  return [create(wanted.ref, wanted.manifest, REASON)];
}

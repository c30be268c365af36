import { f, type Infer, list, object, req, string, time } from '#model';
import { objectMeta } from '../../shared/meta.schema.js';
import type { Stored } from '../../shared/stored.js';

export const namespaceSpec = object('io.k8s.api.core.v1.NamespaceSpec', '', {
  finalizers: f(list(string), 1, '', { listType: 'atomic' }),
});
export type NamespaceSpec = Infer<typeof namespaceSpec>;

export const namespaceCondition = object('io.k8s.api.core.v1.NamespaceCondition', '', {
  lastTransitionTime: f(time, 4, '', { always: null }),
  message: f(string, 6, ''),
  reason: f(string, 5, ''),
  status: req(string, 2, ''),
  type: req(string, 1, ''),
});
export type NamespaceCondition = Infer<typeof namespaceCondition>;

export const namespaceStatus = object('io.k8s.api.core.v1.NamespaceStatus', '', {
  conditions: f(list(namespaceCondition), 2, '', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
  phase: f(string, 1, '', { fill: 'Active' }),
});
export type NamespaceStatus = Infer<typeof namespaceStatus>;

export const namespace = object(
  'io.k8s.api.core.v1.Namespace',
  '',
  {
    apiVersion: f(string, 0, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    spec: f(namespaceSpec, 2, '', { always: {} }),
    status: f(namespaceStatus, 3, '', { always: {} }),
  },
  { gvk: ['v1 Namespace'] },
);
export type Namespace = Stored<typeof namespace, 'spec'>;

import { f, type Infer, int32, microTime, object, string } from '#model';
import { objectMeta } from '../../shared/meta.schema.js';
import type { Stored } from '../../shared/stored.js';

export const leaseSpec = object('io.k8s.api.coordination.v1.LeaseSpec', '', {
  acquireTime: f(microTime, 3, '', { pointer: true }),
  holderIdentity: f(string, 1, '', { pointer: true }),
  leaseDurationSeconds: f(int32, 2, '', { pointer: true }),
  leaseTransitions: f(int32, 5, '', { pointer: true }),
  preferredHolder: f(string, 7, '', { pointer: true }),
  renewTime: f(microTime, 4, '', { pointer: true }),
  strategy: f(string, 6, '', { pointer: true }),
});
export type LeaseSpec = Infer<typeof leaseSpec>;

export const lease = object(
  'io.k8s.api.coordination.v1.Lease',
  '',
  {
    apiVersion: f(string, 0, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    spec: f(leaseSpec, 2, '', { always: {} }),
  },
  { gvk: ['coordination.k8s.io/v1 Lease'] },
);
export type Lease = Stored<typeof lease, 'spec'>;

import { f, type Infer, int32, microTime, object, string, objectMeta } from '#model';
import type { Stored } from '#model';

export const leaseSpec = object('io.k8s.api.coordination.v1.LeaseSpec', 'Who holds something, and until when.', {
  holderIdentity: f(string, 1, 'Who holds it.', { pointer: true }),
  leaseDurationSeconds: f(int32, 2, 'Seconds after renewTime when others may take it.', { pointer: true }),
  acquireTime: f(microTime, 3, 'When the holder took it.', { pointer: true }),
  renewTime: f(microTime, 4, 'When the holder last renewed it.', { pointer: true }),
  leaseTransitions: f(int32, 5, 'How often it changed hands.', { pointer: true }),
  strategy: f(string, 6, 'How the next holder is chosen.', { pointer: true }),
  preferredHolder: f(string, 7, 'Who should hold it next.', { pointer: true }),
});
export type LeaseSpec = Infer<typeof leaseSpec>;

export const lease = object(
  'io.k8s.api.coordination.v1.Lease',
  'Something that only one can hold at a time.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(leaseSpec, 2, 'Who holds it, and until when.', { always: {} }),
  },
  { gvk: ['coordination.k8s.io/v1 Lease'] },
);
export type Lease = Stored<typeof lease, 'spec'>;

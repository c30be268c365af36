import { boolean, f, type Infer, int32, int64, list, object, string } from '#model';
import { listMeta } from './meta.schema.js';

export const statusCause = object('io.k8s.apimachinery.pkg.apis.meta.v1.StatusCause', '', {
  field: f(string, 3, ''),
  message: f(string, 2, ''),
  reason: f(string, 1, ''),
});

export const statusDetails = object('io.k8s.apimachinery.pkg.apis.meta.v1.StatusDetails', '', {
  causes: f(list(statusCause), 4, '', { listType: 'atomic' }),
  group: f(string, 2, ''),
  kind: f(string, 3, ''),
  name: f(string, 1, ''),
  retryAfterSeconds: f(int32, 5, ''),
  uid: f(string, 6, ''),
});

export const status = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.Status',
  '',
  {
    apiVersion: f(string, 0, ''),
    code: f(int32, 6, ''),
    details: f(statusDetails, 5, ''),
    kind: f(string, 0, ''),
    message: f(string, 3, ''),
    metadata: f(listMeta, 1, '', { always: {} }),
    reason: f(string, 4, ''),
    status: f(string, 2, ''),
  },
  { gvk: ['v1 Status'] },
);
export type Status = Infer<typeof status>;

export const preconditions = object('io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions', '', {
  resourceVersion: f(string, 2, '', { pointer: true }),
  uid: f(string, 1, '', { pointer: true }),
});
export type Preconditions = Infer<typeof preconditions>;

export const deleteOptions = object('io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions', '', {
  apiVersion: f(string, 0, ''),
  dryRun: f(list(string), 5, '', { listType: 'atomic' }),
  gracePeriodSeconds: f(int64, 1, '', { pointer: true }),
  ignoreStoreReadErrorWithClusterBreakingPotential: f(boolean, 6, '', { pointer: true }),
  kind: f(string, 0, ''),
  orphanDependents: f(boolean, 3, '', { pointer: true }),
  preconditions: f(preconditions, 2, ''),
  propagationPolicy: f(string, 4, '', { pointer: true }),
});
export type DeleteOptions = Infer<typeof deleteOptions>;

import { boolean, f, fieldsV1, type Infer, int64, list, map, object, req, string, time } from '#model';

export const managedFieldsEntry = object('io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry', '', {
  apiVersion: f(string, 3, ''),
  fieldsType: f(string, 6, ''),
  fieldsV1: f(fieldsV1, 7, ''),
  manager: f(string, 1, ''),
  operation: f(string, 2, ''),
  subresource: f(string, 8, ''),
  time: f(time, 4, '', { pointer: true }),
});

export const ownerReference = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference',
  '',
  {
    apiVersion: req(string, 5, ''),
    blockOwnerDeletion: f(boolean, 7, '', { pointer: true }),
    controller: f(boolean, 6, '', { pointer: true }),
    kind: req(string, 1, ''),
    name: req(string, 3, ''),
    uid: req(string, 4, ''),
  },
  { mapType: 'atomic' },
);

export const objectMeta = object('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta', '', {
  annotations: f(map(string), 12, ''),
  creationTimestamp: f(time, 8, ''),
  deletionGracePeriodSeconds: f(int64, 10, '', { pointer: true }),
  deletionTimestamp: f(time, 9, '', { pointer: true }),
  finalizers: f(list(string), 14, '', { listType: 'set', patchStrategy: 'merge' }),
  generateName: f(string, 2, ''),
  generation: f(int64, 7, ''),
  labels: f(map(string), 11, ''),
  managedFields: f(list(managedFieldsEntry), 17, '', { listType: 'atomic' }),
  name: f(string, 1, ''),
  namespace: f(string, 3, ''),
  ownerReferences: f(list(ownerReference), 13, '', {
    listType: 'map',
    mapKeys: ['uid'],
    mergeKey: 'uid',
    patchStrategy: 'merge',
  }),
  resourceVersion: f(string, 6, ''),
  selfLink: f(string, 4, ''),
  uid: f(string, 5, ''),
});

export const labelSelectorRequirement = object('io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement', '', {
  key: req(string, 1, ''),
  operator: req(string, 2, ''),
  values: f(list(string), 3, '', { listType: 'atomic' }),
});
export type LabelSelectorRequirement = Infer<typeof labelSelectorRequirement>;

export const labelSelector = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector',
  '',
  {
    matchExpressions: f(list(labelSelectorRequirement), 2, '', { listType: 'atomic' }),
    matchLabels: f(map(string), 1, ''),
  },
  { mapType: 'atomic' },
);
export type LabelSelector = Infer<typeof labelSelector>;

export const listMeta = object('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta', '', {
  continue: f(string, 3, ''),
  remainingItemCount: f(int64, 4, '', { pointer: true }),
  resourceVersion: f(string, 2, ''),
  selfLink: f(string, 1, ''),
});
export type ListMeta = Infer<typeof listMeta>;

export const condition = object('io.k8s.apimachinery.pkg.apis.meta.v1.Condition', '', {
  lastTransitionTime: req(time, 4, '', { always: null }),
  message: req(string, 6, ''),
  observedGeneration: f(int64, 3, ''),
  reason: req(string, 5, ''),
  status: req(string, 2, ''),
  type: req(string, 1, ''),
});

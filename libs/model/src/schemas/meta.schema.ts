import {
  boolean,
  f,
  fieldsV1,
  type Infer,
  int64,
  list,
  map,
  named,
  object,
  req,
  string,
  time,
} from '../schema/index.js';

export const managedFieldsEntry = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.ManagedFieldsEntry',
  'Which fields one manager has set, and when.',
  {
    manager: f(string, 1, "Who set the fields: a program or a person's tool."),
    operation: f(named('v1.ManagedFieldsOperationType'), 2, 'How they were set, Apply or Update.'),
    apiVersion: f(string, 3, 'Version of the schema in which the fields are named.'),
    time: f(time, 4, 'When this manager last changed the set.', { pointer: true }),
    fieldsType: f(string, 6, 'Format of the field set; always FieldsV1.'),
    fieldsV1: f(fieldsV1, 7, 'The set of fields, as a tree of their names.'),
    subresource: f(string, 8, 'Subresource through which they were set; empty for the object itself.'),
  },
);

export const ownerReference = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference',
  'An object that this one belongs to and goes with.',
  {
    apiVersion: req(string, 5, 'Group and version of the owner.'),
    kind: req(string, 1, 'Kind of the owner.'),
    name: req(string, 3, 'Name of the owner.'),
    uid: req(named('types.UID'), 4, 'UID of the owner: another object of the same name does not count.'),
    controller: f(boolean, 6, 'Whether this owner is the one that manages the object.', { pointer: true }),
    blockOwnerDeletion: f(boolean, 7, 'Whether an owner that is deleted in the foreground waits for this object.', {
      pointer: true,
    }),
  },
  { mapType: 'atomic' },
);

export const objectMeta = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  'What every object says about itself.',
  {
    name: f(string, 1, 'Name of the object, unique among its kind in its namespace.'),
    generateName: f(string, 2, 'Beginning of a name that the server completes when no name is given.'),
    namespace: f(string, 3, 'Namespace that the object lives in; empty for kinds of the whole cluster.'),
    selfLink: f(string, 4, 'Not used any more.'),
    uid: f(named('types.UID'), 5, 'Identity of the object in all of time and space; set by the server.'),
    resourceVersion: f(string, 6, 'Which state of the object this is; opaque, only good for comparing and watching.'),
    generation: f(int64, 7, 'Counts the changes of what is wanted of the object.'),
    creationTimestamp: f(time, 8, 'CreationTimestamp is a timestamp that the server sets when it creates the object.'),
    deletionTimestamp: f(time, 9, 'When the object is to be gone; set by the server when its deletion is requested.', {
      pointer: true,
    }),
    deletionGracePeriodSeconds: f(int64, 10, 'Seconds from the deletion request until the object may be removed.', {
      pointer: true,
    }),
    labels: f(map(string), 11, 'Keys and values by which objects are selected and grouped.'),
    annotations: f(map(string), 12, 'Free texts for tools and people; never used to select objects.'),
    ownerReferences: f(
      list(ownerReference),
      13,
      'Objects that this one belongs to; it is removed when all of them are gone.',
      { listType: 'map', mapKeys: ['uid'], mergeKey: 'uid', patchStrategy: 'merge' },
    ),
    finalizers: f(list(string), 14, 'Names of duties that must be done before a deleted object is removed.', {
      listType: 'set',
      patchStrategy: 'merge',
    }),
    managedFields: f(list(managedFieldsEntry), 17, 'Who set which field; kept by the server for server-side apply.', {
      listType: 'atomic',
    }),
  },
);

export const labelSelectorRequirement = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement',
  'One condition on a label.',
  {
    key: req(string, 1, 'Label that the condition is about.'),
    operator: req(named('v1.LabelSelectorOperator'), 2, 'In, NotIn, Exists or DoesNotExist.'),
    values: f(list(string), 3, 'Values for In and NotIn; empty for the others.', { listType: 'atomic' }),
  },
);
export type LabelSelectorRequirement = Infer<typeof labelSelectorRequirement>;

export const fieldSelectorRequirement = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldSelectorRequirement',
  'One condition on a field.',
  {
    key: req(string, 1, 'Field that the condition is about.'),
    operator: req(named('v1.FieldSelectorOperator'), 2, 'In, NotIn, Exists or DoesNotExist.'),
    values: f(list(string), 3, 'Values for In and NotIn; empty for the others.', { listType: 'atomic' }),
  },
);
export type FieldSelectorRequirement = Infer<typeof fieldSelectorRequirement>;

export const labelSelector = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector',
  'Chooses objects by their labels; all conditions must hold.',
  {
    matchLabels: f(map(string), 1, 'Labels that must have exactly these values.'),
    matchExpressions: f(list(labelSelectorRequirement), 2, 'Conditions that compare a label with a set of values.', {
      listType: 'atomic',
    }),
  },
  { mapType: 'atomic' },
);
export type LabelSelector = Infer<typeof labelSelector>;

export const listMeta = object('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta', 'What a list says about itself.', {
  selfLink: f(string, 1, 'Not used any more.'),
  resourceVersion: f(string, 2, 'State of the cluster that the list shows; a watch can start there.'),
  continue: f(string, 3, 'Token with which the next page is asked for; empty on the last page.'),
  remainingItemCount: f(int64, 4, 'How many items follow after this page, where that is known.', { pointer: true }),
});
export type ListMeta = Infer<typeof listMeta>;

export const condition = object(
  'io.k8s.apimachinery.pkg.apis.meta.v1.Condition',
  "One aspect of an object's state, as its controller sees it.",
  {
    type: req(string, 1, 'Name of the aspect, in CamelCase.'),
    status: req(named('v1.ConditionStatus'), 2, 'True, False or Unknown.'),
    observedGeneration: f(int64, 3, 'Generation of the object that the condition was found on.'),
    lastTransitionTime: req(time, 4, 'When the status last changed.', { always: null }),
    reason: req(string, 5, 'Why the status is what it is, in one CamelCase word.'),
    message: req(string, 6, 'What it means, for people.'),
  },
);

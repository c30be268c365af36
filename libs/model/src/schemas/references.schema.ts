import { f, type Infer, named, object, req, string } from '../schema/index.js';

export const localObjectReference = object(
  'io.k8s.api.core.v1.LocalObjectReference',
  'An object in the same namespace, by its name.',
  {
    // The key of `imagePullSecrets`: an item that leaves it out has the empty name.
    name: f(string, 1, 'Name of the object.', { default: '' }),
  },
  { mapType: 'atomic' },
);
export type LocalObjectReference = Infer<typeof localObjectReference>;

export const objectReference = object(
  'io.k8s.api.core.v1.ObjectReference',
  'An object, or a part of one.',
  {
    kind: f(string, 1, 'Kind of the object.'),
    namespace: f(string, 2, 'Namespace of the object.'),
    name: f(string, 3, 'Name of the object.'),
    uid: f(named('types.UID'), 4, 'UID of the object.'),
    apiVersion: f(string, 5, 'Group and version of the object.'),
    resourceVersion: f(string, 6, 'State of the object that is meant.'),
    fieldPath: f(string, 7, 'Path of the part that is meant, such as spec.containers{name}.'),
  },
  { mapType: 'atomic' },
);
export type ObjectReference = Infer<typeof objectReference>;

export const typedLocalObjectReference = object(
  'io.k8s.api.core.v1.TypedLocalObjectReference',
  'An object of any kind in the same namespace.',
  {
    apiGroup: f(string, 1, 'API group of the object; empty for the core group.', { always: null, pointer: true }),
    kind: req(string, 2, 'Kind of the object.'),
    name: req(string, 3, 'Name of the object.'),
  },
  { mapType: 'atomic' },
);
export type TypedLocalObjectReference = Infer<typeof typedLocalObjectReference>;

export const typedObjectReference = object(
  'io.k8s.api.core.v1.TypedObjectReference',
  'An object of any kind, perhaps in another namespace.',
  {
    apiGroup: f(string, 1, 'API group of the object; empty for the core group.', { always: null, pointer: true }),
    kind: req(string, 2, 'Kind of the object.'),
    name: req(string, 3, 'Name of the object.'),
    namespace: f(string, 4, 'Namespace of the object, when it is another one.', { pointer: true }),
  },
);
export type TypedObjectReference = Infer<typeof typedObjectReference>;

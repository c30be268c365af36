import { f, type Infer, object, req, string } from '#model';

export const localObjectReference = object(
  'io.k8s.api.core.v1.LocalObjectReference',
  '',
  {
    name: f(string, 1, ''),
  },
  { mapType: 'atomic' },
);
export type LocalObjectReference = Infer<typeof localObjectReference>;

export const objectReference = object(
  'io.k8s.api.core.v1.ObjectReference',
  '',
  {
    apiVersion: f(string, 5, ''),
    fieldPath: f(string, 7, ''),
    kind: f(string, 1, ''),
    name: f(string, 3, ''),
    namespace: f(string, 2, ''),
    resourceVersion: f(string, 6, ''),
    uid: f(string, 4, ''),
  },
  { mapType: 'atomic' },
);
export type ObjectReference = Infer<typeof objectReference>;

export const typedLocalObjectReference = object(
  'io.k8s.api.core.v1.TypedLocalObjectReference',
  '',
  {
    apiGroup: f(string, 1, '', { always: null, pointer: true }),
    kind: req(string, 2, ''),
    name: req(string, 3, ''),
  },
  { mapType: 'atomic' },
);
export type TypedLocalObjectReference = Infer<typeof typedLocalObjectReference>;

export const typedObjectReference = object('io.k8s.api.core.v1.TypedObjectReference', '', {
  apiGroup: f(string, 1, '', { always: null, pointer: true }),
  kind: req(string, 2, ''),
  name: req(string, 3, ''),
  namespace: f(string, 4, '', { pointer: true }),
});
export type TypedObjectReference = Infer<typeof typedObjectReference>;

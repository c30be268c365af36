import { f, type Infer, object, objectMeta, req, string } from '#model';
import type { Stored } from '#model';

export const ingressClassParametersReference = object(
  'io.k8s.api.networking.v1.IngressClassParametersReference',
  'Refers to an object with further settings of a controller.',
  {
    apiGroup: f(string, 1, 'API group of the object; the core group if absent.', { pointer: true }),
    kind: req(string, 2, 'Kind of the object.'),
    name: req(string, 3, 'Name of the object.'),
    scope: f(string, 4, 'Cluster, or Namespace for an object in `namespace`.', { fill: 'Cluster', pointer: true }),
    namespace: f(string, 5, 'Namespace of the object; with scope Namespace only.', { pointer: true }),
  },
);

export const ingressClassSpec = object(
  'io.k8s.api.networking.v1.IngressClassSpec',
  'Names the controller of a class.',
  {
    controller: f(string, 1, 'Controller that serves ingresses of the class, such as `example.com/ingress`.'),
    parameters: f(ingressClassParametersReference, 2, 'Object with further settings of the controller.'),
  },
);
export type IngressClassSpec = Infer<typeof ingressClassSpec>;

export const ingressClass = object(
  'io.k8s.api.networking.v1.IngressClass',
  'A class of ingresses: names the controller that serves them.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(ingressClassSpec, 2, 'Controller of the class.', { always: {} }),
  },
  { gvk: ['networking.k8s.io/v1 IngressClass'] },
);
export type IngressClass = Stored<typeof ingressClass, 'spec'>;

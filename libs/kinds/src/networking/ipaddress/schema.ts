import { f, type Infer, object, objectMeta, req, string, type Stored } from '#model';

export const parentReference = object(
  'io.k8s.api.networking.v1.ParentReference',
  'Refers to the object that holds an address.',
  {
    group: f(string, 1, 'API group of the object; empty for the core group.'),
    resource: req(string, 2, 'Resource of the object, such as services.'),
    namespace: f(string, 3, 'Namespace of the object.'),
    name: req(string, 4, 'Name of the object.'),
  },
);
export type ParentReference = Infer<typeof parentReference>;

export const ipAddressSpec = object('io.k8s.api.networking.v1.IPAddressSpec', 'Holder of the address.', {
  parentRef: req(parentReference, 1, 'Object that holds the address.', { omitEmpty: true }),
});

export const ipAddress = object(
  'io.k8s.api.networking.v1.IPAddress',
  'An address that is taken; its name is the address.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(ipAddressSpec, 2, 'Holder of the address.', { always: {} }),
  },
  { gvk: ['networking.k8s.io/v1 IPAddress'] },
);
export type IpAddressObject = Stored<typeof ipAddress, 'spec'>;

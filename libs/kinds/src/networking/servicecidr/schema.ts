import { condition, f, list, object, objectMeta, string, type Infer, type Stored } from '#model';

export const serviceCidrSpec = object(
  'io.k8s.api.networking.v1.ServiceCIDRSpec',
  'Ranges that services get their addresses from.',
  { cidrs: f(list(string), 1, 'One range, or one of each family.', { listType: 'atomic' }) },
);
export const serviceCidrStatus = object('io.k8s.api.networking.v1.ServiceCIDRStatus', 'State of the ranges.', {
  conditions: f(list(condition), 1, 'Aspects of their state, such as Ready.', {
    listType: 'map',
    mapKeys: ['type'],
    mergeKey: 'type',
    patchStrategy: 'merge',
  }),
});
export type ServiceCidrStatus = Infer<typeof serviceCidrStatus>;

export const serviceCidr = object(
  'io.k8s.api.networking.v1.ServiceCIDR',
  'A range that services get their addresses from.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(serviceCidrSpec, 2, 'The ranges.', { always: {} }),
    status: f(serviceCidrStatus, 3, 'State of the ranges.', { always: {} }),
  },
  { gvk: ['networking.k8s.io/v1 ServiceCIDR'] },
);
export type ServiceCidr = Stored<typeof serviceCidr, 'spec'>;

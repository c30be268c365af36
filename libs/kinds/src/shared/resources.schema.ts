import { f, type Infer, list, map, object, quantity, req, string } from '#model';

export const resourceClaim = object('io.k8s.api.core.v1.ResourceClaim', '', {
  name: req(string, 1, ''),
  request: f(string, 2, ''),
});
export type ResourceClaim = Infer<typeof resourceClaim>;

export const resourceRequirements = object('io.k8s.api.core.v1.ResourceRequirements', '', {
  claims: f(list(resourceClaim), 3, '', { listType: 'map', mapKeys: ['name'] }),
  limits: f(map(quantity), 1, ''),
  requests: f(map(quantity), 2, ''),
});
export type ResourceRequirements = Infer<typeof resourceRequirements>;

export const containerResizePolicy = object('io.k8s.api.core.v1.ContainerResizePolicy', '', {
  resourceName: req(string, 1, ''),
  restartPolicy: req(string, 2, ''),
});
export type ContainerResizePolicy = Infer<typeof containerResizePolicy>;

export const volumeResourceRequirements = object('io.k8s.api.core.v1.VolumeResourceRequirements', '', {
  limits: f(map(quantity), 1, ''),
  requests: f(map(quantity), 2, ''),
});
export type VolumeResourceRequirements = Infer<typeof volumeResourceRequirements>;

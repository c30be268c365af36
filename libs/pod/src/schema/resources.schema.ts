import { f, type Infer, list, map, named, object, quantity, req, string } from '#model';

export const resourceClaim = object('io.k8s.api.core.v1.ResourceClaim', 'A claim of the pod that a container uses.', {
  name: req(string, 1, "Name of the claim in the pod's resourceClaims."),
  request: f(string, 2, 'One request of the claim; all of it when empty.'),
});
export type ResourceClaim = Infer<typeof resourceClaim>;

export const resourceRequirements = object(
  'io.k8s.api.core.v1.ResourceRequirements',
  'What a container needs and what it may use at most.',
  {
    limits: f(map(quantity), 1, 'The most that may be used, by resource.'),
    requests: f(map(quantity), 2, 'What is set aside on the node, by resource; the limits where nothing is said.'),
    claims: f(list(resourceClaim), 3, 'Claims of the pod that the container uses.', {
      listType: 'map',
      mapKeys: ['name'],
    }),
  },
);
export type ResourceRequirements = Infer<typeof resourceRequirements>;

export const containerResizePolicy = object(
  'io.k8s.api.core.v1.ContainerResizePolicy',
  'What a change of a resource means for a running container.',
  {
    resourceName: req(string, 1, 'The resource: cpu or memory.'),
    restartPolicy: req(
      named('v1.ResourceResizeRestartPolicy'),
      2,
      'NotRequired, or RestartContainer for programs that read it only when they start.',
    ),
  },
);
export type ContainerResizePolicy = Infer<typeof containerResizePolicy>;

export const volumeResourceRequirements = object(
  'io.k8s.api.core.v1.VolumeResourceRequirements',
  'How much storage is needed.',
  {
    limits: f(map(quantity), 1, 'The most that may be given, by resource.'),
    requests: f(map(quantity), 2, 'The least that must be given, by resource.'),
  },
);
export type VolumeResourceRequirements = Infer<typeof volumeResourceRequirements>;

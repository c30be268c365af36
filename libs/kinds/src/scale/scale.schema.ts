import { f, type Infer, int32, object, req, string, objectMeta } from '#model';
import type { Stored } from '#model';

export const scaleSpec = object('io.k8s.api.autoscaling.v1.ScaleSpec', 'How many are wanted.', {
  replicas: f(int32, 1, 'The number that is wanted.'),
});
export type ScaleSpec = Infer<typeof scaleSpec>;

export const scaleStatus = object('io.k8s.api.autoscaling.v1.ScaleStatus', 'How many there are.', {
  replicas: req(int32, 1, 'The number that was last seen.'),
  selector: f(string, 2, 'Selector of the pods that are counted, as text.'),
});
export type ScaleStatus = Infer<typeof scaleStatus>;

export const scale = object(
  'io.k8s.api.autoscaling.v1.Scale',
  'The number of replicas of an object, apart from everything else of it.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(scaleSpec, 2, 'How many are wanted.', { always: {} }),
    status: f(scaleStatus, 3, 'How many there are.', { always: {} }),
  },
  { gvk: ['autoscaling/v1 Scale'] },
);
export type Scale = Stored<typeof scale>;

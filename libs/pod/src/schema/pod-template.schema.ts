import { f, type Infer, object, objectMeta } from '#model';
import { podSpec } from './pod-spec.schema.js';

export const podTemplateSpec = object('io.k8s.api.core.v1.PodTemplateSpec', 'What pods are made like.', {
  metadata: f(objectMeta, 1, 'Labels and annotations of the pods.', { always: {} }),
  spec: f(podSpec, 2, 'What the pods are to run.', { always: {} }),
});
export type PodTemplateSpec = Infer<typeof podTemplateSpec>;

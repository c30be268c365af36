import { f, type Infer, object } from '#model';
import { objectMeta } from './meta.schema.js';
import { podSpec } from './pod-spec.schema.js';

export const podTemplateSpec = object('io.k8s.api.core.v1.PodTemplateSpec', '', {
  metadata: f(objectMeta, 1, '', { always: {} }),
  spec: f(podSpec, 2, '', { always: {} }),
});
export type PodTemplateSpec = Infer<typeof podTemplateSpec>;

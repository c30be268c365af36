import { f, type Infer, int32, object, req, string } from '#model';
import { objectMeta } from './meta.schema.js';
import type { Stored } from './stored.js';

export const scaleSpec = object('io.k8s.api.autoscaling.v1.ScaleSpec', '', {
  replicas: f(int32, 1, ''),
});
export type ScaleSpec = Infer<typeof scaleSpec>;

export const scaleStatus = object('io.k8s.api.autoscaling.v1.ScaleStatus', '', {
  replicas: req(int32, 1, ''),
  selector: f(string, 2, ''),
});
export type ScaleStatus = Infer<typeof scaleStatus>;

export const scale = object(
  'io.k8s.api.autoscaling.v1.Scale',
  '',
  {
    apiVersion: f(string, 0, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    spec: f(scaleSpec, 2, '', { always: {} }),
    status: f(scaleStatus, 3, '', { always: {} }),
  },
  { gvk: ['autoscaling/v1 Scale'] },
);
export type Scale = Stored<typeof scale>;

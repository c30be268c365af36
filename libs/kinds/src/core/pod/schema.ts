import { f, object, string } from '#model';
import { podStatus } from './status.schema.js';
import { objectMeta } from '../../shared/meta.schema.js';
import { podSpec } from '../../shared/pod-spec.schema.js';
import type { Stored } from '../../shared/stored.js';

export const pod = object(
  'io.k8s.api.core.v1.Pod',
  '',
  {
    apiVersion: f(string, 0, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    spec: f(podSpec, 2, '', { always: {} }),
    status: f(podStatus, 3, '', { always: {} }),
  },
  { gvk: ['v1 Pod'] },
);
export type Pod = Stored<typeof pod, 'spec'>;

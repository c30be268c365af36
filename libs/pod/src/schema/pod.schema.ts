import { f, object, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { podSpec } from './pod-spec.schema.js';
import { podStatus } from './pod-status.schema.js';

export const pod = object(
  'io.k8s.api.core.v1.Pod',
  'Containers that run together on one node and share network and volumes.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(podSpec, 2, 'What is to run and how.', { always: {} }),
    status: f(podStatus, 3, 'How it is.', { always: {} }),
  },
  { gvk: ['v1 Pod'] },
);
export type Pod = Stored<typeof pod, 'spec'>;

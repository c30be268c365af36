import { f, object, string } from '#model';
import { podStatus } from './status.schema.js';
import { objectMeta } from '../../shared/meta.schema.js';
import { podSpec } from '../../shared/pod-spec.schema.js';
import type { Stored } from '../../shared/stored.js';

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

import { f, object, string, objectMeta } from '#model';
import type { Stored } from '#model';
import { nodeSpec } from './spec.schema.js';
import { nodeStatus } from './status.schema.js';

export const node = object(
  'io.k8s.api.core.v1.Node',
  'A machine that runs pods.',
  {
    kind: f(string, 0, 'Which kind of object this is.'),
    apiVersion: f(string, 0, "Group and version of this object's schema."),
    metadata: f(objectMeta, 1, 'Name, labels and everything else that all objects have.', { always: {} }),
    spec: f(nodeSpec, 2, 'What is wanted of it.', { always: {} }),
    status: f(nodeStatus, 3, 'How it is.', { always: {} }),
  },
  { gvk: ['v1 Node'] },
);
export type Node = Stored<typeof node, 'spec'>;

import { f, object, string } from '#model';
import { nodeSpec } from './spec.schema.js';
import { nodeStatus } from './status.schema.js';
import { objectMeta } from '../../shared/meta.schema.js';
import type { Stored } from '../../shared/stored.js';

export const node = object(
  'io.k8s.api.core.v1.Node',
  '',
  {
    apiVersion: f(string, 0, ''),
    kind: f(string, 0, ''),
    metadata: f(objectMeta, 1, '', { always: {} }),
    spec: f(nodeSpec, 2, '', { always: {} }),
    status: f(nodeStatus, 3, '', { always: {} }),
  },
  { gvk: ['v1 Node'] },
);
export type Node = Stored<typeof node, 'spec'>;

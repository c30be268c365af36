import type { Kind } from '#model';
import { deploymentKind } from './apps/deployment/kind.js';
import { replicaSetKind } from './apps/replicaset/kind.js';
import { leaseKind } from './coordination/lease/kind.js';
import { configMapKind } from './core/configmap/kind.js';
import { endpointsKind } from './core/endpoints/kind.js';
import { eventKind } from './core/event/kind.js';
import { namespaceKind } from './core/namespace/kind.js';
import { nodeKind } from './core/node/kind.js';
import { podKind } from './core/pod/kind.js';
import { secretKind } from './core/secret/kind.js';
import { serviceKind } from './core/service/kind.js';
import { serviceAccountKind } from './core/serviceaccount/kind.js';
import { endpointSliceKind } from './discovery/endpointslice/kind.js';

/** Every kind that this server has; a new one is a folder and a line here. */
export const builtinKinds: readonly Kind[] = [
  configMapKind,
  endpointsKind,
  eventKind,
  namespaceKind,
  nodeKind,
  podKind,
  secretKind,
  serviceAccountKind,
  serviceKind,
  deploymentKind,
  replicaSetKind,
  leaseKind,
  endpointSliceKind,
];

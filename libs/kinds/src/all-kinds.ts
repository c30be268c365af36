/** Every kind that this server has, a line each. */
export { deploymentKind } from './apps/deployment/kind.js';
export { replicaSetKind } from './apps/replicaset/kind.js';
export { leaseKind } from './coordination/lease/kind.js';
export { configMapKind } from './core/configmap/kind.js';
export { endpointsKind } from './core/endpoints/kind.js';
export { eventKind } from './core/event/kind.js';
export { namespaceKind } from './core/namespace/kind.js';
export { nodeKind } from './core/node/kind.js';
export { podKind } from './core/pod/kind.js';
export { podTemplateKind } from './core/podtemplate/kind.js';
export { secretKind } from './core/secret/kind.js';
export { serviceKind } from './core/service/kind.js';
export { serviceAccountKind } from './core/serviceaccount/kind.js';
export { endpointSliceKind } from './discovery/endpointslice/kind.js';

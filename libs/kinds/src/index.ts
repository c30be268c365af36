export * from './common-types/load-balancer.schema.js';
export * from './scale/scale.schema.js';
export * from './common-types/token-request.schema.js';
export * from './common-types/eviction.schema.js';
export * from './common-types/binding.schema.js';
export * from './columns.js';
export * from './core/namespace/index.js';
export * from './core/node/index.js';
export * from './core/pod/index.js';
export * from './core/podtemplate/index.js';
export * from './core/service/index.js';
export * from './core/endpoints/index.js';
export * from './core/configmap/index.js';
export * from './core/secret/index.js';
export * from './core/serviceaccount/index.js';
export * from './core/event/index.js';
export * from './apps/replicaset/index.js';
export * from './apps/deployment/index.js';
export * from './autoscaling/horizontalpodautoscaler/index.js';
export * from './authentication/user-info.schema.js';
export * from './authentication/selfsubjectreview/index.js';
export * from './authentication/tokenreview/index.js';
export * from './authorization/access.schema.js';
export * from './authorization/localsubjectaccessreview/index.js';
export * from './authorization/selfsubjectaccessreview/index.js';
export * from './authorization/selfsubjectrulesreview/index.js';
export * from './authorization/subjectaccessreview/index.js';
export * from './certificates/certificatesigningrequest/index.js';
export { certificateEnd } from './x509/certificate.js';
export { readRequest, readSignedRequest } from './x509/signing-request.js';
export * from './discovery/endpointslice/index.js';
export * from './service-endpoints.js';
export { containerPlace, type ContainerPlace } from './container-place.js';
export { proxyTarget, type NodeTarget, type ProxyTarget } from './proxy-target.js';
export * from './coordination/lease/index.js';
export * from './events/event/index.js';
export * from './networking/ingress/index.js';
export * from './networking/ingressclass/index.js';
export * from './networking/ipaddress/index.js';
export * from './networking/networkpolicy/index.js';
export * from './networking/servicecidr/index.js';
export { isAllocated, isParent, serviceAddressLabels } from './networking/service-addresses.js';
export { cidrsOf, DEFAULT_SERVICE_CIDR, isUsable } from './networking/service-ranges.js';
export * from './rbac/binding.schema.js';
export * from './rbac/refs.js';
export * from './rbac/rules.schema.js';
export * from './rbac/clusterrole/index.js';
export * from './rbac/clusterrolebinding/index.js';
export * from './rbac/role/index.js';
export * from './rbac/rolebinding/index.js';
export { accessPolicy } from './access/authorizer.js';
export {
  bootstrapObjects,
  isBootstrapped,
  kindOf as bootstrapKind,
  type BootstrapObject,
} from './access/bootstrap/index.js';
export { reconciled } from './access/reconcile.js';
export * from './admissionregistration/mutatingwebhookconfiguration/index.js';
export * from './admissionregistration/validatingadmissionpolicy/index.js';
export * from './admissionregistration/validatingadmissionpolicybinding/index.js';
export * from './admissionregistration/validatingwebhookconfiguration/index.js';
export * from './apiextensions/custom-resource-definition/index.js';
export * from './apiregistration/index.js';
export { METRICS } from './metrics/usage.js';
export * from './metrics/nodemetrics/index.js';
export * from './metrics/podmetrics/index.js';
export { builtinAdmission } from './admission/index.js';
export { builtinKinds } from './builtin.js';
export { createRegistry } from './registry.js';
import { builtinAdmission } from './admission/index.js';
import { builtinKinds } from './builtin.js';
import { createRegistry } from './registry.js';

/** All kinds that are built in, with the rules of admission. */
export const registry = createRegistry(builtinKinds, builtinAdmission);
export { joiningBindings } from './access/joining.js';

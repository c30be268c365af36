import { registry } from '#kinds';
import type { Loop } from '#model';
import { apiServiceAvailability, apiServiceRegistration, authenticationTrust } from './api-services/index.js';
import { certificateApproving, certificateCleaning, certificateSigning } from './certificates/index.js';
import { CLUSTER_DNS_IP, clusterDnsRegistration } from './cluster-dns/registration.js';
import { cronJob } from './cron-job/index.js';
import { customResources } from './custom-resources/index.js';
import { deployment } from './deployment/index.js';
import { disruption, staleDisruption } from './disruption/index.js';
import { endpointSlice } from './endpoint-slice/index.js';
import { endpointSliceMirroring } from './endpoint-slice-mirroring/index.js';
import { endpoints } from './endpoints/index.js';
import { eventGarbageCollection, garbageCollection, podGarbageCollection } from './garbage-collection/index.js';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler/index.js';
import { ingressRegistration } from './ingress/registration.js';
import { ingressStatus } from './ingress/status.js';
import { job } from './job/index.js';
import { jobTracking } from './job/tracking.js';
import { metricsRegistration } from './metrics-registration/index.js';
import { bootstrap, namespace } from './namespace/index.js';
import { fencing, nodeLifecycle, podCidr, taintEviction } from './node-lifecycle/index.js';
import { policyTypeChecking } from './policy-type-checking/index.js';
import { replicaSet } from './replica-set/index.js';
import { bootstrapRoles, clusterRoleAggregation } from './roles/index.js';
import { serviceAddresses } from './service-addresses/index.js';
import { serviceCidrLifecycle } from './service-cidrs/index.js';
import { rootCertificate, serviceAccount } from './service-account/index.js';
import { ttlAfterFinished } from './ttl-after-finished/index.js';
import { serviceLoadBalancer } from './service-load-balancer/index.js';

const registerApiServices = apiServiceRegistration(registry);

export {
  apiServiceAvailability,
  authenticationTrust,
  registerApiServices,
  bootstrap,
  bootstrapRoles,
  certificateApproving,
  certificateCleaning,
  certificateSigning,
  CLUSTER_DNS_IP,
  clusterRoleAggregation,
  customResources,
  deployment,
  endpoints,
  endpointSlice,
  endpointSliceMirroring,
  eventGarbageCollection,
  garbageCollection,
  horizontalPodAutoscaler,
  metricsRegistration,
  namespace,
  podGarbageCollection,
  policyTypeChecking,
  replicaSet,
  rootCertificate,
  serviceAccount,
  serviceAddresses,
  serviceCidrLifecycle,
  serviceLoadBalancer,
};
export { podsMatching } from './horizontal-pod-autoscaler/pods.js';
export { fencing, nodeLifecycle, podCidr, taintEviction };
export { scheduling, schedulingLoops } from './scheduling/index.js';
export { addressPool } from './service-load-balancer/index.js';
export * from './shared/index.js';

/**
 * Loops of an API process: namespaces, roles and the service of every cluster, addresses of services, custom kinds, and which
 * servers have which group versions of the API.
 */
export const apiLoops: readonly Loop[] = [
  bootstrap,
  bootstrapRoles,
  serviceAddresses,
  customResources,
  registerApiServices,
  apiServiceAvailability,
  authenticationTrust,
];

/** Loops of the controllers app that make and end workloads and what belongs to them. */
export const workloadLoops: readonly Loop[] = [
  deployment,
  replicaSet,
  job,
  jobTracking,
  cronJob,
  ttlAfterFinished,
  disruption(registry),
  staleDisruption,
  endpointSlice,
  endpoints,
  endpointSliceMirroring,
  namespace,
  serviceAccount,
  rootCertificate,
  serviceCidrLifecycle,
  clusterRoleAggregation,
  policyTypeChecking,
  certificateApproving,
  certificateSigning,
  certificateCleaning,
  serviceLoadBalancer,
  garbageCollection(registry),
  podGarbageCollection,
  eventGarbageCollection,
];

/** Loops that decide on measurements. They are told of them as facts from outside, so they run where those arrive. */
export const autoscalingLoops: readonly Loop[] = [horizontalPodAutoscaler(registry)];
/** Loops of the scaler app. */
export const scalerLoops: readonly Loop[] = [...autoscalingLoops, metricsRegistration];

/** Loops that watch over nodes. They are told of heartbeats as facts from outside, so they run where those are heard. */
export const nodeLoops: readonly Loop[] = [
  nodeLifecycle,
  podCidr,
  taintEviction,
  fencing,
  clusterDnsRegistration,
  ingressRegistration,
  ingressStatus,
];
export * as clusterDns from './cluster-dns/index.js';
export * as ingress from './ingress/index.js';
export * as kubelet from './kubelet/index.js';
export * as networkPolicy from './network-policy/index.js';
export * as podNetwork from './pod-network/index.js';
export * as serviceProxy from './service-proxy/index.js';

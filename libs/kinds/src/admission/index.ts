import type { AdmissionPlugin } from '#model';
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.js';
import { defaultIngressClassAdmission } from './default-ingress-class.js';
import { defaultTolerationSeconds } from './default-toleration-seconds.js';
import { namespaceLifecycle } from './namespace-lifecycle.js';
import { nodeRestriction } from './node-restriction.js';
import { podSecurity } from './pod-security/index.js';
import { validatingAdmissionPolicy } from './policies/index.js';
import { priorityAdmission } from './priority.js';
import { runtimeClassAdmission } from './runtime-class.js';
import { serviceAccountAdmission } from './service-account.js';
import { taintNodesByCondition } from './taint-nodes-by-condition.js';
import { mutatingAdmissionWebhook, validatingAdmissionWebhook } from './webhooks/index.js';

/** In the order in which a write meets them. */
export const builtinAdmission: readonly AdmissionPlugin[] = [
  namespaceLifecycle,
  nodeRestriction,
  taintNodesByCondition,
  serviceAccountAdmission,
  priorityAdmission,
  defaultTolerationSeconds,
  runtimeClassAdmission,
  podSecurity,
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  defaultIngressClassAdmission,
  mutatingAdmissionWebhook,
  validatingAdmissionPolicy,
  validatingAdmissionWebhook,
];

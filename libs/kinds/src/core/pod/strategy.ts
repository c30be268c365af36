import type { Strategy } from '#model';
import { hasEnded, qosClass } from '#pod';
import type { Pod } from '#pod';
import { type Instant, jsonEquals, toTime } from '#std';
import { withoutDisabledFields } from '../../pod-template/disabled-fields.js';
import { nameWarnings } from '../../pod-template/validation/name-warnings.js';
import { podWarnings } from '../../pod-template/validation/warnings.js';
import { annotationChanges, appArmorWarnings, withAppArmorFields } from './annotations.js';
import { decideBinding } from './binding.js';
import { podDefaults } from './defaults.js';
import { decideEphemeralContainers } from './ephemeral-containers.js';
import { decideEviction } from './eviction.js';
import { withLabelKeys } from './label-keys.js';
import { decideResize } from './resize.js';
import { withoutDisabledStatus, withPodIps } from './status.js';
import { unownedOfPod } from './unowned.js';
import { podStatusWarnings, validatePodStatus } from './validate-status.js';
import { validatePodUpdate } from './validate-update.js';
import { validatePod } from './validate.js';

/** What is particular about a pod's life. */
export const podStrategy: Strategy<Pod> = {
  generation: 'managed',
  revalidatesMetadata: true,
  answersDeletionWithObject: true,
  applyDefaults: (object) => withPodIps(podDefaults(object)),
  validate: validatePod,
  validateUpdate: (object, old) => [...annotationChanges(object, old), ...validatePodUpdate(object, old)],
  // A change of a pod is nearly always a component's: nobody would read the warnings.
  warnings: (object, old, { command }) =>
    old
      ? command.subresource === 'status'
        ? podStatusWarnings(object)
        : []
      : [
          ...appArmorWarnings(object, command.body),
          ...nameWarnings(object.metadata.name, "the Pod's hostname"),
          ...podWarnings('', object),
        ],
  prepareCreate: (object, { now }) => ({
    ...object,
    spec: withoutDisabledFields(withLabelKeys(withAppArmorFields(object))),
    status: firstStatus(object, now),
  }),
  prepareUpdate: (object) => ({ ...object, spec: withoutDisabledFields(object.spec) }),
  prepareStatus,
  validateStatus: validatePodStatus,
  gracePeriodSeconds,
  eventOf: (object, old) => eventOf(object, old),
  unowned: unownedOfPod,
  subresources: {
    binding: decideBinding,
    ephemeralcontainers: decideEphemeralContainers,
    eviction: decideEviction,
    resize: decideResize,
  },
};

function firstStatus(object: Pod, now: Instant): NonNullable<Pod['status']> {
  const isGated = (object.spec.schedulingGates?.length ?? 0) > 0;
  return {
    ...(isGated && { conditions: [gated(now)] }),
    phase: 'Pending',
    qosClass: qosClass(object),
  };
}
const gated = (now: Instant) => ({
  lastProbeTime: null as unknown as string,
  lastTransitionTime: toTime(now),
  message: 'Scheduling is blocked due to non-empty scheduling gates',
  reason: 'SchedulingGated',
  status: 'False',
  type: 'PodScheduled',
});

/** The class of service is decided once; owners are not changed through the status. */
function prepareStatus(object: Pod, old: Pod): Pod {
  const { ownerReferences: _owners, ...metadata } = object.metadata;
  const owners = old.metadata.ownerReferences;
  const qos = object.status?.qosClass || old.status?.qosClass;
  const { nominatedNodeName, ...status } = withoutDisabledStatus(object.status, old.status) ?? {};
  // Room is made for pods that have no node yet.
  const isNominated = nominatedNodeName !== undefined && !object.spec.nodeName;
  return {
    ...object,
    metadata: { ...metadata, ...(owners && { ownerReferences: owners }) },
    status: { ...status, ...(isNominated && { nominatedNodeName }), ...(qos && { qosClass: qos }) },
  };
}

/** A pod that no node has, or that is over, goes at once. */
function gracePeriodSeconds(object: Pod, asked: number | undefined): number {
  if (!object.spec.nodeName || hasEnded(object)) return 0;
  const period = asked ?? object.spec.terminationGracePeriodSeconds ?? 0;
  return period < 0 ? 1 : period;
}

function eventOf(object: Pod, old: Pod): { readonly type: string } | undefined {
  const restarts = (pod: Pod): readonly number[] => pod.status?.containerStatuses?.map((c) => c.restartCount) ?? [];
  const [before, after] = [restarts(old), restarts(object)];
  const isRestart = jsonEquals(object.spec, old.spec) && after.some((count, i) => count > (before[i] ?? 0));
  return isRestart ? { type: 'ContainerRestarted' } : undefined;
}

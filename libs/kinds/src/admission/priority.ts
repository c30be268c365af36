import { refusals, type AdmissionPlugin, type Admitted, type KubeObject, type Refusal } from '#model';
import type { Pod } from '#pod';
import {
  defaultPriorityClasses,
  priorityClasses,
  SYSTEM_PRIORITY_CLASSES,
  type PriorityClass,
} from '../scheduling/priorityclass/index.js';
import { forbidPod, isPlainPod } from './pods.js';

/** The name of a pod's class becomes the number that the scheduler compares. */
export const priorityAdmission: AdmissionPlugin = {
  name: 'Priority',
  mutate: (request) => {
    if (!isPlainPod(request)) return request.object;
    if (request.operation === 'CREATE') return withPriority(request);
    return request.operation === 'UPDATE' ? keptPriority(request) : request.object;
  },
  validate: onlyDefault,
};

function onlyDefault({ kind, operation, object, view }: Admitted): Refusal | undefined {
  if (kind.id !== priorityClasses.id || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
  const { metadata, globalDefault } = object as PriorityClass;
  if (globalDefault !== true) return undefined;
  const other = view.by(defaultPriorityClasses, '').find((one) => one.metadata.name !== metadata.name);
  if (!other) return undefined;
  const why = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`;
  return refusals.forbidden(
    { group: 'scheduling.k8s.io', resource: 'priorityclasses', kind: 'PriorityClass', name: metadata.name },
    why,
  );
}

function withPriority(request: Admitted): KubeObject | Refusal {
  const pod = request.object as Pod;
  const wanted = classOf(request, pod.spec.priorityClassName);
  if (wanted === undefined) return forbidPod(pod, `no PriorityClass with name ${pod.spec.priorityClassName} was found`);
  const { priority, preemptionPolicy } = pod.spec;
  const { name, value, policy } = wanted;
  const from = 'from the given PriorityClass name';
  if (priority !== undefined && priority !== value) {
    const why = `the integer value of priority (${priority}) must not be provided in pod spec; priority admission controller computed ${value} ${from}`;
    return forbidPod(pod, why);
  }
  if (preemptionPolicy !== undefined && preemptionPolicy !== policy) {
    const why = `the string value of PreemptionPolicy (${preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} ${from}`;
    return forbidPod(pod, why);
  }
  const spec = {
    ...pod.spec,
    ...(name !== '' && { priorityClassName: name }),
    priority: value,
    preemptionPolicy: policy,
  };
  return { ...pod, spec };
}

interface Wanted {
  readonly name: string;
  readonly value: number;
  readonly policy: string;
}
function classOf(request: Admitted, name: string | undefined): Wanted | undefined {
  if (!name) return defaultClass(request);
  const system = SYSTEM_PRIORITY_CLASSES.get(name);
  if (system !== undefined) return { name, value: system, policy: 'PreemptLowerPriority' };
  const found = request.view.get(priorityClasses, undefined, name);
  return found && wantedOf(found);
}
/** Of several defaults the one with the smallest value counts. */
function defaultClass(request: Admitted): Wanted {
  const lowest = [...request.view.by(defaultPriorityClasses, '')].sort((a, b) => a.value - b.value)[0];
  if (lowest) return wantedOf(lowest);
  return { name: '', value: 0, policy: 'PreemptLowerPriority' };
}
function wantedOf(found: PriorityClass): Wanted {
  return {
    name: found.metadata.name,
    value: found.value,
    policy: found.preemptionPolicy ?? 'PreemptLowerPriority',
  };
}

/** An update that leaves priority and policy out keeps them. */
function keptPriority(request: Admitted): KubeObject {
  const pod = request.object as Pod;
  const old = request.old as Pod;
  const priority = pod.spec.priority ?? old.spec.priority;
  const preemptionPolicy = pod.spec.preemptionPolicy ?? old.spec.preemptionPolicy;
  if (priority === pod.spec.priority && preemptionPolicy === pod.spec.preemptionPolicy) return pod;
  const spec = {
    ...pod.spec,
    ...(priority !== undefined && { priority }),
    ...(preemptionPolicy !== undefined && { preemptionPolicy }),
  };
  return { ...pod, spec };
}

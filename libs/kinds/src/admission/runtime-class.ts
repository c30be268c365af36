import { quantityOf } from '#meta';
import { isRefusal, type AdmissionPlugin, type Admitted, type KubeObject, type Refusal } from '#model';
import type { Pod } from '#pod';
import { runtimeClasses, type RuntimeClass } from '../node/runtimeclass/index.js';
import { mergeTolerations } from './merge-tolerations.js';
import { forbidPod, isPlainPod } from './pods.js';

type Spec = Pod['spec'];
type Amounts = Readonly<Record<string, string>>;
type Scheduling = NonNullable<RuntimeClass['scheduling']>;

const OTHER_OVERHEAD = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
const OVERHEAD_OF_NOBODY = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';

/** A new pod takes the overhead, the node selector and the tolerations of the runtime class that it names. */
export const runtimeClassAdmission: AdmissionPlugin = {
  name: 'RuntimeClass',
  mutate: (request) => (isNewPod(request) ? ofItsClass(request) : request.object),
  validate: (request) => (isNewPod(request) ? overheadRefusal(request) : undefined),
};

function isNewPod(request: Admitted): boolean {
  return isPlainPod(request) && request.operation === 'CREATE';
}

function ofItsClass(request: Admitted): KubeObject | Refusal {
  const pod = request.object as Pod;
  const found = classOf(request, pod);
  if (found === undefined || isRefusal(found)) return found ?? pod;
  const { overhead, scheduling } = found;
  const spec = overhead ? withOverhead(pod, overhead.podFixed ?? {}) : pod.spec;
  if (isRefusal(spec)) return spec;
  const placed = scheduling ? withScheduling(pod, spec, scheduling) : spec;
  return isRefusal(placed) ? placed : { ...pod, spec: placed };
}

/** The class may have gone, and webhooks may have changed the pod since. */
function overheadRefusal(request: Admitted): Refusal | undefined {
  const pod = request.object as Pod;
  const found = classOf(request, pod);
  if (isRefusal(found)) return found;
  const own = pod.spec.overhead;
  if (!found?.overhead) return own === undefined ? undefined : forbidPod(pod, OVERHEAD_OF_NOBODY);
  return isSame(found.overhead.podFixed ?? {}, own ?? {}) ? undefined : forbidPod(pod, OTHER_OVERHEAD);
}

function classOf({ view }: Admitted, pod: Pod): RuntimeClass | Refusal | undefined {
  const name = pod.spec.runtimeClassName;
  // An empty name is no name, which validation says.
  if (!name) return undefined;
  const found = view.get(runtimeClasses, undefined, name);
  return found ?? forbidPod(pod, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
}

function withOverhead(pod: Pod, podFixed: Amounts): Spec | Refusal {
  const { overhead, ...spec } = pod.spec;
  const isGiven = Object.keys(overhead ?? {}).length > 0;
  if (isGiven && !isSame(podFixed, overhead ?? {})) return forbidPod(pod, OTHER_OVERHEAD);
  return Object.keys(podFixed).length > 0 ? { ...spec, overhead: podFixed } : spec;
}

function isSame(some: Amounts, others: Amounts): boolean {
  const names = Object.keys(some);
  if (names.length !== Object.keys(others).length) return false;
  return names.every((name) => {
    const other = others[name];
    return other !== undefined && quantityOf(some[name]).nanos === quantityOf(other).nanos;
  });
}

function withScheduling(pod: Pod, { nodeSelector, tolerations, ...spec }: Spec, wanted: Scheduling): Spec | Refusal {
  for (const [key, value] of Object.entries(wanted.nodeSelector ?? {})) {
    const own = nodeSelector?.[key];
    if (own === undefined || own === value) continue;
    const ofClass = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}`;
    return forbidPod(pod, `conflict: ${ofClass}; pod.spec.nodeSelector[${key}] = ${own}`);
  }
  const merged = mergeTolerations(tolerations ?? [], wanted.tolerations ?? []);
  return {
    ...spec,
    ...((nodeSelector ?? wanted.nodeSelector) && { nodeSelector: { ...nodeSelector, ...wanted.nodeSelector } }),
    ...(merged.length > 0 && { tolerations: merged }),
  };
}

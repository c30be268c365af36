import { type HostPort, type Pod, amountsOf, hostPortsOf, podRequests } from '#pod';

/** What a pod takes of a node. Pods that take the same share one value. */
export interface Needs {
  /** Amounts above 0 by resource: cpu in thousandths of a core, everything else in whole units. */
  readonly requests: readonly (readonly [resource: string, amount: number])[];
  /** For scores a container that asks for nothing counts as a small one: 100 thousandths of a core and 200 MiB. */
  readonly scoredCpu: number;
  readonly scoredMemory: number;
  readonly ports: readonly HostPort[];
}
interface Container {
  readonly restartPolicy?: string;
  readonly resources?: Parameters<typeof amountsOf>[0];
  readonly ports?: readonly { readonly hostPort?: number; readonly hostIP?: string; readonly protocol?: string }[];
}

/** Distinct needs that are remembered; beyond that they are computed again. */
const KNOWN_MAX = 4096;
const known = new Map<string, Needs>();
const ofSpec = new WeakMap<object, Needs>();

export function podNeeds(pod: Pod): Needs {
  let needs = ofSpec.get(pod.spec);
  if (needs === undefined) ofSpec.set(pod.spec, (needs = shared(pod)));
  return needs;
}

function shared(pod: Pod): Needs {
  const { resources, overhead } = pod.spec as { readonly resources?: unknown; readonly overhead?: unknown };
  const partOf = (one: Container) => [one.resources, one.restartPolicy, one.ports];
  const init = ((pod.spec.initContainers ?? []) as readonly Container[]).map(partOf);
  const key = JSON.stringify([(pod.spec.containers as readonly Container[]).map(partOf), init, resources, overhead]);
  let needs = known.get(key);
  if (needs === undefined) {
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(key, (needs = needsOf(pod)));
  }
  return needs;
}

function needsOf(pod: Pod): Needs {
  const requests = podRequests(pod);
  let cpu = 0;
  let memory = 0;
  for (const container of pod.spec.containers) {
    const asked = amountsOf(container.resources);
    cpu += asked.get('cpu') ?? 100;
    memory += asked.get('memory') ?? 200 * 1024 * 1024;
  }
  return {
    requests: [...requests].filter(([, amount]) => amount > 0),
    scoredCpu: Math.max(cpu, requests.get('cpu') ?? 0),
    scoredMemory: Math.max(memory, requests.get('memory') ?? 0),
    ports: hostPortsOf(pod),
  };
}

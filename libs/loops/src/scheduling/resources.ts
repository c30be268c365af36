import { amountsOf, podRequests, type Pod } from '#kinds';

/** For scores a pod that asks for nothing counts as a small one: 100 thousandths of a core and 200 MB. */
export function scoredRequests(pod: Pod): { readonly cpu: number; readonly memory: number } {
  let cpu = 0;
  let memory = 0;
  for (const container of pod.spec.containers) {
    const asked = amountsOf(container.resources);
    cpu += asked.get('cpu') ?? 100;
    memory += asked.get('memory') ?? 200 * 1024 * 1024;
  }
  const whole = podRequests(pod);
  return { cpu: Math.max(cpu, whole.get('cpu') ?? 0), memory: Math.max(memory, whole.get('memory') ?? 0) };
}

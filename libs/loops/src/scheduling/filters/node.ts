import { podRequests, type Pod } from '#kinds';
import { isTolerated, untolerated, type Taint } from '#meta';
import { hostPorts, type HostPort } from '../cluster-state.js';
import { matchesNode } from '../node-affinity.js';
import { helpable, helpless, passes, type Filter } from './filter.js';

const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export const unschedulable: Filter = (pod) => {
  const tolerated = isTolerated(pod.spec.tolerations, UNSCHEDULABLE);
  return ({ node }) => (node.spec?.unschedulable && !tolerated ? helpless('node(s) were unschedulable') : undefined);
};

export const taints: Filter =
  (pod) =>
  ({ node }) => {
    const bad = untolerated(node.spec?.taints as readonly Taint[] | undefined, pod.spec.tolerations, [
      'NoSchedule',
      'NoExecute',
    ]);
    return bad ? helpless('node(s) had untolerated taint(s)') : undefined;
  };

export const affinity: Filter = (pod) => {
  const matches = matchesNode(pod);
  return (state) => (matches(state) ? undefined : helpless("node(s) didn't match Pod's node affinity/selector"));
};

export const ports: Filter = (pod) => {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return passes;
  return (state) =>
    wanted.some((port) => state.ports.some((taken) => conflict(port, taken)))
      ? helpable("node(s) didn't have free ports for the requested pod ports")
      : undefined;
};
function conflict(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
}

export const resources: Filter = (pod: Pod) => {
  const requests = [...podRequests(pod)].filter(([, amount]) => amount > 0);
  return (state) => {
    const reasons: string[] = [];
    let beyond = false;
    const slots = state.allocatable.get('pods') ?? 0;
    if (state.pods.length + 1 > slots) reasons.push('Too many pods');
    for (const [name, amount] of requests) {
      const allocatable = state.allocatable.get(name) ?? 0;
      if (amount <= allocatable - (state.used.get(name) ?? 0)) continue;
      reasons.push(`Insufficient ${name}`);
      if (amount > allocatable) beyond = true;
    }
    if (reasons.length === 0) return undefined;
    return beyond ? helpless(...reasons) : helpable(...reasons);
  };
};

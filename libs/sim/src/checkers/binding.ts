import { nodes, pods, podsByNode } from '#kinds';
import { quantityMilliValue, quantityOf, quantityValue } from '#meta';
import type { StoredEvent, View } from '#model';
import { parseStream } from '#model';
import { type Pod } from '#pod';
import type { EventChecker } from './checker.js';

/** A pod that has a node never gets another. */
export const boundOnce: EventChecker = {
  name: 'no pod is bound twice',
  check(event, before, after) {
    const [old, now] = podsOf(event, before, after);
    if (!old?.spec.nodeName || !now || old.metadata.uid !== now.metadata.uid) return undefined;
    return old.spec.nodeName === now.spec.nodeName
      ? undefined
      : `${event.stream} moved from ${old.spec.nodeName} to ${now.spec.nodeName}`;
  },
};

/** What is bound to a node never asks for more than the node has. */
export const notOvercommitted: EventChecker = {
  name: 'no node is over-committed',
  check(event, before, after) {
    const [old, now] = podsOf(event, before, after);
    const name = now?.spec.nodeName;
    if (!name || old?.spec.nodeName === name) return undefined;
    const node = after.get(nodes, undefined, name);
    if (!node) return undefined;
    const allocatable =
      (node.status as { allocatable?: { cpu?: string; memory?: string; pods?: string } } | undefined)?.allocatable ??
      {};
    const active = after
      .by(podsByNode, name)
      .filter((pod) => !['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''));
    const cpu = active.reduce((sum, pod) => sum + asked(pod, 'cpu'), 0);
    const memory = active.reduce((sum, pod) => sum + asked(pod, 'memory'), 0);
    if (cpu > quantityMilliValue(quantityOf(allocatable.cpu)))
      return `${name}: ${cpu}m of ${allocatable.cpu} cpu is bound`;
    if (memory > quantityValue(quantityOf(allocatable.memory)))
      return `${name}: ${memory} bytes of ${allocatable.memory} are bound`;
    if (active.length > quantityValue(quantityOf(allocatable.pods)))
      return `${name}: ${active.length} pods of ${allocatable.pods} are bound`;
    return undefined;
  },
};

function asked(pod: Pod, resource: 'cpu' | 'memory'): number {
  return pod.spec.containers.reduce((sum, container) => {
    const quantity = quantityOf(container.resources?.requests?.[resource]);
    return sum + (resource === 'cpu' ? quantityMilliValue(quantity) : quantityValue(quantity));
  }, 0);
}

function podsOf(event: StoredEvent, before: View, after: View): readonly [Pod | undefined, Pod | undefined] {
  const { kind, namespace, name } = parseStream(event.stream);
  if (kind !== pods.id) return [undefined, undefined];
  return [before.get(pods, namespace, name), after.get(pods, namespace, name)];
}

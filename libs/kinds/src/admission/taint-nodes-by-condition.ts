import type { AdmissionPlugin } from '#model';
import type { Node } from '../core/node/schema.js';

const NOT_READY = { effect: 'NoSchedule', key: 'node.kubernetes.io/not-ready' };

/** A new node gets no pods before it was seen ready, whatever its status says. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  mutate: (request) => {
    if (request.kind.id !== 'core.nodes' || request.operation !== 'CREATE' || request.subresource !== undefined)
      return request.object;
    const node = request.object as Node;
    const taints = node.spec.taints ?? [];
    if (taints.some((taint) => taint.key === NOT_READY.key && taint.effect === NOT_READY.effect)) return node;
    return { ...node, spec: { ...node.spec, taints: [...taints, NOT_READY] } };
  },
};

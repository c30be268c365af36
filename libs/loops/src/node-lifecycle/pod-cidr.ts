import { nodes, type Node } from '#kinds';
import type { Decision, Loop, ObjectIndex } from '#model';
import { streamOf } from '#model';

const POOL = 'pool';
/** A /16 in slices of /24, one a node. */
const SLICES = 256;
const DEFAULT = '10.244.0.0/16';

/** Nodes by their part of the pod network; `''` finds those that have none. */
const nodesByPodCidr: ObjectIndex<Node> = {
  name: 'nodes by pod network',
  kind: nodes,
  values: ({ spec }: Partial<Node>) => [spec?.podCIDR ?? ''],
};

/** Gives every node its part of the pod network: the lowest that is free. One key, so that two nodes never get the same. */
export const podCidr: Loop = {
  name: 'pod-cidr',
  account: 'node-controller',
  indexes: [nodesByPodCidr],
  keysOf: ({ kind, before, after }) => {
    if (kind !== nodes.id) return [];
    const isNew = after !== undefined && before === undefined;
    return isNew || after === undefined ? [POOL] : [];
  },
  keysAtStart: () => [POOL],
  reconcile(view, _key, _now, outside) {
    // `podCidr` of the facts is configuration: two clusters on one engine need networks apart.
    const configured = outside?.fact('podCidr');
    const range = typeof configured === 'string' ? configured : DEFAULT;
    const sliceOf = (index: number): string => `${range.split('.', 2).join('.')}.${index}.0/24`;
    const decisions: Decision[] = [];
    let next = 0;
    for (const node of view.by(nodesByPodCidr, '')) {
      while (next < SLICES && view.by(nodesByPodCidr, sliceOf(next)).length > 0) next++;
      if (next >= SLICES) break;
      const cidr = sliceOf(next++);
      const name = node.metadata.name;
      decisions.push({
        is: 'submit',
        because: `${cidr} is the first free part of the pod network`,
        basedOn: [streamOf(nodes.id, undefined, name)],
        command: {
          verb: 'patch',
          kind: nodes.id,
          namespace: undefined,
          name,
          patchType: 'merge',
          body: { spec: { podCIDR: cidr, podCIDRs: [cidr] } },
        },
      });
    }
    return decisions;
  },
};

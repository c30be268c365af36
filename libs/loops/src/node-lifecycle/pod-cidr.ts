import { nodes, type Node } from '#kinds';
import { cidrText, ipv4Range, ipv4Text, networkOf, parseCidr } from '#meta';
import type { Decision, Loop, ObjectIndex, Outside, View } from '#model';
import { streamOf } from '#model';
import type { Instant } from '#std';
import { incident } from '../shared/index.js';

const POOL = 'pool';
const DEFAULT = '10.244.0.0/16';
const DEFAULT_MASK = 24;

/** No range of a node is larger. */
const BITS_LEAST = 8;

/**
 * Nodes by their part of the pod network and by each larger network that this is in; by `is` and the part itself; `''` finds those
 * that have none.
 */
const nodesByPodCidr: ObjectIndex<Node> = {
  name: 'nodes by pod network',
  kind: nodes,
  values: ({ spec }: Partial<Node>) => {
    const ranges = new Set([spec?.podCIDR, ...(spec?.podCIDRs ?? [])].filter((cidr) => cidr !== undefined));
    return ranges.size === 0 ? [''] : [...ranges].flatMap((cidr) => [`is ${cidr}`, ...networksAround(cidr)]);
  },
};

function networksAround(cidr: string): readonly string[] {
  const range = parseCidr(cidr);
  if (range?.address.family !== 'IPv4') return [];
  const all = Array.from({ length: Math.max(0, range.bits - BITS_LEAST + 1) }, (_, i) => BITS_LEAST + i);
  return all.map((bits) => cidrText(networkOf({ ...range, bits })));
}

/**
 * Gives every node its part of the pod network: the lowest that is free. One key, so that two nodes never get the same. A node
 * for which none is left gets one once another node is gone.
 */
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
  reconcile(view, _key, now, outside) {
    const waiting = view.by(nodesByPodCidr, '');
    if (waiting.length === 0) return [];
    const pool = new Pool(view, outside);
    return waiting.flatMap((node) => {
      const cidr = pool.next();
      return cidr === undefined ? withoutRange(view, node, now, pool) : [given(node, cidr)];
    });
  },
};

/** The parts of the pod network. One is taken when a node has a range in it, or one that it is in: parts may have had another size. */
class Pool {
  readonly cidr: string;
  readonly mask: number;
  readonly count: number;
  private readonly first: number;
  private lowest = 0;

  /** Both facts are configuration: two clusters on one engine need networks apart. */
  constructor(
    private readonly view: View,
    outside: Outside | undefined,
  ) {
    const cidr = outside?.fact('podCidr');
    const mask = outside?.fact('nodeCidrMask');
    this.cidr = typeof cidr === 'string' ? cidr : DEFAULT;
    this.mask = typeof mask === 'number' ? mask : DEFAULT_MASK;
    const { first, size } = ipv4Range(this.cidr) ?? { first: 0, size: 0 };
    this.first = first;
    this.count = size / this.size;
  }

  /** The lowest part that is free and was not given out; undefined when none is left. */
  next(): string | undefined {
    while (this.lowest < this.count) {
      const part = `${ipv4Text(this.first + this.lowest++ * this.size)}/${this.mask}`;
      if (this.isFree(part)) return part;
    }
    return undefined;
  }
  private isFree(part: string): boolean {
    const has = (value: string): boolean => this.view.by(nodesByPodCidr, value).length > 0;
    return !has(part) && !networksAround(part).some((around) => has(`is ${around}`));
  }
  private get size(): number {
    return 2 ** (32 - this.mask);
  }
}

function given(node: Node, cidr: string): Decision {
  const name = node.metadata.name;
  return {
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
  };
}

/** The node itself says that it is not ready: its agent sees that it has no range. */
function withoutRange(view: View, node: Node, now: Instant, { cidr, mask, count }: Pool): readonly Decision[] {
  const { name } = node.metadata;
  const parts = `all ${count} parts of SHIPLOG_POD_CIDR ${cidr} with SHIPLOG_NODE_CIDR_MASK ${mask} are given to nodes`;
  return incident(view, now, {
    about: node,
    type: 'Warning',
    reason: 'CIDRNotAvailable',
    message: `Node ${name} gets no range of addresses for its pods: ${parts}`,
    component: 'cidrAllocator',
  });
}

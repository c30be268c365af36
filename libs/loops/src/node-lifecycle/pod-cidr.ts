import { nodes, type Node } from '#kinds';
import { cidrText, networkOf, parseCidr, partOf } from '#meta';
import type { Decision, Loop, ObjectIndex, Outside, View } from '#model';
import { streamOf } from '#model';
import type { Instant } from '#std';
import { incident } from '../shared/index.js';

const POOL = 'pool';
const DEFAULT = '10.244.0.0/16';
const DEFAULT_MASK = 24;
const DEFAULT_MASK_IPV6 = 64;

/** No range of a node is larger. */
const BITS_LEAST = { IPv4: 8, IPv6: 16 };

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
  if (!range) return [];
  const least = BITS_LEAST[range.address.family];
  const all = Array.from({ length: Math.max(0, range.bits - least + 1) }, (_, i) => least + i);
  return all.map((bits) => cidrText(networkOf({ ...range, bits })));
}

/**
 * Gives every node its part of each pod network: the lowest that is free. One key, so that two nodes never get the same. A node
 * for which none is left gets one once another node is gone. A node that has parts keeps them, and gets no other, as in Kubernetes.
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
    const pools = poolsOf(view, outside);
    return waiting.flatMap((node) => {
      const empty = pools.find((pool) => pool.peek() === undefined);
      return empty
        ? withoutRange(view, node, now, empty)
        : [
            given(
              node,
              pools.flatMap((pool) => pool.next() ?? []),
            ),
          ];
    });
  },
};

/** One for each family. The facts are configuration: two clusters on one engine need networks apart. */
function poolsOf(view: View, outside: Outside | undefined): readonly Pool[] {
  const [cidr, mask] = [outside?.fact('podCidr'), outside?.fact('nodeCidrMask')];
  const four = new Pool(view, {
    cidr: typeof cidr === 'string' ? cidr : DEFAULT,
    mask: typeof mask === 'number' ? mask : DEFAULT_MASK,
    maskName: 'SHIPLOG_NODE_CIDR_MASK',
  });
  const second = outside?.fact('podCidrIpv6');
  if (typeof second !== 'string') return [four];
  const secondMask = outside?.fact('nodeCidrMaskIpv6');
  const six = new Pool(view, {
    cidr: second,
    mask: typeof secondMask === 'number' ? secondMask : DEFAULT_MASK_IPV6,
    maskName: 'SHIPLOG_NODE_CIDR_MASK_IPV6',
  });
  return [four, six];
}

interface PoolRange {
  readonly cidr: string;
  readonly mask: number;
  readonly maskName: string;
}

/** The parts of a pod network. One is taken when a node has a range in it, or one that it is in: parts may have had another size. */
class Pool {
  readonly count: number;
  private lowest = 0;

  constructor(
    private readonly view: View,
    readonly range: PoolRange,
  ) {
    const parsed = parseCidr(range.cidr);
    this.count = parsed ? 2 ** (range.mask - parsed.bits) : 0;
  }

  /** The lowest part that is free and was not given out; undefined when none is left. */
  peek(): string | undefined {
    const { cidr, mask } = this.range;
    const network = parseCidr(cidr);
    for (; network && this.lowest < this.count; this.lowest++) {
      const part = cidrText(partOf(network, mask, this.lowest));
      if (this.isFree(part)) return part;
    }
    return undefined;
  }
  /** Gives it out. */
  next(): string | undefined {
    const part = this.peek();
    this.lowest++;
    return part;
  }
  private isFree(part: string): boolean {
    const has = (value: string): boolean => this.view.by(nodesByPodCidr, value).length > 0;
    return !has(part) && !networksAround(part).some((around) => has(`is ${around}`));
  }
}

function given(node: Node, cidrs: readonly string[]): Decision {
  const name = node.metadata.name;
  return {
    is: 'submit',
    because: `${cidrs.join(' and ')} is the first free part of the pod network`,
    basedOn: [streamOf(nodes.id, undefined, name)],
    command: {
      verb: 'patch',
      kind: nodes.id,
      namespace: undefined,
      name,
      patchType: 'merge',
      body: { spec: { podCIDR: cidrs[0] ?? null, podCIDRs: [...cidrs] } },
    },
  };
}

/** The node itself says that it is not ready: its agent sees that it has no range. */
function withoutRange(view: View, node: Node, now: Instant, { range, count }: Pool): readonly Decision[] {
  const { name } = node.metadata;
  const { cidr, mask, maskName } = range;
  const parts = `all ${count} parts of SHIPLOG_POD_CIDR ${cidr} with ${maskName} ${mask} are given to nodes`;
  return incident(view, now, {
    about: node,
    type: 'Warning',
    reason: 'CIDRNotAvailable',
    message: `Node ${name} gets no range of addresses for its pods: ${parts}`,
    component: 'cidrAllocator',
  });
}

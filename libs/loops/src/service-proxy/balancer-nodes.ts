import type { Endpoint, EndpointSlice, Node, Service } from '#kinds';
import { EXCLUDED_FROM_LOAD_BALANCERS } from '#model';
import { hash128 } from '#std';

/**
 * Which node answers for an address of a load balancer. Every node knows the same nodes and comes to the same one, and when a node
 * goes only its addresses move: nodes stand on a ring, each at the hash of its name, and the next one after an address has it.
 */
export class BalancerNodes {
  /** Nodes that may, and are not known to be ill: sorted by place. */
  private readonly ready = new Ring();
  /** Nodes that may at all: they answer when none is well, as nothing better is known. */
  private readonly allowed = new Ring();

  /** A node as it is now; undefined when it is gone. Returns whether another node may answer now. */
  put(name: string, node: Node | undefined): boolean {
    const isAllowed = node !== undefined && node.metadata.labels?.[EXCLUDED_FROM_LOAD_BALANCERS] === undefined;
    const isReady = node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    const moved = [this.allowed.set(name, isAllowed), this.ready.set(name, isAllowed && isReady)];
    return moved.includes(true);
  }

  /** Undefined: no node can. */
  nodeFor(address: string, service: Service, slices: readonly EndpointSlice[]): string | undefined {
    const isLocal = service.spec.externalTrafficPolicy === 'Local';
    // Others could not lead what comes to them anywhere.
    if (isLocal)
      return ringOf(nodesWithEndpoints(slices), this.ready.isEmpty ? this.allowed : this.ready).after(address);
    return this.ready.after(address) ?? this.allowed.after(address);
  }
}

class Ring {
  private readonly points: { readonly at: string; readonly name: string }[] = [];

  get isEmpty(): boolean {
    return this.points.length === 0;
  }
  /** Returns whether that is different from before. */
  set(name: string, isOn: boolean): boolean {
    const at = hash128(name);
    const index = this.indexOf(at);
    const isThere = this.points[index]?.name === name;
    if (isThere === isOn) return false;
    this.points.splice(index, isThere ? 1 : 0, ...(isOn ? [{ at, name }] : []));
    return true;
  }
  has(name: string): boolean {
    return this.points[this.indexOf(hash128(name))]?.name === name;
  }
  after(key: string): string | undefined {
    return (this.points[this.indexOf(hash128(key))] ?? this.points[0])?.name;
  }
  /** Of the first point that is not before this place. */
  private indexOf(at: string): number {
    let [low, high] = [0, this.points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.points[middle]?.at ?? '') < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function ringOf(names: Iterable<string>, among: Ring): Ring {
  const ring = new Ring();
  for (const name of names) if (among.has(name)) ring.set(name, true);
  return ring;
}

/** Nodes with an endpoint that takes connections: ready ones, or, where there is none, those on their way out. */
function nodesWithEndpoints(slices: readonly EndpointSlice[]): ReadonlySet<string> {
  const endpoints = slices.flatMap((slice) => slice.endpoints ?? []);
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  const found = ready.length > 0 ? ready : endpoints.filter(isLeaving);
  return new Set(found.flatMap(({ nodeName }) => nodeName ?? []));
}
function isLeaving({ conditions }: Endpoint): boolean {
  return conditions?.serving === true && conditions.terminating === true;
}

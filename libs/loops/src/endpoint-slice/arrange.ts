import type { Endpoint, EndpointPort, EndpointSlice } from '#kinds';
import { portsKey, type PortGroup } from './endpoints.js';

/** Proxies read a slice as a whole, so none grows without end. */
export const ENDPOINTS_MAX = 100;

export interface Content {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}
/** What a slice is to hold; no slice yet: one to be made; nothing wanted: one that is left over. */
export interface Plan {
  readonly slice: EndpointSlice | undefined;
  readonly wanted: Content | undefined;
}

/**
 * Places endpoints in slices so that little moves: each stays where it is, new ones fill gaps. A slice that is left over
 * takes in what needs a new one, and without any endpoint one empty slice says so.
 */
export function arrange(
  known: readonly EndpointSlice[],
  groups: readonly PortGroup[],
  max = ENDPOINTS_MAX,
): readonly Plan[] {
  const kept: { slice: EndpointSlice; wanted: Content }[] = [];
  const fresh: Content[] = [];
  for (const group of groups) {
    const slices = known.filter((slice) => portsKey(slice.ports) === group.key);
    const placed = place(slices, group, max);
    kept.push(...placed.kept);
    fresh.push(...placed.fresh);
  }
  if (kept.length === 0 && fresh.length === 0) fresh.push({ ports: [], endpoints: [] });
  const used = new Set(kept.map(({ slice }) => slice));
  const spare = known.filter((slice) => !used.has(slice));
  const refilled = fresh.map((wanted, i) => ({ slice: spare[i], wanted }));
  return [...kept, ...refilled, ...spare.slice(fresh.length).map((slice) => ({ slice, wanted: undefined }))];
}

function place(
  slices: readonly EndpointSlice[],
  group: PortGroup,
  max: number,
): { kept: { slice: EndpointSlice; wanted: Content }[]; fresh: Content[] } {
  const left = new Map(group.endpoints.map((endpoint) => [identity(endpoint), endpoint] as const));
  const held = slices.map((slice) => {
    const endpoints: Endpoint[] = [];
    for (const known of slice.endpoints ?? []) {
      const now = left.get(identity(known));
      if (now && endpoints.length < max) {
        endpoints.push(now);
        left.delete(identity(known));
      }
    }
    return { slice, endpoints };
  });
  // The fullest take new ones first, so that an emptied slice can go.
  const rest = [...left.values()];
  for (const { endpoints } of [...held].sort((a, b) => b.endpoints.length - a.endpoints.length)) {
    if (endpoints.length > 0) endpoints.push(...rest.splice(0, max - endpoints.length));
  }
  const { ports } = group;
  const kept = held
    .filter(({ endpoints }) => endpoints.length > 0)
    .map(({ slice, endpoints }) => ({ slice, wanted: { ports, endpoints } }));
  const fresh: Content[] = [];
  while (rest.length > 0) fresh.push({ ports, endpoints: rest.splice(0, max) });
  return { kept, fresh };
}

function identity({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? ''}/${addresses?.[0] ?? ''}`;
}

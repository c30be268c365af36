import { createHash } from 'node:crypto';
import type { PodWay } from '#model';
import type { ContainerOwner } from '#ports';

/** Marks routes as Shiplog's, of whatever cluster. */
export const ROUTE_PROTOCOL = 83;
/** Linux's own port of VXLAN: Docker Swarm has the other one. */
export const VXLAN_PORT = 8472;

/** UDP ports at which nodes ask each other whether packets pass, by the way that the packets take. */
export const PROBE_PORTS: Readonly<Record<PodWay, number>> = { route: 8473, vxlan: 8474 };

/**
 * What the network of one node of one cluster is called on its machine, where others may be: all names follow from that of the table,
 * which `npm run down` (tools/remove.mjs) finds by its beginning.
 */
export interface RouterNames {
  readonly table: string;
  /** Of the VXLAN device: at most 15 characters. */
  readonly device: string;
  /** Tells routes of this node from those of others on the machine. */
  readonly metric: number;
  /** Routing tables for probes, by the way that they are of. */
  readonly asideTables: Readonly<Record<PodWay, number>>;
}

export function routerNames({ cluster, node }: ContainerOwner): RouterNames {
  const plain = (text: string): string => text.replace(/[^A-Za-z0-9]/g, '_');
  const table = `shiplognet_${plain(cluster.slice(0, 8))}_${plain(node)}`;
  const mark = digest(table);
  const metric = 0x40000000 + (parseInt(mark.slice(0, 8), 16) % 0x40000000);
  return {
    table,
    device: `slx${mark.slice(0, 11)}`,
    metric,
    asideTables: { route: metric, vxlan: metric + 0x40000000 },
  };
}

/** Number of the cluster's VXLAN network, above those that other programs count up from 1 or 4096. */
export function vxlanId({ cluster }: Pick<ContainerOwner, 'cluster'>): number {
  return 0x800000 + (parseInt(digest(cluster).slice(0, 8), 16) % 0x800000);
}

/** The address of a node's VXLAN device, which all nodes can work out. */
export function vxlanMac({ cluster, node }: ContainerOwner): string {
  const bytes = digest(`${cluster}/${node}`).slice(0, 10).match(/../g) ?? [];
  return ['0e', ...bytes].join(':');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

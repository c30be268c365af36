import { lastingContainersOf } from './containers.js';
import type { Pod } from './schema/index.js';

/** A port of the node that a pod takes. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** Host ports of containers and sidecars; those of init containers that end do not conflict. */
export function hostPortsOf(pod: Pod): readonly HostPort[] {
  const found: HostPort[] = [];
  for (const container of lastingContainersOf(pod)) {
    for (const { hostPort, hostIP, protocol } of container.ports ?? [])
      if (hostPort) found.push({ ip: hostIP || '0.0.0.0', protocol: protocol ?? 'TCP', port: hostPort });
  }
  return found;
}

export function portsConflict(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
}

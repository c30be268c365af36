import type { Problem, StrategyContext } from '#model';
import { Allocator, outOfOrder, type Allocated } from './allocation.js';
import { nodePortsOf, withAllocatedValues, withClusterIps, withOneClusterIp } from './carry-over.js';
import { isUnmoved, withFamilies } from './families.js';
import { allocatesNodePorts, isHeadless, needsClusterIp, needsHealthCheckPort, needsNodePort } from './needs.js';
import type { Service, ServicePort } from './schema.js';

/** Settles families, address and ports of a service before it is judged, as the genuine server does. */
export function allocated(service: Service, old: Service | undefined, context: StrategyContext): Allocated {
  const carried = old === undefined ? service : withAllocatedValues(service, old);
  const settled = withFamilies(withOneClusterIp(carried, old), old, context.view);
  if (isProblems(settled)) return { problems: settled };
  const uid = old?.metadata.uid ?? context.uid;
  const allocator = new Allocator(context.view, uid, context.command.options.dryRun === true);
  const addressed = withAddress(settled, old, allocator);
  if (!('service' in addressed)) return addressed;
  const ported = withNodePorts(addressed.service, old, allocator);
  if (!('service' in ported)) return ported;
  return withHealthCheckPort(ported.service, old, allocator, context);
}
function isProblems(value: Service | readonly Problem[]): value is readonly Problem[] {
  return Array.isArray(value);
}

function withAddress(service: Service, old: Service | undefined, allocator: Allocator): Allocated {
  if (!needsClusterIp(service) || isHeadless(service) || isUnmoved(service, old)) return { service };
  const { ipFamilies = [], clusterIP = '' } = service.spec;
  const ips = [...(service.spec.clusterIPs ?? (clusterIP ? [clusterIP] : []))];
  const isNew = old === undefined || !needsClusterIp(old);
  const isUpgraded = !isNew && !isHeadless(old) && old.spec.ipFamilies?.length === 1 && ipFamilies.length === 2;
  // Who has an address keeps it; whether it may be changed is for validation to say.
  if (!isNew && !isUpgraded) return { service };
  for (const [i, family] of ipFamilies.entries()) {
    if (isUpgraded && i === 0) continue;
    const asked = ips[i] ?? '';
    const found = allocator.clusterIp(asked, family === 'IPv6' ? 'IPv6' : 'IPv4');
    if ('ip' in found) ips[i] = found.ip;
    else if (asked === '') return outOfOrder(`failed to allocate a serviceIP: ${found.problem}`);
    else {
      const detail = `failed to allocate IP ${asked}: ${found.problem}`;
      return { problems: [{ type: 'Invalid', field: 'spec.clusterIPs', value: service.spec.clusterIPs, detail }] };
    }
  }
  return { service: withClusterIps(service, ips[0] ?? '', ips) };
}

function withNodePorts(service: Service, old: Service | undefined, allocator: Allocator): Allocated {
  if (!needsNodePort(service)) return { service };
  const result = old === undefined ? firstPorts(service, allocator) : laterPorts(service, old, allocator);
  return 'ports' in result ? { service: { ...service, spec: { ...service.spec, ports: result.ports } } } : result;
}
type Ports = { readonly ports: readonly ServicePort[] } | Exclude<Allocated, { readonly service: Service }>;

/** At creation, ports of one number in several protocols share one port of the nodes. */
function firstPorts(service: Service, allocator: Allocator): Ports {
  const byNumber = new Map<number, number>();
  const ports: ServicePort[] = [];
  for (const [i, port] of (service.spec.ports ?? []).entries()) {
    const shared = byNumber.get(port.port);
    const wanted = port.nodePort || shared || requested(service, port.port);
    if (wanted === 0 && !allocatesNodePorts(service)) {
      ports.push(port);
      continue;
    }
    const taken = wanted === 0 ? undefined : wanted === shared ? undefined : allocator.takePort(wanted);
    if (taken !== undefined) return notToBeHad(i, wanted, taken);
    const nodePort = wanted === 0 ? allocator.freePort() : wanted;
    if (nodePort === undefined) return outOfOrder('failed to allocate a nodePort: range is full');
    if (shared === undefined) byNumber.set(port.port, nodePort);
    ports.push({ ...port, nodePort });
  }
  return { ports };
}
/** The node port that another port of the same number names. */
function requested(service: Service, port: number): number {
  return service.spec.ports?.find((other) => other.port === port && other.nodePort)?.nodePort ?? 0;
}

/** Later, what the service holds stays its own; new numbers are taken one by one. */
function laterPorts(service: Service, old: Service, allocator: Allocator): Ports {
  const held = new Set(nodePortsOf(old.spec));
  const seen = new Set<string>();
  const ports: ServicePort[] = [];
  for (const [i, port] of (service.spec.ports ?? []).entries()) {
    const asked = port.nodePort ?? 0;
    if (asked === 0 && !allocatesNodePorts(service)) {
      ports.push(port);
      continue;
    }
    const taken = asked === 0 || held.has(asked) ? undefined : allocator.takePort(asked);
    if (taken !== undefined) return notToBeHad(i, asked, taken);
    const nodePort = asked === 0 ? allocator.freePort() : asked;
    if (nodePort === undefined) return outOfOrder('failed to allocate a nodePort: range is full');
    const key = `{${port.protocol ?? ''} ${nodePort}}`;
    if (seen.has(key)) return outOfOrder(`duplicate nodePort: ${key}`);
    seen.add(key);
    held.add(nodePort);
    ports.push({ ...port, nodePort });
  }
  return { ports };
}
function notToBeHad(i: number, port: number, detail: string): Ports {
  return { problems: [{ type: 'Invalid', field: `spec.ports[${i}].nodePort`, value: port, detail }] };
}

function withHealthCheckPort(
  service: Service,
  old: Service | undefined,
  allocator: Allocator,
  context: StrategyContext,
): Allocated {
  const field = 'spec.healthCheckNodePort';
  if (!needsHealthCheckPort(service)) return { service };
  const asked = service.spec.healthCheckNodePort ?? 0;
  if (old !== undefined && needsHealthCheckPort(old)) {
    if (asked === (old.spec.healthCheckNodePort ?? 0)) return { service };
    return { problems: [{ type: 'Forbidden', field, detail: 'field is immutable' }] };
  }
  if (context.command.options.dryRun === true) return { service };
  if (asked !== 0) {
    // What is no port at all is told by validation.
    const problem = asked > 0 && asked < 65_536 ? allocator.takePort(asked) : undefined;
    return problem === undefined
      ? { service }
      : outOfOrder(`failed to allocate requested HealthCheck NodePort ${asked}: ${problem}`);
  }
  const port = allocator.freePort();
  if (port === undefined) return outOfOrder('failed to allocate a HealthCheck NodePort 0: range is full');
  return { service: { ...service, spec: { ...service.spec, healthCheckNodePort: port } } };
}

import { amountOf, milliOf } from './amounts.js';
import { initContainersOf, isSidecar } from './pod.js';
import type { Container, Pod } from './pod.js';

/** What a pod asks for at most at one time: its containers and sidecars together, or one init container beside them. */
export function requestsOf(pod: Pod): Readonly<Record<string, number>> {
  const total: Record<string, number> = {};
  for (const container of pod.spec.containers) add(total, requests(container));
  const sidecars: Record<string, number> = {};
  const peak: Record<string, number> = {};
  for (const container of initContainersOf(pod)) {
    if (isSidecar(container)) add(sidecars, requests(container));
    const now = { ...sidecars };
    if (!isSidecar(container)) add(now, requests(container));
    for (const [resource, amount] of Object.entries(now)) peak[resource] = Math.max(peak[resource] ?? 0, amount);
  }
  add(total, sidecars);
  for (const [resource, amount] of Object.entries(peak)) total[resource] = Math.max(total[resource] ?? 0, amount);
  for (const [resource, quantity] of Object.entries(pod.spec.resources?.requests ?? {}))
    total[resource] = units(resource, quantity);
  for (const [resource, quantity] of Object.entries(pod.spec.overhead ?? {}))
    add(total, { [resource]: units(resource, quantity) });
  return total;
}
function requests(container: Container): Record<string, number> {
  const all = { ...container.resources?.limits, ...container.resources?.requests };
  return Object.fromEntries(Object.entries(all).map(([resource, quantity]) => [resource, units(resource, quantity)]));
}
function units(resource: string, quantity: string): number {
  return resource === 'cpu' ? (milliOf(quantity) ?? 0) : Math.ceil(amountOf(quantity) ?? 0);
}
function add(to: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [resource, amount] of Object.entries(more)) to[resource] = (to[resource] ?? 0) + amount;
}

export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}
export function hostPortsOf(pod: Pod): readonly HostPort[] {
  const containers = [...pod.spec.containers, ...initContainersOf(pod).filter(isSidecar)];
  return containers
    .flatMap((c) => c.ports ?? [])
    .filter((p) => p.hostPort)
    .map((p) => ({ ip: p.hostIP || '0.0.0.0', protocol: p.protocol ?? 'TCP', port: p.hostPort ?? 0 }));
}
export function portsClash(a: HostPort, b: HostPort): boolean {
  const everywhere = a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
  return a.port === b.port && a.protocol === b.protocol && (everywhere || a.ip === b.ip);
}

interface Term {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
}
interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}
/** The pod's node selector and required node affinity. */
export function nodeMatches(pod: Pod, labels: Readonly<Record<string, string>>, nodeName: string): boolean {
  const selector = Object.entries(pod.spec.nodeSelector ?? {});
  if (!selector.every(([key, value]) => labels[key] === value)) return false;
  const affinity = pod.spec.affinity as
    | { nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms?: readonly Term[] } } }
    | undefined;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!required) return true;
  return (required.nodeSelectorTerms ?? []).some((term) => {
    const expressions = term.matchExpressions ?? [];
    const fields = term.matchFields ?? [];
    if (expressions.length + fields.length === 0) return false;
    return (
      expressions.every((r) => matches(r, labels[r.key])) &&
      fields.every((r) => matches(r, r.key === 'metadata.name' ? nodeName : undefined))
    );
  });
}
function matches(requirement: Requirement, value: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

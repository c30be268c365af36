import type { Container, ContainerPort } from '#pod';
import { items } from '../../validation/checks.js';

/** A container with its path. */
export type Located = readonly [at: string, container: Container];

interface Placed {
  readonly at: string;
  readonly port: ContainerPort;
}
const portsOf = (containers: readonly Located[]): readonly Placed[] =>
  containers.flatMap(([at, container]) =>
    items(container.ports).map((port, i): Placed => ({ at: `${at}.ports[${i}]`, port })),
  );

/** Ports of one number and protocol, in whatever containers: they share the pod's address. */
export function portWarnings(containers: readonly Located[]): readonly string[] {
  const seen = new Map<string, Placed[]>();
  return portsOf(containers).flatMap(({ at, port }) => {
    const key = `${port.containerPort}/${port.protocol ?? ''}`;
    const others = seen.get(key) ?? [];
    seen.set(key, [...others, { at, port }]);
    const alone = port.hostIP && !port.hostPort ? [`${at}: hostIP set without hostPort: ${printed(port)}`] : [];
    return [...alone, ...others.flatMap((other) => clash(at, port, other))];
  });
}

function clash(at: string, port: ContainerPort, other: Placed): readonly string[] {
  const [hostIP, otherIP] = [port.hostIP ?? '', other.port.hostIP ?? ''];
  const [hostPort, otherPort] = [port.hostPort ?? 0, other.port.hostPort ?? 0];
  if (hostIP === otherIP && hostPort === otherPort) return [`${at}: duplicate port definition with ${other.at}`];
  if (hostPort === 0 || otherPort === 0) return [`${at}: overlapping port definition with ${other.at}`];
  // Of two addresses of the node one is all of them: which container gets the traffic is anybody's guess.
  const isAmbiguous = hostPort === otherPort && (hostIP === '') !== (otherIP === '');
  return isAmbiguous ? [`${at}: dangerously ambiguous port definition with ${other.at}`] : [];
}

/** A port as Go's `%+v` prints it. */
function printed({ name = '', hostPort = 0, containerPort, protocol = '', hostIP = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}

/** Services and probes find ports by name: the first of a name is found. */
export function portNameWarnings(containers: readonly Located[]): readonly string[] {
  const first = new Map<string, string>();
  return portsOf(containers).flatMap(({ at, port: { name } }) => {
    if (!name) return [];
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, at);
    if (earlier === undefined) return [];
    const words = `services and probes that select ports by name will use ${earlier}`;
    return [`${at}: duplicate port name "${name}" with ${earlier}, ${words}`];
  });
}

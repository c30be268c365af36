import type { Container, HTTPGetAction, Probe } from '#pod';
import type { ProbeTarget } from '#ports';

/** What a probe asks; a sentence when it cannot be asked. */
export function probeTarget(
  container: Container,
  probe: Probe,
  at: { readonly id: string; readonly ip: string },
): ProbeTarget | string {
  const timeoutMs = (probe.timeoutSeconds || 1) * 1000;
  if (probe.exec) return { is: 'exec', containerId: at.id, command: probe.exec.command ?? [], timeoutMs };
  if (probe.httpGet) return httpTarget(container, probe.httpGet, at.ip, timeoutMs);
  if (probe.tcpSocket) {
    const port = portOf(container, probe.tcpSocket.port);
    return port === undefined
      ? noPort(probe.tcpSocket.port)
      : { is: 'tcp', host: probe.tcpSocket.host || at.ip, port, timeoutMs };
  }
  if (probe.grpc)
    return { is: 'grpc', host: at.ip, port: probe.grpc.port, service: probe.grpc.service ?? '', timeoutMs };
  return 'missing probe handler';
}
export function httpTarget(
  container: Container,
  get: HTTPGetAction,
  ip: string,
  timeoutMs: number,
): ProbeTarget | string {
  const port = portOf(container, get.port);
  if (port === undefined) return noPort(get.port);
  const scheme = get.scheme === 'HTTPS' ? 'HTTPS' : 'HTTP';
  const headers = (get.httpHeaders ?? []).map((h) => [h.name, h.value] as const);
  return { is: 'http', scheme, host: get.host || ip, port, path: get.path ?? '/', headers, timeoutMs };
}
function portOf(container: Container, port: number | string): number | undefined {
  if (typeof port === 'number') return port;
  const named = container.ports?.find((p) => p.name === port)?.containerPort;
  return named ?? (/^\d+$/.test(port) ? Number(port) : undefined);
}
function noPort(port: number | string): string {
  return `couldn't find port: ${port}`;
}

import { containerOf } from '#pod';
import type { Container, Pod, ResourceFieldSelector } from '#pod';
import { configMaps, secrets, services } from '#kinds';
import type { KindRef, KubeObject } from '#model';
import { amountOf, dividedBy } from './amounts.js';

/** Objects that pods of the node name, as the agent has them. */
export interface Objects {
  get(kind: KindRef, namespace: string | undefined, name: string): KubeObject | undefined;
  list(kind: KindRef, namespace: string): readonly KubeObject[];
}
export interface PodContext {
  readonly objects: Objects;
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  readonly nodeName: string;
  readonly allocatable: Readonly<Record<string, string>>;
}
/** A container cannot be made as its pod says; `CreateContainerConfigError` with this message. */
export class ConfigProblem extends Error {}

export type Environment = readonly (readonly [string, string])[];

/** The variables of a container: of services, of whole ConfigMaps and Secrets, then its own, each seeing those before it. */
export function environmentOf(pod: Pod, container: Container, context: PodContext): Environment {
  const found = new Map<string, string>();
  const ofServices = serviceVariables(pod, context);
  for (const source of container.envFrom ?? []) fromSource(pod, source, context, found);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? fromReference(pod, container, variable.valueFrom, context)
      : expand(variable.value ?? '', (name) => found.get(name) ?? ofServices.get(name));
    if (value !== undefined) found.set(variable.name, value);
  }
  for (const [name, value] of ofServices) if (!found.has(name)) found.set(name, value);
  return [...found];
}

/** `$(NAME)` becomes its value, `$$(NAME)` stays as `$(NAME)`, an unknown one stays as it is written. */
export function expand(text: string, valueOf: (name: string) => string | undefined): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    const next = text.charAt(i + 1);
    if (char !== '$' || (next !== '$' && next !== '(')) out += char;
    else if (next === '$') {
      out += '$';
      i++;
    } else {
      const end = text.indexOf(')', i + 2);
      if (end < 0) {
        out += '$(';
        i++;
        continue;
      }
      const name = text.slice(i + 2, end);
      out += valueOf(name) ?? `$(${name})`;
      i = end;
    }
  }
  return out;
}

function fromSource(
  pod: Pod,
  source: NonNullable<Container['envFrom']>[number],
  context: PodContext,
  into: Map<string, string>,
): void {
  const reference = source.configMapRef ?? source.secretRef;
  if (!reference) return;
  const secret = source.configMapRef === undefined;
  const object = lookUp(pod, secret, reference.name ?? '', reference.optional === true, context);
  for (const [key, value] of Object.entries(dataOf(object, secret))) into.set(`${source.prefix ?? ''}${key}`, value);
}
function fromReference(
  pod: Pod,
  container: Container,
  from: NonNullable<NonNullable<Container['env']>[number]['valueFrom']>,
  context: PodContext,
): string | undefined {
  if (from.fieldRef) return fieldOf(pod, from.fieldRef.fieldPath, context) ?? '';
  if (from.resourceFieldRef) return resourceOf(pod, container, from.resourceFieldRef, context);
  const reference = from.configMapKeyRef ?? from.secretKeyRef;
  if (!reference)
    throw new ConfigProblem(`variables from a ${Object.keys(from)[0] ?? 'source'} are not available on this node`);
  const secret = from.configMapKeyRef === undefined;
  const object = lookUp(pod, secret, reference.name ?? '', reference.optional === true, context);
  if (!object) return undefined;
  const value = dataOf(object, secret)[reference.key];
  if (value === undefined && !reference.optional) {
    throw new ConfigProblem(
      `couldn't find key ${reference.key} in ${secret ? 'Secret' : 'ConfigMap'} ${pod.metadata.namespace ?? ''}/${reference.name ?? ''}`,
    );
  }
  return value;
}
function lookUp(
  pod: Pod,
  secret: boolean,
  name: string,
  optional: boolean,
  context: PodContext,
): KubeObject | undefined {
  const object = context.objects.get(secret ? secrets : configMaps, pod.metadata.namespace ?? '', name);
  if (!object && !optional) throw new ConfigProblem(`${secret ? 'secret' : 'configmap'} "${name}" not found`);
  return object;
}
function dataOf(object: KubeObject | undefined, secret: boolean): Readonly<Record<string, string>> {
  const data = (object?.data ?? {}) as Readonly<Record<string, string>>;
  return secret ? Object.fromEntries(Object.entries(data).map(([key, value]) => [key, textOfBase64(value)])) : data;
}
export function textOfBase64(text: string): string {
  return new TextDecoder().decode(bytesOfBase64(text));
}
export function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

/** A field of the pod as the downward API gives it; undefined when there is no such field. */
export function fieldOf(pod: Pod, path: string, context: PodContext): string | undefined {
  const meta = pod.metadata;
  const part = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (part) return (part[1] === 'labels' ? meta.labels : meta.annotations)?.[part[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return meta.name;
    case 'metadata.namespace':
      return meta.namespace ?? '';
    case 'metadata.uid':
      return meta.uid;
    case 'metadata.labels':
      return quoted(meta.labels);
    case 'metadata.annotations':
      return quoted(meta.annotations);
    case 'spec.nodeName':
      return context.nodeName;
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
      return context.hostIps[0] ?? '';
    case 'status.hostIPs':
      return context.hostIps.join(',');
    case 'status.podIP':
      return context.podIps[0] ?? '';
    case 'status.podIPs':
      return context.podIps.join(',');
    default:
      return undefined;
  }
}
function quoted(map: Readonly<Record<string, string>> | undefined): string {
  const names = Object.keys(map ?? {}).sort();
  return names.map((name) => `${name}=${goQuoted(map?.[name] ?? '')}`).join('\n');
}
/** As Go's %q prints a text. */
function goQuoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '"': '\\"',
    '\\': '\\\\',
    '\n': '\\n',
    '\t': '\\t',
    '\r': '\\r',
    '\b': '\\b',
    '\f': '\\f',
    '\v': '\\v',
    '\x07': '\\a',
  };
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    out += escapes[char] ?? (code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : char);
  }
  return `"${out}"`;
}

/** An amount of a container in whole divisors, rounded up; without a limit, what the node has. */
export function resourceOf(pod: Pod, own: Container, field: ResourceFieldSelector, context: PodContext): string {
  const container = field.containerName ? (containerOf(pod, field.containerName) ?? own) : own;
  const [which, resource] = [
    field.resource.slice(0, field.resource.indexOf('.')),
    field.resource.slice(field.resource.indexOf('.') + 1),
  ];
  const { limits, requests } = container.resources ?? {};
  const text =
    which === 'limits'
      ? (limits?.[resource] ?? context.allocatable[resource])
      : (requests?.[resource] ?? limits?.[resource]);
  return String(dividedBy(amountOf(text) ?? 0, field.divisor));
}

/** `WEB_SERVICE_HOST` and its kin, for the services of the pod's namespace and for `kubernetes` always. */
function serviceVariables(pod: Pod, context: PodContext): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  const namespace = pod.metadata.namespace ?? '';
  const master = context.objects.get(services, 'default', 'kubernetes');
  const own = pod.spec.enableServiceLinks === false ? [] : context.objects.list(services, namespace);
  for (const service of [...(master ? [master] : []), ...own]) addService(service, out);
  return out;
}
function addService(service: KubeObject, out: Map<string, string>): void {
  const spec = service.spec as
    { clusterIP?: string; ports?: readonly { name?: string; port: number; protocol?: string }[] } | undefined;
  const ip = spec?.clusterIP;
  const ports = spec?.ports ?? [];
  const first = ports[0];
  if (!ip || ip === 'None' || !first) return;
  const upper = (text: string): string => text.replaceAll('-', '_').toUpperCase();
  const prefix = upper(service.metadata.name);
  const url = (p: { port: number; protocol?: string }): string =>
    `${(p.protocol ?? 'TCP').toLowerCase()}://${ip.includes(':') ? `[${ip}]` : ip}:${p.port}`;
  out.set(`${prefix}_SERVICE_HOST`, ip);
  out.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const port of ports) if (port.name) out.set(`${prefix}_SERVICE_PORT_${upper(port.name)}`, String(port.port));
  out.set(`${prefix}_PORT`, url(first));
  for (const port of ports) {
    const protocol = port.protocol ?? 'TCP';
    const name = `${prefix}_PORT_${port.port}_${protocol}`;
    out.set(name, url(port));
    out.set(`${name}_PROTO`, protocol.toLowerCase());
    out.set(`${name}_PORT`, String(port.port));
    out.set(`${name}_ADDR`, ip);
  }
}

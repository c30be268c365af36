import {
  classOfIngress,
  endpointSlices,
  ingressClasses,
  ingresses,
  secrets,
  SERVICE_NAME,
  services,
  type EndpointSlice,
  type Ingress,
  type IngressClass,
  type IngressTls,
  type Secret,
  type Service,
} from '#kinds';
import { INGRESS_CONTROLLER, parseStream, type Backend, type IngressCertificate, type IngressRoute } from '#model';
import { jsonEquals, type Json } from '#std';
import { usableEndpoints, type ProxyPlace } from '../service-proxy/endpoints.js';
import { HostRoutes, hostsOf, type Destination } from './host-routes.js';

const TLS_TYPE = 'kubernetes.io/tls';

/**
 * Routes and certificates of one node, kept up to date by changes of Ingresses, IngressClasses, Services, EndpointSlices and
 * Secrets. A change costs the hosts that it touches; a request costs the length of its path.
 */
export class IngressTable {
  private readonly ingresses = new Map<string, Ingress>();
  private readonly classes = new Map<string, IngressClass>();
  private readonly services = new Map<string, Service>();
  private readonly slices = new Map<string, Map<string, EndpointSlice>>();
  private readonly serviceOfSlice = new Map<string, string>();
  private readonly secrets = new Map<string, IngressCertificate>();
  /** Ingresses of our class by the hosts that they have rules for, and by those that they have certificates for. */
  private readonly byHost = new Claims();
  private readonly byTlsHost = new Claims();
  private readonly routes = new Map<string, HostRoutes>();
  private readonly certificates = new Map<string, { readonly certificate: IngressCertificate | undefined }>();
  /** Usable endpoints by service, then by port. */
  private readonly backends = new Map<string, Map<string, readonly Backend[]>>();

  constructor(private readonly place: ProxyPlace) {}

  /** Whether any ingress is to be served. */
  get isEmpty(): boolean {
    return this.byHost.size === 0;
  }

  /** An object as it is now; undefined when it is gone. Other kinds are ignored. */
  take(stream: string, object: unknown): void {
    const { kind, namespace = '', name } = parseStream(stream);
    const key = `${namespace}/${name}`;
    if (kind === ingresses.id) this.putIngress(key, object as Ingress | undefined);
    else if (kind === ingressClasses.id) this.putClass(name, object as IngressClass | undefined);
    else if (kind === services.id) this.putService(key, object as Service | undefined);
    else if (kind === endpointSlices.id) this.putSlice(namespace, key, object as EndpointSlice | undefined);
    else if (kind === secrets.id) this.putSecret(key, object as Secret | undefined);
  }

  /** A host's own rules come first, then those of a wildcard, then those of all hosts; then default backends in the same order. */
  route(host: string | undefined, path: string): IngressRoute {
    const levels = [...namesOf(host), ''].flatMap((name) => this.routesOf(name) ?? []);
    for (const level of levels) {
      const found = level.match(path);
      if (found) return this.resolve(found);
    }
    const fallback = levels.find((level) => level.fallback)?.fallback;
    if (fallback) return this.resolve(fallback);
    return { is: 'refused', status: 404, message: 'no Ingress has a rule for this host and path' };
  }

  certificate(host: string): IngressCertificate | undefined {
    for (const name of namesOf(host)) {
      const found = this.certificateOf(name);
      if (found) return found;
    }
    return undefined;
  }
  /** Kept for names that ingresses have: clients ask for any. */
  private certificateOf(name: string): IngressCertificate | undefined {
    const claims = this.byTlsHost.of(name);
    if (claims.size === 0) return undefined;
    const known = this.certificates.get(name);
    if (known) return known.certificate;
    const all = this.oldestFirst(claims).flatMap((key) => {
      const ingress = this.ingresses.get(key) as Ingress;
      const named = (ingress.spec.tls ?? []).filter((tls) => tlsHostsOf(ingress, tls).includes(name));
      return named.flatMap(({ secretName }) => this.secrets.get(`${ingress.metadata.namespace}/${secretName}`) ?? []);
    });
    this.certificates.set(name, { certificate: all[0] });
    return all[0];
  }

  private routesOf(host: string): HostRoutes | undefined {
    const known = this.routes.get(host);
    if (known) return known;
    const keys = this.byHost.of(host);
    if (keys.size === 0) return undefined;
    const made = new HostRoutes(
      host,
      this.oldestFirst(keys).map((key) => this.ingresses.get(key) as Ingress),
    );
    this.routes.set(host, made);
    return made;
  }
  private oldestFirst(keys: ReadonlySet<string>): readonly string[] {
    const age = (key: string): string => `${this.ingresses.get(key)?.metadata.creationTimestamp ?? ''} ${key}`;
    return keys.size < 2 ? [...keys] : [...keys].sort((a, b) => (age(a) < age(b) ? -1 : 1));
  }

  private resolve({ namespace, backend }: Destination): IngressRoute {
    const refused = (message: string): IngressRoute => ({ is: 'refused', status: 503, message });
    if (!backend.service) return refused('the backend is a resource, and only services are served');
    const { name, port: wanted } = backend.service;
    const key = `${namespace}/${name}`;
    const service = this.services.get(key);
    if (!service) return refused(`there is no service ${key}`);
    const port = (service.spec.ports ?? []).find((one) =>
      wanted?.name ? one.name === wanted.name : one.port === wanted?.number,
    );
    if (!port) return refused(`service ${key} has no port ${wanted?.name ?? wanted?.number ?? ''}`);
    const ports = this.backends.get(key) ?? new Map<string, readonly Backend[]>();
    this.backends.set(key, ports);
    const id = `${port.protocol ?? 'TCP'}/${port.name ?? ''}`;
    let found = ports.get(id);
    if (!found) {
      const slices = [...(this.slices.get(key)?.values() ?? [])];
      const four = usableEndpoints(slices, port, this.place, 'IPv4').cluster;
      found = four.length > 0 ? four : usableEndpoints(slices, port, this.place, 'IPv6').cluster;
      ports.set(id, found);
    }
    if (found.length === 0) return refused(`service ${key} has no endpoint that is ready`);
    return { is: 'backends', service: `${key}:${port.name ?? port.port}`, backends: found };
  }

  private putIngress(key: string, ingress: Ingress | undefined): void {
    const before = this.ingresses.get(key);
    // A status changes no route.
    if (before && ingress && isSameTo(before, ingress)) return void this.ingresses.set(key, ingress);
    if (before) this.claim(key, before, false);
    if (ingress) {
      this.ingresses.set(key, ingress);
      if (this.isOurs(ingress)) this.claim(key, ingress, true);
    } else this.ingresses.delete(key);
  }
  private claim(key: string, ingress: Ingress, isClaimed: boolean): void {
    for (const host of hostsOf(ingress)) {
      this.byHost.set(host, key, isClaimed);
      this.routes.delete(host);
    }
    const tls = (ingress.spec.tls ?? []).flatMap((one) => tlsHostsOf(ingress, one));
    for (const host of tls) {
      this.byTlsHost.set(host, key, isClaimed);
      this.certificates.delete(host);
    }
  }
  private isOurs(ingress: Ingress): boolean {
    const name = classOfIngress(ingress);
    return name !== undefined && this.classes.get(name)?.spec.controller === INGRESS_CONTROLLER;
  }
  private putClass(name: string, found: IngressClass | undefined): void {
    if (found) this.classes.set(name, found);
    else this.classes.delete(name);
    for (const [key, ingress] of this.ingresses) {
      if (classOfIngress(ingress) === name) this.claim(key, ingress, this.isOurs(ingress));
    }
  }

  private putService(key: string, service: Service | undefined): void {
    if (service) this.services.set(key, service);
    else this.services.delete(key);
    this.backends.delete(key);
  }
  private putSlice(namespace: string, key: string, slice: EndpointSlice | undefined): void {
    const before = this.serviceOfSlice.get(key);
    if (before !== undefined) {
      this.slices.get(before)?.delete(key);
      if (this.slices.get(before)?.size === 0) this.slices.delete(before);
      this.backends.delete(before);
      this.serviceOfSlice.delete(key);
    }
    const label = slice?.metadata.labels?.[SERVICE_NAME];
    if (!slice || label === undefined) return;
    const service = `${namespace}/${label}`;
    this.serviceOfSlice.set(key, service);
    this.slices.set(service, (this.slices.get(service) ?? new Map<string, EndpointSlice>()).set(key, slice));
    this.backends.delete(service);
  }

  private putSecret(key: string, secret: Secret | undefined): void {
    const pem = (name: string): string => textOf(secret?.data?.[name]);
    const [certificate, privateKey] = [pem('tls.crt'), pem('tls.key')];
    this.certificates.clear();
    if (secret?.type !== TLS_TYPE || certificate === '' || privateKey === '') this.secrets.delete(key);
    else this.secrets.set(key, { certificate, key: privateKey, secret: key });
  }
}

/** Who claims which host. */
class Claims {
  private readonly claims = new Map<string, Set<string>>();
  get size(): number {
    return this.claims.size;
  }
  of(host: string): ReadonlySet<string> {
    return this.claims.get(host) ?? NOBODY;
  }
  set(host: string, key: string, isClaimed: boolean): void {
    const keys = this.claims.get(host) ?? new Set();
    if (isClaimed) keys.add(key);
    else keys.delete(key);
    if (keys.size > 0) this.claims.set(host, keys);
    else this.claims.delete(host);
  }
}
const NOBODY: ReadonlySet<string> = new Set();

/** Whether all that routes and certificates come from is equal: rules, class and age. */
function isSameTo(one: Ingress, other: Ingress): boolean {
  return (
    one.metadata.creationTimestamp === other.metadata.creationTimestamp &&
    classOfIngress(one) === classOfIngress(other) &&
    jsonEquals(one.spec as unknown as Json, other.spec as unknown as Json)
  );
}

/** Hosts of a certificate; where it names none, those that the ingress has rules for. */
function tlsHostsOf(ingress: Ingress, { hosts }: IngressTls): readonly string[] {
  return hosts && hosts.length > 0 ? hosts : hostsOf(ingress);
}

/** The names under which rules may have a host: its own, and the wildcard that has one label less. */
function namesOf(host: string | undefined): readonly string[] {
  if (host === undefined || host === '') return [];
  const dot = host.indexOf('.');
  return dot < 0 ? [host] : [host, `*${host.slice(dot)}`];
}

/** The text of a base64 value; '' where it is none. */
function textOf(value: string | undefined): string {
  try {
    return atob(value ?? '');
  } catch {
    return '';
  }
}

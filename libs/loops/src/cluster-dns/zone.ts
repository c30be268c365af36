import { endpointSlices, namespaces, SERVICE_NAME, services, type EndpointSlice, type Service } from '#kinds';
import { ipText, parseIp } from '#meta';
import { kindOfStream, type KubeObject } from '#model';

/** A ready endpoint of a service. `ports` is the list of its slice. */
export interface ZoneEndpoint {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  /** Its hostname, or its address with dashes. */
  readonly label: string;
  readonly ports: NonNullable<EndpointSlice['ports']>;
}
export interface ZoneService {
  readonly namespace: string;
  readonly name: string;
  readonly service: Service;
  /** Canonical addresses of the service; none of a headless one. */
  readonly addresses: readonly ZoneAddress[];
  readonly isHeadless: boolean;
  /** Ready endpoints, one for each address and slice, in the order of the slices' names. */
  readonly endpoints: readonly ZoneEndpoint[];
  readonly byLabel: ReadonlyMap<string, readonly ZoneEndpoint[]>;
}
export interface ZoneAddress {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
}
/** What an object adds to the index: a name's existence, a key and addresses. */
interface Contribution {
  readonly namespace: string;
  readonly key?: string;
  readonly addresses: readonly string[];
}

/**
 * Index of the Services, EndpointSlices and Namespaces of a cluster by the names of its DNS zone. A change costs what its object
 * holds; endpoints of a service are derived at the first question after a change of one of its objects.
 */
export class ClusterZone {
  /** Grows with each change, modulo 2^32. */
  serial = 1;
  private readonly services = new Map<string, Service>();
  private readonly slices = new Map<string, Map<string, EndpointSlice>>();
  private readonly derived = new Map<string, ZoneService>();
  private readonly contributions = new Map<string, Contribution>();
  private readonly namespaceUses = new Counts();
  private readonly keysByAddress = new Map<string, Counts>();

  /** `domain`: `cluster.local`. `serverAddresses`: where this zone is served, for the records of `ns.dns.<domain>`. */
  constructor(
    readonly domain: string,
    readonly serverAddresses: readonly string[] = [],
  ) {}

  /** Takes the newest state of an object, undefined when it is gone. Objects of other kinds are ignored. */
  take(stream: string, object: KubeObject | undefined): void {
    const kind = kindOfStream(stream);
    if (kind !== services.id && kind !== endpointSlices.id && kind !== namespaces.id) return;
    this.serial = (this.serial + 1) >>> 0;
    this.remove(stream);
    if (object === undefined) return;
    if (kind === namespaces.id) this.add(stream, { namespace: object.metadata.name, addresses: [] });
    else if (kind === services.id) this.takeService(stream, object as Service);
    else this.takeSlice(stream, object as EndpointSlice);
  }

  hasNamespace(name: string): boolean {
    return this.namespaceUses.has(name);
  }
  service(namespace: string, name: string): ZoneService | undefined {
    return this.at(`${namespace}/${name}`);
  }
  /** Services that have the address or, headless ones, an endpoint there. `address` is in its one text (`ipText`). */
  withAddress(address: string): readonly ZoneService[] {
    return [...(this.keysByAddress.get(address)?.keys() ?? [])]
      .sort()
      .map((key) => this.at(key))
      .filter((found) => found !== undefined);
  }

  private takeService(stream: string, service: Service): void {
    const { namespace = '', name } = service.metadata;
    const key = `${namespace}/${name}`;
    this.services.set(key, service);
    this.add(stream, { namespace, key, addresses: addressesOf(service).map(({ address }) => address) });
  }
  private takeSlice(stream: string, slice: EndpointSlice): void {
    const { namespace = '', labels } = slice.metadata;
    const name = labels?.[SERVICE_NAME];
    if (name === undefined || slice.addressType === 'FQDN') return;
    const key = `${namespace}/${name}`;
    const slices = this.slices.get(key) ?? new Map<string, EndpointSlice>();
    this.slices.set(key, slices.set(stream, slice));
    const addresses = (slice.endpoints ?? []).flatMap(({ addresses: all }) => canonical(all?.[0])?.address ?? []);
    this.add(stream, { namespace, key, addresses });
  }

  private add(stream: string, contribution: Contribution): void {
    const { namespace, key, addresses } = contribution;
    this.contributions.set(stream, contribution);
    this.namespaceUses.add(namespace);
    if (key === undefined) return;
    this.derived.delete(key);
    for (const address of addresses) {
      const keys = this.keysByAddress.get(address) ?? new Counts();
      keys.add(key);
      this.keysByAddress.set(address, keys);
    }
  }
  private remove(stream: string): void {
    const known = this.contributions.get(stream);
    if (!known) return;
    const { namespace, key, addresses } = known;
    this.contributions.delete(stream);
    this.namespaceUses.remove(namespace);
    if (key === undefined) return;
    this.derived.delete(key);
    if (kindOfStream(stream) === services.id) this.services.delete(key);
    const slices = this.slices.get(key);
    slices?.delete(stream);
    if (slices?.size === 0) this.slices.delete(key);
    for (const address of addresses) {
      const keys = this.keysByAddress.get(address);
      keys?.remove(key);
      if (keys?.size === 0) this.keysByAddress.delete(address);
    }
  }

  private at(key: string): ZoneService | undefined {
    const known = this.derived.get(key);
    if (known) return known;
    const service = this.services.get(key);
    if (!service) return undefined;
    const made = derive(service, this.slices.get(key));
    this.derived.set(key, made);
    return made;
  }
}

/** Names with the number of their uses. */
class Counts {
  private readonly counts = new Map<string, number>();
  get size(): number {
    return this.counts.size;
  }
  has(name: string): boolean {
    return this.counts.has(name);
  }
  keys(): Iterable<string> {
    return this.counts.keys();
  }
  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
  remove(name: string): void {
    const left = (this.counts.get(name) ?? 1) - 1;
    if (left > 0) this.counts.set(name, left);
    else this.counts.delete(name);
  }
}

function derive(service: Service, slices: ReadonlyMap<string, EndpointSlice> | undefined): ZoneService {
  const { namespace = '', name } = service.metadata;
  const endpoints: ZoneEndpoint[] = [];
  const byLabel = new Map<string, ZoneEndpoint[]>();
  for (const [, slice] of [...(slices ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const endpoint of slice.endpoints ?? []) {
      const isReady = endpoint.conditions?.ready !== false || service.spec.publishNotReadyAddresses === true;
      const at = canonical(endpoint.addresses?.[0]);
      if (!isReady || !at) continue;
      const label = (endpoint.hostname || at.address.replace(/[.:]/g, '-')).toLowerCase();
      const made = { ...at, label, ports: slice.ports ?? [] };
      endpoints.push(made);
      const same = byLabel.get(label);
      if (same) same.push(made);
      else byLabel.set(label, [made]);
    }
  const isHeadless = service.spec.clusterIP === 'None';
  return { namespace, name, service, addresses: addressesOf(service), isHeadless, endpoints, byLabel };
}

function addressesOf({ spec }: Service): readonly ZoneAddress[] {
  if (spec.type === 'ExternalName') return [];
  const texts = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP];
  return texts.flatMap((text) => canonical(text) ?? []);
}
function canonical(text: string | undefined): ZoneAddress | undefined {
  const parsed = text === undefined ? undefined : parseIp(text);
  return parsed && { address: ipText(parsed), family: parsed.family };
}

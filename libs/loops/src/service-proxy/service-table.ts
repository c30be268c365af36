import { SERVICE_NAME, type EndpointSlice, type Node, type Service } from '#kinds';
import type { Frontend, FrontendChanges, ServiceHealthCheck } from '#model';
import { jsonEquals, type Json } from '#std';
import { readyEndpointsHere, type ProxyPlace } from './endpoints.js';
import { BalancerNodes } from './balancer-nodes.js';
import { frontendsOf } from './frontends.js';
import { ledOf } from './limits.js';

/** The service's key (`default/web`) and what is known of it. */
interface Entry {
  service: Service | undefined;
  readonly slices: Map<string, EndpointSlice>;
  frontends: readonly Frontend[];
  /** Ready endpoints on this node; undefined: not counted since they changed. */
  readyHere: number | undefined;
}

/**
 * All ways into all services on one node, kept up to date: a change costs what the services that it touches have. The table
 * depends on the objects alone, not on the order in which they came: where two services claim one address and port (an
 * external IP, say), the older has it, and the other gets it when that one goes.
 */
export class ServiceTable {
  private readonly entries = new Map<string, Entry>();
  private readonly serviceOfSlice = new Map<string, string>();
  /** By the frontend's key: the services that claim it. */
  private readonly claims = new Map<string, Set<string>>();
  private readonly shown = new Map<string, Frontend>();
  private readonly touched = new Set<string>();
  private readonly nodes = new BalancerNodes();
  /** Services that have an address which one node answers for. */
  private readonly balanced = new Set<string>();
  /** Services whose load balancers ask this node whether it has endpoints of them. */
  private readonly checked = new Set<string>();
  private readonly limited = new Map<string, string>();

  constructor(private place: ProxyPlace) {}

  /** A Service as it is now; undefined when it is gone. Effective with the next {@link changes}. */
  putService(namespace: string, name: string, service: Service | undefined): void {
    const key = `${namespace}/${name}`;
    this.entry(key).service = service;
    this.touched.add(key);
    if (service?.spec.healthCheckNodePort) this.checked.add(key);
    else this.checked.delete(key);
  }
  putSlice(namespace: string, name: string, slice: EndpointSlice | undefined): void {
    const key = `${namespace}/${name}`;
    const before = this.serviceOfSlice.get(key);
    if (before !== undefined) {
      const entry = this.entry(before);
      entry.slices.delete(key);
      entry.readyHere = undefined;
      this.touched.add(before);
      this.serviceOfSlice.delete(key);
    }
    const label = slice?.metadata.labels?.[SERVICE_NAME];
    if (!slice || label === undefined) return;
    const service = `${namespace}/${label}`;
    this.serviceOfSlice.set(key, service);
    const entry = this.entry(service);
    entry.slices.set(key, slice);
    entry.readyHere = undefined;
    this.touched.add(service);
  }
  /** Any node of the cluster, as far as others need to know it; undefined when it is gone. */
  putNode(name: string, node: Node | undefined): void {
    if (this.nodes.put(name, node)) for (const service of this.balanced) this.touched.add(service);
  }
  /** The node is somewhere else: everything is looked at anew. */
  move(place: ProxyPlace): void {
    if (jsonEquals(place as unknown as Json, this.place as unknown as Json)) return;
    this.place = place;
    for (const [key, entry] of this.entries) {
      entry.readyHere = undefined;
      this.touched.add(key);
    }
  }

  all(): readonly Frontend[] {
    return [...this.shown.values()];
  }
  /** The ports at which this node is asked whether it has endpoints, as things are now. Costs what changed and one look a port. */
  healthChecks(): readonly ServiceHealthCheck[] {
    return [...this.checked].flatMap((key): readonly ServiceHealthCheck[] => {
      const entry = this.entries.get(key);
      const { healthCheckNodePort: port } = entry?.service?.spec ?? {};
      if (!entry || !port) return [];
      entry.readyHere ??= readyEndpointsHere([...entry.slices.values()], this.place);
      const [namespace = '', name = ''] = key.split('/');
      return [{ port, namespace, name, localEndpoints: entry.readyHere }];
    });
  }
  /** Services of which this node leads only a part, in a sentence each, as of the last {@link changes}. */
  get limits(): readonly string[] {
    return [...this.limited.values()];
  }
  /** What is different since the last call. */
  changes(): FrontendChanges {
    const keys = new Set<string>();
    for (const service of this.touched) this.recompute(service, keys);
    this.touched.clear();
    const changed: Frontend[] = [];
    const gone: string[] = [];
    for (const key of keys) {
      const before = this.shown.get(key);
      const after = this.ownerOf(key);
      if (after === undefined) {
        if (before === undefined) continue;
        this.shown.delete(key);
        gone.push(key);
      } else if (!before || !jsonEquals(before as unknown as Json, after as unknown as Json)) {
        this.shown.set(key, after);
        changed.push(after);
      }
    }
    return { changed, gone };
  }

  private recompute(name: string, keys: Set<string>): void {
    const entry = this.entries.get(name);
    if (!entry) return;
    for (const { key } of entry.frontends) {
      keys.add(key);
      this.claims.get(key)?.delete(name);
      if (this.claims.get(key)?.size === 0) this.claims.delete(key);
    }
    const { service, slices } = entry;
    const led = service && ledOf(service, [...slices.values()], this.place);
    entry.frontends = led ? frontendsOf(led.service, led.slices, this.place, this.nodes) : [];
    if (led?.limit === undefined) this.limited.delete(name);
    else this.limited.set(name, led.limit);
    if (entry.frontends.some(({ answeredBy }) => answeredBy !== undefined)) this.balanced.add(name);
    else this.balanced.delete(name);
    for (const { key } of entry.frontends) {
      keys.add(key);
      const claims = this.claims.get(key) ?? new Set();
      this.claims.set(key, claims.add(name));
    }
    if (!entry.service && entry.slices.size === 0) this.entries.delete(name);
  }
  private ownerOf(key: string): Frontend | undefined {
    const names = [...(this.claims.get(key) ?? [])];
    const age = (name: string): string =>
      `${this.entries.get(name)?.service?.metadata.creationTimestamp ?? ''} ${name}`;
    const [first] = names.length > 1 ? names.sort((a, b) => (age(a) < age(b) ? -1 : 1)) : names;
    return first === undefined ? undefined : this.entries.get(first)?.frontends.find((one) => one.key === key);
  }
  private entry(key: string): Entry {
    const known = this.entries.get(key);
    if (known) return known;
    const entry: Entry = { service: undefined, slices: new Map(), frontends: [], readyHere: undefined };
    this.entries.set(key, entry);
    return entry;
  }
}

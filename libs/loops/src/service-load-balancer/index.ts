import { services, type Service } from '#kinds';
import { ipText, parseIp } from '#meta';
import type { Change, Decision, KubeObject, Loop, ObjectIndex, Outside, View } from '#model';
import { hash128, type Instant } from '#std';
import { incident, keyOf, reportStatus } from '../shared/index.js';
import { addressAt, addressPool, isInPool, type AddressPool } from './pool.js';

export { addressPool, type AddressPool } from './pool.js';

/** The class of load balancers that Shiplog serves itself; a Service without a class is served too. */
export const LOAD_BALANCER_CLASS = 'shiplog.io/pool';
const COMPONENT = 'service-controller';
const POOL = 'pool';
const OTHER_POOL = 'other pool';
/** No address is called so. */
const WAITING = 'waiting';
const HELD = 'held';

/** Services by each address that their load balancer has; `waiting` finds ours that want one, or another one, `held` ours that have one. */
const servicesByBalancer: ObjectIndex<Service> = {
  name: 'services by address of their load balancer',
  kind: services,
  values: (service: Partial<Service>) => {
    const addresses = addressesOf(service);
    if (!isOurs(service)) return addresses;
    const asked = askedBy(service);
    const isWaiting = addresses.length === 0 || (asked !== undefined && !addresses.includes(asked));
    return [...addresses, ...(addresses.length > 0 ? [HELD] : []), ...(isWaiting ? [WAITING] : [])];
  },
};

/**
 * Gives Services of type LoadBalancer addresses of the pool that is configured (fact `loadBalancerPool`); without a pool it leaves
 * them to others. One key, so that two never get the same. A Service of the same name gets the same address again where it is free.
 */
export const serviceLoadBalancer: Loop = {
  name: 'service-load-balancer',
  account: COMPONENT,
  indexes: [servicesByBalancer],
  keysOf: (change) => (change.kind === services.id && mattersTo(change) ? [POOL] : []),
  keysAtStart: () => [OTHER_POOL, POOL],
  reconcile(view, key, now, outside) {
    const pool = configuredPool(outside);
    if (!pool) return [];
    if (key === OTHER_POOL) return withdrawn(view, pool);
    const taken = new Set<string>();
    let isFull = false;
    return view.by(servicesByBalancer, WAITING).flatMap((service): readonly Decision[] => {
      const found = chosen(view, service, pool, { taken, isFull });
      if ('address' in found) {
        taken.add(found.address);
        return given(view, service, found.address, now);
      }
      isFull ||= found.isFull;
      return incident(view, now, {
        about: service,
        type: 'Warning',
        reason: 'SyncLoadBalancerFailed',
        message: `Error syncing load balancer: ${found.why}`,
        component: COMPONENT,
      });
    });
  },
};

interface InUse {
  /** Addresses that this look gives to others. */
  readonly taken: ReadonlySet<string>;
  /** No address is free, as was found before. */
  readonly isFull: boolean;
}
type Choice = { readonly address: string } | { readonly why: string; readonly isFull: boolean };

function chosen(view: View, service: Service, pool: AddressPool, { taken, isFull }: InUse): Choice {
  const isFree = (address: string): boolean =>
    !taken.has(address) &&
    view.by(servicesByBalancer, address).every((other) => other.metadata.uid === service.metadata.uid);
  const asked = askedBy(service);
  if (asked !== undefined) {
    if (!isInPool(pool, asked)) return { why: `${asked} is not in SHIPLOG_LOAD_BALANCER_POOL`, isFull: false };
    return isFree(asked) ? { address: asked } : { why: `${asked} belongs to another Service`, isFull: false };
  }
  const first = Number.parseInt(hash128(keyOf(service)).slice(0, 8), 16) % pool.size;
  for (let i = 0; i < pool.size && !isFull; i++) {
    const address = addressAt(pool, (first + i) % pool.size);
    if (isFree(address)) return { address };
  }
  return { why: `all ${pool.size} addresses of SHIPLOG_LOAD_BALANCER_POOL are taken`, isFull: true };
}

function given(view: View, service: Service, address: string, now: Instant): readonly Decision[] {
  const because = `${address} is a free address of the pool`;
  return [
    ...reportStatus(
      services,
      service,
      { ...service.status, loadBalancer: { ingress: [{ ip: address }] } },
      { because },
    ),
    ...incident(view, now, {
      about: service,
      type: 'Normal',
      reason: 'EnsuredLoadBalancer',
      message: 'Ensured load balancer',
      component: COMPONENT,
    }),
  ];
}

/** The pool was another one when these got their addresses. */
function withdrawn(view: View, pool: AddressPool): readonly Decision[] {
  return view.by(servicesByBalancer, HELD).flatMap((service) => {
    const other = addressesOf(service).find((address) => !isInPool(pool, address));
    if (other === undefined) return [];
    const because = `${other} is no longer in the pool`;
    return reportStatus(services, service, { ...service.status, loadBalancer: {} }, { because });
  });
}

/** Something waits, or an address has become free for what waits. */
function mattersTo(change: Change): boolean {
  const valuesOf = (side: KubeObject | undefined): readonly string[] =>
    side ? servicesByBalancer.values(side as Service) : [];
  const after = valuesOf(change.after);
  return after.includes(WAITING) || valuesOf(change.before).some((address) => !after.includes(address));
}

/** The one text of the address that it asks for: `192.0.2.011` is no other than `192.0.2.11`. */
function askedBy({ spec }: Partial<Service>): string | undefined {
  const text = spec?.loadBalancerIP || undefined;
  const address = text === undefined ? undefined : parseIp(text);
  return address ? ipText(address) : text;
}
export function isOurs({ spec }: Partial<Service>): boolean {
  const { type, loadBalancerClass: name } = spec ?? {};
  return type === 'LoadBalancer' && (name === undefined || name === LOAD_BALANCER_CLASS);
}
function addressesOf({ spec, status }: Partial<Service>): readonly string[] {
  if (spec?.type !== 'LoadBalancer') return [];
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => {
    const address = parseIp(ip ?? '');
    return address ? [ipText(address)] : [];
  });
}
function configuredPool(outside: Outside | undefined): AddressPool | undefined {
  const text = outside?.fact('loadBalancerPool');
  const pool = typeof text === 'string' ? addressPool(text) : undefined;
  return typeof pool === 'object' ? pool : undefined;
}

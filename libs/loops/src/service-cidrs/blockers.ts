import { cidrsOf, ipAddresses, isUsable, serviceCidrs, services, type Service, type ServiceCidr } from '#kinds';
import { cidrContains, parseCidr, parseIp, type Cidr } from '#meta';
import { KeptPicture, type Change, type KubeObject, type ObjectIndex, type View } from '#model';

/** ServiceCIDRs that are being deleted: nearly always none, so that a change of a service costs nothing. */
export const terminatingCidrs: ObjectIndex<ServiceCidr> = {
  name: 'service CIDRs being deleted',
  kind: serviceCidrs,
  values: ({ metadata }) => (metadata.deletionTimestamp === undefined ? [] : ['']),
  part: ({ metadata }) => metadata.deletionTimestamp,
};

/** What keeps a ServiceCIDR that is being deleted: holders of addresses that are in its ranges and in no range that stays. */
interface Blocked {
  readonly ranges: readonly Cidr[];
  readonly others: readonly Cidr[];
  readonly holders: Set<string>;
}
type Blockers = Map<string, Blocked>;

/** To find the holders once a deletion begins costs what there are; afterwards a change costs what changed. */
export const blockers = new KeptPicture<Blockers>({
  build: (view) => {
    const picture: Blockers = new Map();
    fill(picture, view);
    return picture;
  },
  apply(picture, change, view) {
    if (change.kind === serviceCidrs.id) return fill(picture, view);
    if (picture.size === 0 || !holds(change)) return;
    for (const blocked of picture.values()) {
      if (change.before) forget(blocked, change.before, change.kind);
      if (change.after) note(blocked, change.after, change.kind);
    }
  },
});
/** Whether addresses keep this ServiceCIDR. */
export function isBlocked(view: View, { metadata }: ServiceCidr): boolean {
  return (blockers.of(view).picture.get(metadata.name)?.holders.size ?? 0) > 0;
}

function fill(picture: Blockers, view: View): void {
  picture.clear();
  const going = view.by(terminatingCidrs, '');
  if (going.length === 0) return;
  const others = view.list(serviceCidrs).filter(isUsable).flatMap(parsedCidrs);
  for (const cidr of going) {
    picture.set(cidr.metadata.name, { ranges: parsedCidrs(cidr), others, holders: new Set() });
  }
  for (const kind of [services, ipAddresses]) {
    for (const holder of view.list<KubeObject>(kind)) {
      for (const blocked of picture.values()) note(blocked, holder, kind.id);
    }
  }
}
function parsedCidrs(cidr: ServiceCidr): readonly Cidr[] {
  return cidrsOf(cidr).flatMap((text) => parseCidr(text) ?? []);
}

function holds({ kind }: Change): boolean {
  return kind === services.id || kind === ipAddresses.id;
}
function note(blocked: Blocked, holder: KubeObject, kind: string): void {
  for (const ip of addressesOf(holder, kind)) {
    const address = parseIp(ip);
    const isIn = (ranges: readonly Cidr[]): boolean => ranges.some((range) => address && cidrContains(range, address));
    if (isIn(blocked.ranges) && !isIn(blocked.others)) blocked.holders.add(holderOf(holder, kind, ip));
  }
}
function forget(blocked: Blocked, holder: KubeObject, kind: string): void {
  for (const ip of addressesOf(holder, kind)) blocked.holders.delete(holderOf(holder, kind, ip));
}
export function addressesOf(holder: KubeObject, kind: string): readonly string[] {
  return kind === services.id ? ((holder as Service).spec.clusterIPs ?? []) : [holder.metadata.name];
}
function holderOf({ metadata: { namespace, name } }: KubeObject, kind: string, ip: string): string {
  return `${kind}/${namespace ?? ''}/${name}/${ip}`;
}

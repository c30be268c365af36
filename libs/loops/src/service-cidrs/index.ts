import { ipAddresses, isUsable, SERVICE_CIDR_FINALIZER, serviceCidrs, services, type ServiceCidr } from '#kinds';
import { setCondition } from '#meta';
import type { Decision, Loop, View } from '#model';
import { jsonEquals, toTime, type Instant } from '#std';
import { patch, reportStatus, streamOfObject } from '../shared/index.js';
import { addressesOf, blockers, isBlocked, terminatingCidrs } from './blockers.js';

const READY = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' };
const TERMINATING = {
  type: 'Ready',
  status: 'False',
  reason: 'Terminating',
  message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
};

/**
 * Says that a ServiceCIDR is ready, and lets one go only when no address that is in use would be left without a range. From
 * the deletion on, the writer gives no address out of it.
 */
export const serviceCidrLifecycle: Loop = {
  name: 'service-cidrs',
  account: 'service-cidrs-controller',
  indexes: [terminatingCidrs],
  picture: blockers,
  keysOf(change, view) {
    const going = (): readonly string[] => view.by(terminatingCidrs, '').map(({ metadata }) => metadata.name);
    if (change.kind === serviceCidrs.id) {
      return [...new Set([...going(), ...(change.after ? [change.after.metadata.name] : [])])];
    }
    if (change.kind !== services.id && change.kind !== ipAddresses.id) return [];
    const [was, is] = [change.before, change.after].map((side) => side && addressesOf(side, change.kind));
    return jsonEquals(was ?? null, is ?? null) ? [] : going();
  },
  keysAtStart: (view) => view.list(serviceCidrs).map(({ metadata }) => metadata.name),
  reconcile(view, key, now): readonly Decision[] {
    const cidr = view.get(serviceCidrs, undefined, key);
    if (!cidr) return [];
    return cidr.metadata.deletionTimestamp === undefined ? ready(cidr, now) : ending(view, cidr, now);
  },
};

function ready(cidr: ServiceCidr, now: Instant): readonly Decision[] {
  const finalizers = cidr.metadata.finalizers ?? [];
  if (!finalizers.includes(SERVICE_CIDR_FINALIZER)) {
    const body = { metadata: { finalizers: [...finalizers, SERVICE_CIDR_FINALIZER] } };
    const because = 'addresses may come out of the range';
    return [patch(serviceCidrs, cidr, body, { because, basedOn: [streamOfObject(serviceCidrs, cidr)] })];
  }
  return report(cidr, READY, now, 'addresses may come out of the range');
}

function ending(view: View, cidr: ServiceCidr, now: Instant): readonly Decision[] {
  const finalizers = cidr.metadata.finalizers ?? [];
  if (!finalizers.includes(SERVICE_CIDR_FINALIZER)) return [];
  if (isBlocked(view, cidr)) return report(cidr, TERMINATING, now, 'addresses of the range are in use');
  const body = { metadata: { finalizers: finalizers.filter((one) => one !== SERVICE_CIDR_FINALIZER) } };
  // A range that covers this one may not begin to go at the same time.
  const covering = view.list(serviceCidrs).filter(isUsable);
  const basedOn = [cidr, ...covering].map((one) => streamOfObject(serviceCidrs, one));
  return [patch(serviceCidrs, cidr, body, { because: 'no address of the range is in use', basedOn })];
}

function report(cidr: ServiceCidr, condition: typeof READY, now: Instant, because: string): readonly Decision[] {
  const known = cidr.status?.conditions;
  const conditions = setCondition(known, condition as NonNullable<typeof known>[number], toTime(now));
  return reportStatus(serviceCidrs, cidr, { conditions }, { because });
}

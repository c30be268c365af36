import { DEFAULT_SERVICE_CIDR, SERVICE_CIDR_FINALIZER, serviceCidrs, type ServiceCidr } from '#kinds';
import { findCondition, setCondition } from '#meta';
import type { Decision, Outside, View } from '#model';
import { jsonEquals, toTime, type Instant, type JsonObject } from '#std';
import { create, patch, reportStatus, streamOfObject } from '../shared/index.js';

type Conditions = NonNullable<ServiceCidr['status']>['conditions'];
const BECAUSE = 'services get their addresses from it';

/**
 * The ServiceCIDR that every cluster has: ready from the first on. Once somebody says whether it is ready, it is left alone, but for
 * a range of the other family that the cluster is given later.
 */
export function defaultServiceCidr(view: View, now: Instant, outside?: Outside): readonly Decision[] {
  const { name, cidr } = DEFAULT_SERVICE_CIDR;
  const second = outside?.fact('serviceCidrIpv6');
  const cidrs = [cidr, ...(typeof second === 'string' ? [second] : [])];
  const ready = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready' };
  const readyIn = (before: Conditions): Conditions => setCondition(before, ready as never, toTime(now));
  const known = view.get(serviceCidrs, undefined, name);
  if (!known) {
    const metadata = { name, finalizers: [SERVICE_CIDR_FINALIZER] };
    const manifest = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata, spec: { cidrs } };
    const body = { status: { conditions: readyIn(undefined) } } as unknown as JsonObject;
    const then = [patch(serviceCidrs, manifest as never, body, { subresource: 'status', because: BECAUSE })];
    return [create(serviceCidrs, manifest, { because: BECAUSE, then })];
  }
  const isGrowing = cidrs.length > 1 && jsonEquals(known.spec.cidrs, [cidr]);
  if (isGrowing && known.metadata.deletionTimestamp === undefined) {
    const basedOn = [streamOfObject(serviceCidrs, known)];
    return [patch(serviceCidrs, known, { spec: { cidrs } }, { because: BECAUSE, basedOn })];
  }
  const conditions = known.status?.conditions;
  const isOwn = jsonEquals(known.spec.cidrs, cidrs) && known.metadata.deletionTimestamp === undefined;
  if (!isOwn || findCondition(conditions, 'Ready')) return [];
  return reportStatus(serviceCidrs, known, { conditions: readyIn(conditions) }, { because: BECAUSE });
}

import { DEFAULT_SERVICE_CIDR, SERVICE_CIDR_FINALIZER, serviceCidrs } from '#kinds';
import { findCondition, setCondition } from '#meta';
import type { Decision, View } from '#model';
import { jsonEquals, toTime, type Instant } from '#std';
import { create, reportStatus } from '../shared/index.js';

const BECAUSE = 'services get their addresses from it';

/** The ServiceCIDR that every cluster has. Once somebody says whether it is ready, it is left alone. */
export function defaultServiceCidr(view: View, now: Instant): readonly Decision[] {
  const { name, cidr } = DEFAULT_SERVICE_CIDR;
  const cidrs = [cidr];
  const known = view.get(serviceCidrs, undefined, name);
  if (!known) {
    const metadata = { name, finalizers: [SERVICE_CIDR_FINALIZER] };
    const manifest = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata, spec: { cidrs } };
    return [create(serviceCidrs, manifest, { because: BECAUSE })];
  }
  const conditions = known.status?.conditions;
  const isOwn = jsonEquals(known.spec.cidrs, cidrs) && known.metadata.deletionTimestamp === undefined;
  if (!isOwn || findCondition(conditions, 'Ready')) return [];
  const ready = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready' };
  const next = setCondition(conditions, ready as NonNullable<typeof conditions>[number], toTime(now));
  return reportStatus(serviceCidrs, known, { conditions: next }, { because: BECAUSE });
}

import { invalid, parseCidr, required, strictCidrReasons } from '#meta';
import { each, items, type Problems } from '../../validation/checks.js';
import type { ServiceCidr } from './schema.js';

const FIELD = 'spec.cidrs';
const RANGES_MAX = 2;

/** Problems of ranges, in Kubernetes' order. */
export function serviceCidrProblems({ spec }: ServiceCidr): Problems {
  const cidrs = items(spec.cidrs);
  if (cidrs.length === 0) return [required(FIELD, 'at least one CIDR required')];
  if (cidrs.length > RANGES_MAX) return [invalid(FIELD, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  const families = cidrs.flatMap((cidr) => parseCidr(cidr)?.address.family ?? []);
  const detail = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
  return [
    ...(families.length > new Set(families).size ? [invalid(FIELD, cidrs, detail)] : []),
    ...cidrs.flatMap((cidr, i) => each(`${FIELD}[${i}]`, cidr, strictCidrReasons(cidr))),
  ];
}

/** Ranges stay as they are; one of the other family may be added. */
export function serviceCidrUpdateProblems(object: ServiceCidr, old: ServiceCidr): Problems {
  const [before, after] = [items(old.spec.cidrs), items(object.spec.cidrs)];
  const isOneMore = before.length === 1 && after.length === 2;
  if (before.length !== after.length && !isOneMore) {
    return [invalid(FIELD, object.spec.cidrs ?? null, 'field is immutable')];
  }
  const changed = before.flatMap((cidr, i) =>
    after[i] === cidr ? [] : [invalid(`${FIELD}[${i}]`, after[i], 'field is immutable')],
  );
  return isOneMore && changed.length === 0 ? serviceCidrProblems(object) : changed;
}

import { dns1123Subdomain, forbidden, parseIp, required } from '#meta';
import type { Problem } from '#model';
import { each, ipAddress, supportedOnly } from '../../validation/checks.js';
import { isHeadless, needsClusterIp } from './needs.js';
import type { Service } from './schema.js';
import { balancerClassProblems } from './validate.js';

/** What a change may not change. */
export function serviceUpdateProblems(service: Service, old: Service): readonly Problem[] {
  return [
    ...changedIpProblems(service, old),
    ...changedFamilyProblems(service, old),
    ...changedClassProblems(service, old),
  ];
}

const ONCE = 'may not change once set';

function changedIpProblems(service: Service, old: Service): readonly Problem[] {
  if (!isComparable(service, old)) return [];
  const before = old.spec.clusterIPs ?? [];
  const after = service.spec.clusterIPs ?? [];
  const once = (i: number): Problem => ({
    type: 'Invalid',
    field: `spec.clusterIPs[${i}]`,
    value: after,
    detail: ONCE,
  });
  if (before.length === after.length) return before.flatMap((ip, i) => (ip === after[i] ? [] : [once(i)]));
  if (after.length === 0) return [{ ...once(0), detail: 'primary clusterIP can not be unset' }];
  return before.length > 0 && before[0] !== after[0] ? [once(0)] : [];
}
function changedFamilyProblems(service: Service, old: Service): readonly Problem[] {
  if (!isComparable(service, old) || isHeadless(service) !== isHeadless(old)) return [];
  const before = old.spec.ipFamilies ?? [];
  const after = service.spec.ipFamilies ?? [];
  const once: Problem = { type: 'Invalid', field: 'spec.ipFamilies[0]', value: after, detail: ONCE };
  if (before.length === after.length) return before.flatMap((family, i) => (family === after[i] ? [] : [once]));
  if (before.length === 0 || before[0] === after[0]) return [];
  return [after.length === 0 ? { ...once, detail: 'primary ipFamily can not be unset' } : once];
}
/** Types without an address have nothing to keep, and headless services may change theirs freely. */
function isComparable(service: Service, old: Service): boolean {
  if (!needsClusterIp(service) || !needsClusterIp(old)) return false;
  return !(isHeadless(service) && isHeadless(old));
}
/** A change looks at the class twice: as a change, and with the rest of the service. */
function changedClassProblems({ spec }: Service, { spec: old }: Service): readonly Problem[] {
  const isBoth = spec.type === 'LoadBalancer' && old.type === 'LoadBalancer';
  const isOther = isBoth && spec.loadBalancerClass !== old.loadBalancerClass;
  return [
    ...(isOther ? each('spec.loadBalancerClass', spec.loadBalancerClass, [ONCE]) : []),
    ...balancerClassProblems(spec),
  ];
}

/** What is wrong with the status that a balancer reports. */
export function serviceStatusProblems(service: Service): readonly Problem[] {
  const path = 'status.loadBalancer.ingress';
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && service.spec.type !== 'LoadBalancer') {
    return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  return ingress.flatMap(({ ip = '', ipMode, hostname = '' }, i) => {
    const at = `${path}[${i}]`;
    const problems: Problem[] = ip === '' ? [] : [...ipAddress(`${at}.ip`, ip)];
    if (ip !== '' && ipMode === undefined)
      problems.push(required(`${at}.ipMode`, 'must be specified when `ip` is set'));
    else if (ip === '' && ipMode !== undefined)
      problems.push(forbidden(`${at}.ipMode`, 'may not be specified when `ip` is not set'));
    else problems.push(...supportedOnly(`${at}.ipMode`, ipMode, ['Proxy', 'VIP']));
    if (hostname !== '') {
      problems.push(...each(`${at}.hostname`, hostname, dns1123Subdomain(hostname)));
      if (parseIp(hostname))
        problems.push(...each(`${at}.hostname`, hostname, ['must be a DNS name, not an IP address']));
    }
    return problems;
  });
}

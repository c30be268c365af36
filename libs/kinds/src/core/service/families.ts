import { parseIp } from '#meta';
import type { Problem } from '#model';
import { isHeadless } from './needs.js';
import type { Service } from './schema.js';
import { clusterIpProblems } from './validate-ips.js';

/** The cluster has addresses of this family only. */
const FAMILY = 'IPv4';
const OTHER = 'IPv6';

/** The service with its families and policy settled, or why they cannot be. */
export function withFamilies(service: Service): Service | readonly Problem[] {
  const { spec } = service;
  if (spec.type === 'ExternalName') return service;
  const wrong = clusterIpProblems(spec);
  if (wrong.length > 0) return wrong;
  if (isHeadless(service) && Object.keys(spec.selector ?? {}).length === 0) return headlessWithoutPods(service);
  const unserved = unservedProblems(service);
  if (unserved.length > 0) return unserved;
  const fromIps = (spec.clusterIPs ?? []).flatMap((ip) => parseIp(ip)?.family ?? []);
  const families = spec.ipFamilies?.length ? spec.ipFamilies : fromIps.length > 0 ? fromIps : [FAMILY];
  const ipFamilyPolicy = spec.ipFamilyPolicy ?? (families.length > 1 ? 'RequireDualStack' : 'SingleStack');
  return { ...service, spec: { ...spec, ipFamilies: families, ipFamilyPolicy } };
}

/** Without an address and without pods anything may be behind it: both families, unless one was asked for. */
function headlessWithoutPods(service: Service): Service {
  const { spec } = service;
  const asked = spec.ipFamilies?.length ? spec.ipFamilies : [FAMILY];
  const both =
    asked.length > 1 || spec.ipFamilyPolicy === 'SingleStack'
      ? asked
      : [...asked, asked[0] === FAMILY ? OTHER : FAMILY];
  return { ...service, spec: { ...spec, ipFamilies: both, ipFamilyPolicy: spec.ipFamilyPolicy ?? 'RequireDualStack' } };
}

function unservedProblems({ spec }: Service): readonly Problem[] {
  const problems: Problem[] = [];
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    const detail = 'this cluster is not configured for dual-stack services';
    problems.push({ type: 'Invalid', field: 'spec.ipFamilyPolicy', value: spec.ipFamilyPolicy, detail });
  }
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (family === FAMILY) continue;
    problems.push({
      type: 'Invalid',
      field: `spec.ipFamilies[${i}]`,
      value: family,
      detail: 'not configured on this cluster',
    });
  }
  return problems;
}

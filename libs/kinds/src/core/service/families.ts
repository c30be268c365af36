import { parseIp } from '#meta';
import type { Problem, View } from '#model';
import { jsonEquals } from '#std';
import { serviceFamilies, type ServiceFamily } from '../../networking/service-ranges.js';
import { isHeadless, needsClusterIp } from './needs.js';
import type { Service, ServiceSpec } from './schema.js';
import { clusterIpProblems } from './validate-ips.js';

const POLICY = 'spec.ipFamilyPolicy';

/** The service with its families and policy settled, or why they cannot be. */
export function withFamilies(
  given: Service,
  old: Service | undefined,
  view: Pick<View, 'get' | 'list'>,
): Service | readonly Problem[] {
  if (given.spec.type === 'ExternalName' || isUnmoved(given, old)) return given;
  const policed = withPolicy(given, old);
  const wrong = clusterIpProblems(policed.spec);
  if (wrong.length > 0) return wrong;
  const service = withoutSecond(policed, old);
  const configured = serviceFamilies(view);
  const inferred = familiesFromIps(service.spec, configured);
  const problems = [
    ...reductionProblems(service.spec, old?.spec),
    ...countProblems(service.spec),
    ...inferred.problems,
  ];
  if (problems.length > 0) return problems;
  const { families } = inferred;
  if (isBehindNothing(service))
    return withList(service, completed(service.spec, families, ['IPv4', 'IPv6'], configured));
  const unserved = unservedProblems(service.spec, families, configured);
  if (unserved.length > 0) return unserved;
  return withList(service, completed(service.spec, families, configured, configured));
}

/** A service that prefers both families is not changed because the cluster has come to have others. */
export function isUnmoved(service: Service, old: Service | undefined): boolean {
  const policy = 'PreferDualStack';
  return (
    old !== undefined &&
    old.spec.type === service.spec.type &&
    needsClusterIp(service) &&
    service.spec.ipFamilyPolicy === policy &&
    (old.spec.ipFamilyPolicy ?? policy) === policy &&
    isSame(service, old, 'clusterIPs') &&
    isSame(service, old, 'ipFamilies')
  );
}

/** An update that says nothing keeps the policy there was. */
function withPolicy(service: Service, old: Service | undefined): Service {
  if (service.spec.ipFamilyPolicy !== undefined) return service;
  const ipFamilyPolicy = old?.spec.ipFamilyPolicy ?? (isBehindNothing(service) ? 'RequireDualStack' : 'SingleStack');
  return { ...service, spec: { ...service.spec, ipFamilyPolicy } };
}

/** Without an address and without pods anything may be behind it: both families, unless one was asked for. */
function isBehindNothing(service: Service): boolean {
  return isHeadless(service) && Object.keys(service.spec.selector ?? {}).length === 0;
}

/** With the policy alone, an update gives up the second family. */
function withoutSecond(service: Service, old: Service | undefined): Service {
  let { spec } = service;
  if (old === undefined || spec.ipFamilyPolicy !== 'SingleStack') return service;
  const isLonger = (list: 'clusterIPs' | 'ipFamilies'): boolean =>
    (spec[list]?.length ?? 0) > 1 && isSame(service, old, list);
  if (isLonger('clusterIPs')) spec = { ...spec, clusterIPs: spec.clusterIPs?.slice(0, 1) ?? [] };
  if (isLonger('ipFamilies')) spec = { ...spec, ipFamilies: spec.ipFamilies?.slice(0, 1) ?? [] };
  return spec === service.spec ? service : { ...service, spec };
}

function reductionProblems(spec: ServiceSpec, old: ServiceSpec | undefined): readonly Problem[] {
  if (old === undefined || spec.ipFamilyPolicy === 'SingleStack') return [];
  const isReduced = (list: 'clusterIPs' | 'ipFamilies'): boolean =>
    (spec[list]?.length ?? 0) > 0 && (spec[list]?.length ?? 0) < (old[list]?.length ?? 0);
  const mustBeSingle = (what: string): Problem =>
    policyProblem(spec, `must be 'SingleStack' to release the secondary ${what}`);
  return [
    ...(isReduced('clusterIPs') ? [mustBeSingle('cluster IP')] : []),
    ...(isReduced('ipFamilies') ? [mustBeSingle('IP family')] : []),
  ];
}
function countProblems(spec: ServiceSpec): readonly Problem[] {
  if (spec.ipFamilyPolicy !== 'SingleStack') return [];
  const mustBeDual = (what: string): Problem =>
    policyProblem(spec, `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`);
  return [
    ...(spec.clusterIPs?.length === 2 ? [mustBeDual('cluster IPs')] : []),
    ...(spec.ipFamilies?.length === 2 ? [mustBeDual('IP families')] : []),
  ];
}

/** Families that are named, and those of addresses for which none is. */
function familiesFromIps(
  spec: ServiceSpec,
  configured: readonly ServiceFamily[],
): { readonly families: readonly string[]; readonly problems: readonly Problem[] } {
  const families: string[] = [...(spec.ipFamilies ?? [])];
  const problems: Problem[] = [];
  const ips = spec.clusterIPs ?? [];
  for (const [i, ip] of ips.entries()) {
    const family = parseIp(ip)?.family;
    if (family === undefined || i < families.length) continue;
    if (configured.includes(family)) families.push(family);
    else {
      const detail = `${family} is not configured on this cluster`;
      problems.push({ type: 'Invalid', field: `spec.clusterIPs[${i}]`, value: ips, detail });
    }
  }
  return { families, problems };
}

function unservedProblems(
  spec: ServiceSpec,
  families: readonly string[],
  configured: readonly string[],
): readonly Problem[] {
  const isDual = spec.ipFamilyPolicy !== 'RequireDualStack' || configured.length > 1;
  return [
    ...(isDual ? [] : [policyProblem(spec, 'this cluster is not configured for dual-stack services')]),
    ...families.flatMap((value, i): readonly Problem[] =>
      configured.includes(value)
        ? []
        : [{ type: 'Invalid', field: `spec.ipFamilies[${i}]`, value, detail: 'not configured on this cluster' }],
    ),
  ];
}

/** The families, the cluster's first one where none is named, and the missing one of those that there are where both are wanted. */
function completed(
  { ipFamilyPolicy }: ServiceSpec,
  named: readonly string[],
  available: readonly string[],
  configured: readonly string[],
): readonly string[] {
  const families = named.length > 0 ? named : configured.slice(0, 1);
  if (ipFamilyPolicy === 'SingleStack' || families.length > 1) return families;
  return [...families, ...available.filter((family) => !families.includes(family))];
}
function withList(service: Service, ipFamilies: readonly string[]): Service {
  return { ...service, spec: { ...service.spec, ipFamilies } };
}

function isSame(service: Service, old: Service, list: 'clusterIPs' | 'ipFamilies'): boolean {
  return jsonEquals(service.spec[list] ?? [], old.spec[list] ?? []);
}
function policyProblem({ ipFamilyPolicy = '' }: ServiceSpec, detail: string): Problem {
  return { type: 'Invalid', field: POLICY, value: ipFamilyPolicy, detail };
}

import { duplicate, notSupported, parseIp } from '#meta';
import type { Problem } from '#model';
import { ipAddress } from '../../validation/checks.js';
import type { ServiceSpec } from './schema.js';

export const FAMILIES = ['IPv4', 'IPv6'];
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const LIST = 'spec.clusterIPs';

/** The addresses of a service, its families and their policy, among themselves. */
export function clusterIpProblems(spec: ServiceSpec): readonly Problem[] {
  if (spec.type === 'ExternalName') return [];
  const problems = [...pairProblems(spec), ...familyProblems(spec)];
  const ips = spec.clusterIPs ?? [];
  const malformed = ips.flatMap((ip, i) => {
    if (i > 0 || ip !== 'None') return ipAddress(`${LIST}[${i}]`, ip);
    return ips.length > 1 ? [invalidList(ips, "'None' must be the first and only value")] : [];
  });
  problems.push(...malformed);
  if (ips.length > 2) problems.push(invalidList(ips, 'may only hold up to 2 values'));
  // What follows would only repeat, in odder words, that an address is none.
  if (malformed.length > 0) return problems;
  const families = ips.map((ip) => parseIp(ip)?.family);
  if (ips.length > 1 && new Set(families).size !== 2) {
    problems.push(invalidList(ips, 'may specify no more than one IP for each IP family'));
  }
  if (problems.length === 0 && ips[0] !== 'None') problems.push(...mismatches(spec, families));
  return problems;
}

function pairProblems({ clusterIP, clusterIPs = [] }: ServiceSpec): readonly Problem[] {
  if (!clusterIP)
    return clusterIPs.length > 0 ? [invalidList(clusterIPs, 'must be empty when `clusterIP` is not specified')] : [];
  if (clusterIPs.length === 0) return [{ type: 'Required', field: LIST, detail: '' }];
  return clusterIPs[0] === clusterIP ? [] : [invalidList(clusterIPs, 'first value must match `clusterIP`')];
}

function familyProblems({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec): readonly Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  for (const [i, family] of ipFamilies.entries()) {
    const field = `spec.ipFamilies[${i}]`;
    if (!FAMILIES.includes(family)) problems.push(notSupported(field, family, FAMILIES));
    if (seen.has(family)) problems.push(duplicate(field, family));
    seen.add(family);
  }
  if (ipFamilyPolicy !== undefined && !POLICIES.includes(ipFamilyPolicy)) {
    problems.push(notSupported('spec.ipFamilyPolicy', ipFamilyPolicy, POLICIES));
  }
  return problems;
}

function mismatches(spec: ServiceSpec, families: readonly (string | undefined)[]): readonly Problem[] {
  return (spec.ipFamilies ?? []).flatMap((wanted, i): readonly Problem[] => {
    const ip = spec.clusterIPs?.[i];
    if (ip === undefined || families[i] === wanted) return [];
    const detail = `expected an ${wanted} value as indicated by \`ipFamilies[${i}]\``;
    return [{ type: 'Invalid', field: `${LIST}[${i}]`, value: ip, detail }];
  });
}

export function invalidList(ips: readonly string[], detail: string, field = LIST): Problem {
  return { type: 'Invalid', field, value: ips, detail };
}

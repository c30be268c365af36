import { cidrWarnings, ipWarnings } from '#meta';
import { isHeadless } from './needs.js';
import type { Service } from './schema.js';

const HINTS = 'service.kubernetes.io/topology-aware-hints';
const MODE = 'service.kubernetes.io/topology-mode';

/** What the writer of a service is told beside the answer. */
export function serviceWarnings(service: Service): readonly string[] {
  const { spec, metadata } = service;
  const warnings: string[] = [];
  if (metadata.annotations?.[HINTS] !== undefined)
    warnings.push(`annotation ${HINTS} is deprecated, please use ${MODE} instead`);
  if (!isHeadless(service))
    warnings.push(...(spec.clusterIPs ?? []).flatMap((ip, i) => ipWarnings(`spec.clusterIPs[${i}]`, ip)));
  warnings.push(
    ...(spec.externalIPs ?? []).flatMap((ip, i) => ipWarnings(`spec.externalIPs[${i}]`, ip)),
    ...ipWarnings('spec.loadBalancerIP', spec.loadBalancerIP ?? ''),
    ...(spec.loadBalancerSourceRanges ?? []).flatMap((range, i) =>
      cidrWarnings(`spec.loadBalancerSourceRanges[${i}]`, range.trim()),
    ),
  );
  const external = spec.type === 'ExternalName';
  const hasExternalIps = (spec.externalIPs ?? []).length > 0;
  if (external && hasExternalIps) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (!external && spec.externalName)
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  if (isHeadless(service)) {
    if (hasExternalIps) warnings.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity === 'ClientIP') warnings.push('spec.SessionAffinity is ignored for headless services');
  }
  return warnings;
}

export function serviceStatusWarnings({ status }: Service): readonly string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, i) =>
    ipWarnings(`status.loadBalancer.ingress[${i}]`, ip ?? ''),
  );
}

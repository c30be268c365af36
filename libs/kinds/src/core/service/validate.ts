import {
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  forbidden,
  notSupported,
  parseCidr,
  parseIp,
  qualifiedName,
  required,
  unreachableReasons,
  validateLabels,
} from '#meta';
import type { Problem } from '#model';
import { each, ipAddress, oneOf, portNumber, portNumberOrName, supportedOnly } from '../../validation/checks.js';
import { isExternallyAccessible, isHeadless, needsHealthCheckPort } from './needs.js';
import type { Service, ServicePort, ServiceSpec } from './schema.js';
import { clusterIpProblems } from './validate-ips.js';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const TRAFFIC = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const ONLY_BALANCERS = "may only be used when `type` is 'LoadBalancer'";
const HINTS = 'service.kubernetes.io/topology-aware-hints';
const MODE = 'service.kubernetes.io/topology-mode';
const RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const CIDR_TEXT = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** What is wrong with a service, in the order in which Kubernetes looks. */
export function serviceProblems(service: Service): readonly Problem[] {
  const { spec } = service;
  return [
    ...annotationProblems(service),
    ...typeProblems(service),
    ...portProblems(spec),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...affinityProblems(spec),
    ...clusterIpProblems(spec),
    ...externalIpProblems(spec),
    ...oneOf('spec.type', spec.type, TYPES),
    ...nodePortProblems(spec),
    ...duplicatePortProblems(spec),
    ...sourceRangeProblems(service),
    ...balancerProblems(spec),
    ...trafficProblems(service),
  ];
}

function annotationProblems({ metadata }: Service): readonly Problem[] {
  const mode = metadata.annotations?.[MODE];
  const hints = metadata.annotations?.[HINTS];
  if (mode === undefined || hints === undefined || mode === hints) return [];
  return each(`metadata.annotations[${MODE}]`, mode, [`must match annotations[${HINTS}] when both are specified`]);
}

function typeProblems(service: Service): readonly Problem[] {
  const { spec } = service;
  const problems: Problem[] = [];
  if (!spec.ports?.length && !isHeadless(service) && spec.type !== 'ExternalName')
    problems.push(required('spec.ports'));
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(service)) {
    problems.push(...each('spec.clusterIPs[0]', 'None', [`may not be set to 'None' for ${spec.type} services`]));
  }
  if (spec.type === 'ExternalName') problems.push(...externalNameProblems(spec));
  return problems;
}
function externalNameProblems(spec: ServiceSpec): readonly Problem[] {
  const problems: Problem[] = [];
  const never = (field: string): void =>
    void problems.push(forbidden(field, 'may not be set for ExternalName services'));
  if (spec.clusterIPs?.length || spec.clusterIP) never('spec.clusterIPs');
  if (spec.ipFamilies?.length) never('spec.ipFamilies');
  if (spec.ipFamilyPolicy !== undefined) never('spec.ipFamilyPolicy');
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  if (name === '') problems.push(required('spec.externalName'));
  else problems.push(...each('spec.externalName', name, dns1123Subdomain(name)));
  return problems;
}

function portProblems(spec: ServiceSpec): readonly Problem[] {
  const ports = spec.ports ?? [];
  const names = new Set<string>();
  return ports.flatMap((port, i) => onePort(port, `spec.ports[${i}]`, ports.length > 1, names));
}
function onePort(port: ServicePort, path: string, needsName: boolean, names: Set<string>): readonly Problem[] {
  const problems: Problem[] = [];
  const name = port.name ?? '';
  if (name === '' && needsName) problems.push(required(`${path}.name`));
  if (name !== '') {
    problems.push(...each(`${path}.name`, name, dns1123Label(name)));
    if (names.has(name)) problems.push(duplicate(`${path}.name`, name));
    names.add(name);
  }
  problems.push(
    ...portNumber(`${path}.port`, port.port),
    ...oneOf(`${path}.protocol`, port.protocol, PROTOCOLS),
    ...portNumberOrName(`${path}.targetPort`, port.targetPort ?? 0),
  );
  if (port.appProtocol !== undefined) {
    problems.push(...each(`${path}.appProtocol`, port.appProtocol, qualifiedName(port.appProtocol)));
  }
  return problems;
}

function affinityProblems(spec: ServiceSpec): readonly Problem[] {
  const problems: Problem[] = [...oneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None'])];
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (spec.sessionAffinity === 'ClientIP' && seconds !== undefined && (seconds <= 0 || seconds > 86_400)) {
    const field = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
    problems.push(...each(field, seconds, ['must be greater than 0 and less than 86400']));
  }
  return problems;
}

function externalIpProblems(spec: ServiceSpec): readonly Problem[] {
  return (spec.externalIPs ?? []).flatMap((ip, i) => {
    const field = `spec.externalIPs[${i}]`;
    const address = parseIp(ip);
    return address === undefined ? ipAddress(field, ip) : each(field, ip, unreachableReasons(address));
  });
}

function nodePortProblems(spec: ServiceSpec): readonly Problem[] {
  if (spec.type !== 'ClusterIP') return [];
  return (spec.ports ?? []).flatMap((port, i) =>
    port.nodePort ? [forbidden(`spec.ports[${i}].nodePort`, "may not be used when `type` is 'ClusterIP'")] : [],
  );
}

function duplicatePortProblems(spec: ServiceSpec): readonly Problem[] {
  const seen = new Set<string>();
  return (spec.ports ?? []).flatMap(({ port, protocol }, i) => {
    const key = `${port}/${protocol ?? ''}`;
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    // The genuine server prints its own form of a port with nothing but these two in it.
    const shown = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
    return [duplicate(`spec.ports[${i}]`, shown)];
  });
}

function sourceRangeProblems({ spec, metadata }: Service): readonly Problem[] {
  const isBalancer = spec.type === 'LoadBalancer';
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0) {
    const field = 'spec.LoadBalancerSourceRanges';
    const wrong = ranges.flatMap((range, i) => cidrProblems(`${field}[${i}]`, range));
    return isBalancer ? wrong : [forbidden(field, ONLY_BALANCERS), ...wrong];
  }
  const listed = metadata.annotations?.[RANGES];
  if (listed === undefined) return [];
  const field = `metadata.annotations[${RANGES}]`;
  const wrong = listed.trim() === '' ? [] : listed.split(',').flatMap((range) => cidrProblems(field, range.trim()));
  return isBalancer ? wrong : [forbidden(field, ONLY_BALANCERS), ...wrong];
}
function cidrProblems(field: string, text: string): readonly Problem[] {
  return parseCidr(text.trim()) === undefined ? each(field, text, [CIDR_TEXT]) : [];
}

function balancerProblems(spec: ServiceSpec): readonly Problem[] {
  const problems: Problem[] = [];
  const isBalancer = spec.type === 'LoadBalancer';
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalancer) {
    problems.push(forbidden('spec.allocateLoadBalancerNodePorts', ONLY_BALANCERS));
  }
  return [...problems, ...balancerClassProblems(spec)];
}
export function balancerClassProblems({ type, loadBalancerClass: name }: ServiceSpec): readonly Problem[] {
  const field = 'spec.loadBalancerClass';
  if (name === undefined) return [];
  return type === 'LoadBalancer' ? each(field, name, qualifiedName(name)) : [forbidden(field, ONLY_BALANCERS)];
}

function trafficProblems(service: Service): readonly Problem[] {
  const { spec } = service;
  const problems: Problem[] = [];
  const external = 'spec.externalTrafficPolicy';
  if (isExternallyAccessible(service)) problems.push(...oneOf(external, spec.externalTrafficPolicy, TRAFFIC));
  else if (spec.externalTrafficPolicy) {
    problems.push(
      ...each(external, spec.externalTrafficPolicy, ['may only be set for externally-accessible services']),
    );
  }
  const health = 'spec.healthCheckNodePort';
  if (spec.healthCheckNodePort && needsHealthCheckPort(service))
    problems.push(...portNumber(health, spec.healthCheckNodePort));
  else if (spec.healthCheckNodePort) {
    const text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    problems.push(...each(health, spec.healthCheckNodePort, [text]));
  }
  problems.push(...supportedOnly('spec.internalTrafficPolicy', spec.internalTrafficPolicy, TRAFFIC));
  const { trafficDistribution } = spec;
  if (trafficDistribution !== undefined && !DISTRIBUTIONS.includes(trafficDistribution)) {
    problems.push(notSupported('spec.trafficDistribution', trafficDistribution, DISTRIBUTIONS));
  }
  return problems;
}

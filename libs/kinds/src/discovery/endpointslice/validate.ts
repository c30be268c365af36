import {
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  invalid,
  labelValueProblems,
  parseIp,
  qualifiedName,
  required,
  strictIpReasons,
  unreachableReasons,
  validateLabels,
} from '#meta';
import type { Problem } from '#model';
import { jsonEquals } from '#std';
import { each, ipAddress, items, oneOf, supportedOnly } from '../../validation/checks.js';
import type { Endpoint, EndpointHints, EndpointSlice } from './schema.js';

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const ENDPOINTS_MAX = 1000;
const ADDRESSES_MAX = 100;
const PORTS_MAX = 20_000;
const HINTS_MAX = 8;
const TOPOLOGY_MAX = 16;

/** What is wrong with a slice, in the order in which Kubernetes looks; endpoints that it had before may stay. */
export function sliceProblems(slice: EndpointSlice, old?: EndpointSlice): readonly Problem[] {
  const keepsEndpoints = old !== undefined && jsonEquals(slice.endpoints, old.endpoints);
  return [
    ...oneOf('addressType', slice.addressType, ADDRESS_TYPES),
    ...portsProblems(slice),
    ...(keepsEndpoints ? [] : endpointsProblems(slice)),
  ];
}

export function sliceUpdateProblems(slice: EndpointSlice, old: EndpointSlice): readonly Problem[] {
  const problems = sliceProblems(slice, old);
  if (slice.addressType === old.addressType) return problems;
  return [...problems, invalid('addressType', slice.addressType, 'field is immutable')];
}

function endpointsProblems(slice: EndpointSlice): readonly Problem[] {
  const endpoints = items(slice.endpoints);
  if (endpoints.length > ENDPOINTS_MAX) return [tooMany('endpoints', endpoints.length, ENDPOINTS_MAX)];
  return endpoints.flatMap((endpoint, i) => endpointProblems(endpoint, slice.addressType, `endpoints[${i}]`));
}
function endpointProblems(endpoint: Endpoint, addressType: string, path: string): readonly Problem[] {
  const { nodeName, hostname, hints, deprecatedTopology } = endpoint;
  const problems: Problem[] = [...addressProblems(items(endpoint.addresses), addressType, `${path}.addresses`)];
  if (nodeName !== undefined) problems.push(...each(`${path}.nodeName`, nodeName, dns1123Subdomain(nodeName)));
  const topology = `${path}.deprecatedTopology`;
  const topologySize = Object.keys(deprecatedTopology ?? {}).length;
  if (topologySize > TOPOLOGY_MAX) problems.push(tooMany(topology, topologySize, TOPOLOGY_MAX));
  problems.push(...validateLabels(deprecatedTopology, topology));
  if (hostname !== undefined) problems.push(...each(`${path}.hostname`, hostname, dns1123Label(hostname)));
  return hints === undefined ? problems : [...problems, ...hintProblems(hints, `${path}.hints`)];
}

function addressProblems(addresses: readonly string[], addressType: string, path: string): readonly Problem[] {
  if (addresses.length === 0) return [required(path, 'must contain at least 1 address')];
  const crowd = addresses.length > ADDRESSES_MAX ? [tooMany(path, addresses.length, ADDRESSES_MAX)] : [];
  return [...crowd, ...addresses.flatMap((address, i) => addressProblem(address, addressType, path, `${path}[${i}]`))];
}
function addressProblem(address: string, addressType: string, list: string, path: string): readonly Problem[] {
  if (addressType === 'FQDN') return domainProblems(address, path);
  if (addressType !== 'IPv4' && addressType !== 'IPv6') return [];
  // Only the older of the two types takes several texts for one address.
  const wrong = addressType === 'IPv4' ? ipAddress(path, address) : each(path, address, strictIpReasons(address));
  const ip = parseIp(address);
  if (wrong.length > 0 || ip === undefined) return wrong;
  const foreign = ip.family === addressType ? [] : [invalid(list, address, `must be an ${addressType} address`)];
  return [...foreign, ...each(path, address, unreachableReasons(ip))];
}
function domainProblems(address: string, path: string): readonly Problem[] {
  if (address === '') return [required(path)];
  const name = address.replace(/\.$/, '');
  const wrong = dns1123Subdomain(name);
  if (wrong.length > 0) return each(path, name, wrong);
  const labels = name.split('.');
  if (labels.length < 2) return each(path, name, ['should be a domain with at least two segments separated by dots']);
  return labels.flatMap((label) => each(path, label, dns1123Label(label)));
}

function hintProblems(hints: EndpointHints, path: string): readonly Problem[] {
  return [
    ...namedHints(items(hints.forZones), `${path}.forZones`, labelValueProblems),
    ...namedHints(items(hints.forNodes), `${path}.forNodes`, dns1123Subdomain),
  ];
}
function namedHints(
  hints: readonly { readonly name: string }[],
  path: string,
  rule: (name: string) => readonly string[],
): readonly Problem[] {
  if (hints.length > HINTS_MAX) return [tooMany(path, hints.length, HINTS_MAX)];
  const seen = new Set<string>();
  return hints.flatMap(({ name }, i) => {
    const field = `${path}[${i}].name`;
    const twice = seen.has(name) ? [duplicate(field, name)] : [];
    seen.add(name);
    return [...twice, ...each(field, name, rule(name))];
  });
}

function portsProblems(slice: EndpointSlice): readonly Problem[] {
  const ports = items(slice.ports);
  if (ports.length > PORTS_MAX) return [tooMany('ports', ports.length, PORTS_MAX)];
  const names = new Set<string>();
  return ports.flatMap(({ name = '', protocol, appProtocol }, i) => {
    const path = `ports[${i}]`;
    const problems: Problem[] = name === '' ? [] : [...each(`${path}.name`, name, dns1123Label(name))];
    if (names.has(name)) problems.push(duplicate(`${path}.name`, name));
    names.add(name);
    problems.push(...supportedOnly(`${path}.protocol`, protocol, PROTOCOLS));
    if (appProtocol !== undefined)
      problems.push(...each(`${path}.appProtocol`, appProtocol, qualifiedName(appProtocol)));
    return problems;
  });
}

function tooMany(field: string, count: number, max: number): Problem {
  return { type: 'TooMany', field, value: count, detail: `must have at most ${max} items` };
}

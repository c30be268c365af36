import { dns1123Label, dns1123Subdomain, parseIp, qualifiedName, required, unreachableReasons } from '#meta';
import type { Problem } from '#model';
import { each, ipAddress, items, portNumber, supportedOnly } from '../../validation/checks.js';
import type { EndpointAddress, Endpoints, EndpointsPort, EndpointSubset } from './schema.js';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

/** What is wrong with endpoints, in the order in which Kubernetes looks. */
export function endpointsProblems(endpoints: Endpoints): readonly Problem[] {
  return items(endpoints.subsets).flatMap((subset, i) => subsetProblems(subset, `subsets[${i}]`));
}

function subsetProblems(subset: EndpointSubset, path: string): readonly Problem[] {
  const addresses = items(subset.addresses);
  const others = items(subset.notReadyAddresses);
  const ports = items(subset.ports);
  const none = addresses.length + others.length === 0;
  return [
    ...(none ? [required(path, 'must specify `addresses` or `notReadyAddresses`')] : []),
    ...addresses.flatMap((address, i) => addressProblems(address, `${path}.addresses[${i}]`)),
    ...others.flatMap((address, i) => addressProblems(address, `${path}.notReadyAddresses[${i}]`)),
    ...ports.flatMap((port, i) => portProblems(port, ports.length > 1, `${path}.ports[${i}]`)),
  ];
}

function addressProblems({ ip, hostname, nodeName }: EndpointAddress, path: string): readonly Problem[] {
  const field = `${path}.ip`;
  const parsed = parseIp(ip);
  return [
    ...ipAddress(field, ip),
    ...(hostname ? each(`${path}.hostname`, hostname, dns1123Label(hostname)) : []),
    ...(nodeName === undefined ? [] : each(`${path}.nodeName`, nodeName, dns1123Subdomain(nodeName))),
    // Whether it can be reached is a check of its own, which reads the address once more.
    ...each(field, ip, parsed === undefined ? ['must be a valid IP address'] : unreachableReasons(parsed)),
  ];
}

function portProblems(given: EndpointsPort, needsName: boolean, path: string): readonly Problem[] {
  const { name = '', port, protocol, appProtocol } = given;
  return [
    ...(name === '' && needsName ? [required(`${path}.name`)] : []),
    ...(name === '' ? [] : each(`${path}.name`, name, dns1123Label(name))),
    ...portNumber(`${path}.port`, port),
    ...supportedOnly(`${path}.protocol`, protocol, PROTOCOLS),
    ...(appProtocol === undefined ? [] : each(`${path}.appProtocol`, appProtocol, qualifiedName(appProtocol))),
  ];
}

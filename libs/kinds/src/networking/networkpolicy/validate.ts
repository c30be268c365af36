import { cidrContains, forbidden, invalid, networkOf, notSupported, parseCidr, required } from '#meta';
import type { LabelSelector } from '#model';
import { each, inRange, items, portName, portNumber, type Problems } from '../../validation/checks.js';
import { validateLabelSelector } from '../../validation/labels.js';
import type { IpBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from './schema.js';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const TYPES = ['Ingress', 'Egress'];
const CIDR_WORDS = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** Problems of a network policy, in Kubernetes' order. */
export function networkPolicyProblems({ spec }: NetworkPolicy): Problems {
  return [
    ...validateLabelSelector('spec.podSelector', spec.podSelector),
    ...items(spec.ingress).flatMap(({ ports, from }, i) => ruleProblems(`spec.ingress[${i}]`, ports, { from })),
    ...items(spec.egress).flatMap(({ ports, to }, i) => ruleProblems(`spec.egress[${i}]`, ports, { to })),
    ...typeProblems(spec.policyTypes),
  ];
}

function ruleProblems(
  field: string,
  ports: readonly NetworkPolicyPort[] | undefined,
  peers: Readonly<Record<string, readonly NetworkPolicyPeer[] | undefined>>,
): Problems {
  return [
    ...items(ports).flatMap((port, i) => portProblems(`${field}.ports[${i}]`, port)),
    ...Object.entries(peers).flatMap(([name, list]) =>
      items(list).flatMap((peer, i) => peerProblems(`${field}.${name}[${i}]`, peer)),
    ),
  ];
}

function portProblems(field: string, { protocol, port, endPort }: NetworkPolicyPort): Problems {
  return [
    ...(protocol === undefined || PROTOCOLS.includes(protocol)
      ? []
      : [notSupported(`${field}.protocol`, protocol, PROTOCOLS)]),
    ...(typeof port === 'number' ? portNumber(`${field}.port`, port) : []),
    ...(typeof port === 'string' ? each(`${field}.port`, port, portName(port)) : []),
    ...(endPort === undefined ? [] : endPortProblems(`${field}.endPort`, port, endPort)),
  ];
}
function endPortProblems(field: string, port: number | string | undefined, endPort: number): Problems {
  if (port === undefined) return each(field, endPort, ['may not be specified when `port` is not specified']);
  if (typeof port === 'string') return each(field, endPort, ['may not be specified when `port` is non-numeric']);
  return [
    // The value of this problem is the first port, as Kubernetes prints it.
    ...(endPort < port ? each(field, port, ['must be greater than or equal to `port`']) : []),
    ...inRange(field, endPort, 1, 65_535),
  ];
}

function peerProblems(field: string, { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer): Problems {
  const selectors = [
    ['podSelector', podSelector],
    ['namespaceSelector', namespaceSelector],
  ] as const;
  const given = selectors.filter((pair): pair is [(typeof pair)[0], LabelSelector] => pair[1] !== undefined);
  const problems = [
    ...given.flatMap(([name, selector]) => validateLabelSelector(`${field}.${name}`, selector)),
    ...(ipBlock === undefined ? [] : blockProblems(`${field}.ipBlock`, ipBlock)),
  ];
  if (given.length === 0 && ipBlock === undefined) return [...problems, required(field, 'must specify a peer')];
  if (given.length > 0 && ipBlock !== undefined) {
    return [...problems, forbidden(field, 'may not specify both ipBlock and another peer')];
  }
  return problems;
}

function blockProblems(field: string, { cidr, except }: IpBlock): Problems {
  if (cidr === '') return [required(`${field}.cidr`)];
  const range = parseCidr(cidr);
  if (range === undefined) return each(`${field}.cidr`, cidr, [CIDR_WORDS]);
  return items(except).flatMap((text, i) => {
    const at = `${field}.except[${i}]`;
    const left = parseCidr(text);
    if (left === undefined) return each(at, text, [CIDR_WORDS]);
    const isStrict = cidrContains(networkOf(range), left.address) && left.bits > range.bits;
    return isStrict ? [] : each(at, text, ['must be a strict subset of `cidr`']);
  });
}

function typeProblems(types: readonly string[] | undefined): Problems {
  if (items(types).length > TYPES.length) {
    return [invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  }
  return items(types).flatMap((type, i) =>
    TYPES.includes(type) ? [] : [notSupported(`spec.policyTypes[${i}]`, type, TYPES)],
  );
}

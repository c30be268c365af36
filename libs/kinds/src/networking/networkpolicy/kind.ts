import { cidrWarnings, selectorText } from '#meta';
import { standardKind } from '#model';
import { ageColumn, column, nameColumn } from '../../columns.js';
import { items } from '../../validation/checks.js';
import { networkPolicy, type NetworkPolicy, type NetworkPolicyPeer } from './schema.js';
import { networkPolicyProblems } from './validate.js';

/** Says which traffic pods may have. */
export const networkPolicyKind = standardKind<NetworkPolicy>({
  names: {
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'NetworkPolicy',
    plural: 'networkpolicies',
    shortNames: ['netpol'],
    namespaced: true,
  },
  schema: networkPolicy,
  columns: [
    nameColumn,
    column<NetworkPolicy>(
      'Pod-Selector',
      'Pods that it isolates',
      ({ spec }) => selectorText(spec.podSelector) || '<none>',
    ),
    ageColumn,
  ],
  strategy: {
    generation: 'managed',
    applyDefaults: withPolicyTypes,
    // A change is looked at twice: as a new policy, and as a change.
    revalidatesMetadata: true,
    validate: networkPolicyProblems,
    validateUpdate: (object) => [...networkPolicyProblems(object), ...networkPolicyProblems(object)],
    warnings: rangeWarnings,
  },
});

/** A policy isolates incoming traffic, and outgoing traffic where it has rules for it. */
function withPolicyTypes(object: NetworkPolicy): NetworkPolicy {
  const { spec } = object;
  if (items(spec.policyTypes).length > 0) return object;
  const policyTypes = ['Ingress', ...(items(spec.egress).length > 0 ? ['Egress'] : [])];
  return { ...object, spec: { ...spec, policyTypes } };
}

function rangeWarnings({ spec }: NetworkPolicy): readonly string[] {
  return [
    ...items(spec.ingress).flatMap(({ from }, i) => peerWarnings(`spec.ingress[${i}].from`, from)),
    ...items(spec.egress).flatMap(({ to }, i) => peerWarnings(`spec.egress[${i}].to`, to)),
  ];
}
function peerWarnings(field: string, peers: readonly NetworkPolicyPeer[] | undefined): readonly string[] {
  return items(peers).flatMap(({ ipBlock }, i) => {
    if (ipBlock === undefined) return [];
    const at = `${field}[${i}].ipBlock`;
    return [
      ...cidrWarnings(`${at}.cidr`, ipBlock.cidr),
      ...items(ipBlock.except).flatMap((range, j) => cidrWarnings(`${at}.except[${j}]`, range)),
    ];
  });
}

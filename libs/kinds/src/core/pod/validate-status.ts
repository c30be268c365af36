import { dns1123Subdomain, duplicate, forbidden, invalid, ipWarnings, qualifiedName } from '#meta';
import type { Problem } from '#model';
import type { Container, Pod, ContainerStatus, PodStatus } from '#pod';
import { each, idNumber, items, type Problems } from '../../validation/checks.js';
import { familyProblems, newAddressProblems } from '../../pod-template/validation/families.js';

/** What a node may say of a pod, beside what it said before. */
export function validatePodStatus(object: Pod, old: Pod): Problems {
  const status: PodStatus = object.status ?? {};
  const before: PodStatus = old.status ?? {};
  return [
    ...conditionProblems(status),
    ...nominationProblems(status, before),
    ...generationProblems('status', status.observedGeneration),
    ...(status.qosClass === before.qosClass
      ? []
      : [invalid('status.qosClass', status.qosClass ?? '', 'field is immutable')]),
    ...LISTS.flatMap((list) => revivalProblems(`status.${list}`, status[list], before[list], restarts(old, list))),
    ...claimProblems(
      status,
      items(object.spec.resourceClaims).map((claim) => claim.name),
    ),
    ...addressProblems('podIPs', status, before),
    ...hostProblems(status, before),
    ...LISTS.flatMap((list) => userProblems(`status.${list}`, status[list], object.spec.os?.name ?? 'linux')),
  ];
}

export function podStatusWarnings({ status }: Pod): readonly string[] {
  return (['podIPs', 'hostIPs'] as const).flatMap((list) =>
    items(status?.[list]).flatMap(({ ip }, i) => ipWarnings(`status.${list}[${i}].ip`, ip)),
  );
}

/** Aspects that Kubernetes itself knows need not be looked at. */
const OWN_CONDITIONS = ['PodScheduled', 'Ready', 'Initialized'];
function conditionProblems({ conditions }: PodStatus): Problems {
  return items(conditions).flatMap(({ type, observedGeneration }, i) => {
    const at = `status.conditions[${i}]`;
    const isOwn = OWN_CONDITIONS.includes(type);
    return [
      ...generationProblems(at, observedGeneration),
      ...(isOwn ? [] : each(`${at}.Type`, type, qualifiedName(type))),
    ];
  });
}
function generationProblems(at: string, generation = 0): Problems {
  return generation < 0 ? [invalid(`${at}.observedGeneration`, generation, 'must be a non-negative integer')] : [];
}
function nominationProblems({ nominatedNodeName: name = '' }: PodStatus, before: PodStatus): Problems {
  if (name === '' || name === before.nominatedNodeName) return [];
  return each('status.nominatedNodeName', name, dns1123Subdomain(name));
}

const LISTS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;
type RestartRule = (name: string, exitCode: number) => boolean;

/** A container that has ended runs again only where it may be restarted. */
function revivalProblems(
  field: string,
  statuses: readonly ContainerStatus[] | undefined,
  before: readonly ContainerStatus[] | undefined,
  mayRestart: RestartRule,
): Problems {
  return items(before).flatMap(({ name, state }, i) => {
    const ended = state?.terminated;
    const now = items(statuses).filter((status) => status.name === name && !status.state?.terminated);
    if (!ended || now.length === 0 || mayRestart(name, ended.exitCode)) return [];
    return [forbidden(`${field}[${i}].state`, 'may not be transitioned to non-terminated state')];
  });
}

function restarts({ spec }: Pod, list: (typeof LISTS)[number]): RestartRule {
  if (list === 'ephemeralContainerStatuses') return () => false;
  const containers = items(list === 'containerStatuses' ? spec.containers : spec.initContainers);
  return (name, exitCode) => {
    const container = containers.find((c) => c.name === name);
    return container !== undefined && isRestarted(container, spec.restartPolicy, exitCode);
  };
}
function isRestarted(container: Container, ofPod: string | undefined, exitCode: number): boolean {
  const { restartPolicy, restartPolicyRules } = container;
  if (restartPolicy !== undefined) {
    const rule = items(restartPolicyRules).find(({ exitCodes }) => {
      if (!exitCodes) return false;
      const isListed = items(exitCodes.values).includes(exitCode);
      return exitCodes.operator === 'In' ? isListed : exitCodes.operator === 'NotIn' && !isListed;
    });
    if (rule?.action === 'Restart') return true;
  }
  const policy = restartPolicy ?? ofPod;
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never';
}

function claimProblems({ resourceClaimStatuses }: PodStatus, known: readonly string[]): Problems {
  const seen = new Set<string>();
  return items(resourceClaimStatuses).flatMap(({ name, resourceClaimName: claim }, i) => {
    const at = `status.resourceClaimStatuses[${i}].name`;
    const found: Problem[] = [];
    if (!known.includes(name))
      found.push(invalid(at, name, 'must match the name of an entry in `spec.resourceClaims`'));
    if (seen.has(name)) found.push(duplicate(at, name));
    seen.add(name);
    return claim === undefined ? found : [...found, ...each(at, claim, dns1123Subdomain(claim))];
  });
}

function addressProblems(list: 'podIPs' | 'hostIPs', status: PodStatus, before: PodStatus): Problems {
  const field = `status.${list}`;
  const addresses = items(status[list]).map(({ ip }) => ip);
  return [
    ...newAddressProblems(
      field,
      addresses,
      items(before[list]).map(({ ip }) => ip),
    ),
    ...familyProblems(
      field,
      addresses,
      'IP',
      addresses.map((ip) => ({ IP: ip })),
    ),
  ];
}
/** The single address of the node is the first of its list. */
function hostProblems(status: PodStatus, before: PodStatus): Problems {
  const first = items(status.hostIPs)[0];
  if (first === undefined) return [];
  const isSame = (status.hostIP ?? '') === first.ip;
  return [
    ...(isSame ? [] : [invalid('status.hostIPs[0].ip', first.ip, 'must be equal to `hostIP`')]),
    ...addressProblems('hostIPs', status, before),
  ];
}

function userProblems(field: string, statuses: readonly ContainerStatus[] | undefined, os: string): Problems {
  return items(statuses).flatMap(({ user }, i): Problems => {
    const at = `${field}[${i}].user.linux`;
    if (!user?.linux) return [];
    if (os === 'windows') return [forbidden(at, 'cannot be set for a windows pod')];
    if (os !== 'linux') return [];
    const { uid, gid, supplementalGroups } = user.linux;
    return [
      ...idNumber(`${at}.uid`, uid),
      ...idNumber(`${at}.gid`, gid),
      ...items(supplementalGroups).flatMap((group, j) => idNumber(`${at}.supplementalGroups[${j}]`, group)),
    ];
  });
}

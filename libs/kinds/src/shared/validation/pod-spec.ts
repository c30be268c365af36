import { byteLength, dns1123Label, dns1123Subdomain, forbidden, invalid, qualifiedName, required } from '#meta';
import type { Problem } from '#model';
import type { PodResourceClaim, PodSpec } from '../pod-spec.schema.js';
import { validateAffinity, validateSpread, validateTolerations } from './affinity.js';
import { each, inRange, ipAddress, items, oneOf, type Problems, supportedOnly } from './checks.js';
import {
  validateContainers,
  validateEnvFiles,
  validateEphemeralContainers,
  validateInitContainers,
} from './containers.js';
import { validateLabels } from './labels.js';
import { validatePodResources } from './pod-resources.js';
import { amounts } from './resources.js';
import { validateOs, validatePodSecurity } from './security.js';
import { validateVolumes } from './volumes.js';

/** All that is wrong with a pod's spec, in the order in which Kubernetes looks. */
export function validatePodSpec(field: string, spec: PodSpec): Problems {
  const { found, byName } = validateVolumes(`${field}.volumes`, spec.volumes);
  const claims = items(spec.resourceClaims).map((claim) => claim.name);
  const rules = { spec, volumes: byName, claims };
  return [
    ...found,
    ...claimProblems(`${field}.resourceClaims`, spec.resourceClaims),
    ...validateContainers(`${field}.containers`, rules),
    ...validateInitContainers(`${field}.initContainers`, rules),
    ...validateEphemeralContainers(`${field}.ephemeralContainers`, rules),
    ...validateEnvFiles(field, spec),
    ...validatePodResources(`${field}.resources`, spec),
    ...oneOf(`${field}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']),
    ...oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']),
    ...validateLabels(`${field}.nodeSelector`, spec.nodeSelector),
    ...validatePodSecurity(`${field}.securityContext`, spec),
    ...validateAffinity(`${field}.affinity`, spec.affinity),
    ...dnsProblems(`${field}.dnsConfig`, spec),
    ...items(spec.readinessGates).flatMap(({ conditionType }, i) =>
      each(`${field}.readinessGates[${i}].conditionType`, conditionType, qualifiedName(conditionType)),
    ),
    ...gateProblems(`${field}.schedulingGates`, spec),
    ...validateSpread(`${field}.topologySpreadConstraints`, spec.topologySpreadConstraints),
    ...hostUsersProblems(field, spec),
    ...nameProblems(field, spec),
    ...validateTolerations(`${field}.tolerations`, spec.tolerations),
    ...aliasProblems(`${field}.hostAliases`, spec),
    ...classProblems(field, spec),
    ...validateOs(field, spec),
  ];
}

function claimProblems(field: string, claims: readonly PodResourceClaim[] | undefined): Problems {
  const names = new Set<string>();
  return items(claims).flatMap((claim, i) => {
    const at = `${field}[${i}]`;
    const found: Problem[] = [];
    if (claim.name === '') found.push(required(`${at}.name`));
    else if (names.has(claim.name))
      found.push({ type: 'Duplicate', field: `${at}.name`, value: claim.name, detail: '' });
    else found.push(...each(`${at}.name`, claim.name, dns1123Label(claim.name)));
    names.add(claim.name);
    const { resourceClaimName: name, resourceClaimTemplateName: template } = claim;
    if (name === undefined && template === undefined) {
      found.push(
        invalid(at, printedClaim(claim), 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'),
      );
    }
    if (name !== undefined && template !== undefined) {
      found.push(
        invalid(
          at,
          printedClaim(claim),
          'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
        ),
      );
    }
    if (name !== undefined) found.push(...each(`${at}.resourceClaimName`, name, dns1123Subdomain(name)));
    if (template !== undefined)
      found.push(...each(`${at}.resourceClaimTemplateName`, template, dns1123Subdomain(template)));
    return found;
  });
}
function printedClaim(claim: PodResourceClaim): unknown {
  return {
    Name: claim.name,
    ResourceClaimName: claim.resourceClaimName ?? null,
    ResourceClaimTemplateName: claim.resourceClaimTemplateName ?? null,
  };
}

function dnsProblems(field: string, { dnsPolicy, dnsConfig }: PodSpec): Problems {
  const servers = items(dnsConfig?.nameservers);
  if (dnsPolicy === 'None') {
    if (!dnsConfig) return [required(field, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if (servers.length === 0)
      return [required(`${field}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
  }
  if (!dnsConfig) return [];
  const found: Problem[] = [];
  if (servers.length > 3) found.push(invalid(`${field}.nameservers`, servers, 'must not have more than 3 nameservers'));
  servers.forEach((ip, i) => found.push(...ipAddress(`${field}.nameservers[${i}]`, ip)));
  const searches = items(dnsConfig.searches);
  if (searches.length > 32)
    found.push(invalid(`${field}.searches`, searches, 'must not have more than 32 search paths'));
  searches.forEach((path, i) => {
    const name = path.replace(/\.$/, '').replaceAll('_', '-');
    if (path !== '.') found.push(...each(`${field}.searches[${i}]`, path, dns1123Subdomain(name)));
  });
  items(dnsConfig.options).forEach(({ name }, i) => {
    if (!name) found.push(required(`${field}.options[${i}]`, 'must not be empty'));
  });
  return found;
}

function gateProblems(field: string, { schedulingGates }: PodSpec): Problems {
  const seen = new Set<string>();
  return items(schedulingGates).flatMap(({ name }, i) => {
    const at = `${field}[${i}]`;
    const found: Problem[] = [...each(at, name, qualifiedName(name))];
    if (seen.has(name)) found.push({ type: 'Duplicate', field: at, value: name, detail: '' });
    seen.add(name);
    return found;
  });
}

/** Users of its own need namespaces of its own. */
function hostUsersProblems(field: string, spec: PodSpec): Problems {
  if (spec.hostUsers !== false) return [];
  const named = [
    [spec.hostNetwork, 'hostNetwork'],
    [spec.hostPID, 'HostPID'],
    [spec.hostIPC, 'HostIPC'],
  ] as const;
  return named.flatMap(([shared, name]) =>
    shared ? [forbidden(`${field}.${name}`, 'when `hostUsers` is false')] : [],
  );
}

function nameProblems(field: string, spec: PodSpec): Problems {
  const found: Problem[] = [];
  if (spec.serviceAccountName)
    found.push(
      ...each(`${field}.serviceAccountName`, spec.serviceAccountName, dns1123Subdomain(spec.serviceAccountName)),
    );
  if (spec.nodeName) found.push(...each(`${field}.nodeName`, spec.nodeName, dns1123Subdomain(spec.nodeName)));
  if (spec.activeDeadlineSeconds !== undefined) {
    found.push(...inRange(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds, 1, 2 ** 31 - 1));
  }
  if (spec.hostname) found.push(...each(`${field}.hostname`, spec.hostname, dns1123Label(spec.hostname)));
  if (spec.subdomain) found.push(...each(`${field}.subdomain`, spec.subdomain, dns1123Label(spec.subdomain)));
  if (spec.hostnameOverride !== undefined) {
    if (spec.setHostnameAsFQDN)
      found.push(forbidden(`${field}.hostnameOverride`, 'may not be specified when setHostnameAsFQDN is true'));
    if (spec.hostNetwork)
      found.push(forbidden(`${field}.hostnameOverride`, 'may not be specified when hostNetwork is true'));
    const at = `${field}.hostnameOverride`;
    if (byteLength(spec.hostnameOverride) > 64)
      found.push({ type: 'TooLong', field: at, detail: 'may not be more than 64 bytes' });
    found.push(...each(at, spec.hostnameOverride, dns1123Subdomain(spec.hostnameOverride)));
  }
  return found;
}

function aliasProblems(field: string, { hostAliases }: PodSpec): Problems {
  return items(hostAliases).flatMap(({ ip, hostnames }, i) => [
    ...ipAddress(`${field}[${i}].ip`, ip),
    ...items(hostnames).flatMap((name, j) => each(`${field}[${i}].hostnames[${j}]`, name, dns1123Subdomain(name))),
  ]);
}

function classProblems(field: string, spec: PodSpec): Problems {
  const found: Problem[] = [];
  const { priorityClassName, runtimeClassName } = spec;
  if (priorityClassName)
    found.push(...each(`${field}.priorityClassName`, priorityClassName, dns1123Subdomain(priorityClassName)));
  if (runtimeClassName !== undefined)
    found.push(...each(`${field}.runtimeClassName`, runtimeClassName, dns1123Subdomain(runtimeClassName)));
  found.push(...supportedOnly(`${field}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never']));
  return [...found, ...amounts(`${field}.overhead.limits`, spec.overhead ?? {})];
}

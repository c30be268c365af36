import {
  byteLength,
  dns1123Label,
  dns1123Subdomain,
  dns1123SubdomainWithUnderscore,
  duplicate,
  forbidden,
  invalid,
  qualifiedName,
  required,
  tooLong,
  validateLabels,
} from '#meta';
import type { Problem } from '#model';
import type { PodResourceClaim, PodSpec } from '#pod';
import { validateAffinity, validateSpread, validateTolerations } from './affinity.js';
import { each, inRange, ipAddress, items, oneOf, type Problems } from '../../validation/checks.js';
import {
  validateContainers,
  validateEnvFiles,
  validateEphemeralContainers,
  validateInitContainers,
} from './containers.js';
import { validatePodResources } from './pod-resources.js';
import { validateResources } from './resources.js';
import { validatePodSecurity } from './security.js';
import { validateVolumes } from './volumes.js';
import { validateHostProcess, validateOs } from './windows.js';

/** What a spec is checked beside. */
export interface SpecContext {
  /** The pod that the spec is of; undefined for a template. */
  readonly pod?: { readonly name: string };
  /** What is to be changed: what it says already may stay. */
  readonly old?: PodSpec | undefined;
}

/** All that is wrong with a pod's spec, in the order in which Kubernetes looks. */
export function validatePodSpec(field: string, spec: PodSpec, { pod, old }: SpecContext = {}): Problems {
  const isPod = pod !== undefined;
  const { found, byName } = validateVolumes(`${field}.volumes`, spec.volumes, pod?.name);
  const claims = items(spec.resourceClaims).map((claim) => claim.name);
  const rules = { spec, volumes: byName, claims };
  return [
    ...found,
    ...claimProblems(`${field}.resourceClaims`, spec.resourceClaims),
    ...validateContainers(`${field}.containers`, rules),
    ...validateInitContainers(`${field}.initContainers`, rules),
    ...validateEphemeralContainers(`${field}.ephemeralContainers`, rules),
    ...validatePodResources(`${field}.resources`, spec),
    ...hostPortProblems(`${field}.containers`, spec, isPod),
    ...oneOf(`${field}.restartPolicy`, spec.restartPolicy, ['Always', 'OnFailure', 'Never']),
    ...oneOf(`${field}.dnsPolicy`, spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']),
    ...validateLabels(spec.nodeSelector, `${field}.nodeSelector`),
    ...validatePodSecurity(`${field}.securityContext`, spec, old),
    ...validateAffinity(`${field}.affinity`, spec.affinity),
    ...dnsProblems(`${field}.dnsConfig`, spec),
    ...items(spec.readinessGates).flatMap(({ conditionType }, i) =>
      each(`${field}.readinessGates[${i}].conditionType`, conditionType, qualifiedName(conditionType)),
    ),
    ...gateProblems(`${field}.schedulingGates`, spec),
    ...validateSpread(`${field}.topologySpreadConstraints`, spec.topologySpreadConstraints),
    ...validateHostProcess(field, spec),
    ...hostUsersProblems(field, spec, old),
    ...hostNameProblems(`${field}.hostnameOverride`, spec),
    ...nameProblems(field, spec),
    ...validateTolerations(`${field}.tolerations`, spec.tolerations),
    ...aliasProblems(`${field}.hostAliases`, spec),
    ...classProblems(field, spec),
    ...validateOs(field, spec),
    ...validateEnvFiles(field, spec),
  ];
}

function claimProblems(field: string, claims: readonly PodResourceClaim[] | undefined): Problems {
  const names = new Set<string>();
  return items(claims).flatMap((claim, i) => {
    const at = `${field}[${i}]`;
    const found: Problem[] = [];
    if (claim.name === '') found.push(required(`${at}.name`));
    else if (names.has(claim.name)) found.push(duplicate(`${at}.name`, claim.name));
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

const SEARCH_LIST_BYTES = 2048;

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
  // The resolver reads them from one line, with blanks between them.
  if (byteLength(searches.join(' ')) > SEARCH_LIST_BYTES) {
    const words = `must not have more than ${SEARCH_LIST_BYTES} characters (including spaces) in the search list`;
    found.push(invalid(`${field}.searches`, searches, words));
  }
  searches.forEach((path, i) => {
    const name = path.replace(/\.$/, '');
    if (path !== '.') found.push(...each(`${field}.searches[${i}]`, name, dns1123SubdomainWithUnderscore(name)));
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
    if (seen.has(name)) found.push(duplicate(at, name));
    seen.add(name);
    return found;
  });
}

/** Users of its own need namespaces of its own, and no devices, which have owners of their own. */
function hostUsersProblems(field: string, spec: PodSpec, old: PodSpec | undefined): Problems {
  if (spec.hostUsers !== false) return [];
  const named = [
    [spec.hostNetwork, `${field}.hostNetwork`],
    [spec.hostPID, `${field}.HostPID`],
    [spec.hostIPC, `${field}.HostIPC`],
  ] as const;
  const hadDevices = old?.hostUsers === false && withDevices('', old).length > 0;
  const wrong = [
    ...named.flatMap(([shared, at]) => (shared ? [at] : [])),
    ...(hadDevices ? [] : withDevices(field, spec).map((at) => `${at}.volumeDevices`)),
  ];
  return wrong.map((at) => forbidden(at, 'when `hostUsers` is false'));
}

function withDevices(field: string, spec: PodSpec): readonly string[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    items(spec[list]).flatMap(({ volumeDevices }, i) =>
      items(volumeDevices).length > 0 ? [`${field}.${list}[${i}]`] : [],
    ),
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
  return found;
}

/** A name that the pod itself sees instead of the one that DNS knows. */
function hostNameProblems(
  field: string,
  { hostnameOverride: name, setHostnameAsFQDN, hostNetwork }: PodSpec,
): Problems {
  if (name === undefined) return [];
  const found: Problem[] = [];
  if (setHostnameAsFQDN) found.push(forbidden(field, 'may not be specified when setHostnameAsFQDN is true'));
  if (hostNetwork) found.push(forbidden(field, 'may not be specified when hostNetwork is true'));
  if (byteLength(name) > 64) found.push(tooLong(field, 64));
  return [...found, ...each(field, name, dns1123Subdomain(name))];
}

/** In the node's network a container's port is the node's. A template may leave that to the pods that are made of it. */
function hostPortProblems(field: string, { hostNetwork, containers }: PodSpec, isPod: boolean): Problems {
  if (!hostNetwork) return [];
  return items(containers).flatMap((container, i) =>
    items(container.ports).flatMap(({ hostPort = 0, containerPort }, j) => {
      if (hostPort === containerPort || (hostPort === 0 && !isPod)) return [];
      const at = `${field}[${i}].ports[${j}].hostPort`;
      return [invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true')];
    }),
  );
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
  found.push(
    ...(spec.preemptionPolicy === undefined
      ? []
      : oneOf(`${field}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'])),
  );
  return [
    ...found,
    ...validateResources(`${field}.overhead`, spec.overhead && { limits: spec.overhead }, { claims: [] }),
  ];
}

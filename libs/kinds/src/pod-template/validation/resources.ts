import {
  compareQuantities,
  dns1123Label,
  duplicate,
  forbidden,
  invalid,
  type Quantity,
  quantityMilliValue,
  quantityOf,
  quantityText,
  qualifiedName,
  required,
} from '#meta';
import type { Problem } from '#model';
import type { ContainerResizePolicy, ResourceClaim, ResourceRequirements } from '#pod';
import { valueOf } from '#std';
import { each, items, notFound, supportedOnly, type Problems } from '../../validation/checks.js';

export type ResourceList = Readonly<Record<string, string>>;
const CONTAINER_RESOURCES = ['cpu', 'memory', 'ephemeral-storage'];
/** What quotas count. */
const COUNTED = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
];
/** Names without a domain that quotas and claims know too. */
const STANDARD = new Set([
  ...CONTAINER_RESOURCES,
  ...CONTAINER_RESOURCES.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  ...COUNTED,
  'storage',
  'requests.storage',
]);
export const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
/** Resources of other domains; quotas must be able to put their word in front. */
const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0;
/** Resources that come in whole pieces. */
const isWhole = (name: string): boolean => COUNTED.includes(name) || isExtended(name);
/** Only what can be given back while in use may be promised more often than it is there. */
const isShareable = (name: string): boolean => isNative(name) && !isHugePages(name);

/** Which resources may be asked for. */
export type ResourceNames = (field: string, name: string) => Problems;

export interface ResourceRules {
  /** Names of the pod's resource claims. */
  readonly claims: readonly string[];
  /** Those of a container where nothing is said. */
  readonly names?: ResourceNames;
}

export function validateResources(
  field: string,
  resources: ResourceRequirements | undefined,
  { claims, names = containerResource }: ResourceRules,
): Problems {
  if (!resources) return [];
  const limits = resources.limits ?? {};
  const requests = resources.requests ?? {};
  const found: Problem[] = [
    ...Object.entries(limits).flatMap(([name, text]) => amount(`${field}.limits[${name}]`, name, text, names)),
    ...Object.entries(requests).flatMap(([name, text]) => [
      ...amount(`${field}.requests[${name}]`, name, text, names),
      ...againstLimit(field, name, requests, limits),
    ]),
  ];
  const asked = [...Object.keys(limits), ...Object.keys(requests)];
  if (asked.some(isHugePages) && !asked.includes('cpu') && !asked.includes('memory')) {
    found.push(forbidden(field, 'HugePages require cpu or memory'));
  }
  return [...found, ...claimProblems(`${field}.claims`, resources.claims, claims)];
}

function amount(field: string, name: string, text: string, names: ResourceNames): Problems {
  const quantity = quantityOf(text);
  return [...names(field, name), ...amountProblems(field, name, quantity), ...hugePageSize(field, name, quantity)];
}

/** A name that some list of resources knows. */
export function resourceName(field: string, name: string): Problems {
  const found = each(field, name, qualifiedName(name));
  if (found.length > 0 || name.includes('/') || STANDARD.has(name) || isHugePages(name)) return found;
  return [invalid(field, name, 'must be a standard resource type or fully qualified')];
}

function containerResource(field: string, name: string): Problems {
  const found: Problem[] = [...resourceName(field, name)];
  if (!name.includes('/')) {
    if (!CONTAINER_RESOURCES.includes(name) && !isHugePages(name))
      found.push(invalid(field, name, 'must be a standard resource for containers'));
  } else if (!isNative(name) && !isExtended(name)) {
    found.push(invalid(field, name, "doesn't follow extended resource name standard"));
  }
  return found;
}

/** How much there may be of a resource: nothing below zero, and whole pieces of what is counted. */
export function amountProblems(field: string, name: string, quantity: Quantity): Problems {
  const text = quantityText(quantity);
  const isPart = isWhole(name) && quantityMilliValue(quantity) % 1000 !== 0;
  return [
    ...(quantity.nanos < 0n ? [invalid(field, text, 'must be greater than or equal to 0')] : []),
    ...(isPart ? [invalid(field, text, 'must be an integer')] : []),
  ];
}

function hugePageSize(field: string, name: string, quantity: Quantity): Problems {
  if (!isHugePages(name)) return [];
  const page = quantityOf(name.slice('hugepages-'.length));
  if (page.nanos > 0n && quantity.nanos % page.nanos === 0n && quantity.nanos >= 0n) return [];
  const text = quantityText(quantity);
  return [invalid(field, text, `${text} is not positive integer multiple of ${name}`)];
}

function againstLimit(field: string, name: string, requests: ResourceList, limits: ResourceList): Problems {
  const limitText = valueOf(limits, name);
  const request = quantityOf(requests[name]);
  if (limitText === undefined) {
    if (isShareable(name)) return [];
    return [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')];
  }
  const limit = quantityOf(limitText);
  const order = compareQuantities(request, limit);
  const text = quantityText(request);
  if (order !== 0 && !isShareable(name)) {
    return [invalid(`${field}.requests`, text, `must be equal to ${name} limit of ${quantityText(limit)}`)];
  }
  if (order <= 0) return [];
  return [invalid(`${field}.requests`, text, `must be less than or equal to ${name} limit of ${quantityText(limit)}`)];
}

function claimProblems(
  field: string,
  claims: readonly ResourceClaim[] | undefined,
  known: readonly string[],
): Problems {
  const seen = new Set<string>();
  const names = [...new Set(known)].filter((name) => name !== '').sort();
  return items(claims).flatMap((claim, i): Problems => {
    const at = `${field}[${i}]`;
    if (claim.name === '') return [required(at)];
    const found = [...useProblems(at, claim, seen)];
    seen.add(useOf(claim));
    if (!names.includes(claim.name)) {
      const which = names.length === 0 ? ' which is empty' : `: ${names.join(', ')}`;
      found.push(notFound(at, claim.name, `must be one of the names in pod.spec.resourceClaims${which}`));
    }
    return found;
  });
}

const useOf = ({ name, request }: ResourceClaim): string => (request ? `${name}/${request}` : name);

/** A claim is used as a whole once, or each of its requests once. */
function useProblems(at: string, claim: ResourceClaim, seen: ReadonlySet<string>): Problems {
  const { name, request } = claim;
  if (seen.has(name)) return [duplicate(at, name)];
  const label = request ? each(`${at}.request`, request, dns1123Label(request)) : [];
  if (seen.has(useOf(claim))) return [...label, duplicate(at, useOf(claim))];
  if (request) return label;
  return [...seen].filter((use) => use.startsWith(`${name}/`)).map(() => duplicate(at, name));
}

export function validateResizePolicy(
  field: string,
  policies: readonly ContainerResizePolicy[] | undefined,
  podRestartPolicy: string | undefined,
): Problems {
  const seen = new Set<string>();
  return items(policies).flatMap(({ resourceName: resource, restartPolicy }, i) => {
    const found: Problem[] = [];
    if (seen.has(resource)) found.push(duplicate(`${field}[${i}]`, resource));
    seen.add(resource);
    if (resource === '') found.push(required(field));
    else found.push(...supportedOnly(field, resource, ['cpu', 'memory']));
    if (restartPolicy === '') found.push(required(field));
    else found.push(...supportedOnly(field, restartPolicy, ['NotRequired', 'RestartContainer']));
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      found.push(invalid(field, restartPolicy, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
    }
    return found;
  });
}

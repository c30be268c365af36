import {
  compareQuantities,
  dns1123Label,
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
import type { ContainerResizePolicy, ResourceClaim, ResourceRequirements } from '../resources.schema.js';
import { each, items, notFound, type Problems, supportedOnly } from './checks.js';

type ResourceList = Readonly<Record<string, string>>;

const CONTAINER_RESOURCES = ['cpu', 'memory', 'ephemeral-storage'];
/** Names without a domain that quotas and claims know too. */
const STANDARD = new Set([
  ...CONTAINER_RESOURCES,
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'storage',
  'requests.storage',
  'services.nodeports',
  'services.loadbalancers',
]);
const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
const isExtended = (name: string): boolean =>
  name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');
/** Only what can be given back while in use may be promised more often than it is there. */
const isShareable = (name: string): boolean =>
  (!name.includes('/') || name.includes('kubernetes.io/')) && !isHugePages(name);

export interface ResourceRules {
  /** Names of the pod's resource claims. */
  readonly claims: readonly string[];
}

export function validateResources(
  field: string,
  resources: ResourceRequirements | undefined,
  rules: ResourceRules,
): Problems {
  if (!resources) return [];
  const limits = resources.limits ?? {};
  const requests = resources.requests ?? {};
  const found: Problem[] = [
    ...amounts(`${field}.limits`, limits),
    ...Object.keys(requests).flatMap((name) => [
      ...amount(`${field}.requests[${name}]`, name, requests[name] ?? '0'),
      ...againstLimit(field, name, requests, limits),
    ]),
  ];
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    found.push(forbidden(field, 'HugePages require cpu or memory'));
  }
  return [...found, ...claimProblems(`${field}.claims`, resources.claims, rules.claims)];
}

/** A list of amounts such as limits or overhead. */
export function amounts(field: string, list: ResourceList): Problems {
  return Object.entries(list).flatMap(([name, quantity]) => amount(`${field}[${name}]`, name, quantity));
}

function amount(field: string, name: string, text: string): Problems {
  const quantity = quantityOf(text);
  return [
    ...resourceName(field, name),
    ...quantityProblems(field, name, quantity),
    ...hugePageSize(field, name, quantity),
  ];
}

function resourceName(field: string, name: string): Problems {
  const found: Problem[] = [...each(field, name, qualifiedName(name))];
  if (found.length > 0) return found;
  if (!name.includes('/')) {
    if (!STANDARD.has(name) && !isHugePages(name)) {
      found.push(invalid(field, name, 'must be a standard resource type or fully qualified'));
    }
    if (!CONTAINER_RESOURCES.includes(name) && !isHugePages(name)) {
      found.push(invalid(field, name, 'must be a standard resource for containers'));
    }
  } else if (!name.includes('kubernetes.io/') && !isExtended(name)) {
    found.push(invalid(field, name, "doesn't follow extended resource name standard"));
  }
  return found;
}

function quantityProblems(field: string, name: string, quantity: Quantity): Problems {
  if (quantity.nanos < 0n) return [invalid(field, quantityText(quantity), 'must be greater than or equal to 0')];
  if (isExtended(name) && quantityMilliValue(quantity) % 1000 !== 0) {
    return [invalid(field, quantityText(quantity), 'must be an integer')];
  }
  return [];
}

function hugePageSize(field: string, name: string, quantity: Quantity): Problems {
  if (!isHugePages(name)) return [];
  const page = quantityOf(name.slice('hugepages-'.length));
  if (page.nanos > 0n && quantity.nanos % page.nanos === 0n && quantity.nanos >= 0n) return [];
  const text = quantityText(quantity);
  return [invalid(field, text, `${text} is not positive integer multiple of ${name}`)];
}

function againstLimit(field: string, name: string, requests: ResourceList, limits: ResourceList): Problems {
  const limitText = limits[name];
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
  return items(claims).flatMap(({ name, request }, i) => {
    const at = `${field}[${i}]`;
    if (name === '') return [required(at)];
    const found: Problem[] = request ? [...each(`${at}.request`, request, dns1123Label(request))] : [];
    const key = request ? `${name}/${request}` : name;
    if (seen.has(key) || (request && seen.has(name)))
      found.push({ type: 'Duplicate', field: at, value: key, detail: '' });
    else seen.add(key);
    if (!known.includes(name)) {
      const which = known.length === 0 ? ' which is empty' : `: ${known.join(', ')}`;
      found.push(notFound(at, name, `must be one of the names in pod.spec.resourceClaims${which}`));
    }
    return found;
  });
}

export function validateResizePolicy(
  field: string,
  policies: readonly ContainerResizePolicy[] | undefined,
  podRestartPolicy: string | undefined,
): Problems {
  const seen = new Set<string>();
  return items(policies).flatMap(({ resourceName: resource, restartPolicy }, i) => {
    const found: Problem[] = [];
    if (seen.has(resource)) found.push({ type: 'Duplicate', field: `${field}[${i}]`, value: resource, detail: '' });
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

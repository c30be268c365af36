import { dns1123Subdomain, invalid, pathSegment, required, strictIpReasons } from '#meta';
import { refusals, standardKind, type Problem, type StrategyContext } from '#model';
import { jsonEquals } from '#std';
import { ageColumn, column, nameColumn } from '../../columns.js';
import { ipValue, servicesByAllocation } from '../service-allocations.js';
import { each } from '../../validation/checks.js';
import { requiredSegment } from '../../validation/references.js';
import { isParent } from '../service-addresses.js';
import { addressesByParent } from './by-parent.js';
import { ipAddress, type IpAddressObject } from './schema.js';

const FIELD = 'spec.parentRef';

/** An address that is taken. */
export const ipAddressKind = standardKind<IpAddressObject>({
  names: {
    group: 'networking.k8s.io',
    version: 'v1',
    kind: 'IPAddress',
    plural: 'ipaddresses',
    shortNames: ['ip'],
    namespaced: false,
  },
  schema: ipAddress,
  columns: [
    nameColumn,
    column<IpAddressObject>('ParentRef', 'Object that holds the address', parentText),
    { ...ageColumn, isUndeclared: true },
  ],
  indexes: [addressesByParent],
  strategy: { name: strictIpReasons, validate: problemsOf, validateUpdate: changeProblems, allocate: unlessHeld },
});

/** An IPAddress of an address that a service holds refers to that service: its own may not have been made yet. */
function unlessHeld(object: IpAddressObject, old: IpAddressObject | undefined, { view }: StrategyContext) {
  if (old !== undefined) return object;
  const { name } = object.metadata;
  const holders = view.by(servicesByAllocation, ipValue(name));
  if (holders.length === 0 || holders.some(({ metadata }) => isParent(object, metadata))) return object;
  return refusals.alreadyExists({ group: 'networking.k8s.io', resource: 'ipaddresses', kind: 'IPAddress', name });
}

function problemsOf({ spec }: IpAddressObject): readonly Problem[] {
  const parent = spec.parentRef as IpAddressObject['spec']['parentRef'] | undefined;
  if (!parent) return [required(FIELD)];
  const { group = '', resource, name, namespace = '' } = parent;
  return [
    ...(group === '' ? [] : each(`${FIELD}.group`, group, dns1123Subdomain(group))),
    ...requiredSegment(`${FIELD}.resource`, resource),
    ...requiredSegment(`${FIELD}.name`, name),
    ...each(`${FIELD}.namespace`, namespace, pathSegment(namespace)),
  ];
}
function changeProblems(object: IpAddressObject, old: IpAddressObject): readonly Problem[] {
  const parent = object.spec.parentRef as IpAddressObject['spec']['parentRef'] | undefined;
  if (jsonEquals(parent ?? null, old.spec.parentRef)) return problemsOf(object);
  const { group = '', resource = '', namespace = '', name = '' } = parent ?? {};
  // Kubernetes prints its own form of the reference.
  const shown = parent ? { Group: group, Resource: resource, Namespace: namespace, Name: name } : null;
  return [...problemsOf(object), invalid(FIELD, shown, 'field is immutable')];
}

function parentText({ spec }: IpAddressObject): string {
  // The object of a bookmark has none.
  const { parentRef }: Partial<IpAddressObject['spec']> = spec;
  if (!parentRef) return '';
  const { group, resource, namespace, name } = parentRef;
  return [`${resource}${group ? `.${group}` : ''}`.toLowerCase(), ...(namespace ? [namespace] : []), name].join('/');
}

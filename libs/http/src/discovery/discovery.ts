import type { Kind, Subresource } from '#model';
import type { JsonObject } from '#std';
import { createHash } from 'node:crypto';
import type { Routes, ServedKind } from '../routes.js';

/** Groups in the order that Kubernetes lists them; others follow by name. */
const GROUP_ORDER = [
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

/** What the server says about what it serves, derived from the kinds. */
export class Discovery {
  constructor(
    private readonly routes: Routes,
    private readonly serverAddress: string,
  ) {}

  /** `/api` */
  get coreVersions(): JsonObject {
    const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: this.serverAddress }];
    return { kind: 'APIVersions', versions: this.versionsOf(''), serverAddressByClientCIDRs };
  }
  /** `/apis` */
  get groupList(): JsonObject {
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: this.groupNames.map((group) => this.groupEntry(group)) };
  }
  /** `/apis/<group>` */
  group(group: string): JsonObject | undefined {
    return this.groupNames.includes(group)
      ? { kind: 'APIGroup', apiVersion: 'v1', ...this.groupEntry(group) }
      : undefined;
  }
  /** `/api/v1`, `/apis/<group>/<version>` */
  resourceList(group: string, version: string): JsonObject | undefined {
    const resources = this.sorted(group, version);
    if (!resources) return undefined;
    const list = resources.flatMap((on) => [
      resourceEntry(on),
      ...sortedSubresources(on.kind).map((sub) => subresourceEntry(on, sub)),
    ]);
    const apiVersion = group === '' ? {} : { apiVersion: 'v1' };
    return {
      kind: 'APIResourceList',
      ...apiVersion,
      groupVersion: group ? `${group}/${version}` : version,
      resources: list,
    };
  }
  /** `/api` or `/apis` in the aggregated form, version v2. */
  aggregated(core: boolean): JsonObject {
    const groups = core ? [''] : this.groupNames;
    return {
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: groups.map((group) => ({
        metadata: group === '' ? {} : { name: group },
        versions: this.versionsOf(group).map((version) => ({
          version,
          resources: (this.sorted(group, version) ?? []).map(aggregatedEntry),
          freshness: 'Current',
        })),
      })),
    };
  }

  get groupNames(): readonly string[] {
    const rank = (group: string): number => {
      const at = GROUP_ORDER.indexOf(group);
      return at < 0 ? GROUP_ORDER.length : at;
    };
    const names = this.routes.groups.map(({ group }) => group).filter((group) => group !== '');
    return names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  }
  versionsOf(group: string): readonly string[] {
    return this.routes.groups.find((one) => one.group === group)?.versions ?? [];
  }
  private groupEntry(group: string): JsonObject {
    const versions = this.versionsOf(group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
    return { name: group, versions, preferredVersion: versions[0] ?? {} };
  }
  private sorted(group: string, version: string): readonly ServedKind[] | undefined {
    const resources = this.routes.resources(group, version);
    return resources && [...resources.values()].sort((a, b) => (a.kind.names.plural < b.kind.names.plural ? -1 : 1));
  }
}

const sortedSubresources = (kind: Kind): readonly Subresource[] =>
  kind.subresources.filter(({ isOwn }) => !isOwn).sort((a, b) => (a.name < b.name ? -1 : 1));
const sortedVerbs = (verbs: readonly string[]): readonly string[] => [...verbs].sort();

function resourceEntry({ kind }: ServedKind): JsonObject {
  const { plural, singular, namespaced, shortNames, categories } = kind.names;
  return {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.names.kind,
    verbs: kind.isCustom ? kind.verbs : sortedVerbs(kind.verbs),
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    // Only what is stored has a storage version.
    ...(kind.verbs.includes('get') && { storageVersionHash: storageVersionHash(kind) }),
  };
}
function subresourceEntry({ kind }: ServedKind, sub: Subresource): JsonObject {
  return {
    name: `${kind.names.plural}/${sub.name}`,
    singularName: '',
    namespaced: kind.names.namespaced,
    ...(sub.group !== undefined &&
      sub.group !== kind.names.group && { group: sub.group, version: sub.version ?? 'v1' }),
    kind: sub.kind,
    verbs: sortedVerbs(sub.verbs),
  };
}
function aggregatedEntry(on: ServedKind): JsonObject {
  const { kind } = on;
  const { plural, singular, namespaced, shortNames, categories } = kind.names;
  return {
    resource: plural,
    responseKind: { group: '', version: '', kind: kind.names.kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: sortedVerbs(kind.verbs),
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(kind.subresources.some(({ isOwn }) => !isOwn) && {
      subresources: sortedSubresources(kind).map((sub) => ({
        subresource: sub.name,
        responseKind: responseKind(kind, sub),
        verbs: sortedVerbs(sub.verbs),
      })),
    }),
  };
}
function responseKind(kind: Kind, sub: Subresource): JsonObject {
  const isForeign = sub.group !== undefined && sub.group !== kind.names.group;
  return isForeign
    ? { group: sub.group, version: sub.version ?? 'v1', kind: sub.kind }
    : { group: '', version: '', kind: sub.kind };
}

/** Tells clients whether two servers store a kind alike. */
function storageVersionHash(kind: Kind): string {
  const { group, version } = kind.names;
  return createHash('sha256')
    .update(`${group}/${version}/${kind.names.kind}`)
    .digest()
    .subarray(0, 8)
    .toString('base64');
}

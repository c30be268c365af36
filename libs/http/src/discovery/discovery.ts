import type { ApiGroup, ApiService, ApiVersion } from '#kinds';
import type { Kind, Subresource } from '#model';
import type { JsonObject } from '#std';
import { createHash } from 'node:crypto';
import type { Routes, ServedKind } from '../routes.js';

/** Resources of a group version as its aggregated server publishes them. */
export interface RemoteResources {
  /** Entries of `apidiscovery.k8s.io/v2`. */
  readonly resources: readonly JsonObject[];
  /** Whether the last fetch succeeded. */
  readonly isCurrent: boolean;
}
/** Undefined for a group version whose resources have never been fetched. */
export type RemoteDiscovery = (apiService: ApiService) => RemoteResources | undefined;

/** What the API serves, derived from the kinds and from what aggregated servers publish. */
export class Discovery {
  constructor(
    private readonly routes: Routes,
    private readonly serverAddress: string,
    private readonly groups: readonly ApiGroup[],
    private readonly remote: RemoteDiscovery,
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
      ...sortedSubresources(on).map((sub) => subresourceEntry(on, sub)),
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
        versions: this.versions(group).map((one) => this.aggregatedVersion(group, one)),
      })),
    };
  }

  get groupNames(): readonly string[] {
    return this.groups.map(({ group }) => group).filter((group) => group !== '');
  }
  versionsOf(group: string): readonly string[] {
    return this.versions(group).map(({ version }) => version);
  }
  private versions(group: string): readonly ApiVersion[] {
    return this.groups.find((one) => one.group === group)?.versions ?? [];
  }
  private aggregatedVersion(group: string, { version, remote }: ApiVersion): JsonObject {
    if (!remote)
      return { version, resources: (this.sorted(group, version) ?? []).map(aggregatedEntry), freshness: 'Current' };
    const published = this.remote(remote);
    return {
      version,
      ...(published && { resources: published.resources }),
      freshness: published?.isCurrent === true ? 'Current' : 'Stale',
    };
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

const sortedSubresources = ({ subresources }: ServedKind): readonly Subresource[] =>
  subresources.filter(({ isOwn }) => !isOwn).sort((a, b) => (a.name < b.name ? -1 : 1));
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
    ...(kind.verbs.includes('get') && !kind.unlogged?.isWhole && { storageVersionHash: storageVersionHash(kind) }),
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
    ...(on.subresources.some(({ isOwn }) => !isOwn) && {
      subresources: sortedSubresources(on).map((sub) => ({
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
  const { group, version, storageVersion = version } = kind.names;
  return createHash('sha256')
    .update(`${group}/${storageVersion}/${kind.names.kind}`)
    .digest()
    .subarray(0, 8)
    .toString('base64');
}

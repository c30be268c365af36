import type { ApiService } from './apiservice/schema.js';
import { AGGREGATOR_GROUP, localPriority, type ApiPriority } from './priorities.js';
import { compareVersions } from './version-order.js';

/** A version of a group, with the APIService that forwards its requests to another server; undefined where this one has it. */
export interface ApiVersion {
  readonly version: string;
  readonly remote: ApiService | undefined;
}
export interface ApiGroup {
  readonly group: string;
  /** The preferred one first. */
  readonly versions: readonly [ApiVersion, ...ApiVersion[]];
}
type Local = readonly { readonly group: string; readonly versions: readonly string[] }[];

/**
 * All groups of the API in the order of discovery: what this server has itself, and what APIServices register with a service
 * of their own. A group version that this server has is never forwarded. The priority of a group is the highest of its APIServices'.
 */
export function apiGroups(local: Local, services: readonly ApiService[]): readonly ApiGroup[] {
  const registered = new Map(services.map((one) => [one.metadata.name, one]));
  const found = new Map<string, Ranked[]>();
  const add = (group: string, one: Ranked): void => {
    const versions = found.get(group);
    if (versions) versions.push(one);
    else found.set(group, [one]);
  };
  const isLocal = new Set<string>();
  for (const { group, versions } of local)
    for (const version of versions) {
      const name = `${version}.${group}`;
      isLocal.add(name);
      const by = registered.get(name);
      add(group, { version, remote: undefined, priority: by ? priorityOf(by) : localPriority(group, version) });
    }
  for (const remote of services) {
    const { group = '', version = '', service } = remote.spec;
    if (!service || isLocal.has(remote.metadata.name)) continue;
    add(group, { version, remote, priority: priorityOf(remote) });
  }
  return [...found].map(([group, versions]) => ranked(group, versions)).sort(byRank);
}

type Ranked = ApiVersion & { readonly priority: ApiPriority };

function priorityOf({ spec }: ApiService): ApiPriority {
  return { group: spec.groupPriorityMinimum, version: spec.versionPriority };
}

function ranked(
  group: string,
  versions: readonly Ranked[],
): ApiGroup & { readonly rank: number; readonly first: string } {
  const best = [...versions].sort(
    (one, other) => other.priority.version - one.priority.version || compareVersions(other.version, one.version),
  ) as [Ranked, ...Ranked[]];
  const rank = Math.max(...versions.map(({ priority }) => priority.group));
  // Groups of one priority are in the order of their APIServices' names.
  const names = versions.filter(({ priority }) => priority.group === rank).map(({ version }) => `${version}.${group}`);
  return { group, versions: best, rank: group === AGGREGATOR_GROUP ? Infinity : rank, first: names.sort()[0] ?? '' };
}
function byRank(one: ReturnType<typeof ranked>, other: ReturnType<typeof ranked>): number {
  if (one.rank !== other.rank) return other.rank > one.rank ? 1 : -1;
  return one.first < other.first ? -1 : 1;
}

import type { Pod, PodAffinityTerm } from '#kinds';
import { labelMatcher } from '#meta';
import type { ClusterState } from '../cluster-state.js';
import { helpable, helpless, passes, type Filter } from './filter.js';

/** Whether a pod is one of those that a term of `owner` speaks of. */
export type TermMatcher = (pod: Pod) => boolean;

export function termMatcher(term: PodAffinityTerm, owner: Pod, cluster: ClusterState): TermMatcher {
  const labels = labelMatcher(term.labelSelector);
  const spaces = term.namespaceSelector ? labelMatcher(term.namespaceSelector) : undefined;
  const named = new Set(term.namespaces ?? []);
  if (named.size === 0 && !spaces) named.add(owner.metadata.namespace ?? '');
  return (pod) => {
    if (!labels.ok || !labels.value.matches(pod.metadata.labels)) return false;
    const namespace = pod.metadata.namespace ?? '';
    return named.has(namespace) || (spaces?.ok === true && spaces.value.matches(cluster.labelsOfNamespace(namespace)));
  };
}

/** Topology pairs `key=value` that hold a pod of which a term speaks. */
function domainsWith(key: string, matches: TermMatcher, cluster: ClusterState): Set<string> {
  const domains = new Set<string>();
  for (const state of cluster.nodes) {
    const domain = state.labels[key];
    if (domain !== undefined && !domains.has(domain) && state.pods.some(matches)) domains.add(domain);
  }
  return domains;
}

export const podAffinity: Filter = (pod, cluster) => {
  const wanted = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const shunned = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const near = nearOf(pod, wanted, cluster);
  const apart = shunned.map((term) => ({
    key: term.topologyKey,
    domains: domainsWith(term.topologyKey, termMatcher(term, pod, cluster), cluster),
  }));
  const others = shunnedByOthers(pod, cluster);
  if (wanted.length === 0 && apart.length === 0 && others.size === 0) return passes;
  return (state) => {
    if (!near(state.labels)) return helpless("node(s) didn't match pod affinity rules");
    const isIn = ({ key, domains }: { key: string; domains: ReadonlySet<string> }): boolean =>
      state.labels[key] !== undefined && domains.has(state.labels[key]);
    if (apart.some(isIn)) return helpable("node(s) didn't match pod anti-affinity rules");
    for (const [key, domains] of others) {
      if (isIn({ key, domains })) return helpable("node(s) didn't satisfy existing pods anti-affinity rules");
    }
    return undefined;
  };
};

/** All terms must find their pods in the node's domains; a pod of all terms' own kind is placed at once. */
function nearOf(pod: Pod, terms: readonly PodAffinityTerm[], cluster: ClusterState): (labels: Labels) => boolean {
  if (terms.length === 0) return () => true;
  const matchers = terms.map((term) => termMatcher(term, pod, cluster));
  // Kubernetes counts a running pod only when it matches every term.
  const matchesAll: TermMatcher = (other) => matchers.every((matches) => matches(other));
  const domains = terms.map((term) => domainsWith(term.topologyKey, matchesAll, cluster));
  const isFirst = domains.every((found) => found.size === 0) && matchesAll(pod);
  return (labels) =>
    terms.every((term, i) => {
      const domain = labels[term.topologyKey];
      return domain !== undefined && (isFirst || (domains[i] as Set<string>).has(domain));
    });
}
type Labels = { readonly [key: string]: string };

/** Domains, by key, whose pods do not want this one near. */
function shunnedByOthers(pod: Pod, cluster: ClusterState): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const state of cluster.nodes) {
    for (const other of state.pods) {
      for (const term of other.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const domain = state.labels[term.topologyKey];
        if (domain === undefined || !termMatcher(term, other, cluster)(pod)) continue;
        const domains = found.get(term.topologyKey);
        if (domains) domains.add(domain);
        else found.set(term.topologyKey, new Set([domain]));
      }
    }
  }
  return found;
}

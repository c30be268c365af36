import { labelMatcher, type LabelMatcher, type Labels, type LabelSelector } from '#meta';
import type { Pod, PodAffinityTerm } from '#pod';

/** Labels of a namespace; empty when it is not there. */
export type NamespaceLabels = (namespace: string) => Labels;

/** Says which pods a selector means: one of an affinity term, of all terms of a pod, or of a spread constraint. */
export interface PodMatcher {
  /** Equal keys match the same pods. */
  readonly key: string;
  /** The only namespaces whose pods can match; undefined when they are chosen by their labels. */
  readonly namespaces: ReadonlySet<string> | undefined;
  /** A label that every matching pod has, where the selector names one. */
  readonly label: string | undefined;
  matches(pod: Pod, labelsOf: NamespaceLabels): boolean;
}

export function termMatcher(term: PodAffinityTerm, owner: Pod): PodMatcher {
  const { labelSelector, namespaceSelector } = term;
  const labels = labelMatcher(labelSelector);
  const spaces = namespaceSelector ? labelMatcher(namespaceSelector) : undefined;
  const named = new Set(term.namespaces ?? []);
  if (named.size === 0 && !spaces) named.add(owner.metadata.namespace ?? '');
  return {
    key: JSON.stringify([labelSelector ?? null, namespaceSelector ?? null, [...named].sort()]),
    namespaces: spaces ? undefined : named,
    label: labels.ok ? requiredLabel(labels.value) : undefined,
    matches(pod, labelsOf) {
      if (!labels.ok || !labels.value.matches(pod.metadata.labels)) return false;
      const namespace = pod.metadata.namespace ?? '';
      return named.has(namespace) || (spaces?.ok === true && spaces.value.matches(labelsOf(namespace)));
    },
  };
}

/** Kubernetes counts a running pod for required affinity only when it matches every term. */
export function everyMatcher(matchers: readonly PodMatcher[]): PodMatcher {
  const [first] = matchers as readonly [PodMatcher, ...PodMatcher[]];
  if (matchers.length === 1) return first;
  return {
    key: JSON.stringify(matchers.map(({ key }) => key)),
    namespaces: first.namespaces,
    label: first.label,
    matches: (pod, labelsOf) => matchers.every((one) => one.matches(pod, labelsOf)),
  };
}

/** Pods of one namespace that are not on their way out: what a spread constraint counts. */
export function spreadMatcher(
  selector: LabelSelector | undefined,
  labels: LabelMatcher,
  namespace: string,
): PodMatcher {
  return {
    key: JSON.stringify(['spread', selector ?? null, namespace]),
    namespaces: new Set([namespace]),
    label: requiredLabel(labels),
    matches: (pod) =>
      pod.metadata.namespace === namespace &&
      pod.metadata.deletionTimestamp === undefined &&
      labels.matches(pod.metadata.labels),
  };
}

function requiredLabel({ requirements }: LabelMatcher): string | undefined {
  for (const { key, operator, values } of requirements)
    if ((operator === '=' || operator === '==' || operator === 'in') && values.length === 1)
      return `${key}=${values[0]}`;
  return undefined;
}

/** Finds those of many matchers that match a pod, without asking the ones that want another label or namespace. */
export class MatcherIndex<T extends { readonly matcher: PodMatcher }> {
  private readonly places = new Map<string, Set<T>>();

  add(item: T): void {
    for (const place of placesOf(item.matcher)) {
      const there = this.places.get(place);
      if (there) there.add(item);
      else this.places.set(place, new Set([item]));
    }
  }
  remove(item: T): void {
    for (const place of placesOf(item.matcher)) {
      const there = this.places.get(place);
      there?.delete(item);
      if (there?.size === 0) this.places.delete(place);
    }
  }
  each(pod: Pod, labelsOf: NamespaceLabels, found: (item: T) => void): void {
    if (this.places.size === 0) return;
    const { namespace = '', labels = {} } = pod.metadata;
    this.ask('\n', pod, labelsOf, found);
    this.ask(`${namespace}\n`, pod, labelsOf, found);
    for (const key of Object.keys(labels)) {
      const label = `${key}=${labels[key] ?? ''}`;
      this.ask(`\n${label}`, pod, labelsOf, found);
      this.ask(`${namespace}\n${label}`, pod, labelsOf, found);
    }
  }

  private ask(place: string, pod: Pod, labelsOf: NamespaceLabels, found: (item: T) => void): void {
    const there = this.places.get(place);
    if (there) for (const item of there) if (item.matcher.matches(pod, labelsOf)) found(item);
  }
}

/** `<namespace>\n<label>`, either of them empty where it does not matter. */
function placesOf({ namespaces, label = '' }: PodMatcher): readonly string[] {
  return namespaces === undefined ? [`\n${label}`] : [...namespaces].map((namespace) => `${namespace}\n${label}`);
}

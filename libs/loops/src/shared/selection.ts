import { deployments, jobs, pods, replicaSets, services, type Job, type ReplicaSet, type Service } from '#kinds';
import { controllerOf, mapMatcher, selectorMatches, type Labels, type LabelSelector } from '#meta';
import {
  labelIndex,
  labelValue,
  objectsByOwner,
  type KindRef,
  type KubeObject,
  type ObjectIndex,
  type View,
} from '#model';
import { type Pod } from '#pod';

/** So few objects are looked through instead of asking for a rarer label. */
const FEW = 32;
const NO_LABELS: Labels = {};

export type WithSelector = KubeObject & { readonly spec: { readonly selector?: LabelSelector | undefined } };

export const podsByLabel: ObjectIndex<Pod> = labelIndex('pods by label', pods);
export const uncontrolledPods: ObjectIndex<Pod> = uncontrolledIndex('pods without a controller', pods);
export const uncontrolledReplicaSets = uncontrolledIndex('replica sets without a controller', replicaSets);
export const replicaSetsBySelector = selectorIndex('replica sets by selector', replicaSets, workloadSelector);
export const deploymentsBySelector = selectorIndex('deployments by selector', deployments, workloadSelector);
export const jobsBySelector = selectorIndex('jobs by selector', jobs, workloadSelector);
export const servicesBySelector = selectorIndex(
  'services by selector',
  services,
  ({ spec }: Partial<Service>) => spec?.selector,
);

function workloadSelector({ spec }: Partial<WithSelector>): Labels | undefined {
  const selector = spec?.selector;
  return selector && (selector.matchLabels ?? NO_LABELS);
}

/** The value of all objects of a namespace, whatever their labels; no label has an empty key. */
function everyLabel(namespace: string | undefined): string {
  return labelValue(namespace, '', '');
}

/** Objects that nobody controls, by each of their labels, and by {@link everyLabel}. */
function uncontrolledIndex<T extends KubeObject>(name: string, kind: KindRef<T>): ObjectIndex<T> {
  const labels = labelIndex(name, kind);
  return {
    name,
    kind,
    values: (object) => (controllerOf(object) ? [] : [everyLabel(object.metadata.namespace), ...labels.values(object)]),
  };
}

/**
 * Objects by one of the labels that their selector requires; by {@link everyLabel} where it requires none, by nothing where
 * there is no selector.
 */
function selectorIndex<T extends KubeObject>(
  name: string,
  kind: KindRef<T>,
  required: (object: T) => Labels | undefined,
): ObjectIndex<T> {
  return {
    name,
    kind,
    values(object) {
      const labels = required(object);
      if (!labels) return [];
      const { namespace } = object.metadata;
      const [first] = Object.entries(labels);
      return [first ? labelValue(namespace, ...first) : everyLabel(namespace)];
    },
    part: required,
  };
}

/** Objects that may select this one: their selectors require nothing, or one of its labels. */
export function maySelect<T extends KubeObject>(view: View, index: ObjectIndex<T>, object: KubeObject): readonly T[] {
  const { namespace, labels } = object.metadata;
  const values = Object.entries(labels ?? {}).map(([key, value]) => labelValue(namespace, key, value));
  return [everyLabel(namespace), ...values].flatMap((value) => view.by(index, value));
}

/** Pods of a namespace that have all of these labels. */
export function podsWith(view: View, namespace: string | undefined, labels: Labels): readonly Pod[] {
  const found = rarest(view, podsByLabel, { namespace, labels }) ?? view.list(pods, namespace);
  const matcher = mapMatcher(labels);
  return found.filter((pod) => matcher.matches(pod.metadata.labels));
}

/** Pods that an owner controls. */
export function podsControlledBy(view: View, owner: KubeObject): readonly Pod[] {
  return controlledBy<Pod>(view, owner, { apiVersion: 'v1', kind: 'Pod' });
}
/** Replica sets that an owner controls. */
export function replicaSetsControlledBy(view: View, owner: KubeObject): readonly ReplicaSet[] {
  return controlledBy<ReplicaSet>(view, owner, { apiVersion: 'apps/v1', kind: 'ReplicaSet' });
}
/** Jobs that an owner controls. */
export function jobsControlledBy(view: View, owner: KubeObject): readonly Job[] {
  return controlledBy<Job>(view, owner, { apiVersion: 'batch/v1', kind: 'Job' });
}
function controlledBy<T extends KubeObject>(
  view: View,
  { metadata: { uid, namespace } }: KubeObject,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): readonly T[] {
  return (view.by(objectsByOwner, uid) as readonly T[]).filter(
    (object) =>
      object.kind === kind &&
      object.apiVersion === apiVersion &&
      object.metadata.namespace === namespace &&
      controllerOf(object)?.uid === uid,
  );
}

/**
 * Objects that an owner controls, and those that it may adopt: nobody controls them and its selector matches. In the order of
 * their names.
 */
export function candidatesOf<T extends KubeObject>(
  owner: WithSelector,
  controlled: readonly T[],
  uncontrolled: { readonly view: View; readonly index: ObjectIndex<T> },
): readonly T[] {
  const { namespace } = owner.metadata;
  const { selector } = owner.spec;
  const { view, index } = uncontrolled;
  const found = rarest(view, index, { namespace, labels: selector?.matchLabels ?? {} });
  const adoptable = (found ?? view.by(index, everyLabel(namespace))).filter(({ metadata }) =>
    selectorMatches(selector, metadata.labels),
  );
  if (adoptable.length === 0) return controlled;
  return [...controlled, ...adoptable].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Objects with the rarest of these labels, as far as it pays to search for it; undefined where there are no labels. */
function rarest<T extends KubeObject>(
  view: View,
  index: ObjectIndex<T>,
  { namespace, labels }: { readonly namespace: string | undefined; readonly labels: Labels },
): readonly T[] | undefined {
  let fewest: readonly T[] | undefined;
  for (const [key, value] of Object.entries(labels)) {
    const found = view.by(index, labelValue(namespace, key, value));
    if (!fewest || found.length < fewest.length) fewest = found;
    if (fewest.length <= FEW) break;
  }
  return fewest;
}

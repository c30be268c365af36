import { budgetsOf, podDisruptionBudgets, pods } from '#kinds';
import { objectsByOwner, type Change, type KindRegistry, type KubeObject, type View } from '#model';
import { isReady, type Pod } from '#pod';
import { keyOf, sides } from '../shared/index.js';

/** Budgets to look at because of a change: of their own, of what counts about a pod of theirs, of the size that its controller is to have. */
export function budgetKeys(kinds: KindRegistry, change: Change, view: View): readonly string[] {
  const { kind, before, after } = change;
  if (kind === podDisruptionBudgets.id) return after ? [keyOf(after)] : [];
  if (kind === pods.id)
    return isOther(before as Pod | undefined, after as Pod | undefined) ? keysOf(view, sides(change)) : [];
  if (!before || !after || before['spec'] === after['spec'] || !kinds.at(view).byId(kind)?.scaleOf) return [];
  const owned = view.by(objectsByOwner, after.metadata.uid);
  const below = owned
    .filter((object) => object.kind !== 'Pod')
    .flatMap(({ metadata }) => view.by(objectsByOwner, metadata.uid));
  return keysOf(
    view,
    [...owned, ...below].filter((object) => object.kind === 'Pod'),
  );
}

function keysOf(view: View, of: readonly KubeObject[]): readonly string[] {
  return [...new Set(of.flatMap((pod) => budgetsOf(view, pod).map(keyOf)))];
}

function isOther(before: Pod | undefined, after: Pod | undefined): boolean {
  if (!before || !after) return true;
  const [was, is] = [before.metadata, after.metadata];
  return (
    was.labels !== is.labels ||
    was.ownerReferences !== is.ownerReferences ||
    was.deletionTimestamp !== is.deletionTimestamp ||
    isReady(before) !== isReady(after)
  );
}

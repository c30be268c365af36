import { CLEANUP_FINALIZER, customResourceDefinitions, type CustomResourceDefinition } from '#kinds';
import { setCondition } from '#meta';
import type { Decision, KindId, Loop, View } from '#model';
import { toTime, type Instant } from '#std';
import { patch, remove, reportStatus, sides, streamOfObject } from '../shared/index.js';
import { namedStatus } from './names.js';

const DELETIONS_MAX = 500;

/**
 * Accepts the names of definitions, which makes their kinds, and ends those that are deleted: their objects first. Its keys
 * are names of definitions.
 */
export const customResources: Loop = {
  name: 'custom-resources',
  account: 'system:apiserver',
  keysOf(change, view) {
    if (change.kind === customResourceDefinitions.id) {
      // Names that one had or gives up are free for the others of its group.
      const groups = new Set(sides(change).map((side) => (side as CustomResourceDefinition).spec.group));
      return definitions(view)
        .filter(({ spec }) => groups.has(spec.group))
        .map(({ metadata }) => metadata.name);
    }
    if (change.after !== undefined) return [];
    const name = definitionOf(change.kind);
    const definition = view.get(customResourceDefinitions, undefined, name);
    return definition?.metadata.deletionTimestamp === undefined ? [] : [name];
  },
  keysAtStart: (view) => definitions(view).map(({ metadata }) => metadata.name),
  reconcile(view, key, now) {
    const definition = view.get(customResourceDefinitions, undefined, key);
    if (!definition) return [];
    return definition.metadata.deletionTimestamp === undefined
      ? accept(view, definition, now)
      : end(view, definition, now);
  },
};

function definitions(view: View): readonly CustomResourceDefinition[] {
  return view.list(customResourceDefinitions);
}
/** The definition of `example.com.widgets` is named `widgets.example.com`. */
function definitionOf(kind: KindId): string {
  const end = kind.lastIndexOf('.');
  return `${kind.slice(end + 1)}.${kind.slice(0, end)}`;
}

function accept(view: View, definition: CustomResourceDefinition, now: Instant): readonly Decision[] {
  const { metadata, spec } = definition;
  const group = definitions(view).filter((one) => one.spec.group === spec.group);
  const others = group.filter((one) => one.metadata.name !== metadata.name);
  const status = namedStatus(definition, others, now);
  return reportStatus(customResourceDefinitions, definition, status, {
    because: 'names of its group have changed',
    // Of two that want one name, the second is decided on what the first has got.
    alsoBasedOn: others.map((one) => streamOfObject(customResourceDefinitions, one)),
  });
}

function end(view: View, definition: CustomResourceDefinition, now: Instant): readonly Decision[] {
  const { metadata, spec, status = {} } = definition;
  const finalizers = metadata.finalizers ?? [];
  if (!finalizers.includes(CLEANUP_FINALIZER)) return [];
  const ref = { id: `${spec.group}.${spec.names.plural}` };
  const objects = view.list(ref);
  const because = `the definition ${metadata.name} is being deleted`;
  if (objects.length > 0) {
    const conditions = setCondition(status.conditions ?? [], IN_PROGRESS, toTime(now));
    const told = reportStatus(customResourceDefinitions, definition, { ...status, conditions }, { because });
    const waiting = objects.filter((object) => object.metadata.deletionTimestamp === undefined);
    return [...told, ...waiting.slice(0, DELETIONS_MAX).map((object) => remove(ref, object, { because }))];
  }
  const rest = finalizers.filter((one) => one !== CLEANUP_FINALIZER);
  const body = { metadata: { finalizers: rest.length > 0 ? rest : null } };
  const basedOn = [streamOfObject(customResourceDefinitions, definition)];
  // Through the status, whose rules ask nothing of the spec: what has become invalid must be able to go.
  return [
    patch(customResourceDefinitions, definition, body, {
      ...{ because: 'none of its objects is left', basedOn },
      subresource: 'status',
    }),
  ];
}

const IN_PROGRESS = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionInProgress',
  message: 'CustomResource deletion is in progress',
};

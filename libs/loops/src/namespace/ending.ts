import { namespaces, pods, registry, type Namespace } from '#kinds';
import type { Decision, KubeObject, Loop, Submit, View } from '#model';
import type { Instant, Json } from '#std';
import { remove, reportStatus, sides, streamOfObject } from '../shared/index.js';
import { endingConditions, type Remaining } from './conditions.js';

/** The finalizer of a namespace that stands for its content. */
const CONTENT_FINALIZER = 'kubernetes';
const DELETIONS_MAX = 500;

/** Empties a namespace that is being deleted, pods first, and lets it go when nothing is left. */
export const namespace: Loop = {
  name: 'namespace',
  account: 'namespace-controller',
  keysOf(change, view) {
    if (change.kind === namespaces.id)
      return sides(change)
        .slice(-1)
        .map((side) => side.metadata.name);
    const within = sides(change).at(-1)?.metadata.namespace;
    if (within === undefined) return [];
    return isEnding(view.get(namespaces, undefined, within)) ? [within] : [];
  },
  keysAtStart: (view) =>
    view
      .list(namespaces)
      .filter(isEnding)
      .map((found) => found.metadata.name),
  reconcile(view, key, now) {
    const found = view.get(namespaces, undefined, key);
    return isEnding(found) ? empty(view, found, now) : [];
  },
};

/** Where somebody else's finalizers alone are left, the content is gone. Where there are none, nobody else empties it. */
function isEnding(found: Namespace | undefined): found is Namespace {
  if (found?.metadata.deletionTimestamp === undefined) return false;
  const { finalizers = [] } = found.spec;
  return finalizers.length === 0 || finalizers.includes(CONTENT_FINALIZER);
}

function empty(view: View, found: Namespace, now: Instant): readonly Decision[] {
  const { name } = found.metadata;
  const podsLeft = view.list(pods, name);
  // Pods first: what they use must be there while they end, and their ends may be reported into this namespace.
  if (podsLeft.length > 0) return [...deletions(name, [{ kind: pods.id, objects: podsLeft }]), ...say(found, [], now)];
  const contents = contentsOf(view, name);
  const asked = deletions(name, contents);
  if (asked.length > 0) return asked;
  if (contents.length > 0) return say(found, contents, now);
  // With a finalizer of somebody else the namespace stays, and says that its content is gone.
  const others = (found.spec.finalizers ?? []).filter((finalizer) => finalizer !== CONTENT_FINALIZER);
  const said = others.length > 0 ? say(found, [], now) : [];
  return said.length > 0 ? said : [letGo(found, others)];
}

function contentsOf(view: View, name: string): readonly Remaining[] {
  // What is of no kind any more can neither be seen nor deleted.
  return registry
    .at(view)
    .all.filter(({ names }) => names.namespaced)
    .map(({ id, ref }) => ({ kind: id, objects: view.list(ref, name) }))
    .filter(({ objects }) => objects.length > 0)
    .sort((a, b) => (a.kind < b.kind ? -1 : 1));
}

function deletions(name: string, contents: readonly Remaining[]): readonly Submit[] {
  const asked: Submit[] = [];
  for (const { kind, objects } of contents) {
    for (const object of objects) {
      if (object.metadata.deletionTimestamp !== undefined) continue;
      if (asked.length === DELETIONS_MAX) return asked;
      asked.push(deletion(name, kind, object));
    }
  }
  return asked;
}
function deletion(name: string, kind: string, object: KubeObject): Submit {
  return remove({ id: kind }, object, {
    because: `the namespace ${name} is being deleted`,
    propagationPolicy: 'Background',
  });
}

function say(found: Namespace, contents: readonly Remaining[], now: Instant): readonly Submit[] {
  const conditions = endingConditions(found.status?.conditions ?? [], contents, now);
  const status = { ...found.status, phase: 'Terminating', conditions };
  return reportStatus(namespaces, found, status, { because: 'its content has changed' });
}

function letGo(found: Namespace, finalizers: readonly string[]): Submit {
  const { name } = found.metadata;
  return {
    is: 'submit',
    because: 'nothing is left in it',
    basedOn: [streamOfObject(namespaces, found)],
    command: {
      verb: 'update',
      kind: namespaces.id,
      name,
      subresource: 'finalize',
      apiVersion: 'v1',
      body: { ...found, spec: { ...found.spec, finalizers } } as unknown as Json,
    },
  };
}

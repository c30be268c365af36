import type { Node } from '#kinds';
import { podsByNode, nodes, pods } from '#kinds';
import { isTolerated, tolerationSeconds, type Taint, type Toleration } from '#meta';
import type { Change, Decision, Loop, View } from '#model';
import { streamOf } from '#model';
import type { Pod } from '#pod';
import { parseInstant, toTime, type Instant, type Json } from '#std';
import { dueAfter, incident, type Moment } from '../shared/index.js';
import { disruption, graceMs, lastHeard, observingSince, recheckMs } from './disruption.js';
import { evictingKey, isOwnEvicting, NOT_READY } from './taints.js';

const COMPONENT = 'taint-eviction-controller';
/** Keys of pods that were to go later and may stay now; nodes have no slash in their names. */
const SPARED = 'spared/';
const MESSAGE = 'Taint manager: deleting due to NoExecute taint';

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or not for ever. */
export const taintEviction: Loop = {
  name: 'taint-eviction',
  account: 'node-controller',
  indexes: [podsByNode],
  keysOf: (change, view) => {
    if (change.kind === nodes.id) return change.after ? [change.after.metadata.name, ...spared(change, view)] : [];
    if (change.kind !== pods.id || !change.after || !concerns(change)) return [];
    const node = (change.after as Pod).spec.nodeName;
    return node ? [node] : [];
  },
  keysAtStart: (view) => view.list(nodes).map((node) => node.metadata.name),
  reconcile(view, key, now, outside) {
    if (key.startsWith(SPARED)) return cancelled(view, key, now);
    const node = view.get(nodes, undefined, key);
    if (!node) return [];
    const taints = noExecute(node).flatMap((taint) => evicting(taint, { view, node, now, outside }) ?? []);
    if (taints.length === 0) return [];
    return view.by(podsByNode, key).flatMap((pod) => evictionOf(pod, taints, { view, node, now, outside }));
  },
};

function noExecute(node: Node | undefined): readonly Taint[] {
  return ((node?.spec.taints ?? []) as readonly Taint[]).filter((taint) => taint.effect === 'NoExecute');
}

interface Evicting {
  readonly taint: Taint;
  /** The instant before which it costs no pod its place. */
  readonly notBefore: Instant;
  /** Since when the observer itself has known it: what a pod tolerates counts from here at the earliest. */
  readonly knownSince: Instant;
}
interface Situation extends Moment {
  readonly view: View;
  readonly node: Node;
}
/**
 * A taint that says that a node is gone counts only as far as the observer knows it: the node's condition says the same, the
 * outage is not one of most nodes, and the node had its time to contradict since the observer listens. An observer that
 * began anew counts a toleration anew too, as Kubernetes' does: nobody has measured the time before. Taints that somebody else
 * set count as they are.
 */
function evicting(taint: Taint, { view, node, now, outside }: Situation): Evicting | undefined {
  if (!isOwnEvicting(taint)) return { taint, notBefore: now, knownSince: -Infinity };
  if (evictingKey(node) !== taint.key) return undefined;
  const since = observingSince(outside) ?? -Infinity;
  const { name } = node.metadata;
  const grace = graceMs(name, outside);
  const silentSince = taint.key === NOT_READY ? since : (lastHeard(name, outside) ?? -Infinity);
  const knownSince = taint.key === NOT_READY ? since : silentSince + grace;
  const isHeldBack = !disruption(view, now, outside).mayEvict;
  return {
    taint,
    notBefore: isHeldBack ? now + recheckMs(view, lastHeard(name, outside), now) : silentSince + grace,
    knownSince,
  };
}

/** Pods whose time was running because of taints that the node has no longer. */
function spared({ before, after }: Change, view: View): readonly string[] {
  const [was, is] = [noExecute(before as Node | undefined), noExecute(after as Node | undefined)];
  if (was.length === 0 || !after) return [];
  return view
    .by(podsByNode, after.metadata.name)
    .filter((pod) => pod.metadata.deletionTimestamp === undefined && hasTime(pod, was) && staysFor(pod, is))
    .map(({ metadata }) => `${SPARED}${metadata.namespace ?? ''}/${metadata.name}/${metadata.uid}`);
}
/** It tolerates all of them, but some not for ever. */
function hasTime(pod: Pod, taints: readonly Taint[]): boolean {
  const tolerations = pod.spec.tolerations as readonly Toleration[] | undefined;
  return (
    taints.every((taint) => isTolerated(tolerations, taint)) &&
    taints.some((taint) => tolerationSeconds(taint, tolerations) !== undefined)
  );
}
function staysFor(pod: Pod, taints: readonly Taint[]): boolean {
  const tolerations = pod.spec.tolerations as readonly Toleration[] | undefined;
  return taints.every(
    (taint) => isTolerated(tolerations, taint) && tolerationSeconds(taint, tolerations) === undefined,
  );
}

function cancelled(view: View, key: string, now: Instant): readonly Decision[] {
  const [, namespace = '', name = '', uid = ''] = key.split('/');
  const pod = view.get(pods, namespace, name);
  if (!pod || pod.metadata.uid !== uid || pod.metadata.deletionTimestamp !== undefined) return [];
  return incident(view, now, {
    about: pod,
    type: 'Normal',
    reason: 'TaintManagerEviction',
    message: `Cancelling deletion of Pod ${namespace}/${name}`,
    component: COMPONENT,
  });
}

function concerns({ before, after }: Change): boolean {
  return before === undefined || (before as Pod).spec !== (after as Pod).spec;
}

function evictionOf(pod: Pod, taints: readonly Evicting[], situation: Situation): readonly Decision[] {
  if (pod.metadata.deletionTimestamp) return [];
  const { view, node, now } = situation;
  const until = evictAt(pod, taints, situation);
  if (until === undefined) return [];
  if (until > now) return [{ is: 'wake', at: until }];
  return [evict(view, pod, node, now)];
}

/** When the pod has to go: now, later, or (undefined) never. */
function evictAt(pod: Pod, taints: readonly Evicting[], situation: Situation): Instant | undefined {
  const { node, now } = situation;
  const tolerations = pod.spec.tolerations as readonly Toleration[] | undefined;
  let earliest: Instant | undefined;
  for (const { taint, notBefore, knownSince } of taints) {
    const isNeverTolerated = !isTolerated(tolerations, taint);
    const seconds = isNeverTolerated ? 0 : tolerationSeconds(taint, tolerations);
    if (seconds === undefined) continue;
    const ms = Math.max(0, seconds) * 1000;
    const added = parseInstant(taint.timeAdded) ?? taintedAt(node) ?? now;
    const ends = isNeverTolerated ? now : Math.max(dueAfter(added, ms, situation), knownSince + ms);
    const at = Math.max(ends, notBefore);
    earliest = earliest === undefined ? at : Math.min(earliest, at);
  }
  return earliest;
}

/** When somebody last wrote the node's taints, for taints that do not say since when they are there. */
function taintedAt(node: Node): Instant | undefined {
  let latest: Instant | undefined;
  for (const entry of node.metadata.managedFields ?? []) {
    const spec = (entry.fieldsV1 as { readonly 'f:spec'?: { readonly 'f:taints'?: unknown } } | undefined)?.['f:spec'];
    const at = spec?.['f:taints'] === undefined ? undefined : parseInstant(entry.time);
    if (at !== undefined) latest = Math.max(latest ?? at, at);
  }
  return latest ?? parseInstant(node.metadata.creationTimestamp);
}

function evict(view: View, pod: Pod, node: Node, now: Instant): Decision {
  const { namespace, name, uid, generation } = pod.metadata;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByTaintManager',
    message: MESSAGE,
    lastTransitionTime: toTime(now),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
  return {
    is: 'submit',
    because: `${namespace}/${name} does not tolerate the taints of ${node.metadata.name} (any longer)`,
    // On the node too: one that came back meanwhile keeps its pods.
    basedOn: [streamOf(pods.id, namespace, name), streamOf(nodes.id, undefined, node.metadata.name)],
    command: {
      verb: 'patch',
      kind: pods.id,
      namespace,
      name,
      subresource: 'status',
      patchType: 'strategic',
      body: { status: { conditions: [condition as unknown as Json] } },
      event: { type: 'PodEvicted', facts: { node: node.metadata.name } },
    },
    then: [
      {
        is: 'submit',
        because: MESSAGE,
        command: { verb: 'delete', kind: pods.id, namespace, name, body: { preconditions: { uid } } },
      },
      ...incident(view, now, {
        about: pod,
        type: 'Normal',
        reason: 'TaintManagerEviction',
        message: `Marking for deletion Pod ${namespace}/${name}`,
        component: COMPONENT,
      }),
    ],
  };
}

import type { Node } from '#kinds';
import { podsByNode } from '#kinds';
import { nodes } from '#kinds';
import type { Decision, Loop, Outside, View } from '#model';
import { streamOf } from '#model';
import { jsonEquals, type Instant, type Json } from '#std';
import { incident } from '../shared/index.js';
import { BAD, disruption, isBad, lastHeard, nodesNotReady, recheckMs } from './disruption.js';
import { silence } from './silence.js';
import { evictingKey, wantedTaints } from './taints.js';

const COMPONENT = 'node-controller';
const REMOVED = 'removed/';
const TTL = 'node.alpha.kubernetes.io/ttl';

/** Watches over nodes: taints by condition, silence, and what `kubectl events` says of their coming and going. */
export const nodeLifecycle: Loop = {
  name: 'node-lifecycle',
  account: 'node-controller',
  indexes: [podsByNode, nodesNotReady],
  keysOf: ({ kind, before, after }, view) => {
    if (kind !== nodes.id) return [];
    const others = isBad(before) === isBad(after) ? [] : badNodes(view);
    if (after) return [after.metadata.name, ...others];
    return before ? [`${REMOVED}${before.metadata.name}/${before.metadata.uid}`, ...others] : [];
  },
  keysAtStart: (view) => view.list(nodes).map((node) => node.metadata.name),
  reconcile(view, key, now, outside) {
    if (key.startsWith(REMOVED)) return removed(view, key, now);
    const node = view.get(nodes, undefined, key);
    if (!node) return [];
    return [...registered(view, node, now), ...tended(view, node, now, outside), ...silence(view, node, now, outside)];
  },
};

/** Taints and the annotation that tells kubelets how long they may keep what they have read. */
function tended(view: View, node: Node, now: Instant, outside: Outside | undefined): readonly Decision[] {
  // How far an outage reaches is a question about all nodes: only those ask it that are part of one.
  const isEvicting = evictingKey(node) !== undefined;
  const { isWide, mayEvict } = isEvicting ? disruption(view, now, outside) : { isWide: false, mayEvict: true };
  const taints = wantedTaints(node, now, isWide ? 'none' : mayEvict ? 'added' : 'kept');
  const patch: Record<string, Json> = {};
  if (!jsonEquals(taints, node.spec.taints ?? []))
    patch['spec'] = { taints: taints.length > 0 ? (taints as unknown as Json) : null };
  if (node.metadata.annotations?.[TTL] === undefined) patch['metadata'] = { annotations: { [TTL]: '0' } };
  // The others may be heard again without any change in the log.
  const isHeldBack = isEvicting && !mayEvict;
  const again: readonly Decision[] = isHeldBack
    ? [{ is: 'wake', at: now + recheckMs(view, lastHeard(node.metadata.name, outside), now) }]
    : [];
  if (Object.keys(patch).length === 0) return again;
  const name = node.metadata.name;
  return [
    ...again,
    {
      is: 'submit',
      because: `the conditions of ${name} ask for ${taints.length === 0 ? 'no taints' : taints.map((t) => `${t.key}:${t.effect}`).join(', ')}`,
      basedOn: [streamOf(nodes.id, undefined, name)],
      command: { verb: 'patch', kind: nodes.id, namespace: undefined, name, patchType: 'merge', body: patch },
    },
  ];
}

/** Whether pods may be driven from these depends on all nodes: how many there are, and how many of them are ready. */
function badNodes(view: View): readonly string[] {
  return view.by(nodesNotReady, BAD).map((node) => node.metadata.name);
}

function registered(view: View, node: Node, now: Instant): readonly Decision[] {
  const name = node.metadata.name;
  // Said once, when the node is new: the annotation marks the nodes that were seen before.
  if (node.metadata.annotations?.[TTL] !== undefined) return [];
  return incident(view, now, {
    about: node,
    type: 'Normal',
    reason: 'RegisteredNode',
    message: `Node ${name} event: Registered Node ${name} in Controller`,
    component: COMPONENT,
  });
}

function removed(view: View, key: string, now: Instant): readonly Decision[] {
  const [, name = '', uid = ''] = key.split('/');
  return incident(view, now, {
    about: { apiVersion: 'v1', kind: 'Node', metadata: { name, uid } },
    type: 'Normal',
    reason: 'RemovingNode',
    message: `Node ${name} event: Removing Node ${name} from Controller`,
    component: COMPONENT,
  });
}

export { podCidr } from './pod-cidr.js';
export { taintEviction } from './eviction.js';
export { fencing } from './fencing.js';

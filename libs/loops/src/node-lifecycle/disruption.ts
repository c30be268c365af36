import type { Node } from '#kinds';
import { nodes } from '#kinds';
import type { KubeObject, ObjectIndex, Outside, View } from '#model';
import type { Instant, Json } from '#std';
import { conditionsOf } from './taints.js';

/** Milliseconds between two signs of life of a node whose agent does not say how often it beats: a kubelet renews its lease. */
const BEAT_MS = 10_000;
const BEAT_MS_MIN = 500;
const BEATS_MISSED = 5;
/**
 * A node that missed so many heartbeats counts when the question is whether an outage is wide. They come at moments of their own,
 * and one may be lost: when the first node of an outage has missed {@link BEATS_MISSED}, the others have missed at least two less.
 */
const BEATS_OVERDUE = 3;
/** How long until the same question is asked again, when only time or a heartbeat changes its answer. */
export const RECHECK_MS = 10_000;
/** The same, when the answer holds an eviction back. Each asks about all nodes: in a large cluster they ask more seldom. */
export function recheckMs(view: View, silentSince?: Instant, now?: Instant): number {
  // What has lasted for long is seldom over within a second.
  const silentMs = silentSince === undefined || now === undefined ? 0 : now - silentSince;
  return Math.min(RECHECK_MS, Math.max(1000, view.list(nodes).length * 10, silentMs / 10));
}

/** A node that is silent for so long, in milliseconds, is taken for unreachable. */
export function graceMs(node: string, outside: Outside | undefined): number {
  return BEATS_MISSED * beatMs(node, outside);
}
/** Milliseconds between two heartbeats of the node, within limits that no agent can leave. */
function beatMs(node: string, outside: Outside | undefined): number {
  const every = outside?.factOf('beatMs', node);
  return typeof every === 'number' ? Math.min(Math.max(every, BEAT_MS_MIN), BEAT_MS) : BEAT_MS;
}

/** The observer's own bus is away: no node can be heard, so no silence is counted. */
export function isCutOff(outside: Outside | undefined): boolean {
  return outside?.fact('busAway') === true;
}

/** When the observer began to listen without interruption; undefined when nobody listens. */
export function observingSince(outside: Outside | undefined): Instant | undefined {
  const since = outside?.fact('observingSince');
  return typeof since === 'number' ? since : undefined;
}

/** When a node was last heard, or could first have been heard; undefined when nobody listens. */
export function lastHeard(node: string, outside: Outside | undefined): Instant | undefined {
  const since = observingSince(outside);
  if (since === undefined) return undefined;
  const heard = outside?.factOf('heartbeats', node);
  return typeof heard === 'number' ? Math.max(heard, since) : since;
}

/** Whether a node reports, or is marked, that it is not ready; undefined of a node that does not exist. */
export function isBad(node: KubeObject | undefined): boolean | undefined {
  if (!node) return undefined;
  const ready = conditionsOf(node as Node).find((condition) => condition.type === 'Ready')?.status;
  return ready === 'False' || ready === 'Unknown';
}

export const BAD = 'bad';
/** Nodes that are {@link isBad}. */
export const nodesNotReady: ObjectIndex<Node> = {
  name: 'nodes that are not ready',
  kind: nodes,
  values: (node) => (isBad(node) ? [BAD] : []),
};

// A type, not an interface: it is recorded as a fact.
export type Disruption = {
  /** More than half of the nodes are silent or not ready: the fault is more likely on this side. */
  readonly isWide: boolean;
  /** False while an outage is wide, while it may still turn out to be, and while the own bus is away. */
  readonly mayEvict: boolean;
};

/** How far an outage reaches. Nothing is evicted because of silence while it is, or may be, an outage of most nodes. */
export function disruption(view: View, now: Instant, outside: Outside | undefined): Disruption {
  if (outside === undefined) return extent(view, now, outside);
  return outside.digest('disruption', (facts): Json => extent(view, now, facts)) as Disruption;
}
function extent(view: View, now: Instant, outside: Outside | undefined): Disruption {
  const all = view.list(nodes);
  let silent = 0;
  let overdue = 0;
  for (const node of all) {
    const { name } = node.metadata;
    const heard = isCutOff(outside) ? undefined : lastHeard(name, outside);
    const missed = heard === undefined ? 0 : (now - heard) / beatMs(name, outside);
    const isDown = isBad(node) === true;
    if (isDown || missed >= BEATS_MISSED) silent++;
    if (isDown || missed >= BEATS_OVERDUE) overdue++;
  }
  return { isWide: silent * 2 > all.length, mayEvict: !isCutOff(outside) && overdue * 2 <= all.length };
}

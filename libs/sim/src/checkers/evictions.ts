import { nodes, pods } from '#kinds';
import { parseStream, type View } from '#model';
import { type Pod } from '#pod';
import type { SignsOfLife } from '../signs-of-life.js';
import type { EventChecker } from './checker.js';

const LOOP = 'taint-eviction';
const UNREACHABLE = 'node.kubernetes.io/unreachable';
/** A node is silent after so long, as the loops have it. */
const GRACE_MS = 50_000;
/** So long it takes from a sign of life to a decision that knows of it: on the bus, through the log, in a lagging reader. */
const KNOWN_AFTER_MS = 20_000;
/** A node gives a sign of life so often; one of two processes may miss it that comes so late to the other. */
const BEAT_MS = 10_000 + 4000;

/**
 * No pod is driven from a node for its silence unless the node was silent for as long as the pod tolerates, and not while
 * most nodes are: then the fault lies elsewhere. What counts is what the world knows, not what the loops were told, at the
 * moment of the loop's look: on its way to the writer and to the log a decision may stay for half a minute. `momentOf`: when
 * that was, on the clock of `signs`.
 */
export function onlyTheSilentAreLeft(signs: SignsOfLife, momentOf: (time: string) => number): EventChecker {
  return {
    name: 'no node is left unless it is silent',
    check(event, before) {
      const decidedAt = momentOf(event.metadata.basis?.now ?? event.time);
      if (event.type === 'NodeBecameUnreachable') return saidSilent(signs, parseStream(event.stream).name, decidedAt);
      // A client may evict what it likes.
      if (event.type !== 'PodEvicted' || event.metadata.via !== LOOP) return undefined;
      const { namespace, name } = parseStream(event.stream);
      const pod = before.get(pods, namespace, name);
      const node = pod?.spec.nodeName;
      if (!pod || !node || !isUnreachable(before, node)) return undefined;
      const known = decidedAt - KNOWN_AFTER_MS;
      const needed = GRACE_MS + tolerated(pod) - KNOWN_AFTER_MS - BEAT_MS;
      const silent = signs.silentMs(node, known);
      if (silent < needed)
        return `${event.stream} was evicted although ${node} was silent for ${silent} ms only, ${needed} are needed`;
      // One that has not been able to register is no node yet.
      const registered = before.list(nodes).map(({ metadata }) => metadata.name);
      // A sign of life of the last moments may be known already, too.
      return [known, decidedAt].every((at) => signs.areMostSilent(registered, at, GRACE_MS + BEAT_MS))
        ? `${event.stream} was evicted although most nodes were silent`
        : undefined;
    },
  };
}

function saidSilent(signs: SignsOfLife, node: string, decidedAt: number): string | undefined {
  // A sign of life of the last moments may be on its way, as for an eviction.
  const silent = signs.silentMs(node, decidedAt - KNOWN_AFTER_MS);
  return silent >= GRACE_MS - KNOWN_AFTER_MS - BEAT_MS
    ? undefined
    : `${node} was said to be unreachable, ${silent} ms after a sign of life that was known`;
}

function isUnreachable(view: View, node: string): boolean {
  const taints = (view.get(nodes, undefined, node)?.spec.taints ?? []) as readonly {
    readonly key: string;
    readonly effect: string;
  }[];
  return taints.some(({ key, effect }) => key === UNREACHABLE && effect === 'NoExecute');
}
function tolerated(pod: Pod): number {
  const tolerations = (pod.spec.tolerations ?? []) as readonly {
    readonly key?: string;
    readonly tolerationSeconds?: number;
  }[];
  const seconds = tolerations
    .filter(({ key }) => key === undefined || key === UNREACHABLE)
    .map((one) => one.tolerationSeconds ?? 0);
  return seconds.length > 0 ? Math.min(...seconds) * 1000 : 0;
}

import { nodeOfSubject, subjects } from '#engine';
import type { Bus, Clock } from '#ports';
import { NodeBudgets } from './node-budgets.js';
import { TokenBucket } from './token-bucket.js';

/** What a message costs of its node's budget, where it is more than 1: an assignment is computed from all that the node needs. */
const COSTS: Readonly<Record<string, number>> = { sync: 10, register: 10 };
const BEATS_PER_SECOND = 4;
const BEATS_BURST = 10;
const BEATS_NODES_MAX = 100_000;

/**
 * The bus as the health app listens on it: reports of a node are handled within its budget, before anything of them is
 * decoded, and heartbeats beyond four a second are dropped. All other subjects pass.
 */
export function withNodeBudgets(bus: Bus, clock: Clock): Bus {
  const budgets = new NodeBudgets(clock);
  const beats = new Map<string, TokenBucket>();
  const isBeatTaken = (node: string): boolean => {
    // Full buckets are as good as none.
    if (beats.size >= BEATS_NODES_MAX) beats.clear();
    let bucket = beats.get(node);
    if (!bucket) beats.set(node, (bucket = new TokenBucket(clock, BEATS_PER_SECOND, BEATS_BURST)));
    return bucket.take(1) === 0;
  };
  return {
    publish: (subject, data) => bus.publish(subject, data),
    flush: () => bus.flush(),
    request: (subject, data, timeoutMs) => bus.request(subject, data, timeoutMs),
    onConnection: (listener) => bus.onConnection(listener),
    close: () => {
      budgets.stop();
      return bus.close();
    },
    subscribe(pattern, handler, queue) {
      if (pattern === subjects.heartbeats)
        return bus.subscribe(
          pattern,
          (data, subject) => (isBeatTaken(nodeOfSubject(subject)) ? handler(data, subject) : undefined),
          queue,
        );
      const what = reportOf(pattern);
      if (what === undefined) return bus.subscribe(pattern, handler, queue);
      const cost = COSTS[what] ?? 1;
      return bus.subscribe(
        pattern,
        (data, subject) =>
          budgets.run(nodeOfSubject(subject), { cost, bytes: data.length }, async () =>
            handler(data, subject),
          ) as Promise<Uint8Array | undefined>,
        queue,
      );
    },
  };
}

/** The last token of `report.*.<what>`. */
function reportOf(pattern: string): string | undefined {
  const what = pattern.split('.').at(-1) ?? '';
  return pattern === subjects.reports(what) ? what : undefined;
}

import { encodeMessage, nodeOfSubject, subjects, tokenOfSubject } from '#engine';
import type { JoinAnswer } from '#model';
import type { Bus, Clock } from '#ports';
import { NodeBudgets } from './node-budgets.js';
import { TokenBucket } from './token-bucket.js';

/** What a message costs of its node's budget, where it is more than 1: an assignment is computed from all that the node needs. */
const COSTS: Readonly<Record<string, number>> = { sync: 10, register: 10 };
const BEATS_PER_SECOND = 4;
const BEATS_BURST = 10;
/** Requests to join that are taken of one token. */
const JOINS_PER_SECOND = 10;
const JOINS_BURST = 50;
const BUCKETS_MAX = 100_000;
const TOO_MANY: JoinAnswer = {
  is: 'refused',
  why: 'Too many machines ask to join by this token at once: try again in a few seconds.',
};

/**
 * The bus as the health app listens on it: reports of a node are handled within its budget, before anything of them is
 * decoded, heartbeats beyond four a second are dropped, and requests to join beyond ten a second of one token are refused. All
 * other subjects pass.
 */
export function withNodeBudgets(bus: Bus, clock: Clock): Bus {
  const budgets = new NodeBudgets(clock);
  const isBeatTaken = bucketsOf(clock, BEATS_PER_SECOND, BEATS_BURST);
  const isJoinTaken = bucketsOf(clock, JOINS_PER_SECOND, JOINS_BURST);
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
      if (pattern === subjects.joins)
        return bus.subscribe(
          pattern,
          (data, subject) =>
            isJoinTaken(tokenOfSubject(subject)) ? handler(data, subject) : Promise.resolve(encodeMessage(TOO_MANY)),
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

/** Whether one more message of a sender is within its rate. */
function bucketsOf(clock: Clock, perSecond: number, burst: number): (sender: string) => boolean {
  const buckets = new Map<string, TokenBucket>();
  return (sender) => {
    // Full buckets are as good as none.
    if (buckets.size >= BUCKETS_MAX) buckets.clear();
    let bucket = buckets.get(sender);
    if (!bucket) buckets.set(sender, (bucket = new TokenBucket(clock, perSecond, burst)));
    return bucket.take(1) === 0;
  };
}

/** The last token of `report.*.<what>`. */
function reportOf(pattern: string): string | undefined {
  const what = pattern.split('.').at(-1) ?? '';
  return pattern === subjects.reports(what) ? what : undefined;
}

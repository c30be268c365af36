import type { NodeState } from './cluster-state.js';
import type { Rejection } from './filters/index.js';

/** Why no node would do, in the words of Kubernetes: a count per reason, sorted, then what preemption could do. */
export function whyNot(
  total: number,
  rejections: ReadonlyMap<NodeState, Rejection>,
  named: ReadonlySet<string> | undefined,
  preempts: boolean,
): string {
  if (total === 0) return 'no nodes available to schedule pods';
  const head = `0/${total} nodes are available: `;
  if (named?.size === 0) return `${head}pod affinity terms conflict. not found`;
  const reasons = new Map<string, number>();
  let helpable = 0;
  for (const rejection of rejections.values()) {
    for (const reason of rejection.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    if (!rejection.helpless) helpable++;
  }
  const words = `${head}${listed(reasons)}. no new claims to deallocate, preemption: `;
  if (!preempts) return `${words}not eligible due to preemptionPolicy=Never.`;
  const outcome = new Map<string, number>();
  if (helpable > 0) outcome.set('No preemption victims found for incoming pod', helpable);
  if (helpable < total) outcome.set('Preemption is not helpful for scheduling', total - helpable);
  return `${words}${head}${listed(outcome)}.`;
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}

import type { NodeState } from './cluster-state.js';
import type { Rejection } from './filters/index.js';
import type { Preemption } from './preemption.js';

/** Why no node would do, in the words of Kubernetes: a count per reason, sorted, then what preemption could do. */
export function whyNot(
  total: number,
  rejections: ReadonlyMap<NodeState, Rejection>,
  named: ReadonlySet<string> | undefined,
  preemption: Preemption,
): string {
  if (total === 0) return 'no nodes available to schedule pods';
  const head = `0/${total} nodes are available: `;
  if (named?.size === 0) return `${head}pod affinity terms conflict. not found`;
  const reasons = new Map<string, number>();
  for (const rejection of rejections.values()) {
    for (const reason of rejection.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const words = `${head}${listed(reasons)}.`;
  if (preemption.is === 'nominated') return words;
  const tail = `${words} no new claims to deallocate, preemption: `;
  if (preemption.is === 'ineligible') return `${tail}${preemption.why}`;
  return `${tail}${head}${listed(preemption.outcome)}.`;
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}

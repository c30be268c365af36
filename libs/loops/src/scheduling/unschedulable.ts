import type { Preemption } from './preemption.js';

export interface Unschedulable {
  /** How many nodes there are. */
  readonly total: number;
  /** How many of them reject the pod for each reason. */
  readonly reasons: ReadonlyMap<string, number>;
  /** The only nodes that its affinity names, if it names some. */
  readonly named: ReadonlySet<string> | undefined;
  readonly preemption: Preemption;
}

/** Why no node would do, in the words of Kubernetes: a count per reason, sorted, then what preemption could do. */
export function whyNot({ total, reasons, named, preemption }: Unschedulable): string {
  if (total === 0) return 'no nodes available to schedule pods';
  const head = `0/${total} nodes are available: `;
  if (named?.size === 0) return `${head}pod affinity terms conflict. not found`;
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

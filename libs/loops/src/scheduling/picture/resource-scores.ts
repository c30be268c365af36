import type { Needs } from './needs.js';
import type { NodeTable } from './node-table.js';

interface KeptScores {
  readonly scores: Float64Array;
  /** The version of each node that its score was computed for. */
  readonly versions: Float64Array;
}
/** Kept for so many different needs. */
const KEPT_MAX = 64;

/** The scores of nodes for what a pod needs. They are kept, and computed again for nodes that have changed since. */
export class ResourceScores {
  private readonly kept = new Map<string, KeptScores>();

  constructor(private readonly nodes: NodeTable) {}

  /** The sum of both scores of each node, by its place. */
  of(needs: Needs): Float64Array {
    const { nodes } = this;
    const key = `${needs.scoredCpu} ${needs.scoredMemory}`;
    let kept = this.kept.get(key);
    if (kept === undefined || kept.scores.length < nodes.slots.length) {
      if (this.kept.size >= KEPT_MAX) this.kept.clear();
      kept = { scores: new Float64Array(nodes.slots.length), versions: new Float64Array(nodes.slots.length) };
      this.kept.set(key, kept);
    }
    const { scores, versions } = kept;
    const newest = nodes.versions;
    for (let index = 0; index < nodes.rows.length; index++) {
      if (versions[index] === newest[index]) continue;
      versions[index] = newest[index] as number;
      const { fit, balance } = resourceParts(nodes, needs, index);
      scores[index] = fit + balance;
    }
    return scores;
  }
}

/** How a node would be filled, both from 0 to 100: as little as possible, and of CPU and memory alike. */
export function resourceParts(
  { columns, scoredCpu, scoredMemory }: NodeTable,
  needs: Needs,
  index: number,
): { readonly fit: number; readonly balance: number } {
  const cpuMax = columns.get('cpu')?.allocatable[index] ?? 0;
  const memoryMax = columns.get('memory')?.allocatable[index] ?? 0;
  const cpu = (scoredCpu[index] as number) + needs.scoredCpu;
  const memory = (scoredMemory[index] as number) + needs.scoredMemory;
  return {
    fit: Math.floor((freePart(cpuMax, cpu) + freePart(memoryMax, memory)) / 2),
    balance: Math.floor((1 - Math.abs(usedPart(cpuMax, cpu) - usedPart(memoryMax, memory)) / 2) * 100),
  };
}
function freePart(capacity: number, used: number): number {
  return capacity === 0 || used > capacity ? 0 : Math.floor(((capacity - used) * 100) / capacity);
}
function usedPart(capacity: number, used: number): number {
  return capacity === 0 ? 1 : Math.min(1, used / capacity);
}

import type { Needs } from './picture/needs.js';

/** What nodes offer and what of it is taken, by the place of a node. */
export interface NodeAmounts {
  readonly slots: Float64Array;
  readonly taken: Float64Array;
  readonly columns: ReadonlyMap<string, { readonly allocatable: Float64Array; readonly used: Float64Array }>;
}

/** What the filters say of a node for a pod, in the order in which they are asked: the first that rejects it counts. */
export const Verdict = {
  fits: 0,
  notNamed: 1,
  unschedulable: 2,
  tainted: 3,
  unaffine: 4,
  portTaken: 5,
  /** Without some of its pods the node would have the room. */
  noRoom: 6,
  /** The node is too small, whatever is on it. */
  tooSmall: 7,
  spreadLabelMissing: 8,
  spreadSkew: 9,
  affinity: 10,
  antiAffinity: 11,
  existingAntiAffinity: 12,
  /** No node has this place in the arrays. */
  gone: 63,
} as const;

const REASONS: Readonly<Record<number, string>> = {
  [Verdict.notNamed]: "node(s) didn't satisfy plugin(s) [NodeAffinity]",
  [Verdict.unschedulable]: 'node(s) were unschedulable',
  [Verdict.tainted]: 'node(s) had untolerated taint(s)',
  [Verdict.unaffine]: "node(s) didn't match Pod's node affinity/selector",
  [Verdict.portTaken]: "node(s) didn't have free ports for the requested pod ports",
  [Verdict.spreadLabelMissing]: "node(s) didn't match pod topology spread constraints (missing required label)",
  [Verdict.spreadSkew]: "node(s) didn't match pod topology spread constraints",
  [Verdict.affinity]: "node(s) didn't match pod affinity rules",
  [Verdict.antiAffinity]: "node(s) didn't match pod anti-affinity rules",
  [Verdict.existingAntiAffinity]: "node(s) didn't satisfy existing pods anti-affinity rules",
};
const UNSCHEDULABLE: ReadonlySet<number> = new Set([
  Verdict.portTaken,
  Verdict.noRoom,
  Verdict.spreadSkew,
  Verdict.antiAffinity,
  Verdict.existingAntiAffinity,
]);

/** True where the removal of pods may help (`Unschedulable`, not `UnschedulableAndUnresolvable`). */
export function isResolvable(verdict: number): boolean {
  return UNSCHEDULABLE.has(verdict);
}

/** The reasons of a rejected node, in Kubernetes' words. What it lacks is read off the amounts as they are now. */
export function reasonsOf(verdict: number, nodes: NodeAmounts, index: number, needs: Needs): readonly string[] {
  if (verdict !== Verdict.noRoom && verdict !== Verdict.tooSmall) return [REASONS[verdict] ?? ''];
  const { slots, taken, columns } = nodes;
  const reasons: string[] = [];
  if ((taken[index] as number) + 1 > (slots[index] as number)) reasons.push('Too many pods');
  for (const [resource, amount] of needs.requests) {
    const column = columns.get(resource);
    const free = column ? (column.allocatable[index] as number) - (column.used[index] as number) : 0;
    if (amount > free) reasons.push(`Insufficient ${resource}`);
  }
  return reasons;
}

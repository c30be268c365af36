import type { Node } from '#kinds';
import { isTolerated, untolerated, type Taint, type Toleration } from '#meta';
import type { Pod } from '#pod';
import { matchesNode, matchesTerm, namedNodes, type NodeLabels } from '#pod';
import { Verdict } from '../verdict.js';

/** The nodes at their places in the arrays, as far as a match depends on them. */
export interface MatchedNodes {
  readonly rows: readonly ((NodeLabels & { readonly node: Node }) | undefined)[];
  readonly slots: { readonly length: number };
  taintsOf(index: number): readonly Taint[];
}
/** What a pod's selector, node affinity and tolerations say of each node, whatever is on it. */
export interface NodeMatch {
  verdicts: Uint8Array;
  /** 1 where the pod's required node affinity and selector match: spread constraints count there. */
  affine: Uint8Array;
  /** Taints PreferNoSchedule that are not tolerated; undefined when no node has one. */
  softTaints: Float64Array | undefined;
  /** Weights of the preferred terms that match; undefined without such terms. */
  preferred: Float64Array | undefined;
  readonly named: ReadonlySet<string> | undefined;
  /** The pod names no node labels or fields at all. */
  readonly isEverywhere: boolean;
  /** Computes the place of a node anew. */
  readonly look: (match: NodeMatch, index: number) => void;
}

/** Kept for so many different combinations: most pods have the same. */
const MATCHES_MAX = 64;
const HARD = ['NoSchedule', 'NoExecute'];
const UNSCHEDULABLE: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** The matches that were asked for, kept up to date with the nodes. */
export class NodeMatches {
  private readonly kept = new Map<string, NodeMatch>();

  constructor(private readonly table: MatchedNodes) {}

  of(pod: Pod): NodeMatch {
    const { nodeSelector, affinity, tolerations } = pod.spec;
    const key = JSON.stringify([nodeSelector ?? null, affinity?.nodeAffinity ?? null, tolerations ?? null]);
    let match = this.kept.get(key);
    if (match) this.kept.delete(key);
    else {
      match = this.made(pod);
      for (const oldest of this.kept.keys()) {
        if (this.kept.size < MATCHES_MAX) break;
        this.kept.delete(oldest);
      }
    }
    this.kept.set(key, match);
    return match;
  }
  update(index: number): void {
    for (const match of this.kept.values()) match.look(match, index);
  }
  grow(capacity: number): void {
    for (const match of this.kept.values()) {
      match.verdicts = grown(match.verdicts, new Uint8Array(capacity).fill(Verdict.gone));
      match.affine = grown(match.affine, new Uint8Array(capacity));
      if (match.softTaints) match.softTaints = grown(match.softTaints, new Float64Array(capacity));
      if (match.preferred) match.preferred = grown(match.preferred, new Float64Array(capacity));
    }
  }

  private made(pod: Pod): NodeMatch {
    const { table } = this;
    const capacity = table.slots.length;
    const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const { tolerations } = pod.spec;
    const isAffine = matchesNode(pod);
    const named = namedNodes(pod);
    const verdictOf = (node: Node, labels: NodeLabels): number => {
      if (named && !named.has(labels.name)) return Verdict.notNamed;
      if (node.spec?.unschedulable && !isTolerated(tolerations, UNSCHEDULABLE)) return Verdict.unschedulable;
      if (untolerated(node.spec?.taints as readonly Taint[] | undefined, tolerations, HARD)) return Verdict.tainted;
      return isAffine(labels) ? Verdict.fits : Verdict.unaffine;
    };
    const match: NodeMatch = {
      verdicts: new Uint8Array(capacity).fill(Verdict.gone),
      affine: new Uint8Array(capacity),
      softTaints: undefined,
      preferred: terms.length > 0 ? new Float64Array(capacity) : undefined,
      named,
      isEverywhere: Object.keys(pod.spec.nodeSelector ?? {}).length === 0 && !pod.spec.affinity?.nodeAffinity,
      look(it, index) {
        const row = table.rows[index];
        it.verdicts[index] = row ? verdictOf(row.node, row) : Verdict.gone;
        it.affine[index] = row && isAffine(row) ? 1 : 0;
        const soft = row ? softTaints(table.taintsOf(index), tolerations) : 0;
        if (soft > 0) it.softTaints ??= new Float64Array(it.verdicts.length);
        if (it.softTaints) it.softTaints[index] = soft;
        if (!it.preferred) return;
        let sum = 0;
        if (row) for (const { preference, weight } of terms) if (matchesTerm(preference, row)) sum += weight;
        it.preferred[index] = sum;
      },
    };
    for (let index = 0; index < table.rows.length; index++) match.look(match, index);
    return match;
  }
}

function softTaints(taints: readonly Taint[], tolerations: readonly Toleration[] | undefined): number {
  if (taints.length === 0) return 0;
  return taints.filter((taint) => taint.effect === 'PreferNoSchedule' && !isTolerated(tolerations, taint)).length;
}

function grown<T extends Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

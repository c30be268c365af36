import type { Pod } from '#pod';
import { Fit } from './fit.js';
import type { Look } from './look.js';
import { reservedFor, withReserved, type Reserved } from './nominated.js';
import type { ClusterPicture } from './picture/cluster-picture.js';
import type { NodeRow } from './picture/node-table.js';
import { preempt, type Preemption } from './preemption.js';
import { best } from './score.js';
import type { Shape } from './shape.js';
import { whyNot } from './unschedulable.js';
import { reasonsOf, Verdict } from './verdict.js';

/** Where a pod goes, or why it goes nowhere. */
export type Placement =
  | {
      readonly is: 'placed';
      readonly node: NodeRow;
      readonly scores: { readonly [score: string]: number };
      readonly feasible: number;
    }
  | { readonly is: 'unschedulable'; readonly message: string; readonly preemption: Preemption };

/** Decides for one pod. Room that is kept for others of at least its priority is no room for it. Ties: the node's name. */
export function schedule(pod: Pod, shape: Shape, look: Look): Placement {
  const { picture, nominations } = look;
  const { nodes } = picture;
  const { named } = nodes.matches.of(pod);
  const lacks = nodes.count > 0 && named?.size !== 0 ? look.lacks(pod) : undefined;
  if (lacks !== undefined) {
    const message = `0/${nodes.count} nodes are available: ${lacks}. not found`;
    return { is: 'unschedulable', message, preemption: { is: 'useless', outcome: new Map() } };
  }
  const reserved = nominations.size > 0 ? reservedFor(pod, nominations, picture) : [];
  const verdicts = verdictsOf(pod, shape, picture, reserved);
  let feasible = 0;
  for (let index = 0; index < verdicts.length; index++) if (verdicts[index] === Verdict.fits) feasible++;
  if (feasible === 0) {
    const reasons = reasonsFor(shape, picture, reserved, verdicts);
    const preemption = preempt({ pod, shape, look, verdicts: verdicts.map((verdict) => verdict & ~RESERVED) });
    return { is: 'unschedulable', message: whyNot({ total: nodes.count, reasons, named, preemption }), preemption };
  }
  const { index, parts } = best(pod, shape, picture, verdicts);
  return { is: 'placed', node: nodes.rows[index] as NodeRow, scores: parts, feasible };
}

/** Marks the verdict of a node that rejects the pod because of what is reserved. */
const RESERVED = 64;

/** A pod must not lean on others that are only nominated: it has to fit with and without them. */
function verdictsOf(pod: Pod, shape: Shape, picture: ClusterPicture, reserved: readonly Reserved[]): Uint8Array {
  const { length } = picture.nodes.rows;
  const bare = new Uint8Array(length);
  new Fit(pod, shape, picture).fill(bare);
  if (reserved.length === 0) return bare;
  const verdicts = new Uint8Array(length);
  withReserved(picture, reserved, () => new Fit(pod, shape, picture).fill(verdicts));
  for (let index = 0; index < length; index++) {
    const verdict = verdicts[index] as number;
    verdicts[index] = verdict === Verdict.fits ? (bare[index] as number) : verdict | RESERVED;
  }
  return verdicts;
}

/** How many nodes reject the pod for each reason. */
function reasonsFor(
  { needs }: Shape,
  picture: ClusterPicture,
  reserved: readonly Reserved[],
  verdicts: Uint8Array,
): ReadonlyMap<string, number> {
  const reasons = new Map<string, number>();
  const count = (mark: number): void => {
    for (let index = 0; index < verdicts.length; index++) {
      const verdict = verdicts[index] as number;
      if (picture.nodes.rows[index] === undefined || (verdict & RESERVED) !== mark) continue;
      for (const reason of reasonsOf(verdict & ~RESERVED, picture.nodes, index, needs))
        reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  };
  if (reserved.length > 0) withReserved(picture, reserved, () => count(RESERVED));
  count(0);
  return reasons;
}

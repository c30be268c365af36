import type { Pod } from '#kinds';
import { untolerated } from '#meta';
import type { ClusterPicture } from './picture/cluster-picture.js';
import type { NodeMatch } from './picture/node-match.js';
import type { Shape, Spread } from './shape.js';
import { Verdict } from './verdict.js';

/** Says by the place of a node what the rules about other pods say of it: {@link Verdict}. */
export type TopologyRules = (index: number) => number;

/** The required rules of a pod about others, and theirs about it, as the picture is now; undefined when there are none. */
export function topologyRules(pod: Pod, shape: Shape, picture: ClusterPicture): TopologyRules | undefined {
  const { near, apart, hardSpreads } = shape;
  const others = picture.counts.termsAbout(pod).filter(({ isRequiredApart }) => isRequiredApart);
  if (hardSpreads.length === 0 && !near && apart.length === 0 && others.length === 0) return undefined;
  const spreadAt = spreadRule(pod, hardSpreads, picture);
  const isNear = nearRule(pod, near, picture);
  const shuns = apart.map(({ topologyKey, matcher }) => occupied(topologyKey, picture.counts.of(matcher), picture));
  const shunned = others.map(({ topologyKey, perNode }) => occupied(topologyKey, perNode, picture));
  return (index) => {
    const spread = spreadAt(index);
    if (spread !== Verdict.fits) return spread;
    if (!isNear(index)) return Verdict.affinity;
    for (const one of shuns) if (holds(one, index)) return Verdict.antiAffinity;
    for (const one of shunned) if (holds(one, index)) return Verdict.existingAntiAffinity;
    return Verdict.fits;
  };
}

/** Domains of a topology key that hold one of the counted pods. */
interface Occupied {
  readonly of: Int32Array;
  readonly domains: Uint8Array;
  readonly isEmpty: boolean;
}
function occupied(topologyKey: string, perNode: ReadonlyMap<number, number>, picture: ClusterPicture): Occupied {
  const { of, ids } = picture.nodes.domainsOf(topologyKey);
  const domains = new Uint8Array(ids.size);
  let isEmpty = true;
  for (const index of perNode.keys()) {
    const domain = of[index] as number;
    if (domain < 0) continue;
    domains[domain] = 1;
    isEmpty = false;
  }
  return { of, domains, isEmpty };
}
function holds({ of, domains }: Occupied, index: number): boolean {
  const domain = of[index] as number;
  return domain >= 0 && domains[domain] === 1;
}

/** All terms must find their pods in the node's domains; a pod of all terms' own kind is placed at once. */
function nearRule(pod: Pod, near: Shape['near'], picture: ClusterPicture): (index: number) => boolean {
  if (!near) return () => true;
  const counted = picture.counts.of(near.matcher);
  const found = near.keys.map((key) => occupied(key, counted, picture));
  const isFirst =
    found.every(({ isEmpty }) => isEmpty) && near.matcher.matches(pod, (namespace) => picture.labelsOf(namespace));
  return (index) => found.every((one) => (one.of[index] as number) >= 0 && (isFirst || holds(one, index)));
}

function spreadRule(pod: Pod, hard: readonly Spread[], picture: ClusterPicture): (index: number) => number {
  if (hard.length === 0) return () => Verdict.fits;
  const match = picture.nodes.matches.of(pod);
  const keys = hard.map(({ constraint }) => constraint.topologyKey);
  const rules = hard.map((spread) => {
    const { of, counts, present } = countByDomain(pod, spread, { keys, match, picture });
    let size = 0;
    let least = Infinity;
    for (let domain = 0; domain < present.length; domain++) {
      if (present[domain] === 0) continue;
      size++;
      least = Math.min(least, counts[domain] as number);
    }
    const { minDomains = 1, maxSkew } = spread.constraint;
    if (size === 0 || size < minDomains) least = 0;
    return { of, counts, most: maxSkew + least - (spread.countsItself ? 1 : 0) };
  });
  return (index) => {
    for (const { of, counts, most } of rules) {
      const domain = of[index] as number;
      if (domain < 0) return Verdict.spreadLabelMissing;
      if ((counts[domain] as number) > most) return Verdict.spreadSkew;
    }
    return Verdict.fits;
  };
}

export interface DomainCounts {
  readonly of: Int32Array;
  readonly counts: Float64Array;
  /** 1 for domains with a node that takes part. */
  readonly present: Uint8Array;
}
/** Pods that a spread constraint means, by domain, over the nodes that take part: those with all of the keys. */
export function countByDomain(
  pod: Pod,
  { constraint, matcher }: Spread,
  {
    keys,
    match,
    picture,
  }: { readonly keys: readonly string[]; readonly match: NodeMatch; readonly picture: ClusterPicture },
): DomainCounts {
  const { nodes } = picture;
  const { of, ids } = nodes.domainsOf(constraint.topologyKey);
  const others = keys.filter((key) => key !== constraint.topologyKey).map((key) => nodes.domainsOf(key).of);
  const honorsAffinity = constraint.nodeAffinityPolicy !== 'Ignore';
  const honorsTaints = constraint.nodeTaintsPolicy === 'Honor';
  const takesPart = (index: number): boolean => {
    if ((of[index] as number) < 0 || (honorsAffinity && match.affine[index] === 0)) return false;
    for (const other of others) if ((other[index] as number) < 0) return false;
    return !honorsTaints || !untolerated(nodes.taintsOf(index), pod.spec.tolerations, ['NoSchedule', 'NoExecute']);
  };
  const counts = new Float64Array(ids.size);
  const present = new Uint8Array(ids.size);
  for (let index = 0; index < nodes.rows.length; index++) if (takesPart(index)) present[of[index] as number] = 1;
  for (const [index, count] of picture.counts.of(matcher))
    if (takesPart(index)) (counts[of[index] as number] as number) += count;
  return { of, counts, present };
}

import { untolerated } from '#meta';
import type { Pod } from '#pod';
import type { ClusterPicture } from './picture/cluster-picture.js';
import type { NodeMatch } from './picture/node-match.js';
import type { Shape, Spread } from './shape.js';
import { Verdict } from './verdict.js';

/** What a rule about other pods says of nodes, by the domain that they are in. */
export interface DomainRule {
  /** The domain of each node. */
  readonly of: Int32Array;
  /** {@link Verdict} of each domain. */
  readonly bad: Uint8Array;
  /** Of a node without the label. */
  readonly missing: number;
}

/** The required rules of a pod about others, and theirs about it, as the picture is now, in the order in which they are asked. */
export function topologyRules(pod: Pod, shape: Shape, picture: ClusterPicture): readonly DomainRule[] {
  const { near, apart, hardSpreads } = shape;
  const { counts } = picture;
  return [
    ...spreadRules(pod, hardSpreads, picture),
    ...nearRules(pod, near, picture),
    ...apart.map(({ topologyKey, matcher }) =>
      shunning(Verdict.antiAffinity, topologyKey, [counts.of(matcher)], picture),
    ),
    ...existingRules(pod, picture),
  ];
}

/** Required anti-affinity of placed pods, one rule for each topology key. */
function existingRules(pod: Pod, picture: ClusterPicture): readonly DomainRule[] {
  const byKey = new Map<string, ReadonlyMap<number, number>[]>();
  for (const { isRequiredApart, topologyKey, perNode } of picture.counts.termsAbout(pod)) {
    if (!isRequiredApart) continue;
    const known = byKey.get(topologyKey);
    if (known) known.push(perNode);
    else byKey.set(topologyKey, [perNode]);
  }
  return [...byKey].map(([key, perNodes]) => shunning(Verdict.existingAntiAffinity, key, perNodes, picture));
}
function shunning(
  verdict: number,
  topologyKey: string,
  perNodes: readonly ReadonlyMap<number, number>[],
  picture: ClusterPicture,
): DomainRule {
  const { of, ids } = picture.nodes.domainsOf(topologyKey);
  const bad = new Uint8Array(ids.size);
  for (const perNode of perNodes) for (const index of perNode.keys()) markDomain(bad, of, index, verdict);
  return { of, bad, missing: Verdict.fits };
}
function markDomain(domains: Uint8Array, of: Int32Array, index: number, value: number): void {
  const domain = of[index] as number;
  if (domain >= 0) domains[domain] = value;
}

/** All terms must find their pods in the node's domains; a pod of all terms' own kind is placed at once. */
function nearRules(pod: Pod, near: Shape['near'], picture: ClusterPicture): readonly DomainRule[] {
  if (!near) return [];
  const counted = picture.counts.of(near.matcher);
  const rules = near.keys.map((key) => {
    const { of, ids } = picture.nodes.domainsOf(key);
    const bad = new Uint8Array(ids.size).fill(Verdict.affinity);
    for (const index of counted.keys()) markDomain(bad, of, index, Verdict.fits);
    return { of, bad, missing: Verdict.affinity };
  });
  const isNowhere = rules.every(({ bad }) => bad.every((verdict) => verdict === Verdict.affinity));
  const isFirst = isNowhere && near.matcher.matches(pod, (namespace) => picture.labelsOf(namespace));
  if (isFirst) for (const { bad } of rules) bad.fill(Verdict.fits);
  return rules;
}

function spreadRules(pod: Pod, hard: readonly Spread[], picture: ClusterPicture): readonly DomainRule[] {
  if (hard.length === 0) return [];
  const match = picture.nodes.matches.of(pod);
  const keys = hard.map(({ constraint }) => constraint.topologyKey);
  return hard.map((spread) => {
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
    const most = maxSkew + least - (spread.countsItself ? 1 : 0);
    const bad = new Uint8Array(counts.length);
    for (let domain = 0; domain < bad.length; domain++)
      if ((counts[domain] as number) > most) bad[domain] = Verdict.spreadSkew;
    return { of, bad, missing: Verdict.spreadLabelMissing };
  });
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
  const others = [...new Set(keys)]
    .filter((key) => key !== constraint.topologyKey)
    .map((key) => nodes.domainsOf(key).of);
  const honorsAffinity = constraint.nodeAffinityPolicy !== 'Ignore';
  const honorsTaints = constraint.nodeTaintsPolicy === 'Honor';
  const takesPart = (index: number): boolean => {
    if ((of[index] as number) < 0 || (honorsAffinity && match.affine[index] === 0)) return false;
    for (const other of others) if ((other[index] as number) < 0) return false;
    return !honorsTaints || !untolerated(nodes.taintsOf(index), pod.spec.tolerations, ['NoSchedule', 'NoExecute']);
  };
  picture.steps.taken += nodes.rows.length;
  const counts = new Float64Array(ids.size);
  const present = new Uint8Array(ids.size);
  const takeAll = others.length === 0 && !honorsTaints && (!honorsAffinity || match.isEverywhere);
  for (let index = 0; index < nodes.rows.length; index++) {
    const domain = of[index] as number;
    if (domain >= 0 && (takeAll || takesPart(index))) present[domain] = 1;
  }
  for (const [index, count] of picture.counts.of(matcher))
    if (takesPart(index)) (counts[of[index] as number] as number) += count;
  return { of, counts, present };
}

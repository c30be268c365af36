import type { Pod, PodAffinityTerm } from '#pod';
import { MatcherIndex, termMatcher, type NamespaceLabels, type PodMatcher } from './pod-matcher.js';

/** How many pods that a matcher means there are, by place of their node; nodes without any are left out. */
export interface PodCount {
  readonly matcher: PodMatcher;
  readonly perNode: Map<number, number>;
}
/** One affinity term of placed pods, with how many of them have it by place of their node. */
export interface TermCount extends PodCount {
  readonly key: string;
  readonly topologyKey: string;
  /** Required anti-affinity: it keeps pods away. All others only have a weight in scores. */
  readonly isRequiredApart: boolean;
  readonly weight: number;
}

/** Selectors whose counts are kept; one that was dropped is counted again when it is asked for. */
const COUNTS_MAX = 256;
/** A placed pod's required affinity weighs so much in the score of a pod that it wants near. */
const HARD_AFFINITY_WEIGHT = 1;

export class PodCounts {
  /** What selectors of waiting pods mean; the one that was asked for last is at the end. */
  private readonly counts = new Map<string, PodCount>();
  private readonly countIndex = new MatcherIndex<PodCount>();
  private readonly terms = new Map<string, TermCount>();
  private readonly termIndex = new MatcherIndex<TermCount>();

  constructor(
    private readonly labelsOf: NamespaceLabels,
    /** All pods that are counted, with the places of their nodes. */
    private readonly eachPlaced: (take: (index: number, pod: Pod) => void) => void,
  ) {}

  add(index: number, pod: Pod, times: 1 | -1): void {
    this.countIndex.each(pod, this.labelsOf, ({ perNode }) => addTo(perNode, index, times));
    for (const term of termsOf(pod)) this.addTerm(term, index, times);
  }
  private addTerm(term: Omit<TermCount, 'perNode'>, index: number, times: 1 | -1): void {
    let known = this.terms.get(term.key);
    if (known === undefined) {
      known = { ...term, perNode: new Map() };
      this.terms.set(term.key, known);
      this.termIndex.add(known);
    }
    addTo(known.perNode, index, times);
    if (known.perNode.size > 0) return;
    this.terms.delete(term.key);
    this.termIndex.remove(known);
  }

  of(matcher: PodMatcher): ReadonlyMap<number, number> {
    const known = this.counts.get(matcher.key);
    if (known) {
      this.counts.delete(matcher.key);
      this.counts.set(matcher.key, known);
      return known.perNode;
    }
    for (const [key, oldest] of this.counts) {
      if (this.counts.size < COUNTS_MAX) break;
      this.counts.delete(key);
      this.countIndex.remove(oldest);
    }
    const made: PodCount = { matcher, perNode: new Map() };
    this.eachPlaced((index, pod) => {
      if (matcher.matches(pod, this.labelsOf)) addTo(made.perNode, index, 1);
    });
    this.counts.set(matcher.key, made);
    this.countIndex.add(made);
    return made.perNode;
  }
  /** Terms of placed pods that mean this pod. */
  termsAbout(pod: Pod): readonly TermCount[] {
    const found: TermCount[] = [];
    this.termIndex.each(pod, this.labelsOf, (term) => found.push(term));
    return found;
  }
  /** Namespaces have other labels: counts over namespaces chosen by labels are not true any more. */
  forgetNamespaces(): void {
    for (const [key, count] of this.counts) {
      this.counts.delete(key);
      this.countIndex.remove(count);
    }
  }

  /** For comparison: the terms, and the counts of the given matchers. */
  termCounts(): IterableIterator<TermCount> {
    return this.terms.values();
  }
  matchers(): readonly PodMatcher[] {
    return [...this.counts.values()].map(({ matcher }) => matcher);
  }
}

function addTo(perNode: Map<number, number>, index: number, times: 1 | -1): void {
  const count = (perNode.get(index) ?? 0) + times;
  if (count === 0) perNode.delete(index);
  else perNode.set(index, count);
}

const NO_TERMS: readonly Omit<TermCount, 'perNode'>[] = [];
const known = new WeakMap<object, readonly Omit<TermCount, 'perNode'>[]>();

/** The terms of a pod that other pods have to respect, or to be scored by. */
function termsOf(pod: Pod): readonly Omit<TermCount, 'perNode'>[] {
  const { affinity } = pod.spec;
  if (!affinity?.podAffinity && !affinity?.podAntiAffinity) return NO_TERMS;
  let terms = known.get(pod.spec);
  if (terms === undefined) known.set(pod.spec, (terms = listed(pod)));
  return terms;
}
function listed(pod: Pod): readonly Omit<TermCount, 'perNode'>[] {
  const one = (term: PodAffinityTerm, weight: number, isRequiredApart = false): Omit<TermCount, 'perNode'> => {
    const matcher = termMatcher(term, pod);
    const key = JSON.stringify([isRequiredApart, weight, term.topologyKey, matcher.key]);
    return { key, matcher, topologyKey: term.topologyKey, isRequiredApart, weight };
  };
  const { near, apart } = requiredTerms(pod);
  return [
    ...apart.map((term) => one(term, 0, true)),
    ...near.map((term) => one(term, HARD_AFFINITY_WEIGHT)),
    ...preferredTerms(pod).map(({ term, weight }) => one(term, weight)),
  ];
}

export function requiredTerms(pod: Pod): { near: readonly PodAffinityTerm[]; apart: readonly PodAffinityTerm[] } {
  const { affinity } = pod.spec;
  return {
    near: affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
    apart: affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
  };
}
/** Preferred terms; those that want distance weigh negatively. */
export function preferredTerms(pod: Pod): readonly { readonly term: PodAffinityTerm; readonly weight: number }[] {
  const { affinity } = pod.spec;
  const near = affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const apart = affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...near.map(({ podAffinityTerm, weight }) => ({ term: podAffinityTerm, weight })),
    ...apart.map(({ podAffinityTerm, weight }) => ({ term: podAffinityTerm, weight: -weight })),
  ];
}

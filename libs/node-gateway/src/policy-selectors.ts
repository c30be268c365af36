import { selectorMatches } from '#meta';
import type { LabelSelector } from '#model';

type Labels = Readonly<Record<string, string>> | undefined;

/**
 * The pod selectors of one namespace's NetworkPolicies. A lookup by labels tests the policies that require one of the labels, and those
 * that require none.
 */
export class PolicySelectors {
  private readonly selectors = new Map<string, LabelSelector>();
  /** Policies by one label (`app=web`) or key (`app`) without which they select nothing. */
  private readonly byLabel = new Map<string, Set<string>>();
  private readonly others = new Set<string>();

  get size(): number {
    return this.selectors.size;
  }
  get(policy: string): LabelSelector | undefined {
    return this.selectors.get(policy);
  }
  put(policy: string, selector: LabelSelector | undefined): void {
    const before = this.selectors.get(policy);
    if (before) this.unlist(policy, before);
    if (!selector) return void this.selectors.delete(policy);
    this.selectors.set(policy, selector);
    const required = requiredBy(selector);
    if (!required) this.others.add(policy);
    for (const label of required ?? []) this.byLabel.set(label, (this.byLabel.get(label) ?? new Set()).add(policy));
  }
  selecting(labels: Labels): ReadonlySet<string> {
    const found = new Set<string>();
    const test = (policies: Iterable<string>): void => {
      for (const policy of policies) if (selectorMatches(this.selectors.get(policy), labels)) found.add(policy);
    };
    test(this.others);
    for (const [key, value] of Object.entries(labels ?? {})) {
      test(this.byLabel.get(key) ?? []);
      test(this.byLabel.get(`${key}=${value}`) ?? []);
    }
    return found;
  }

  private unlist(policy: string, selector: LabelSelector): void {
    this.others.delete(policy);
    for (const label of requiredBy(selector) ?? []) {
      const policies = this.byLabel.get(label);
      policies?.delete(policy);
      if (policies?.size === 0) this.byLabel.delete(label);
    }
  }
}

/** Labels or keys of which every selected pod has one; undefined: there are none. */
function requiredBy({ matchLabels, matchExpressions }: LabelSelector): readonly string[] | undefined {
  const [label] = Object.entries(matchLabels ?? {});
  if (label) return [label.join('=')];
  for (const { key, operator, values } of matchExpressions ?? []) {
    if (operator === 'In') return (values ?? []).map((value) => `${key}=${value}`);
    if (operator === 'Exists') return [key];
  }
  return undefined;
}

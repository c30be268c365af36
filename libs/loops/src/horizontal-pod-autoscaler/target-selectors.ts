import { horizontalPodAutoscalers, type HorizontalPodAutoscaler } from '#kinds';
import { parseLabelSelector, type LabelMatcher, type Labels } from '#meta';
import { KeptPicture, type Change, type KindRegistry, type KubeObject, type View } from '#model';
import { scaledBy } from './autoscalers-by-target.js';
import { targetOf } from './target.js';

interface Placed {
  readonly selector: string;
  readonly matcher: LabelMatcher;
  /** The label by which it is found; undefined: pods may have it or not. */
  readonly label: string | undefined;
}
/** Autoscalers of one namespace whose target has a selector, by name and by one label that its pods must have. */
interface Namespace {
  readonly placed: Map<string, Placed>;
  readonly byLabel: Map<string | undefined, Set<string>>;
}
interface Selectors {
  /** By which targets were found: another one when a kind is defined or goes. */
  readonly kinds: KindRegistry;
  readonly namespaces: Map<string, Namespace>;
}

/**
 * Which autoscalers have a target whose selector matches a pod. A namespace may have thousands of them: each is found by that label of its
 * selector which the fewest others have.
 */
export class TargetSelectors {
  readonly picture = new KeptPicture<{ selectors: Selectors }>({
    build: (view) => ({ selectors: this.build(view) }),
    apply: ({ selectors }, change, view) => this.apply(selectors, change, view),
  });

  constructor(private readonly kinds: KindRegistry) {}

  /** Names of the autoscalers of a namespace whose target selects pods with one of these sets of labels, in their order. */
  matching(view: View, namespace: string, labels: readonly (Labels | undefined)[]): readonly string[] {
    const { picture: kept } = this.picture.of(view);
    if (kept.selectors.kinds !== this.kinds.at(view)) kept.selectors = this.build(view);
    const known = kept.selectors.namespaces.get(namespace);
    if (!known) return [];
    const found = new Set<string>();
    for (const one of labels) {
      const values = Object.entries(one ?? {}).map(([key, value]) => labelText(key, value));
      for (const value of [undefined, ...values])
        for (const name of known.byLabel.get(value) ?? [])
          if (known.placed.get(name)?.matcher.matches(one) === true) found.add(name);
    }
    return [...found].sort();
  }

  private build(view: View): Selectors {
    const selectors: Selectors = { kinds: this.kinds.at(view), namespaces: new Map() };
    for (const autoscaler of view.list(horizontalPodAutoscalers)) this.place(selectors, view, autoscaler);
    return selectors;
  }
  private apply(selectors: Selectors, { kind, before, after }: Change, view: View): void {
    const object = (after ?? before) as KubeObject;
    if (kind !== horizontalPodAutoscalers.id) {
      for (const autoscaler of scaledBy(view, object)) this.place(selectors, view, autoscaler);
      return;
    }
    const { namespace = '', name } = object.metadata;
    const now = view.get(horizontalPodAutoscalers, namespace, name);
    if (now) this.place(selectors, view, now);
    else displace(selectors.namespaces, namespace, name);
  }

  private place({ namespaces }: Selectors, view: View, autoscaler: HorizontalPodAutoscaler): void {
    const { namespace = '', name } = autoscaler.metadata;
    const target = targetOf(this.kinds, view, autoscaler);
    const selector = typeof target === 'string' ? '' : target.selector;
    if (namespaces.get(namespace)?.placed.get(name)?.selector === selector) return;
    displace(namespaces, namespace, name);
    const matcher = selector === '' ? undefined : parseLabelSelector(selector);
    if (!matcher?.ok) return;
    const known: Namespace = namespaces.get(namespace) ?? { placed: new Map(), byLabel: new Map() };
    namespaces.set(namespace, known);
    const label = rarest(matcher.value, known.byLabel);
    known.placed.set(name, { selector, matcher: matcher.value, label });
    known.byLabel.set(label, (known.byLabel.get(label) ?? new Set()).add(name));
  }
}

function displace(namespaces: Selectors['namespaces'], namespace: string, name: string): void {
  const known = namespaces.get(namespace);
  const placed = known?.placed.get(name);
  if (!known || !placed) return;
  known.placed.delete(name);
  const names = known.byLabel.get(placed.label);
  names?.delete(name);
  if (names?.size === 0) known.byLabel.delete(placed.label);
  if (known.placed.size === 0) namespaces.delete(namespace);
}

/** Of the labels that a matching pod must have the one by which the fewest are found. */
function rarest({ requirements }: LabelMatcher, byLabel: Namespace['byLabel']): string | undefined {
  let best: string | undefined;
  const countOf = (label: string): number => byLabel.get(label)?.size ?? 0;
  for (const { key, operator, values } of requirements) {
    const [value] = values;
    if (!ONE_VALUE.has(operator) || value === undefined || values.length > 1) continue;
    const label = labelText(key, value);
    if (best === undefined || countOf(label) < countOf(best)) best = label;
  }
  return best;
}
const ONE_VALUE = new Set(['=', '==', 'in']);

function labelText(key: string, value: string): string {
  return `${key}=${value}`;
}

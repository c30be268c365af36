import type { NodeSelectorRequirement, NodeSelectorTerm } from './schema/affinity.schema.js';
import type { Pod } from './schema/pod.schema.js';

/** What a node selector can ask for. */
export interface NodeLabels {
  readonly name: string;
  readonly labels: { readonly [key: string]: string };
}

/** Whether a node has what `nodeSelector` and the required node affinity ask for. */
export function matchesNode(pod: Pod): (state: NodeLabels) => boolean {
  const selector = Object.entries(pod.spec.nodeSelector ?? {});
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (state) => {
    for (const [key, value] of selector) if (state.labels[key] !== value) return false;
    return terms === undefined || terms.some((term) => matchesTerm(term, state));
  };
}

/** All requirements of a term hold. A term without any matches no node. */
export function matchesTerm(term: NodeSelectorTerm, state: NodeLabels): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  if (expressions.length === 0 && fields.length === 0) return false;
  return (
    expressions.every((requirement) => holds(requirement, state.labels[requirement.key])) &&
    fields.every((requirement) => holds(requirement, requirement.key === 'metadata.name' ? state.name : undefined))
  );
}

/**
 * The only nodes that can match at all, when every term names some by `metadata.name`; undefined when some term does not.
 * Kubernetes narrows the nodes by this before it filters, and says so in other words.
 */
export function namedNodes(pod: Pod): ReadonlySet<string> | undefined {
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (!terms || terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const term of terms) {
    const lists = (term.matchFields ?? [])
      .filter((requirement) => requirement.key === 'metadata.name' && requirement.operator === 'In')
      .map((requirement) => requirement.values ?? []);
    if (lists.length === 0) return undefined;
    const [first, ...others] = lists as [readonly string[], ...(readonly string[])[]];
    for (const name of first) if (others.every((list) => list.includes(name))) names.add(name);
  }
  return names;
}

function holds(requirement: NodeSelectorRequirement, value: string | undefined): boolean {
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt':
      return comparesAs(requirement.operator, value, values[0]);
    default:
      return false;
  }
}
function comparesAs(operator: 'Gt' | 'Lt', value: string | undefined, limit: string | undefined): boolean {
  if (!value || !limit || !/^[+-]?\d+$/.test(value) || !/^[+-]?\d+$/.test(limit)) return false;
  return operator === 'Gt' ? BigInt(value) > BigInt(limit) : BigInt(value) < BigInt(limit);
}

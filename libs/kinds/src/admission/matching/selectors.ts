import { labelMatcher, type Labels, type LabelSelector } from '#meta';
import type { RequestAttributes } from './attributes.js';

type Selector = LabelSelector | null | undefined;

/**
 * Whether a `namespaceSelector` lets the request in. Cluster-scoped objects other than namespaces always match. `missing`
 * when the selector selects and the namespace does not exist: Kubernetes answers that with 404.
 */
export function namespaceSelected(selector: Selector, request: RequestAttributes): boolean | 'missing' {
  const { namespace, namespaceLabels, requested } = request;
  const isNamespace = requested.group === '' && requested.resource === 'namespaces';
  if ((namespace === '' && !isNamespace) || selectsAll(selector)) return true;
  return namespaceLabels === undefined ? 'missing' : selects(selector, namespaceLabels);
}

/** Whether an `objectSelector` matches the object as it will be or as it was. */
export function objectSelected(selector: Selector, { object, old }: RequestAttributes): boolean {
  if (selectsAll(selector)) return true;
  return [object, old].some((one) => one !== undefined && selects(selector, labelsOf(one)));
}

/** Options of a connection have no metadata. */
function labelsOf({ metadata }: { readonly metadata?: { readonly labels?: Labels } }): Labels | undefined {
  return metadata?.labels;
}

function selectsAll(selector: Selector): boolean {
  if (!selector) return true;
  const made = labelMatcher(selector);
  return made.ok && made.value.everything;
}
function selects(selector: Selector, labels: Labels | undefined): boolean {
  const made = labelMatcher(selector);
  return made.ok && made.value.matches(labels);
}

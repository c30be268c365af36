import { mayNodeLabel } from '#meta';
import type { KubeObject } from '#model';
import { isJsonObject } from '#std';

/** What a registration may say besides the status. Taints count when the Node is created, never afterwards. */
const OWN_METADATA = new Set(['name', 'labels']);
const OWN_SPEC = new Set(['taints', 'unschedulable', 'providerID']);

/**
 * Why a node may not register with this object, by the rules of Kubernetes' NodeRestriction admission and, stricter than
 * that, without annotations and finalizers; undefined when it may. The body is as the agent sent it: nothing of it is
 * believed.
 */
export function registrationProblem(node: string, body: KubeObject): string | undefined {
  const { metadata } = body as { readonly metadata?: unknown };
  if (!isJsonObject(metadata)) return 'a registration is a Node with metadata';
  if (metadata['name'] !== node)
    return `a node registers itself: ${node} is not ${JSON.stringify(metadata['name'] ?? null).slice(0, 300)}`;
  const meta = Object.keys(metadata).find((key) => !OWN_METADATA.has(key));
  if (meta !== undefined) return `a node cannot set metadata.${meta.slice(0, 100)} of its Node`;
  const spec = body['spec'] ?? {};
  if (!isJsonObject(spec)) return 'the spec of a Node is an object';
  const field = Object.keys(spec).find((key) => !OWN_SPEC.has(key));
  if (field !== undefined) return `a node cannot set spec.${field.slice(0, 100)} of its Node`;
  if (body['status'] !== undefined && !isJsonObject(body['status'])) return 'the status of a Node is an object';
  return labelProblem(metadata['labels'] ?? {});
}

function labelProblem(labels: unknown): string | undefined {
  if (!isJsonObject(labels)) return 'the labels of a Node are an object';
  for (const [key, value] of Object.entries(labels)) {
    // A merge patch removes what is null: a label that somebody else set, for example.
    if (typeof value !== 'string') return `the value of label ${key.slice(0, 300)} is not a string`;
    if (!mayNodeLabel(key)) return `a node cannot give itself the label ${key.slice(0, 300)}`;
  }
  return undefined;
}

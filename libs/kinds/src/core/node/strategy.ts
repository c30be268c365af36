import type { Strategy } from '#model';
import type { Node } from './schema.js';
import { validateNode, validateNodeUpdate } from './validate.js';

export const nodeStrategy: Strategy<Node> = {
  createKeepsStatus: true,
  revalidatesMetadata: true,
  registryPrefix: 'minions',
  applyDefaults: (object) => withPodCidrs(withAllocatable(object)),
  prepareCreate: withoutGated,
  prepareUpdate: withoutGated,
  prepareStatus: withoutGated,
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  validateStatus: validateNodeUpdate,
  warnings,
};

/** A node that says what it has and not what of it pods may take offers all of it. */
function withAllocatable(object: Node): Node {
  const { capacity, allocatable } = object.status ?? {};
  if (capacity === undefined || allocatable !== undefined) return object;
  return { ...object, status: { ...object.status, allocatable: capacity } };
}

/** The single CIDR is the first of the list, and each is filled from the other. */
function withPodCidrs(object: Node): Node {
  const { podCIDR, podCIDRs } = object.spec;
  if (podCIDR && podCIDRs === undefined) return { ...object, spec: { ...object.spec, podCIDRs: [podCIDR] } };
  const first = podCIDRs?.[0];
  if (first !== undefined && podCIDR !== first) return { ...object, spec: { ...object.spec, podCIDR: first } };
  return object;
}

/** Fields of features that are off by default vanish silently. */
function withoutGated(object: Node): Node {
  if (object.status?.declaredFeatures === undefined) return object;
  const { declaredFeatures: _features, ...status } = object.status;
  return { ...object, status };
}

function warnings(object: Node): readonly string[] {
  const found: string[] = [];
  if (object.spec.configSource !== undefined) found.push('spec.configSource: the feature is no longer supported');
  if (object.spec.externalID) found.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
  return found;
}

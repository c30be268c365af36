import { cidrWarnings } from '#meta';
import type { Strategy } from '#model';
import type { Node } from './schema.js';
import { validateNode, validateNodeChange, validateNodeUpdate } from './validate.js';

export const nodeStrategy: Strategy<Node> = {
  createKeepsStatus: true,
  revalidatesMetadata: true,
  registryPrefix: 'minions',
  applyDefaults: (object) => withPodCidrs(withAllocatable(object)),
  prepareCreate: (object) => withoutGated(object, undefined),
  prepareUpdate: withoutGated,
  prepareStatus: withoutGated,
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  validateStatus: validateNodeChange,
  warnings,
};

/** A node that says what it has and not what of it pods may take offers all of it. */
function withAllocatable(object: Node): Node {
  const { capacity, allocatable } = object.status ?? {};
  if (capacity === undefined || allocatable !== undefined) return object;
  return { ...object, status: { ...object.status, allocatable: capacity } };
}

/** The single range is the first of the list; where they differ the single one, which older clients send, counts. */
function withPodCidrs(object: Node): Node {
  const { podCIDR, podCIDRs } = object.spec;
  const first = podCIDRs?.[0];
  if ((podCIDR ?? '') === (first ?? '')) return object;
  if (podCIDR) return { ...object, spec: { ...object.spec, podCIDRs: [podCIDR] } };
  return first === undefined ? object : { ...object, spec: { ...object.spec, podCIDR: first } };
}

/** Fields of features that are off or gone vanish silently, unless the node has them from before. */
function withoutGated(object: Node, old: Node | undefined): Node {
  const { configSource, ...spec } = object.spec;
  const { declaredFeatures, config, ...status } = object.status ?? {};
  const keepsSource = configSource === undefined || old?.spec.configSource !== undefined;
  const keepsConfig = config === undefined || old?.status?.config !== undefined;
  if (keepsSource && keepsConfig && declaredFeatures === undefined) return object;
  return {
    ...object,
    spec: keepsSource ? object.spec : spec,
    status: { ...status, ...(keepsConfig && config !== undefined && { config }) },
  };
}

function warnings(object: Node): readonly string[] {
  const found: string[] = [];
  if (object.spec.configSource !== undefined) found.push('spec.configSource: the feature is no longer supported');
  if (object.spec.externalID) found.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
  found.push(...(object.spec.podCIDRs ?? []).flatMap((cidr, i) => cidrWarnings(`spec.podCIDRs[${i}]`, cidr)));
  return found;
}

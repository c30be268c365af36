import type { AssignedObject, Change, KubeObject, View } from '#model';
import { EXCLUDED_FROM_LOAD_BALANCERS, kindRef, NODE_PLACES, streamOf } from '#model';
import { isJsonObject, jsonEquals, type Json, type JsonObject } from '#std';

const nodes = kindRef('core.nodes');
const ADDRESS_TYPES: readonly unknown[] = ['InternalIP'];
/** Of each family one is used. */
const ADDRESSES_MAX = 8;
/** Its reason says how others are to reach the node. */
const NETWORK = 'NetworkUnavailable';
const CONDITIONS: readonly unknown[] = ['Ready', NETWORK];

/**
 * What every node needs of each node: to reach its pods, and to know which one answers for addresses of load balancers. A Node changes far more often than that, and is far larger: only what
 * matters is kept, and told when it has changed.
 */
export class NodePlaces {
  private readonly places = new Map<string, AssignedObject>();

  constructor(private readonly view: View) {
    for (const node of view.list(nodes)) this.put(node, this.positionOf(node));
  }

  all(): readonly AssignedObject[] {
    return [...this.places.values()];
  }

  /** What has to be told because a Node changed; undefined: nothing of it matters to others. */
  take({ before, after, position }: Change): AssignedObject | undefined {
    if (after) return this.put(after, position);
    const { name = '', uid = '' } = before?.metadata ?? {};
    const stream = placeStream(name);
    return this.places.delete(stream) ? { stream, uid, position, object: null } : undefined;
  }

  private put(node: KubeObject, position: number): AssignedObject | undefined {
    const { name, uid } = node.metadata;
    const stream = placeStream(name);
    const object = placeOf(node);
    const known = this.places.get(stream);
    if (known?.uid === uid && jsonEquals(known.object as unknown as Json, object as unknown as Json)) return undefined;
    const place = { stream, uid, position, object };
    this.places.set(stream, place);
    return place;
  }
  private positionOf({ metadata }: KubeObject): number {
    return this.view.stream(streamOf(nodes.id, undefined, metadata.name))?.position ?? 0;
  }
}

function placeStream(name: string): string {
  return streamOf(NODE_PLACES, undefined, name);
}

/** A Node with nothing but its ranges for pods, its internal addresses, and whether it and its network are well, without times. */
export function placeOf(node: KubeObject): KubeObject {
  const { apiVersion, kind, metadata } = node;
  const { name, uid, labels } = metadata;
  const isExcluded = labels?.[EXCLUDED_FROM_LOAD_BALANCERS] !== undefined;
  const spec = partOf(node, 'spec');
  const status = partOf(node, 'status');
  const listed = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
  const addresses = listed(status['addresses'])
    .filter((one) => isJsonObject(one) && ADDRESS_TYPES.includes(one['type']))
    .slice(0, ADDRESSES_MAX);
  const conditions = listed(status['conditions']).flatMap((one) =>
    isJsonObject(one) && CONDITIONS.includes(one['type'])
      ? [
          {
            type: one['type'],
            status: one['status'] ?? null,
            ...(one['type'] === NETWORK && { reason: one['reason'] ?? null }),
          },
        ]
      : [],
  );
  const ranges = { podCIDR: spec['podCIDR'] ?? null, podCIDRs: spec['podCIDRs'] ?? null };
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      uid,
      ...(isExcluded && { labels: { [EXCLUDED_FROM_LOAD_BALANCERS]: '' } }),
    } as KubeObject['metadata'],
    spec: ranges,
    status: { addresses, conditions },
  } as unknown as KubeObject;
}

function partOf(node: KubeObject, name: 'spec' | 'status'): JsonObject {
  const part = (node as unknown as JsonObject)[name];
  return isJsonObject(part) ? part : {};
}

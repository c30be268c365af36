import type { HorizontalPodAutoscaler } from '#kinds';
import { groupOf } from '#meta';
import { streamOf, type Kind, type KindRegistry, type KubeObject, type View } from '#model';
import { isJsonObject, type Json } from '#std';
import { kindNamed } from '../shared/index.js';

/** The object that is scaled, as its Scale shows it. */
export interface Target {
  readonly kind: Kind;
  readonly object: KubeObject;
  readonly stream: string;
  /** Of the kind's version that commands speak. */
  readonly apiVersion: string;
  readonly replicas: number;
  /** Another one with each change of what is wanted; undefined where the kind keeps none. */
  readonly generation: number | undefined;
  readonly statusReplicas: number;
  /** In words; empty where there is none. */
  readonly selector: string;
}

/** The target of an autoscaler, or Kubernetes' sentence about why it cannot be scaled. */
export function targetOf(kinds: KindRegistry, view: View, autoscaler: HorizontalPodAutoscaler): Target | string {
  const { apiVersion = '', kind: kindName, name } = autoscaler.spec.scaleTargetRef;
  const { namespace } = autoscaler.metadata;
  if (apiVersion.split('/').length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  const group = groupOf(apiVersion);
  const kind = kindNamed(kinds.at(view), group, kindName);
  if (!kind) return `no matches for kind ${JSON.stringify(kindName)} in group ${JSON.stringify(group)}`;
  if (!kind.scaleOf || !kind.names.namespaced) return 'the server could not find the requested resource';
  const object = view.get(kind.ref, namespace, name);
  if (!object) {
    const resource = group === '' ? kind.names.plural : `${kind.names.plural}.${group}`;
    return `${resource} ${JSON.stringify(name)} not found`;
  }
  const scale = kind.scaleOf(object);
  if (!scale) return 'the server could not find the requested resource';
  const status = scale['status'];
  const selector = isJsonObject(status) ? status['selector'] : undefined;
  return {
    ...{ kind, object, stream: streamOf(kind.id, namespace, name) },
    apiVersion: spokenVersion(kind, apiVersion),
    replicas: countIn(scale['spec']),
    generation: object.metadata.generation,
    statusReplicas: countIn(status),
    selector: typeof selector === 'string' ? selector : '',
  };
}

function spokenVersion({ names, served, storedOnly }: Kind, asked: string): string {
  const of = ({ group, version }: { readonly group: string; readonly version: string }): string =>
    group === '' ? version : `${group}/${version}`;
  const versions = [...(storedOnly ? [] : [names]), ...served].map(of);
  return versions.includes(asked) ? asked : (versions[0] ?? of(names));
}
function countIn(part: Json | undefined): number {
  const count = isJsonObject(part) ? part['replicas'] : undefined;
  return typeof count === 'number' ? count : 0;
}

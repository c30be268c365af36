import { refusals, type Refusal, type View } from '#model';
import { nodes } from './core/node/index.js';
import { pods } from './core/pod/index.js';

/** Node that runs a container. */
export interface ContainerPlace {
  readonly node: string;
  readonly container: string;
  readonly uid: string;
}
/** Finds the node of a container of a pod. Without a name, the pod must have one container only. */
export function containerPlace(
  view: View,
  wanted: { readonly namespace: string; readonly pod: string; readonly container: string },
): ContainerPlace | 'unscheduled' | Refusal {
  const pod = view.get(pods, wanted.namespace, wanted.pod);
  if (!pod) return refusals.notFound({ group: '', resource: 'pods', kind: 'Pod', name: wanted.pod });
  const { spec } = pod;
  const main = spec.containers;
  const all = [...(spec.initContainers ?? []), ...main, ...(spec.ephemeralContainers ?? [])].map(({ name }) => name);
  let { container } = wanted;
  if (container === '') {
    const [only] = main;
    if (!only || main.length > 1) {
      return refusals.badRequest(
        `a container name must be specified for pod ${wanted.pod}, choose one of: [${all.join(' ')}]`,
      );
    }
    container = only.name;
  } else if (!all.includes(container)) {
    return refusals.badRequest(`container ${container} is not valid for pod ${wanted.pod}`);
  }
  if (!spec.nodeName) return 'unscheduled';
  if (!view.get(nodes, undefined, spec.nodeName)) {
    return refusals.notFound({ group: '', resource: 'pods', kind: 'Pod', name: spec.nodeName });
  }
  return { node: spec.nodeName, container, uid: pod.metadata.uid };
}

import { DEFAULT_TOLERATION_SECONDS } from '#meta';
import type { AdmissionPlugin } from '#model';
import type { Pod } from '#pod';
import { isPlainPod } from './pods.js';

type Toleration = NonNullable<Pod['spec']['tolerations']>[number];

const TAINTS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Pods stay five minutes on a node that is not ready or cannot be reached, unless they say otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  mutate: (request) => {
    if (!isPlainPod(request) || request.operation === 'DELETE') return request.object;
    const pod = request.object as Pod;
    const tolerations = pod.spec.tolerations ?? [];
    const missing = TAINTS.filter((key) => !tolerations.some((toleration) => speaksOf(toleration, key)));
    if (missing.length === 0) return pod;
    return { ...pod, spec: { ...pod.spec, tolerations: [...tolerations, ...missing.map(tolerated)] } };
  },
};

/** Operator and value do not matter here: who names the taint has thought of it. */
function speaksOf(toleration: Toleration, key: string): boolean {
  return (!toleration.key || toleration.key === key) && (!toleration.effect || toleration.effect === 'NoExecute');
}
function tolerated(key: string): Toleration {
  return { effect: 'NoExecute', key, operator: 'Exists', tolerationSeconds: DEFAULT_TOLERATION_SECONDS };
}

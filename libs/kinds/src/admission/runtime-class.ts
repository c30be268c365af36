import { kindRef, refusals, type AdmissionPlugin } from '#model';
import type { Pod } from '#pod';
import { isPlainPod } from './pods.js';

const runtimeClasses = kindRef('node.k8s.io.runtimeclasses');

/** A pod that names a runtime class needs one that is there. */
export const runtimeClassAdmission: AdmissionPlugin = {
  name: 'RuntimeClass',
  mutate: (request) => {
    if (!isPlainPod(request) || request.operation !== 'CREATE') return request.object;
    const pod = request.object as Pod;
    const name = pod.spec.runtimeClassName;
    if (!name || request.view.get(runtimeClasses, undefined, name) !== undefined) return pod;
    const about = { group: '', resource: 'pods', kind: 'Pod', name: pod.metadata.name ?? '' };
    return refusals.forbidden(about, `pod rejected: RuntimeClass "${name}" not found`);
  },
};

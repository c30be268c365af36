import { defaultIngressClass, ingressClasses } from '#kinds';
import { INGRESS_CONTROLLER, streamOf } from '#model';
import type { Decision, Loop } from '#model';
import { create } from '../shared/index.js';

const NAME = 'shiplog';
const DEFAULT = { 'ingressclass.kubernetes.io/is-default-class': 'true' };

/**
 * Makes the IngressClass `shiplog`, as the default where no class is. At each start, and only where it never was: it is anybody's
 * who may change or delete it. A deletion is remembered as long as a view knows of it, which is a day.
 */
export const ingressRegistration: Loop = {
  name: 'ingress-registration',
  account: 'ingress-controller',
  keysOf: () => [],
  keysAtStart: () => [NAME],
  reconcile(view): readonly Decision[] {
    if (view.stream(streamOf(ingressClasses.id, undefined, NAME))) return [];
    const isDefault = defaultIngressClass(view) === undefined;
    const manifest = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: NAME, ...(isDefault && { annotations: DEFAULT }) },
      spec: { controller: INGRESS_CONTROLLER },
    };
    return [create(ingressClasses, manifest, { because: 'agents serve ingresses of this class' })];
  },
};

import { ingressClasses } from '#kinds';
import { INGRESS_CONTROLLER } from '#model';
import type { Decision, Loop } from '#model';
import { create } from '../shared/index.js';

const NAME = 'shiplog';
const MANIFEST = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: NAME, annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
  spec: { controller: INGRESS_CONTROLLER },
};

/** Makes the IngressClass `shiplog` where agents are heard. At each start and only where it is missing: it is anybody's who may change it. */
export const ingressRegistration: Loop = {
  name: 'ingress-registration',
  account: 'ingress-controller',
  keysOf: () => [],
  keysAtStart: () => [NAME],
  reconcile(view): readonly Decision[] {
    if (view.get(ingressClasses, undefined, NAME)) return [];
    return [create(ingressClasses, MANIFEST, { because: 'agents serve ingresses of this class' })];
  },
};

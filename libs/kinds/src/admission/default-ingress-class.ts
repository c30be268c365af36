import type { AdmissionPlugin } from '#model';
import { classOfIngress, ingresses, type Ingress } from '../networking/ingress/index.js';
import { defaultIngressClass } from '../networking/ingressclass/index.js';

/** An ingress that names no class gets the one that is declared the default. */
export const defaultIngressClassAdmission: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  mutate: ({ kind, operation, subresource, object, view }) => {
    if (kind.id !== ingresses.id || operation !== 'CREATE' || subresource !== undefined) return object;
    const ingress = object as Ingress;
    if (classOfIngress(ingress) !== undefined) return object;
    const found = defaultIngressClass(view);
    return found ? { ...ingress, spec: { ...ingress.spec, ingressClassName: found.metadata.name } } : object;
  },
};

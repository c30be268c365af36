import { kindRef } from '#model';
import type { Ingress } from './schema.js';

export const ingresses = kindRef<Ingress>('networking.k8s.io.ingresses');
export { CLASS_ANNOTATION, classOfIngress } from './class.js';
export * from './schema.js';

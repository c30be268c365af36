import { kindRef, type ObjectIndex, type View } from '#model';
import { newestFirst } from '../by-creation.js';
import type { IngressClass } from './schema.js';

const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class';
export const ingressClasses = kindRef<IngressClass>('networking.k8s.io.ingressclasses');

/** Classes that an annotation declares the default of ingresses that name none. */
export const defaultIngressClasses: ObjectIndex<IngressClass> = {
  name: 'ingress classes that are the default',
  kind: ingressClasses,
  values: ({ metadata }) => (metadata.annotations?.[IS_DEFAULT] === 'true' ? [''] : []),
  part: ({ metadata }) => metadata.annotations,
};

/** The default class: of several the newest, of those of one second the first by name. */
export function defaultIngressClass(view: View): IngressClass | undefined {
  return newestFirst(view.by(defaultIngressClasses, ''))[0];
}

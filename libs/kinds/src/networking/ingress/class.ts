import type { Ingress } from './schema.js';

/** How ingresses named their class before `spec.ingressClassName`. */
export const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** The class that an ingress names in either way. */
export function classOfIngress({ spec, metadata }: Ingress): string | undefined {
  return spec.ingressClassName ?? metadata.annotations?.[CLASS_ANNOTATION];
}

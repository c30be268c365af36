import type { Backend } from './service-frontend.js';

/** Controller of the IngressClass whose ingresses agents serve. */
export const INGRESS_CONTROLLER = 'shiplog.io/ingress';
/** Kubernetes' label of nodes that take no traffic from outside: they serve no ingress and get no certificate. */
export const EXCLUDED_FROM_INGRESS = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** Where a request goes. What Ingresses mean is decided in `#loops` (ingress); an `IngressServer` (`#ports`) carries it out. */
export type IngressRoute =
  | {
      readonly is: 'backends';
      /** `default/web:http`, for messages. */
      readonly service: string;
      /** At least one. */
      readonly backends: readonly Backend[];
    }
  | { readonly is: 'refused'; readonly status: 404 | 503; readonly message: string };

/** Certificate chain and private key, as PEM. The same object as long as the Secret is the same. */
export interface IngressCertificate {
  readonly certificate: string;
  readonly key: string;
  /** `default/web-tls`, for messages. */
  readonly secret: string;
}

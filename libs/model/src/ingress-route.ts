import type { Backend } from './service-frontend.js';

/** Controller of the IngressClass whose ingresses agents serve. */
export const INGRESS_CONTROLLER = 'shiplog.io/ingress';
/** Kubernetes' label of nodes that take no traffic from outside: they answer for no address of a load balancer and serve no ingress. */
export const EXCLUDED_FROM_LOAD_BALANCERS = 'node.kubernetes.io/exclude-from-external-load-balancers';
/** Label with which an agent says, each time it starts, whether it serves ingresses: `true` or `false`. */
export const SERVES_INGRESS = 'shiplog.io/serves-ingress';

/** Whether the node with these labels serves ingresses: it gets their certificates, and their status names it. */
export function servesIngress(labels: Readonly<Record<string, string>> | undefined): boolean {
  return labels?.[SERVES_INGRESS] === 'true' && labels[EXCLUDED_FROM_LOAD_BALANCERS] === undefined;
}

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

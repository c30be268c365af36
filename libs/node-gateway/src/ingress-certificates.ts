import { INGRESS_CONTROLLER, kindRef, servesIngress, streamOf, type KubeObject, type View } from '#model';

const nodes = kindRef('core.nodes');
export const INGRESSES = 'networking.k8s.io.ingresses';
export const INGRESS_CLASSES = 'networking.k8s.io.ingressclasses';
const SECRETS = 'core.secrets';
const TLS_TYPE = 'kubernetes.io/tls';
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

interface Ingress extends KubeObject {
  readonly spec?: { readonly ingressClassName?: string; readonly tls?: readonly { readonly secretName?: string }[] };
}

/**
 * Which Secrets nodes need to serve ingresses: those of type kubernetes.io/tls that an Ingress of the agents' own class names,
 * and for nodes alone that serve them: their agents say so, and they take traffic from outside.
 */
export class IngressCertificates {
  /** Per ingress: the streams of the Secrets that it names. */
  private readonly named = new Map<string, readonly string[]>();
  private readonly counts = new Map<string, number>();

  constructor(private readonly view: View) {
    this.recountAll();
  }

  has(stream: string): boolean {
    return this.counts.has(stream);
  }
  streams(): readonly string[] {
    return [...this.counts.keys()];
  }
  /** Nodes that serve ingresses. */
  servers(): readonly string[] {
    return this.view
      .list(nodes)
      .filter(({ metadata }) => servesIngress(metadata.labels))
      .map(({ metadata }) => metadata.name);
  }
  isServer(node: string): boolean {
    const found = this.view.get(nodes, undefined, node);
    return servesIngress(found?.metadata.labels);
  }

  /** Takes an ingress as it is now; returns the Secrets that nobody needed before. */
  recount(stream: string, ingress: KubeObject | undefined): readonly string[] {
    const before = this.named.get(stream) ?? [];
    const after = ingress ? this.secretsOf(ingress) : [];
    const fresh = after.filter((one) => !this.counts.has(one));
    for (const one of after) this.counts.set(one, (this.counts.get(one) ?? 0) + 1);
    for (const one of before) {
      const count = (this.counts.get(one) ?? 1) - 1;
      if (count > 0) this.counts.set(one, count);
      else this.counts.delete(one);
    }
    if (after.length > 0) this.named.set(stream, after);
    else this.named.delete(stream);
    return fresh;
  }
  /** A class is another one now. */
  recountAll(): readonly string[] {
    return this.view
      .list({ id: INGRESSES })
      .flatMap((ingress) =>
        this.recount(streamOf(INGRESSES, ingress.metadata.namespace, ingress.metadata.name), ingress),
      );
  }

  private secretsOf({ metadata, spec }: Ingress): readonly string[] {
    const name = spec?.ingressClassName ?? metadata.annotations?.[CLASS_ANNOTATION] ?? '';
    const found = this.view.get({ id: INGRESS_CLASSES }, undefined, name) as
      (KubeObject & { readonly spec?: { readonly controller?: string } }) | undefined;
    if (found?.spec?.controller !== INGRESS_CONTROLLER) return [];
    const names = (spec?.tls ?? []).flatMap(({ secretName }) => secretName || []);
    return [...new Set(names)].map((secret) => streamOf(SECRETS, metadata.namespace, secret));
  }
}

/** Whether a Secret is a certificate; others are not given to nodes only because an ingress names them. */
export function isCertificate(secret: KubeObject): boolean {
  return (secret as KubeObject & { readonly type?: string }).type === TLS_TYPE;
}

import type { HttpIngressPath, Ingress, IngressBackend } from '#kinds';

/** A backend and the namespace that its service is in. */
export interface Destination {
  readonly namespace: string;
  readonly backend: IngressBackend;
}

const ORDER = ['Exact', 'Prefix', 'ImplementationSpecific'];

/** Rules of one host: all ingresses that name it, the oldest first. A request costs the length of its path. */
export class HostRoutes {
  private readonly exact = new Map<string, Destination>();
  private readonly prefixes: Element = { next: new Map(), destination: undefined };
  /** For requests that no rule matches. */
  readonly fallback: Destination | undefined;

  constructor(host: string, ingresses: readonly Ingress[]) {
    for (const type of ORDER) {
      for (const ingress of ingresses) {
        for (const path of pathsOf(ingress, host)) if (path.pathType === type) this.add(path, ingress);
      }
    }
    const first = ingresses.find(({ spec }) => spec.defaultBackend !== undefined);
    if (first?.spec.defaultBackend) {
      this.fallback = { namespace: first.metadata.namespace ?? '', backend: first.spec.defaultBackend };
    }
  }

  /** The rule with the longest path that matches; of two equal ones the exact one, then the one of the older ingress. */
  match(path: string): Destination | undefined {
    const exact = this.exact.get(path);
    if (exact) return exact;
    let found: Destination | undefined;
    let element: Element | undefined = this.prefixes;
    // Element by element: however many a client sends, each is looked at once.
    for (const name of elementsOf(path)) {
      element = element.next.get(name);
      if (!element) break;
      found = element.destination ?? found;
    }
    return found;
  }

  private add({ path = '', pathType, backend }: HttpIngressPath, { metadata }: Ingress): void {
    const destination = { namespace: metadata.namespace ?? '', backend };
    if (pathType === 'Exact') {
      if (!this.exact.has(path)) this.exact.set(path, destination);
      return;
    }
    let element = this.prefixes;
    for (const name of elementsOf(path)) {
      const next: Element = element.next.get(name) ?? { next: new Map(), destination: undefined };
      element.next.set(name, next);
      element = next;
    }
    element.destination ??= destination;
  }
}

/** Part of a prefix: what may follow, and where the prefix leads that ends here. */
interface Element {
  readonly next: Map<string, Element>;
  destination: Destination | undefined;
}

/** Hosts whose requests may concern an ingress; '' stands for all, which a default backend takes requests of. */
export function hostsOf({ spec }: Ingress): readonly string[] {
  const hosts = (spec.rules ?? []).map(({ host = '' }) => host);
  return [...new Set(spec.defaultBackend ? [...hosts, ''] : hosts)];
}

function pathsOf({ spec }: Ingress, host: string): readonly HttpIngressPath[] {
  return (spec.rules ?? []).flatMap((rule) => ((rule.host ?? '') === host ? (rule.http?.paths ?? []) : []));
}

/** What stands between slashes: `/a/` and `/a` are one prefix, the elements '' and `a`. Stops as soon as nobody asks for more. */
function* elementsOf(path: string): Generator<string> {
  let last = path.length;
  while (last > 0 && path.codePointAt(last - 1) === 47) last--;
  for (let at = 0; at <= last;) {
    const slash = path.indexOf('/', at);
    const end = slash < 0 || slash > last ? last : slash;
    yield path.slice(at, end);
    at = end + 1;
  }
}

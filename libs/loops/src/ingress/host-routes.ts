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
  /** By the prefix without slashes at its end. */
  private readonly prefixes = new Map<string, Destination>();
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
    let prefix = withoutEnd(path);
    for (;;) {
      const found = this.prefixes.get(prefix);
      if (found) return found;
      if (prefix === '') return undefined;
      prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')));
    }
  }

  private add({ path = '', pathType, backend }: HttpIngressPath, { metadata }: Ingress): void {
    const [map, key] = pathType === 'Exact' ? [this.exact, path] : [this.prefixes, withoutEnd(path)];
    if (!map.has(key)) map.set(key, { namespace: metadata.namespace ?? '', backend });
  }
}

/** Hosts whose requests may concern an ingress; '' stands for all, which a default backend takes requests of. */
export function hostsOf({ spec }: Ingress): readonly string[] {
  const hosts = (spec.rules ?? []).map(({ host = '' }) => host);
  return [...new Set(spec.defaultBackend ? [...hosts, ''] : hosts)];
}

function pathsOf({ spec }: Ingress, host: string): readonly HttpIngressPath[] {
  return (spec.rules ?? []).flatMap((rule) => ((rule.host ?? '') === host ? (rule.http?.paths ?? []) : []));
}

/** `/a/` and `/a` are one prefix: its elements count, not its characters. */
function withoutEnd(path: string): string {
  let end = path.length;
  while (end > 0 && path.codePointAt(end - 1) === 47) end--;
  return path.slice(0, end);
}

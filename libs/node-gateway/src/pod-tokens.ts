import type { KubeObject } from '#model';

/** What of a pod says whose tokens it may have. */
interface PodTokens {
  readonly spec?: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly volumes?: readonly {
      readonly projected?: { readonly sources?: readonly { readonly serviceAccountToken?: TokenSource }[] };
    }[];
  };
}
interface TokenSource {
  readonly audience?: string;
  readonly expirationSeconds?: number;
}

export function nodeOf(pod: KubeObject & PodTokens): string | undefined {
  return pod.spec?.nodeName;
}
export function accountOf(pod: KubeObject & PodTokens): string {
  return pod.spec?.serviceAccountName || 'default';
}
/** The tokens that its volumes ask for. */
export function tokensOf(pod: KubeObject & PodTokens): readonly TokenSource[] {
  const sources = (pod.spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  return sources.flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
}

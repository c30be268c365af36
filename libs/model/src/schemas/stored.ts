import type { KubeObject } from '../kube-object.js';
import type { Infer } from '../schema/index.js';

/**
 * The TypeScript type of a kind's stored objects: `apiVersion`, `kind` and `metadata` are always there, and so are the
 * fields named by `Always`, which OpenAPI calls optional although no object is stored without them.
 */
export type Stored<S, Always extends keyof Infer<S> = never> = KubeObject &
  Omit<Infer<S>, 'apiVersion' | 'kind' | 'metadata' | Always> & { readonly [K in Always]-?: NonNullable<Infer<S>[K]> };

import type { PolicyRule } from '#model';

/** A role that every cluster has. */
export interface BootstrapRole {
  /** The name of a ClusterRole, or namespace/name of a Role. */
  readonly name: string;
  readonly rules: readonly PolicyRule[];
  /** `view`: the rules are those of the ClusterRoles labelled for it. */
  readonly of?: string;
  /** `edit`: labelled so that it is part of that one. */
  readonly into?: string;
}

/** A rule in words parted by blanks. `''` is the core group, and the first of two when it begins with a blank. */
export function on(apiGroups: string, resources: string, verbs: string, resourceNames = ''): PolicyRule {
  return {
    apiGroups: apiGroups.split(' '),
    ...(resourceNames !== '' && { resourceNames: resourceNames.split(' ') }),
    resources: resources.split(' '),
    verbs: verbs.split(' '),
  };
}

export function urls(nonResourceURLs: string, verbs: string): PolicyRule {
  return { nonResourceURLs: nonResourceURLs.split(' '), verbs: verbs.split(' ') };
}

export function role(
  name: string,
  rules: readonly PolicyRule[],
  aggregation: Pick<BootstrapRole, 'of' | 'into'> = {},
): BootstrapRole {
  return { name, rules, ...aggregation };
}

import type { PolicyRule } from '#model';
import { items } from '../validation/checks.js';

/** What a rule grants, taken apart: verbs on one resource of one group, perhaps of one name; or verbs on one URL. */
export interface Grant {
  readonly group?: string;
  readonly resource?: string;
  readonly name?: string;
  readonly url?: string;
  readonly verbs: readonly string[];
}

/** More combinations of a rule's lists than this are not compared one by one. */
export const COMBINATIONS_MAX = 100_000;

/** What of the wanted rules the owned ones do not grant; `too many` when that would take too long to find out. */
export function missingGrants(
  owned: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): readonly Grant[] | 'too many' {
  const sets = owned.map(setsOf);
  const missing = new Map<string, Grant & { readonly verbs: string[] }>();
  let steps = 0;
  for (const rule of wanted) {
    if (sets.some((own) => coversWhole(own, rule))) continue;
    const parts = partsOf(rule);
    if (parts === undefined) return 'too many';
    for (const part of parts) {
      const holders = sets.filter((own) => coversPart(own, part));
      steps += sets.length + rule.verbs.length * (holders.length + 1);
      if (steps > 20 * COMBINATIONS_MAX) return 'too many';
      const verbs = rule.verbs.filter((verb) => !holders.some((own) => has(own.verbs, verb)));
      if (verbs.length === 0) continue;
      const key = JSON.stringify([part.group, part.resource, part.name, part.url]);
      const known = missing.get(key);
      if (known) known.verbs.push(...verbs);
      else missing.set(key, { ...part, verbs });
    }
  }
  return [...missing.values()];
}

interface Sets {
  readonly verbs: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly resources: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
  readonly urls: ReadonlySet<string>;
  /** URLs that end with `*`, without it. */
  readonly prefixes: readonly string[];
}

function setsOf({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): Sets {
  const urls = items(nonResourceURLs);
  return {
    verbs: new Set(verbs),
    groups: new Set(apiGroups),
    resources: new Set(resources),
    names: new Set(resourceNames),
    urls: new Set(urls),
    prefixes: urls.filter((url) => url.endsWith('*')).map((url) => url.replace(/\*+$/, '')),
  };
}

const has = (set: ReadonlySet<string>, one: string): boolean => set.has('*') || set.has(one);

function coversWhole(own: Sets, { verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): boolean {
  if (!verbs.every((verb) => has(own.verbs, verb))) return false;
  if (!items(nonResourceURLs).every((url) => coversUrl(own, url))) return false;
  if (items(resources).length === 0) return true;
  const names = items(resourceNames);
  return (
    items(apiGroups).every((group) => has(own.groups, group)) &&
    items(resources).every((resource) => coversResource(own, resource)) &&
    (own.names.size === 0 || (names.length > 0 && names.every((name) => own.names.has(name))))
  );
}

type Part = Omit<Grant, 'verbs'>;

function coversPart(own: Sets, { group, resource, name, url }: Part): boolean {
  if (url !== undefined) return coversUrl(own, url);
  return (
    has(own.groups, group ?? '') &&
    coversResource(own, resource ?? '') &&
    (own.names.size === 0 || (name !== undefined && own.names.has(name)))
  );
}
/** `*\/scale` grants `pods/scale`; `*` grants every resource and subresource. */
function coversResource({ resources }: Sets, wanted: string): boolean {
  if (has(resources, wanted)) return true;
  const slash = wanted.indexOf('/');
  return slash >= 0 && resources.has(`*${wanted.slice(slash)}`);
}
function coversUrl({ urls, prefixes }: Sets, wanted: string): boolean {
  return urls.has(wanted) || prefixes.some((prefix) => wanted.startsWith(prefix));
}

function partsOf({ apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): readonly Part[] | undefined {
  const names: readonly (string | undefined)[] = items(resourceNames).length > 0 ? items(resourceNames) : [undefined];
  const urls = items(nonResourceURLs);
  if (items(apiGroups).length * items(resources).length * names.length + urls.length > COMBINATIONS_MAX)
    return undefined;
  const ofResources = items(apiGroups).flatMap((group) =>
    items(resources).flatMap((resource) =>
      names.map((name) => ({ group, resource, ...(name !== undefined && { name }) })),
    ),
  );
  return [...ofResources, ...urls.map((url) => ({ url }))];
}

import type { KubeObject, PolicyRule } from '#model';
import { jsonEquals, type JsonObject } from '#std';
import type { Subject } from '../rbac/binding.schema.js';
import type { AggregationRule } from '../rbac/rules.schema.js';
import { items } from '../validation/checks.js';
import { AUTOUPDATE, type BootstrapObject } from './bootstrap/index.js';
import { missingGrants } from './rule-coverage.js';

/**
 * What a start does about a bootstrap object that exists: nothing, a merge patch that adds what is missing, or a new object
 * in its place, because a roleRef cannot be changed. What somebody added stays, as in Kubernetes.
 */
export function reconciled(known: KubeObject, wanted: BootstrapObject): 'kept' | 'replace' | JsonObject {
  const { annotations = {}, labels = {} } = known.metadata;
  if (annotations[AUTOUPDATE] === 'false') return 'kept';
  if (wanted['roleRef'] !== undefined && !jsonEquals(known['roleRef'], wanted['roleRef'])) return 'replace';
  const metadata = {
    ...lacking('labels', labels, wanted.metadata.labels),
    ...lacking('annotations', annotations, wanted.metadata.annotations),
  };
  const patch = {
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...rulesPatch(known, wanted),
    ...aggregationPatch(known, wanted),
    ...subjectsPatch(known, wanted),
  };
  return Object.keys(patch).length > 0 ? (patch as JsonObject) : 'kept';
}

type Texts = Readonly<Record<string, string>>;

function lacking(field: string, known: Texts, wanted: Texts = {}) {
  const missing = Object.entries(wanted).filter(([key, value]) => known[key] !== value);
  return missing.length > 0 && { [field]: Object.fromEntries(missing) };
}

function rulesPatch(known: KubeObject, wanted: BootstrapObject) {
  const own = items(known['rules'] as readonly PolicyRule[] | null | undefined);
  const missing = items(wanted['rules'] as readonly PolicyRule[] | undefined).filter(
    (rule) => missingGrants(own, [rule]).length > 0,
  );
  return missing.length > 0 && { rules: [...own, ...missing] };
}

function aggregationPatch(known: KubeObject, wanted: BootstrapObject) {
  const selectors = (one: Readonly<Record<string, unknown>>) =>
    items((one['aggregationRule'] as AggregationRule | undefined)?.clusterRoleSelectors);
  const own = selectors(known);
  const missing = selectors(wanted).filter((one) => !own.some((other) => jsonEquals(one, other)));
  return missing.length > 0 && { aggregationRule: { clusterRoleSelectors: [...own, ...missing] } };
}

function subjectsPatch(known: KubeObject, wanted: BootstrapObject) {
  const own = items(known['subjects'] as readonly Subject[] | undefined);
  const missing = items(wanted['subjects'] as readonly Subject[] | undefined).filter(
    (one) => !own.some((other) => jsonEquals(one, other)),
  );
  return missing.length > 0 && { subjects: [...own, ...missing] };
}

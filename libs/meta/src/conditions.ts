/** One of `status.conditions`. Kinds differ in what else they carry; those fields are kept. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
  readonly lastUpdateTime?: string;
  readonly observedGeneration?: number;
}

export function findCondition<C extends { readonly type: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/**
 * The list with this condition set. `lastTransitionTime` moves only with the status; nothing is changed (the same list
 * comes back) when all that is said is said already.
 */
export function setCondition<C extends Condition>(
  conditions: readonly C[] | undefined,
  condition: C,
  now: string,
): readonly C[] {
  const list = conditions ?? [];
  const index = list.findIndex((c) => c.type === condition.type);
  const old = list[index];
  const lastTransitionTime =
    old !== undefined && old.status === condition.status ? (old.lastTransitionTime ?? now) : now;
  const next = { ...old, ...condition, lastTransitionTime };
  if (old === undefined) return [...list, next];
  if (sameFields(old, next)) return list;
  return list.map((c, i) => (i === index ? next : c));
}
export function removeCondition<C extends { readonly type: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): readonly C[] {
  const list = conditions ?? [];
  return list.some((c) => c.type === type) ? list.filter((c) => c.type !== type) : list;
}

function sameFields(a: object, b: object): boolean {
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  for (const key in right) if (left[key] !== right[key]) return false;
  for (const key in left) if (!(key in right)) return false;
  return true;
}

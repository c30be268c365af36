import type { Toleration } from '#pod';

/**
 * Both lists in order, without the tolerations that another one covers: one that tolerates all that they tolerate, at
 * least as long. Of equal ones the first stays. Linear in their number.
 */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): readonly Toleration[] {
  const distinct = new Map<string, Toleration>();
  for (const one of [...first, ...second]) {
    const identity = identityOf(one);
    if (!distinct.has(identity)) distinct.set(identity, one);
  }
  const all = [...distinct.values()];
  const longest = new Map<string, number>();
  for (const one of all) {
    const sort = sortOf(one);
    longest.set(sort, Math.max(longest.get(sort) ?? -Infinity, secondsOf(one)));
  }
  return all.filter((one) => !isCovered(one, longest));
}

/** `longest`: how long the tolerations of each sort last, see {@link sortOf}. */
function isCovered(one: Toleration, longest: ReadonlyMap<string, number>): boolean {
  const own = sortOf(one);
  const seconds = secondsOf(one);
  return widerSorts(one).some((sort) => {
    const limit = longest.get(sort) ?? -Infinity;
    return sort === own ? limit > seconds : limit >= seconds;
  });
}

/** Its own sort, and each that tolerates the same taints and more: every value, every effect, every key. */
function widerSorts({ key = '', operator = '', value = '', effect = '' }: Toleration): readonly string[] {
  return ['', effect].flatMap((ofEffect) => [
    ...['', key].map((ofKey) => sortOf({ key: ofKey, operator: 'Exists', effect: ofEffect })),
    ...(operator === 'Equal' ? ['', 'Equal'] : []).map((of) => sortOf({ key, operator: of, value, effect: ofEffect })),
  ]);
}

/** All but how long it lasts. */
function sortOf({ key = '', operator = '', value = '', effect = '' }: Toleration): string {
  return JSON.stringify([key, operator, operator === 'Exists' ? '' : value, effect]);
}
function identityOf({ key = '', operator = '', value = '', effect = '', tolerationSeconds }: Toleration): string {
  return JSON.stringify([key, operator, value, effect, tolerationSeconds]);
}
/** Only an eviction has a time. */
function secondsOf({ effect, tolerationSeconds }: Toleration): number {
  return effect === 'NoExecute' && tolerationSeconds !== undefined ? Number(tolerationSeconds) : Infinity;
}

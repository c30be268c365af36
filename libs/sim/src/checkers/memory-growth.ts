/** How many members collections have, by where they are. */
export type Sizes = ReadonlyMap<string, number>;

/** Collections deeper than this are part of objects that are counted where they are kept. */
const DEPTH_MAX = 24;
/** So few members more are no growth: what comes and goes is never quite the same at two moments. */
const SLACK = 8;

/**
 * Counts the members of every map, set and array that can be reached from `roots` by properties, by map values and by members.
 * Collections at the same place of like objects are added up. `outside` is not looked into. What only closures and `#`
 * fields hold is not seen.
 */
export function collectionSizes(roots: Readonly<Record<string, object>>, outside: readonly object[]): Sizes {
  const sizes = new Map<string, number>();
  const seen = new Set<object>(outside);
  const queue: { readonly at: string; readonly value: unknown; readonly depth: number }[] = [];
  for (const [at, value] of Object.entries(roots)) queue.push({ at, value, depth: 0 });
  // Breadth first: what hangs at several places is counted at the nearest.
  for (const { at, value, depth } of queue) {
    if (typeof value !== 'object' || value === null || seen.has(value) || depth > DEPTH_MAX) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) continue;
    const inside = (name: string, member: unknown): void =>
      void queue.push({ at: `${at}${name}`, value: member, depth: depth + 1 });
    const count = (size: number): void => void sizes.set(at, (sizes.get(at) ?? 0) + size);
    if (Array.isArray(value) || value instanceof Set) {
      count(value instanceof Set ? value.size : value.length);
      for (const member of value) inside('[]', member);
    } else if (value instanceof Map) {
      count(value.size);
      for (const member of value.values()) inside('{}', member);
    } else for (const name of Object.keys(value)) inside(`.${name}`, (value as Record<string, unknown>)[name]);
  }
  return sizes;
}

/** Collections that were larger at each moment than at the one before. */
export function growing(moments: readonly Sizes[]): readonly string[] {
  const [first, last] = [moments[0], moments.at(-1)];
  if (!first || !last) return [];
  return [...last.keys()].flatMap((at) => {
    const sizes = moments.map((one) => one.get(at) ?? 0);
    const grows = sizes.every((size, i) => i === 0 || size > (sizes[i - 1] ?? 0));
    return grows && (sizes.at(-1) ?? 0) - (sizes[0] ?? 0) > SLACK ? [`${at} had ${sizes.join(', then ')} members`] : [];
  });
}

import type { Kind, KindRegistry } from '#model';

/** A kind by its group and name; which version a reference names does not matter. */
export function kindNamed({ all }: KindRegistry, group: string, name: string): Kind | undefined {
  return all.find(
    ({ names, served }) =>
      names.kind === name && (names.group === group || served.some((version) => version.group === group)),
  );
}

/** What a value costs beside its own text: the place that refers to it. */
const REFERENCE_BYTES = 8;

/** About how many bytes a JSON value takes: those of its text and of its references. The heap holds two or three times that. */
export function bytesOf(value: unknown): number {
  if (typeof value === 'string') return REFERENCE_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return REFERENCE_BYTES;
  let bytes = REFERENCE_BYTES;
  if (Array.isArray(value)) {
    for (const item of value) bytes += bytesOf(item);
    return bytes;
  }
  for (const key in value) bytes += key.length + bytesOf((value as Readonly<Record<string, unknown>>)[key]);
  return bytes;
}

/** The same of what `before` has and `after` does not share: versions of an object share all that was not changed. */
export function bytesReplaced(before: unknown, after: unknown): number {
  if (before === after || before === undefined) return 0;
  if (!isContainer(before) || !isContainer(after) || Array.isArray(before) !== Array.isArray(after))
    return bytesOf(before);
  let bytes = REFERENCE_BYTES;
  for (const key in before) {
    const value = before[key];
    // The container itself was copied, with a reference to each part.
    bytes += REFERENCE_BYTES + (value === after[key] ? 0 : bytesReplaced(value, after[key]));
  }
  return bytes;
}

type Container = Readonly<Record<string, unknown>>;
function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

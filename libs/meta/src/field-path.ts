/** Paths as Kubernetes writes them in problems: `spec.containers[0].env[1].name`, `data[some.key]`. */
export type PathPart = string | number;

/** A field below another: `child('spec', 'replicas')`; a number or a list index goes in brackets. */
export function child(path: string, ...parts: readonly PathPart[]): string {
  let out = path;
  for (const part of parts) {
    if (typeof part === 'number') out += `[${part}]`;
    else out += out === '' ? part : `.${part}`;
  }
  return out;
}
/** An entry of a map: `data[some.key]`. */
export function keyed(path: string, key: string): string {
  return `${path}[${key}]`;
}

/** The value behind a path of field names and indexes, or undefined. */
export function valueAt(value: unknown, path: readonly PathPart[]): unknown {
  let at: unknown = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Readonly<Record<PathPart, unknown>>)[part];
  }
  return at;
}

/** The value behind `metadata.labels['a.b']` or `spec.nodeName`, as downward fields name it; undefined when it is no path. */
export function splitPath(path: string): readonly string[] | undefined {
  const parts: string[] = [];
  const step = /\.?([^.[\]]+)|\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]/y;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (match === null) return undefined;
    parts.push(match[1] ?? match[2] ?? match[3] ?? match[4] ?? '');
  }
  return parts;
}

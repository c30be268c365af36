import { isJsonObject, jsonEquals, type Json, type JsonObject } from '#std';

/** What one aggregated server adds to the OpenAPI v2 document. */
export interface RemoteOpenApi {
  readonly paths: JsonObject;
  readonly definitions: JsonObject;
}

const DEPTH_MAX = 64;
const REFERENCE = '#/definitions/';
/** Types of Kubernetes' machinery are this server's own. */
const SHARED = /^io\.k8s\.(apimachinery|api)\./;

/**
 * The paths of a group version in an OpenAPI v2 document, with the definitions that these lead to. Throws when the document is
 * nested too deeply or is none.
 */
export function pathsOfVersion(document: Json, group: string, version: string): RemoteOpenApi {
  if (!isJsonObject(document)) throw new Error('the document is no object');
  const root = `/apis/${group}/${version}/`;
  const own = Object.entries(objectAt(document, 'paths')).filter(([path]) => path.startsWith(root));
  const paths = Object.fromEntries(own.map(([path, item]) => [path, checked(item ?? null)]));
  const all = objectAt(document, 'definitions');
  const definitions = new Map<string, Json>();
  const waiting = [...referencesIn(paths)];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (definitions.has(name) || !Object.hasOwn(all, name)) continue;
    const definition = checked(all[name] ?? null);
    definitions.set(name, definition);
    waiting.push(...referencesIn(definition));
  }
  return { paths, definitions: Object.fromEntries(definitions) };
}

/** A document with the paths of aggregated servers. A definition whose name has another meaning here gets a name of its own. */
export function mergedOpenApi(local: JsonObject, remotes: readonly RemoteOpenApi[]): JsonObject {
  const paths = new Map(Object.entries(objectAt(local, 'paths')));
  const definitions = new Map(Object.entries(objectAt(local, 'definitions')));
  for (const remote of remotes) {
    const names = new Map<string, string>();
    for (const [name, definition] of Object.entries(remote.definitions)) {
      const known = definitions.get(name);
      const isSame = known !== undefined && (SHARED.test(name) || jsonEquals(known, definition));
      names.set(name, known === undefined || isSame ? name : freeName(name, definitions));
    }
    for (const [name, definition] of Object.entries(remote.definitions)) {
      const as = names.get(name) ?? name;
      if (!definitions.has(as)) definitions.set(as, renamed(definition ?? null, names));
    }
    for (const [path, item] of Object.entries(remote.paths))
      if (!paths.has(path)) paths.set(path, renamed(item ?? null, names));
  }
  return { ...local, paths: sorted(paths), definitions: sorted(definitions) };
}

function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  let number = 2;
  while (taken.has(`${name}_v${number}`)) number++;
  return `${name}_v${number}`;
}
function sorted(entries: ReadonlyMap<string, Json | undefined>): JsonObject {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function objectAt(value: JsonObject, key: string): JsonObject {
  const found = Object.hasOwn(value, key) ? value[key] : undefined;
  return isJsonObject(found) ? found : {};
}

/** The value itself, when it is nested no deeper than functions that call themselves can go. */
function checked(value: Json, depth = 0): Json {
  if (depth > DEPTH_MAX) throw new Error(`the document is nested deeper than ${DEPTH_MAX} levels`);
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value as Readonly<Record<string, Json>>)) checked(inner, depth + 1);
  return value;
}

function* referencesIn(value: Json): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) yield* referencesIn(item);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref' && typeof inner === 'string' && inner.startsWith(REFERENCE)) yield inner.slice(REFERENCE.length);
    else if (inner !== undefined) yield* referencesIn(inner);
  }
}

function renamed(value: Json, names: ReadonlyMap<string, string>): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => renamed(item, names));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const name = key === '$ref' && typeof inner === 'string' ? inner.slice(REFERENCE.length) : undefined;
      const other = name === undefined ? undefined : names.get(name);
      return [key, other === undefined ? renamed(inner ?? null, names) : REFERENCE + other];
    }),
  );
}

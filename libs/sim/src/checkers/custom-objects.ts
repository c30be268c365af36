import { customResourceDefinitions, registry, type CustomResourceDefinition } from '#kinds';
import { findCondition } from '#meta';
import {
  CREATED,
  DELETED,
  kindOfStream,
  parseStream,
  type KindId,
  type KubeObject,
  type StreamState,
  type View,
} from '#model';
import { isJsonObject, jsonEquals, type Json, type JsonObject } from '#std';
import type { EventChecker } from './checker.js';

/**
 * An object of a custom kind is written only while its definition has made the kind, and as that definition says at that
 * position; a definition goes after its objects. Looks at the definition alone, as plainly as the worlds' definitions allow.
 */
export const customObjectsAreDefined: EventChecker = {
  name: 'a custom object is as its definition says',
  check({ stream, type }, before, after) {
    const { kind, name } = parseStream(stream);
    if (kind === customResourceDefinitions.id)
      return type === DELETED ? leftBehind(before.get(customResourceDefinitions, undefined, name), after) : undefined;
    if (registry.byId(kind) || isOfLog(kind)) return undefined;
    const object = after.stream(stream)?.object;
    if (!object) return undefined;
    const definition = definitionOf(before, kind);
    if (!definition) return `${stream} was written without a definition`;
    if (!has(definition, 'Established')) return `${stream} was written before its definition was established`;
    if (type === CREATED && has(definition, 'Terminating')) return `${stream} was created while its definition goes`;
    const old = before.stream(stream)?.object;
    return jsonEquals(old?.['spec'], object['spec']) ? undefined : wrongSpec(stream, definition, old, object);
  },
};

/** Once all is quiet, a definition has made its kind or its names are another's, none is going, and none is missing. */
export function unsettledDefinitions(view: View, entries: Iterable<readonly [string, StreamState]>): readonly string[] {
  const out: string[] = [];
  const all = view.list(customResourceDefinitions);
  for (const { metadata, status } of all) {
    const conditions = status?.conditions ?? [];
    if (metadata.deletionTimestamp !== undefined) out.push(`${metadata.name} is still being deleted`);
    else if (findCondition(conditions, 'Established')?.status !== 'True' && !isTaken(metadata.name, all))
      out.push(`${metadata.name} is not established, and nobody has its names`);
  }
  for (const [stream, { object }] of entries) {
    const kind = kindOfStream(stream);
    if (!object || registry.byId(kind) || isOfLog(kind)) continue;
    if (!definitionOf(view, kind)) out.push(`${stream} outlived its definition`);
  }
  return out;
}

/** Streams of the log's own. */
function isOfLog(kind: KindId): boolean {
  return kind.startsWith('shiplog.');
}
/** The definition of `example.com.widgets` is named `widgets.example.com`. */
function definitionOf(view: View, kind: KindId): CustomResourceDefinition | undefined {
  const end = kind.lastIndexOf('.');
  return view.get(customResourceDefinitions, undefined, `${kind.slice(end + 1)}.${kind.slice(0, end)}`);
}
function has({ status }: CustomResourceDefinition, condition: string): boolean {
  return findCondition(status?.conditions ?? [], condition)?.status === 'True';
}

function leftBehind(definition: CustomResourceDefinition | undefined, after: View): string | undefined {
  if (!definition) return undefined;
  const { group, names } = definition.spec;
  const left = after.list({ id: `${group}.${names.plural}` });
  return left.length > 0 ? `${definition.metadata.name} went before ${left.length} of its objects` : undefined;
}

/** Another has a name that this one wants. */
function isTaken(name: string, all: readonly CustomResourceDefinition[]): boolean {
  const wanted = namesOf(all.find(({ metadata }) => metadata.name === name)?.spec.names);
  const others = all.filter(({ metadata }) => metadata.name !== name);
  return others.some(({ status }) => namesOf(status?.acceptedNames).some((one) => wanted.includes(one)));
}
function namesOf(names: CustomResourceDefinition['spec']['names'] | undefined): readonly string[] {
  return names ? [names.plural, ...(names.shortNames ?? [])] : [];
}

function wrongSpec(
  stream: string,
  { spec: { group, versions } }: CustomResourceDefinition,
  old: KubeObject | undefined,
  object: KubeObject,
): string | undefined {
  const stored = versions.find(({ storage }) => storage);
  if (object.apiVersion !== `${group}/${stored?.name ?? ''}`)
    return `${stream} was stored as ${object.apiVersion}, not as ${stored?.name}`;
  const properties = propertiesOf(stored);
  const spec = at(object as unknown as Json, 'spec');
  const had = at(old as unknown as Json, 'spec');
  for (const field of Object.keys(spec))
    if (!properties[field]) return `${stream} was stored with ${field}, which its version does not have`;
  for (const [field, rule] of Object.entries(properties)) {
    const value = spec[field];
    if (at(rule)['default'] !== undefined && value === undefined)
      return `${stream} was stored without the default of ${field}`;
    // Values are held to the version that the client speaks.
    const most = Math.max(...versions.map((version) => maximumOf(version, field)));
    if (typeof value === 'number' && value > most && value !== had[field])
      return `${stream} was stored with ${field} ${value}, of which ${most} is the most`;
  }
  return undefined;
}
type Version = CustomResourceDefinition['spec']['versions'][number];
function propertiesOf(version: Version | undefined): JsonObject {
  const schema = version?.schema?.openAPIV3Schema as unknown as Json;
  return at(schema, 'properties', 'spec', 'properties');
}
function maximumOf(version: Version, field: string): number {
  const { maximum } = at(propertiesOf(version)[field]);
  return typeof maximum === 'number' ? maximum : Infinity;
}
function at(value: Json | undefined, ...path: readonly string[]): JsonObject {
  let found: Json | undefined = value;
  for (const key of path) found = isJsonObject(found) ? found[key] : undefined;
  return isJsonObject(found) ? found : {};
}

import { goMap } from '#meta';
import { boundedWords, cannotUnmarshal, isJsonObject, stableStringify, type Json, type JsonObject } from '#std';
import type { Command } from '../command.js';
import type { DecideContext, Decided, KindRegistry } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { refusals, type Refusal } from '../refusal.js';
import { decode, type ObjectType } from '../schema/index.js';
import { asGoWrites } from './go-order.js';
import { kindAbout, type Request } from './request.js';
import { apiVersionOf, spokenVersion, type Spoken } from './served.js';

/** An object that was read, with the words for what was ignored. */
export interface ReadObject {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/** What was ignored of a body is told whatever becomes of it. */
export function warned(decided: Decided, { warnings }: Pick<ReadObject, 'warnings'>): Decided {
  const others = decided.warnings ?? [];
  const missing = warnings.filter((words) => !others.includes(words));
  return missing.length === 0 ? decided : { ...decided, warnings: [...missing, ...others] };
}

/** Reads a body as the spoken type: a kind in one of its versions, or what a subresource takes. */
export function readBody(command: Command, spoken: Spoken, context: DecideContext): ReadObject | Refusal {
  const body = isJsonObject(command.body) ? command.body : {};
  const wrong = wrongType(body, spoken, context);
  if (wrong) return wrong;
  const read = decode(spoken.schema, body);
  const about = `${spoken.kind} in version "${spoken.version}" cannot be handled as a ${spoken.kind}`;
  if (read.error !== undefined) return refusals.badRequest(`${about}: ${read.error}`);
  const words = fieldWords(read.unknown, command.options.duplicateFields, context.kind.isCustom);
  if (words.length > 0 && command.options.fieldValidation === 'Strict') {
    return refusals.badRequest(`${about}: strict decoding error: ${words.join(', ')}`);
  }
  const object = typed(read.value as unknown as JsonObject, body, spoken);
  return { object, warnings: command.options.fieldValidation === 'Ignore' ? [] : words };
}

/** Reads what a subresource takes (a Binding, an Eviction), which lies in the namespace of the URL. */
export function readSubresource(request: Request, spoken: Spoken): ReadObject | Refusal {
  const { command, decideContext } = request;
  const read = readBody(command, spoken, decideContext);
  if ('refused' in read) return read;
  const { namespace } = read.object.metadata;
  if (!namespace || namespace === command.namespace) return read;
  return refusals.badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** Reads the result of a patch, whose faults are told in another way: 422 about a field `patch`. */
export function readPatched(patched: Json, document: JsonObject, request: Request): ReadObject | Refusal {
  const { command, spoken, decideContext } = request;
  const refused = (detail: string): Refusal => {
    const about = { group: '', resource: '', kind: '', name: '' };
    const isStrategic = command.patchType === 'strategic';
    const value = isStrategic
      ? goMap(command.body ?? null)
      : request.kind.isCustom
        ? // Without a Go type a document is a map, which has the order of its keys.
          stableStringify(patched)
        : JSON.stringify(asGoWrites(patched, document, spoken.schema, command.body));
    return refusals.invalid(about, [{ type: 'Invalid', field: 'patch', value, detail }]);
  };
  const body = isJsonObject(patched) ? patched : {};
  const moved = movedVersion(body, request);
  if (moved) return moved;
  const untyped = command.patchType === 'json' || command.patchType === 'merge' ? untypedField(body) : undefined;
  if (untyped !== undefined) return refused(untyped);
  // A strategic patch is read as what it is for, whatever it says of itself.
  const wrong = command.patchType === 'strategic' ? undefined : otherType(body, spoken, decideContext);
  if (wrong !== undefined) return refused(wrong);
  const isConverted = command.patchType === 'strategic' || command.patchType === 'apply';
  const read = isUnversioned(body, command)
    ? readUnversioned(body, spoken)
    : decode(spoken.schema, body, isConverted ? 'unstructured' : 'json');
  if (read.error !== undefined)
    return command.patchType === 'apply' ? notConverted(request, read.error) : refused(read.error);
  // A conversion goes through maps, which have no order but that of their names.
  const unknown = isConverted ? [...read.unknown].sort() : read.unknown;
  const words = fieldWords(unknown, command.options.duplicateFields, request.kind.isCustom);
  if (words.length > 0 && command.options.fieldValidation === 'Strict')
    return refused(`strict decoding error: ${words.join(', ')}`);
  const object = typed(read.value as unknown as JsonObject, body, spoken);
  return { object, warnings: command.options.fieldValidation === 'Ignore' ? [] : words };
}

/** A patch that makes an object of a custom kind one of another version: no such version is read, as it has no Go type. */
function movedVersion({ apiVersion, kind }: JsonObject, request: Request): Refusal | undefined {
  const { spoken, command } = request;
  if (!request.kind.isCustom || typeof apiVersion !== 'string' || kind !== spoken.kind) return undefined;
  if (apiVersion === spoken.apiVersion) return undefined;
  return refusals.invalid(kindAbout(request, command.name), [
    { ...{ type: 'Invalid', field: 'apiVersion', value: apiVersion }, detail: `must be ${spoken.apiVersion}` },
  ]);
}

/** What says of which type a document is has to be text. */
export function untypedField(body: JsonObject): string | undefined {
  for (const field of ['apiVersion', 'kind']) {
    const value = body[field];
    if (value === undefined || value === null || typeof value === 'string') continue;
    const why = cannotUnmarshal(value, `Go struct field .${field} of type string`);
    return `couldn't get version/kind; json parse error: ${why}`;
  }
  return undefined;
}

/** What was applied has the types that the schema knows, and yet the object's own do not take it. */
function notConverted({ command, spoken }: Request, error: string): Refusal {
  const type = `${spoken.apiVersion.includes('/') ? '' : '/'}${spoken.apiVersion}, Kind=${spoken.kind}`;
  const { namespace = '' } = (command.body as { metadata?: { namespace?: string } } | undefined)?.metadata ?? {};
  const message = `failed to convert new object (${namespace}/${command.name}; ${type}) to proper version: unable to convert unstructured object to ${type}: ${error}`;
  return { refused: true, code: 500, reason: '', message };
}

/** Without a version a document is read in the genuine server's inner form, which has none of the outer fields. */
function isUnversioned(body: JsonObject, command: Command): boolean {
  return command.patchType !== 'strategic' && !body['apiVersion'];
}
function readUnversioned(body: JsonObject, spoken: Spoken): ReturnType<typeof decode> {
  const unknown = Object.keys(body).filter((key) => key !== 'apiVersion' && key !== 'kind');
  return { ...decode<unknown>(spoken.schema, {}), unknown: unknown.sort() };
}

/** Fields of custom kinds are found to be unknown after the document was read, which tells of doubled ones. */
function fieldWords(
  unknown: readonly string[],
  duplicates: readonly string[] = [],
  isCustom: boolean | undefined,
): readonly string[] {
  const words = unknown.map((field) => `unknown field "${field}"`);
  return boundedWords(isCustom ? [...duplicates, ...words] : [...words, ...duplicates]);
}

/** Reading drops an empty list; of managedFields it is a wish: to forget all owners. */
function typed(value: JsonObject, raw: JsonObject, spoken: Spoken): KubeObject {
  const read = isJsonObject(value['metadata']) ? value['metadata'] : {};
  const rawEntries = isJsonObject(raw['metadata']) ? raw['metadata']['managedFields'] : undefined;
  const isEmpty = Array.isArray(rawEntries) && rawEntries.length === 0;
  const metadata = isEmpty ? { ...read, managedFields: [] } : read;
  return { ...value, apiVersion: spoken.apiVersion, kind: spoken.kind, metadata } as unknown as KubeObject;
}

/** A body that says it is something else. */
function wrongType(body: JsonObject, spoken: Spoken, context: DecideContext): Refusal | undefined {
  const { kind, apiVersion, version, other } = statedType(body, spoken, context);
  if (kind === spoken.kind && apiVersion === spoken.apiVersion) return undefined;
  if (kind === spoken.kind && other?.id === context.kind.id) {
    return refusals.badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${spoken.apiVersion})`,
    );
  }
  return refusals.badRequest(
    `${kind} in version "${version}" cannot be handled as a ${spoken.kind}: ${otherType(body, spoken, context)}`,
  );
}
function otherType(body: JsonObject, spoken: Spoken, context: DecideContext): string | undefined {
  const { kind, apiVersion, version, other, schema } = statedType(body, spoken, context);
  if (kind === spoken.kind && (apiVersion === spoken.apiVersion || other?.id === context.kind.id)) return undefined;
  if (other === undefined && schema === undefined && !isMetaKind(kind, apiVersion))
    return `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`;
  // What is wrong for the type that it says to be comes before that this is another one.
  const unreadable = schema && decode(schema, body).error;
  if (unreadable !== undefined) return unreadable;
  const internal = (of: string): string => (of === '' ? 'core' : (of.split('.')[0] as string));
  return `converting (${version}.${kind}) to (${internal(spoken.group)}.${spoken.kind}): unknown conversion`;
}
/** Types that are no stored kinds, but known: those of every version, and two more of the core. */
function isMetaKind(kind: string, apiVersion: string): boolean {
  return META_KINDS.has(kind) || (apiVersion === 'v1' && (kind === 'List' || kind === 'Status'));
}
const META_KINDS = new Set([
  'CreateOptions',
  'DeleteOptions',
  'GetOptions',
  'ListOptions',
  'PatchOptions',
  'UpdateOptions',
  'WatchEvent',
]);

function statedType(body: JsonObject, spoken: Spoken, context: DecideContext) {
  const text = (key: string, otherwise: string): string => {
    const value = body[key];
    return typeof value === 'string' && value !== '' ? value : otherwise;
  };
  const kind = text('kind', spoken.kind);
  const apiVersion = text('apiVersion', spoken.apiVersion);
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/', 2) as [string, string]) : ['', apiVersion];
  const { kinds } = context;
  const own = kinds.byKind(group, version, kind);
  const schema = own ? spokenVersion(own, apiVersion).schema : partSchema(kinds, apiVersion, kind);
  // A list of objects is a kind of its own, though none that is stored.
  const other = own ?? kinds.byKind(group, version, kind.replace(/List$/, ''));
  return { kind, apiVersion, version, other, schema };
}

/** The type of what a subresource takes: a TokenRequest, a Scale. */
function partSchema(kinds: KindRegistry, apiVersion: string, name: string): ObjectType<unknown> | undefined {
  for (const { names, subresources } of kinds.all) {
    const part = subresources.find(({ kind, group = names.group, version = names.version }) => {
      return kind === name && apiVersionOf(group, version) === apiVersion;
    });
    if (part?.schema) return part.schema;
  }
  return undefined;
}

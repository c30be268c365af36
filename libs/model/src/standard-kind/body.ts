import { isJsonObject, type Json, type JsonObject } from '#std';
import type { Command } from '../command.js';
import type { DecideContext } from '../kind.js';
import type { KubeObject } from '../kube-object.js';
import { refusals, type Refusal } from '../refusal.js';
import { decode } from '../schema/index.js';
import type { Spoken } from './served.js';

/** An object that was read, with the words for what was ignored. */
export interface ReadObject {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/** Reads a create's or an update's body as the kind in the spoken version. */
export function readBody(command: Command, spoken: Spoken, context: DecideContext): ReadObject | Refusal {
  const body = isJsonObject(command.body) ? command.body : {};
  const wrong = wrongType(body, spoken, context);
  if (wrong) return wrong;
  const read = decode(spoken.schema, body);
  const about = `${context.kind.names.kind} in version "${spoken.version}" cannot be handled as a ${context.kind.names.kind}`;
  if (read.error !== undefined) return refusals.badRequest(`${about}: ${read.error}`);
  const words = fieldWords(read.unknown, command.options.duplicateFields);
  if (words.length > 0 && command.options.fieldValidation === 'Strict') {
    return refusals.badRequest(`${about}: strict decoding error: ${words.join(', ')}`);
  }
  const object = typed(read.value as unknown as JsonObject, spoken, context);
  return { object, warnings: command.options.fieldValidation === 'Ignore' ? [] : words };
}

/** Reads the result of a patch, whose faults are told in another way: 422 about a field `patch`. */
export function readPatched(patched: Json, command: Command, spoken: Spoken, context: DecideContext): ReadObject | Refusal {
  const body = isJsonObject(patched) ? patched : {};
  const read = decode(spoken.schema, body);
  if (read.error !== undefined) return patchRefusal(patched, read.error);
  const words = fieldWords(read.unknown, command.options.duplicateFields);
  if (words.length > 0 && command.options.fieldValidation === 'Strict') {
    return patchRefusal(patched, `strict decoding error: ${words.join(', ')}`);
  }
  const object = typed(read.value as unknown as JsonObject, spoken, context);
  return { object, warnings: command.options.fieldValidation === 'Ignore' ? [] : words };
}
function patchRefusal(patched: Json, detail: string): Refusal {
  const about = { group: '', resource: '', kind: '', name: '' };
  return refusals.invalid(about, [{ type: 'Invalid', field: 'patch', value: JSON.stringify(patched), detail }]);
}

function fieldWords(unknown: readonly string[], duplicates: readonly string[] | undefined): readonly string[] {
  return [...unknown.map((field) => `unknown field "${field}"`), ...(duplicates ?? [])];
}

function typed(value: JsonObject, spoken: Spoken, context: DecideContext): KubeObject {
  const metadata = isJsonObject(value['metadata']) ? value['metadata'] : {};
  return { ...value, apiVersion: spoken.apiVersion, kind: context.kind.names.kind, metadata } as unknown as KubeObject;
}

/** A body that says it is something else. */
function wrongType(body: JsonObject, spoken: Spoken, context: DecideContext): Refusal | undefined {
  const { kind: name } = context.kind.names;
  const kind = typeof body['kind'] === 'string' && body['kind'] !== '' ? body['kind'] : name;
  const apiVersion = typeof body['apiVersion'] === 'string' && body['apiVersion'] !== '' ? body['apiVersion'] : spoken.apiVersion;
  if (kind === name && apiVersion === spoken.apiVersion) return undefined;
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/', 2) as [string, string]) : ['', apiVersion];
  const other = context.kinds.byKind(group, version, kind);
  if (other?.id === context.kind.id) {
    return refusals.badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${spoken.apiVersion})`);
  }
  const about = `${kind} in version "${version}" cannot be handled as a ${name}`;
  if (other === undefined) {
    return refusals.badRequest(`${about}: no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`);
  }
  const internal = (of: string): string => (of === '' ? 'core' : (of.split('.')[0] as string));
  const from = `${version}.${kind}`;
  const to = `${internal(context.kind.names.group)}.${name}`;
  return refusals.badRequest(`${about}: converting (${from}) to (${to}): unknown conversion`);
}

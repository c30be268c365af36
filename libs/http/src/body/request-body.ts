import { deleteOptions, decodeEnvelope, decodeProtobuf, ProtobufError, untypedField } from '#model';
import type { CommandOptions, Kind, ObjectType, PatchType, Refusal } from '#model';
import type { Json } from '#std';
import { boundedWords, cannotUnmarshal, FieldWords, isJsonObject, pathBelow } from '#std';
import type { AnyRequest } from '../authenticate.js';
import { MEDIA_TYPES } from '../negotiate.js';
import { answers } from '../status.js';
import { parseJson, type BodyResult, type ParsedBody } from './json.js';
import { parseYaml } from './yaml.js';

/** Bodies are at most 3 MiB, as in Kubernetes. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024;

/** The bytes of a body, or 413 as soon as there are too many. */
export function readBytes(request: AnyRequest): Promise<Buffer | Refusal> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > BODY_BYTES_MAX) {
    request.resume();
    return Promise.resolve(answers.tooLarge(BODY_BYTES_MAX));
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > BODY_BYTES_MAX) {
        chunks.length = 0;
        resolve(answers.tooLarge(BODY_BYTES_MAX));
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('aborted', () => reject(new ClientGone()));
  });
}
/** The client closed the connection in the middle of its request: there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

type Media = 'json' | 'yaml' | 'protobuf';
/** The format of an object in a body; none stated is JSON. */
export function bodyMedia(contentType: string | undefined): Media | Refusal {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === '' || type === 'application/json') return 'json';
  if (type === 'application/yaml') return 'yaml';
  if (type === 'application/vnd.kubernetes.protobuf') return 'protobuf';
  return answers.unsupportedMediaType(MEDIA_TYPES);
}

/** What a body is to be read as. */
export interface Expected {
  /** Kind that the answer to a broken body names. */
  readonly kindName: string;
  readonly schema: ObjectType<unknown>;
}

/** An object for a create or an update. */
export function parseObject(bytes: Buffer, media: Media, expected: Expected): ParsedBody | Refusal {
  if (media === 'protobuf')
    return expected.schema.options.isJsonOnly
      ? answers.unsupportedMediaType(MEDIA_TYPES.slice(0, 2))
      : parseProtobuf(bytes, expected);
  const text = bytes.toString('utf8');
  const parsed: BodyResult = media === 'yaml' ? asStrict(parseYaml(text)) : parseJson(text);
  const unrecognized = (why: string): Refusal =>
    answers.badRequest(
      `the object provided is unrecognized (must be of type ${expected.kindName}): ${why} (${summary(bytes)})`,
    );
  if ('error' in parsed) {
    return unrecognized(`couldn't get version/kind; json parse error: ${parsed.error}`);
  }
  const { value } = parsed;
  if (value === null) return { value: {}, duplicates: [] };
  if (!isJsonObject(value)) {
    const why = cannotUnmarshal(value, 'Go value of type an object');
    return unrecognized(`couldn't get version/kind; json parse error: ${why}`);
  }
  const untyped = untypedField(value);
  if (untyped !== undefined) return unrecognized(untyped);
  const { apiVersion } = value;
  if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2) {
    return unrecognized(`unexpected GroupVersion string: ${apiVersion}`);
  }
  return parsed;
}

/** A typed decoder of YAML tells of doubled keys as its parser does, all in one. */
function asStrict(parsed: BodyResult): BodyResult {
  if ('error' in parsed || parsed.duplicates.length === 0) return parsed;
  return {
    ...parsed,
    duplicates: [`yaml: unmarshal errors:\n${parsed.duplicates.map((line) => `  ${line}`).join('\n')}`],
  };
}

/** The first bytes of a body that makes no sense. */
function summary(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>';
  const head = bytes.subarray(0, 30);
  const text = bytes[0] === 0x7b ? head.toString('utf8') : head.toString('hex');
  return bytes.length > 30 ? `${text} ...` : text;
}

function parseProtobuf(bytes: Buffer, expected: Expected): ParsedBody | Refusal {
  try {
    const envelope = decodeEnvelope(bytes);
    const value = decodeProtobuf(expected.schema, envelope.raw);
    const type = {
      ...(envelope.apiVersion !== '' && { apiVersion: envelope.apiVersion }),
      ...(envelope.kind !== '' && { kind: envelope.kind }),
    };
    return { value: { ...value, ...type }, duplicates: [] };
  } catch (cause) {
    if (!(cause instanceof ProtobufError)) throw cause;
    return answers.badRequest(
      `the object provided is unrecognized (must be of type ${expected.kindName}): ${cause.message} (${summary(bytes)})`,
    );
  }
}

const PATCH_TYPES: ReadonlyMap<string, PatchType> = new Map([
  ['application/json-patch+json', 'json'],
  ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'],
  ['application/apply-patch+yaml', 'apply'],
]);
const CUSTOM_PATCH_TYPES = [...PATCH_TYPES.keys()].filter((type) => PATCH_TYPES.get(type) !== 'strategic');

/** The type of a patch is its Content-Type alone, compared letter by letter. Custom kinds take no strategic ones. */
export function patchTypeOf(
  contentType: string | undefined,
  { isCustom }: Pick<Kind, 'isCustom'>,
): PatchType | Refusal {
  const type = (contentType ?? '').split(';')[0]?.trim() ?? '';
  if (isCustom && !CUSTOM_PATCH_TYPES.includes(type)) return answers.unsupportedMediaType(CUSTOM_PATCH_TYPES);
  return PATCH_TYPES.get(type) ?? answers.routeUnsupportedMediaType;
}

/**
 * Reads a patch. Kubernetes has a decoder of its own for each type, and for JSON and merge patches another one where nobody
 * wants to hear of unknown fields; each tells in its own words what it was given.
 */
export function parsePatch(
  bytes: Buffer,
  type: PatchType,
  fieldValidation: CommandOptions['fieldValidation'],
): ParsedBody | Refusal {
  const text = bytes.toString('utf8');
  const parsed = type === 'apply' ? parseYaml(text) : parseJson(text, true);
  const isStrict = fieldValidation !== 'Ignore';
  const about =
    type === 'apply' ? 'error decoding YAML: ' : isStrict && type !== 'strategic' ? 'error decoding patch: ' : '';
  if (type === 'merge' && !isStrict && ('error' in parsed || !isJsonObject(parsed.value)))
    return answers.badRequest('Invalid JSON Patch');
  if ('error' in parsed) return answers.badRequest(`${about}${parsed.error}`);
  const { value } = parsed;
  if (type === 'json') return jsonPatch(parsed, isStrict, about);
  if (isJsonObject(value)) return parsed;
  if (value === null)
    return type === 'merge' ? answers.badRequest('Invalid JSON Patch') : { value: {}, duplicates: [] };
  const decoding = type === 'apply' ? 'error unmarshaling JSON: while decoding JSON: ' : '';
  return answers.badRequest(`${about}${decoding}${cannotUnmarshal(value, 'Go value of type map[string]interface {}')}`);
}

const TEXTS = ['op', 'from', 'path'];
const OPERATION = new Set([...TEXTS, 'value']);

/** A list of operations, with what the strict decoder says of them. */
function jsonPatch({ value, duplicates }: ParsedBody, isStrict: boolean, about: string): ParsedBody | Refusal {
  const wrong = (what: Json | undefined, target: string): Refusal =>
    answers.badRequest(`${about}${cannotUnmarshal(what, target)}`);
  if (value === null) return { value: [], duplicates: [] };
  if (!Array.isArray(value))
    return wrong(value, `Go value of type ${isStrict ? '[]handlers.jsonPatchOp' : 'jsonpatch.Patch'}`);
  const unknown = new FieldWords();
  for (const [i, operation] of value.entries()) {
    if (operation === null) continue;
    if (!isJsonObject(operation))
      return wrong(operation, `Go value of type ${isStrict ? 'handlers.jsonPatchOp' : 'jsonpatch.Operation'}`);
    for (const [key, part] of Object.entries(operation)) {
      if (!OPERATION.has(key)) unknown.add(`unknown field "${pathBelow(`[${i}]`, key)}"`);
      if (isStrict && TEXTS.includes(key) && part !== null && typeof part !== 'string')
        return wrong(part, `Go struct field jsonPatchOp.${key} of type string`);
    }
  }
  return { value, duplicates: boundedWords([...unknown.all, ...duplicates]).map((words) => `json patch ${words}`) };
}

/** DeleteOptions, in any of the formats; undefined for an empty body. */
export function parseDeleteOptions(bytes: Buffer, media: Media): Json | undefined | Refusal {
  if (bytes.length === 0) return undefined;
  const parsed = parseObject(bytes, media, { kindName: 'DeleteOptions', schema: deleteOptions as ObjectType<unknown> });
  return 'refused' in parsed ? parsed : parsed.value;
}

/** The schema that bodies for a kind or one of its subresources follow. */
export function schemaFor(
  kind: Kind,
  version: { group: string; version: string },
  subresource: string | undefined,
): Expected {
  const sub = subresource === undefined ? undefined : kind.subresources.find((one) => one.name === subresource);
  const served = kind.served.find((one) => one.group === version.group && one.version === version.version);
  return { kindName: sub?.kind ?? kind.names.kind, schema: sub?.schema ?? served?.schema ?? kind.schema };
}

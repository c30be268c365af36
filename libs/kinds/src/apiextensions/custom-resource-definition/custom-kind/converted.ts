import { validateAnnotations, validateLabels } from '#meta';
import { problemText, type KubeObject } from '#model';
import { goQuote, isJsonObject, isTooDeep, type Json, type JsonObject } from '#std';

/** What a conversion webhook was asked. */
export interface Asked {
  readonly objects: readonly KubeObject[];
  /** The version that they were to get, `example.com/v2`. */
  readonly apiVersion: string;
  readonly uid: string;
  readonly reviewVersion: string;
}

/** Characters that are told of what a webhook gives as its reason. */
const REASON_CHARACTERS_MAX = 4096;

/** The objects of a ConversionReview, checked, in the order in which they were asked about; or what is said of them after the kind. */
export function convertedObjects(asked: Asked, review: JsonObject): readonly KubeObject[] | string {
  const given = givenObjects(asked, review);
  if (typeof given === 'string') return `failed: ${given}`;
  const { objects } = asked;
  if (given.length !== objects.length) return `returned ${given.length} objects, expected ${objects.length}`;
  const converted: KubeObject[] = [];
  for (const [index, object] of objects.entries()) {
    const at = objects.length === 1 ? '' : ` in object at index ${index}`;
    const invalid = objects.length === 1 ? 'invalid object' : `invalid converted object at index ${index}`;
    const one = given[index] ?? null;
    const mismatch = mismatchOf(one, object, asked.apiVersion, { index, isSingle: objects.length === 1 });
    if (mismatch !== undefined) return `returned ${invalid}${mismatch}`;
    const restored = withOwnMetadata(one as JsonObject, object);
    if (typeof restored === 'string') return `returned invalid metadata${at}: ${restored}`;
    converted.push(restored);
  }
  return converted;
}

function givenObjects({ uid, reviewVersion }: Asked, review: JsonObject): readonly Json[] | string {
  const { response } = review;
  if (reviewVersion === 'v1') {
    const [got, expected] = [kindOf(review), 'apiextensions.k8s.io/v1, Kind=ConversionReview'];
    if (got !== expected) return `expected webhook response of ${expected}, got ${got}`;
  }
  if (!isJsonObject(response)) return 'no response provided';
  // The older version leaves this to the server.
  if (reviewVersion === 'v1' && response['uid'] !== uid)
    return `expected response.uid=${goQuote(uid)}, got ${goQuote(textOf(response['uid']))}`;
  const { result, convertedObjects: objects } = response;
  const { status, message } = isJsonObject(result) ? result : {};
  if (status !== 'Success')
    return (
      textOf(message).slice(0, REASON_CHARACTERS_MAX) || `response.result.status was '${textOf(status)}', not 'Success'`
    );
  if (isTooDeep(objects)) return 'response.convertedObjects nests too deeply';
  return Array.isArray(objects) ? objects : [];
}

/** Why the object is not the one that was asked about in the version that was asked for. */
function mismatchOf(
  given: Json | undefined,
  { kind, metadata }: KubeObject,
  apiVersion: string,
  { index, isSingle }: { readonly index: number; readonly isSingle: boolean },
): string | undefined {
  const at = isSingle ? ` at index ${index}` : '';
  if (!isJsonObject(given)) return `${at}: it is no JSON object`;
  const [givenVersion, givenKind] = [textOf(given['apiVersion']), textOf(given['kind'])];
  if (givenVersion !== apiVersion)
    return `${at}: invalid groupVersion (expected ${apiVersion}, received ${givenVersion})`;
  if (givenKind !== kind) return `${at}: invalid kind (expected ${kind}, received ${givenKind})`;
  const own = isJsonObject(given['metadata']) ? given['metadata'] : {};
  for (const [field, title] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [before, after] = [metadata[field] ?? '', textOf(own[field])];
    if (before !== after) return `: must have the same ${title}: ${before} != ${after}`;
  }
  return undefined;
}

/** A webhook changes labels and annotations; all other metadata is as it was, whatever it says. */
function withOwnMetadata(given: JsonObject, { metadata }: KubeObject): KubeObject | string {
  const own = given['metadata'];
  if (own === undefined) return 'missing metadata in converted object';
  if (!isJsonObject(own)) return `invalid metadata of type ${goType(own)} in converted object`;
  const { labels, annotations, ...others } = metadata;
  const newLabels = textsOf('labels', own['labels'], labels);
  if (typeof newLabels === 'string') return newLabels;
  const newAnnotations = textsOf('annotations', own['annotations'], annotations);
  if (typeof newAnnotations === 'string') return newAnnotations;
  return {
    ...given,
    metadata: {
      ...others,
      ...(newLabels.texts && { labels: newLabels.texts }),
      ...(newAnnotations.texts && { annotations: newAnnotations.texts }),
    },
  } as unknown as KubeObject;
}

type Texts = Readonly<Record<string, string>>;

function textsOf(
  field: 'labels' | 'annotations',
  given: Json | undefined,
  before: Texts | undefined,
): { readonly texts: Texts | undefined } | string {
  if (given === undefined || given === null) return { texts: undefined };
  if (!isJsonObject(given)) return `invalid metadata.${field} of type ${goType(given)} in converted object`;
  for (const [key, value] of Object.entries(given))
    if (typeof value !== 'string')
      return `metadata.${field}[${key}] must be a string, but is ${goType(value ?? null)} in converted object`;
  const texts = given as Texts;
  const keys = Object.keys(texts);
  if (keys.length === Object.keys(before ?? {}).length && keys.every((key) => texts[key] === before?.[key]))
    return { texts };
  const problems =
    field === 'labels' ? validateLabels(texts, 'metadata.labels') : validateAnnotations(texts, 'metadata.annotation');
  if (problems.length === 0) return { texts };
  const words = [...new Set(problems.map((problem) => `${problem.field}: ${problemText(problem)}`))];
  return words.length === 1 ? (words[0] as string) : `[${words.join(', ')}]`;
}

function kindOf({ apiVersion, kind }: JsonObject): string {
  const version = textOf(apiVersion);
  return `${version.includes('/') ? version : `/${version}`}, Kind=${textOf(kind)}`;
}
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
/** Type of a JSON value as Go's decoder names it. */
function goType(value: Json): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return Number.isInteger(value) ? 'int64' : 'float64';
    default:
      return 'map[string]interface {}';
  }
}

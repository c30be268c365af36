import { validateMeta, pathSegment } from '#meta';
import { decode, type ObjectMeta, type Problem, objectMeta } from '#model';
import { isJsonObject, type Json, type JsonObject } from '#std';
import { isEmbedded, itemsOf, propertyOf, valuesOf, type JsonSchema } from './schema.js';

/** What is wrong with objects of the API that stand within another one: what they are, and their metadata. */
export function embeddedProblems(value: Json, schema: JsonSchema, path = ''): readonly Problem[] {
  const problems: Problem[] = [];
  visit(value, schema, path, { problems, isInner: path !== '' });
  return problems;
}

interface Finding {
  readonly problems: Problem[];
  /** Whether the value stands within an object, whose own metadata is checked elsewhere. */
  readonly isInner: boolean;
}

function visit(value: Json, schema: JsonSchema, path: string, finding: Finding): void {
  const inside: Finding = { ...finding, isInner: true };
  if (Array.isArray(value)) {
    const known = itemsOf(schema);
    if (known) (value as readonly Json[]).forEach((item, index) => visit(item, known, `${path}[${index}]`, inside));
    return;
  }
  if (!isJsonObject(value)) return;
  if (finding.isInner && isEmbedded(schema)) checkObject(value, path, finding.problems);
  const values = valuesOf(schema);
  for (const [name, inner] of Object.entries(value)) {
    const known = propertyOf(schema, name) ?? values;
    if (known && inner !== undefined) visit(inner, known, path === '' ? name : `${path}.${name}`, inside);
  }
}

const KIND = /^[A-Za-z]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
const KIND_WORDS =
  "may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

function checkObject(object: JsonObject, path: string, problems: Problem[]): void {
  const { apiVersion, kind, metadata } = object;
  const invalid = (field: string, value: Json, detail: string): void =>
    void problems.push({ ...{ type: 'Invalid', field: `${path}.${field}`, value }, detail });
  const required = (field: string): void =>
    void problems.push({ type: 'Required', field: `${path}.${field}`, detail: '' });
  if (apiVersion === undefined || apiVersion === '') required('apiVersion');
  else if (typeof apiVersion === 'string' && apiVersion.split('/').length > 2)
    invalid('apiVersion', apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  if (kind === undefined || kind === '') required('kind');
  else if (typeof kind === 'string' && !KIND.test(kind)) invalid('kind', kind, KIND_WORDS);
  if (!isJsonObject(metadata)) return;
  const read = decode<unknown>(objectMeta, metadata);
  if (read.error !== undefined) return;
  const meta = read.value as ObjectMeta;
  const rules = { namespaced: meta.namespace !== undefined, nameRule: pathSegment };
  for (const problem of validateMeta(meta, rules)) {
    if (problem.type === 'Required') continue;
    problems.push({ ...problem, field: `${path}.${problem.field}` });
  }
}

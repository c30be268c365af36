/** Bodies that are built to be slow to read. Each has about as many bytes as it is asked for. */
export interface HostileBody {
  readonly name: string;
  readonly method: 'POST' | 'PATCH';
  /** Media type of the body. */
  readonly type: string;
  readonly make: (size: number) => string;
}

const JSON_TYPE = 'application/json';
const YAML_TYPE = 'application/yaml';
const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';

export const hostileBodies: readonly HostileBody[] = [
  post('keys', JSON_TYPE, (n) => `{"metadata":{"name":"a"},"data":{${many(n, (i) => `"k${i}":"v"`)}}}`),
  post('one key many times', JSON_TYPE, (n) => `{"metadata":{"name":"a"},${many(n, () => '"data":{"k":"v"}')}}`),
  post(
    'one object in many parts',
    JSON_TYPE,
    (n) => `{"metadata":{"name":"a"},${many(n, (i) => `"data":{"k${i}":""}`)}}`,
  ),
  post(
    'doubled keys below a long one',
    JSON_TYPE,
    (n) => `{"${'k'.repeat(n / 2)}":{${many(n / 2, (i) => `"a${i}":1,"a${i}":1`)}}}`,
  ),
  post('unknown fields', JSON_TYPE, (n) => `{"metadata":{"name":"a"},${many(n, (i) => `"u${i}":1`)}}`),
  post('bad labels', JSON_TYPE, (n) => `{"metadata":{"name":"a","labels":{${many(n, (i) => `"!${i}":"!"`)}}}}`),
  post('finalizers', JSON_TYPE, (n) => `{"metadata":{"name":"a","finalizers":[${many(n, (i) => `"a.b/c${i}"`)}]}}`),
  post(
    'owners',
    JSON_TYPE,
    (n) =>
      `{"metadata":{"name":"a","ownerReferences":[${many(n, (i) => `{"apiVersion":"v1","kind":"Pod","name":"a","uid":"${i}"}`)}]}}`,
  ),
  post(
    'managed fields',
    JSON_TYPE,
    (n) =>
      `{"metadata":{"name":"a","managedFields":[${many(n, (i) => `{"manager":"m${i}","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:data":{}}}`)}]}}`,
  ),
  post('a long name', JSON_TYPE, (n) => `{"metadata":{"name":"${'a'.repeat(n)}!"}}`),
  post('names of dots', JSON_TYPE, (n) => `{"metadata":{"name":"${'a.'.repeat(n / 2)}!"}}`),
  post('nesting', JSON_TYPE, (n) => '['.repeat(n)),
  post('an unfinished object', JSON_TYPE, (n) => '{"a":'.repeat(n / 5)),
  post('a long number', JSON_TYPE, (n) => `{"metadata":{"generation":${'1'.repeat(n)}}}`),
  post('YAML keys', YAML_TYPE, (n) => `metadata: {name: a}\n${many(n, (i) => `k${i}: v`, '\n')}`),
  post('one YAML key many times', YAML_TYPE, (n) => `metadata: {name: a}\n${many(n, () => 'k: v', '\n')}`),
  post('YAML documents', YAML_TYPE, (n) => '---\na: 1\n'.repeat(n / 9)),
  post('YAML aliases', YAML_TYPE, aliases),
  post('YAML in one line', YAML_TYPE, (n) => '- '.repeat(n / 2)),
  post('YAML anchors', YAML_TYPE, (n) => many(n, (i) => `k${i}: &a${i} 1`, '\n')),
  patch(
    'copies of copies',
    JSON_PATCH,
    (n) => `[${many(n, (i) => `{"op":"copy","from":"/data","path":"/data/k${i}"}`)}]`,
  ),
  patch('additions', JSON_PATCH, (n) => `[${many(n, (i) => `{"op":"add","path":"/data/k${i}","value":""}`)}]`),
  patch('tests', JSON_PATCH, (n) => `[${many(n, () => '{"op":"test","path":"/data","value":{}}')}]`),
  patch('a long pointer', JSON_PATCH, (n) => `[{"op":"add","path":"${'/a'.repeat(n / 2)}","value":1}]`),
  patch('merged keys', MERGE_PATCH, (n) => `{"data":{${many(n, (i) => `"k${i}":null`)}}}`),
  patch('finalizers', STRATEGIC_PATCH, (n) => `{"metadata":{"finalizers":[${many(n, (i) => `"a.b/c${i}"`)}]}}`),
  patch(
    'owners',
    STRATEGIC_PATCH,
    (n) => `{"metadata":{"ownerReferences":[${many(n, (i) => `{"uid":"u${i}","$patch":"delete"}`)}]}}`,
  ),
  patch(
    'applied keys',
    APPLY_PATCH,
    (n) => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{${many(n, (i) => `"k${i}":""`)}}}`,
  ),
  patch(
    'applied unknown fields',
    APPLY_PATCH,
    (n) => `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a",${many(n, (i) => `"u${i}":""`)}}}`,
  ),
  patch(
    'applied finalizers',
    APPLY_PATCH,
    (n) =>
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","finalizers":[${many(n, (i) => `"a.b/c${i}"`)}]}}`,
  ),
];

/** Query strings of the same sort. */
export const hostileQueries: readonly ((size: number) => string)[] = [
  (n) => `labelSelector=${many(n, (i) => `k${i}!=v`)}`,
  (n) => `labelSelector=${encodeURIComponent(`k in (${many(n / 2, (i) => `v${i}`)})`)}`,
  (n) => `fieldSelector=${many(n, () => 'metadata.name!=v')}`,
  (n) => `fieldSelector=${'%5C%2C'.repeat(n / 6)}`,
  (n) => many(n, (i) => `k${i}=v`, '&'),
  (n) => `continue=${'A'.repeat(n)}`,
  (n) => `resourceVersion=${'1'.repeat(n)}`,
  (n) => `limit=${'9'.repeat(n)}`,
  (n) => `timeout=${'1h'.repeat(n / 2)}`,
  (n) => `fieldManager=${'a'.repeat(n)}`,
];

function post(name: string, type: string, make: (size: number) => string): HostileBody {
  return { name, method: 'POST', type, make };
}
function patch(name: string, type: string, make: (size: number) => string): HostileBody {
  return { name, method: 'PATCH', type, make };
}

export function many(size: number, each: (i: number) => string, separator = ','): string {
  const parts: string[] = [];
  for (let i = 0, length = 0; length < size; i++) {
    const part = each(i);
    parts.push(part);
    length += part.length + separator.length;
  }
  return parts.join(separator);
}

/** Each line holds the one before nine times. */
function aliases(size: number): string {
  const lines = ['a0: &a0 [x]'];
  for (let i = 1; lines.length * 50 < size; i++) {
    lines.push(`a${i}: &a${i} [${Array.from({ length: 9 }, () => `*a${i - 1}`).join(', ')}]`);
  }
  return lines.join('\n');
}

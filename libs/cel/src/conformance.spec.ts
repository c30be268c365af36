import { describe, expect, test } from '@jest/globals';
import { tests as suites } from '@bufbuild/cel-spec/testdata/conformance.js';
import { isJsonObject, type Json, type JsonObject } from '#std';
import { checked, type Checked } from './check/checker.js';
import { DYN, listOf, mapOf, parseType, type Type } from './check/types.js';
import { Evaluation } from './evaluate.js';
import { kubernetesFunctions } from './functions/index.js';
import { parsed } from './syntax/parser.js';
import { isEqual } from './values/compare.js';
import { parseDuration, parseTimestamp } from './values/time.js';
import {
  CelError,
  CelList,
  CelMap,
  Duration,
  Timestamp,
  TypeValue,
  Uint,
  type MapKey,
  type Result,
  type Value,
} from './values/values.js';

/**
 * The conformance cases of CEL itself, but for what Kubernetes does not have: messages of protocol buffers and the extensions
 * that it leaves out. They are evaluated without the checks of literals that Kubernetes adds.
 */
const LEFT_OUT =
  /^(block_ext|proto2|proto3|proto2_ext|enums|math_ext|dynamic|wrappers|bindings_ext|encoders_ext|namespace|network_ext|plumbing|unknowns)\//;
const OF_MESSAGES =
  /TestAllTypes|google\.protobuf\.(?!Timestamp|Duration)|\bmsg\b|NestedEnum|GlobalEnum|tuple\(|\bfn\(/;
/** Kubernetes' own answers differ: it formats by the first version of the extension. The recorded specs have those. */
const KUBERNETES_DIFFERS =
  /^string_ext\/format\/(scientific|default precision for scientific|list support|map support|dyntype support for (scientific|lists|maps))|^string_ext\/.*(quote|reverse)/;

interface Case {
  readonly name: string;
  readonly original: JsonObject;
}
type Suite = typeof suites;
function casesOf(suite: Suite, path: string): readonly Case[] {
  const own = (suite.tests ?? []).map(({ original }) => ({
    name: `${path}/${original.name ?? original.expr}`,
    original: original as JsonObject,
  }));
  const inner = (suite.suites ?? []).flatMap((one) => casesOf(one, path === '' ? one.name : `${path}/${one.name}`));
  return [...own, ...inner];
}
function isOurs({ name, original }: Case): boolean {
  const { expr, container, disableCheck, checkOnly } = original;
  if (container || disableCheck || checkOnly || LEFT_OUT.test(name) || KUBERNETES_DIFFERS.test(name)) return false;
  return (
    !OF_MESSAGES.test(String(expr)) &&
    !/TestAllTypes|Wrapper|objectValue.*(Value|Any|Struct)"/.test(JSON.stringify(original))
  );
}

function outcomeOf({ expr, typeEnv, bindings }: JsonObject): Result {
  const variables = new Map<string, Type>();
  for (const declared of (typeEnv ?? []) as readonly JsonObject[])
    variables.set(String(declared['name']), typeOf((declared['ident'] as JsonObject | undefined)?.['type']));
  const values = new Map<string, Value>();
  for (const [name, bound] of Object.entries((bindings ?? {}) as JsonObject)) {
    if (!variables.has(name)) variables.set(name, DYN);
    values.set(name, valueOf((bound as JsonObject)['value']));
  }
  const tree = parsed(String(expr));
  if (!('expression' in tree)) return new CelError(tree.map(({ message }) => message).join());
  const outcome = checked(tree.expression, { variables, functions: kubernetesFunctions });
  if (!('type' in outcome)) return new CelError(outcome.map(({ message }) => message).join());
  const program = { expression: tree.expression, checked: outcome as Checked, functions: kubernetesFunctions };
  return new Evaluation(program, (name) => values.get(name), { costMax: 1_000_000 }).run();
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  BOOL: 'bool',
  INT64: 'int',
  UINT64: 'uint',
  DOUBLE: 'double',
  STRING: 'string',
  BYTES: 'bytes',
};
function typeOf(json: Json | undefined): Type {
  if (!isJsonObject(json)) return DYN;
  const { primitive, listType, mapType, wellKnown } = json;
  if (typeof primitive === 'string') return parseType(PRIMITIVES[primitive] ?? 'dyn');
  if (isJsonObject(listType)) return listOf(typeOf(listType['elemType']));
  if (isJsonObject(mapType)) return mapOf(typeOf(mapType['keyType']), typeOf(mapType['valueType']));
  return wellKnown === 'TIMESTAMP' ? { kind: 'timestamp' } : wellKnown === 'DURATION' ? { kind: 'duration' } : DYN;
}
function valueOf(json: Json | undefined): Value {
  const [[kind = '', value = null] = []] = isJsonObject(json) ? Object.entries(json) : [];
  const text = String(value);
  const inner = isJsonObject(value) ? value : {};
  switch (kind) {
    case 'int64Value':
      return BigInt(text);
    case 'uint64Value':
      return new Uint(BigInt(text));
    case 'doubleValue':
      return Number(text);
    case 'stringValue':
      return text;
    case 'boolValue':
      return value === true;
    case 'bytesValue':
      return Uint8Array.from(Buffer.from(text, 'base64'));
    case 'typeValue':
      return new TypeValue(text);
    case 'listValue':
      return CelList.of(((inner['values'] ?? []) as readonly Json[]).map(valueOf));
    case 'mapValue': {
      const entries = (inner['entries'] ?? []) as readonly JsonObject[];
      return CelMap.of(entries.map((entry) => [valueOf(entry['key']) as MapKey, valueOf(entry['value'])]));
    }
    case 'objectValue': {
      const written = String(inner['value']);
      const isTime = String(inner['@type']).endsWith('Timestamp');
      return isTime ? new Timestamp(parseTimestamp(written) ?? 0n) : new Duration(parseDuration(written) ?? 0n);
    }
    default:
      return null;
  }
}

describe('conformance cases of CEL', () => {
  const ours = casesOf(suites, '').filter(isOurs);
  test('most of them concern Kubernetes', () => expect(ours.length).toBeGreaterThan(1000));
  test.each(ours.map((one) => [one.name, one.original] as const))('%s', (_name, original) => {
    const result = outcomeOf(original);
    const typed = original['typedResult'] as JsonObject | undefined;
    const wanted = original['value'] ?? typed?.['result'];
    if (original['evalError'] !== undefined) return expect(result).toBeInstanceOf(CelError);
    if (result instanceof CelError) throw new Error(result.message);
    if (typed && wanted === undefined) return undefined;
    const expected = wanted === undefined ? true : valueOf(wanted);
    if (typeof expected === 'number' && Number.isNaN(expected)) return expect(result).toBeNaN();
    return expect({ result, isAsExpected: isEqual(result, expected) }).toEqual({ result, isAsExpected: true });
  });
});

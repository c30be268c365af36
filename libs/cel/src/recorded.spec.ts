import { describe, expect, test } from '@jest/globals';
import type { Json } from '#std';
import { compile, DYN, evaluate, fromJson, isCompileError, type Value } from './index.js';
import { at, recorded } from './testing/recordings.js';

const NAMESPACE = { metadata: { name: 'n', labels: {} }, spec: { finalizers: ['kubernetes'] } };
const variables = new Map(['object', 'oldObject', 'namespaceObject'].map((name) => [name, DYN] as const));

/** What a policy's expression gives for an object: its value as text, or its error. */
function outcome(expression: string, object: Json): string {
  const program = compile(expression, { variables });
  if (isCompileError(program)) return program.message;
  const values = new Map<string, Value>([
    ['object', fromJson(object)],
    ['oldObject', null],
    ['namespaceObject', fromJson(NAMESPACE)],
  ]);
  const result = evaluate(program, (name) => values.get(name));
  return result.is === 'value' ? String(result.value) : `error: ${result.message}`;
}

interface Case {
  readonly title: string;
  readonly expression: string;
  readonly object: Json;
  readonly said: string;
}
/** Requests with the validation that each of them is about. */
function cases(name: string, field: 'expression' | 'messageExpression'): readonly Case[] {
  const all = recorded(name);
  const policy = all.find(({ title }) => title.startsWith('policy '))?.do.body;
  const validations = (at(policy, 'spec', 'validations') ?? []) as readonly Json[];
  return all.flatMap((request): readonly Case[] => {
    const number = /^(?:value|error) (\d+):/.exec(request.title)?.[1];
    if (number === undefined || !request.answer) return [];
    const own = validations.find((one) => String(at(one, 'expression')).includes(`'k${number}'`));
    const isRefused = request.answer.status >= 400;
    const said = request.answer.body?.message?.split('denied request: ')[1] ?? (isRefused ? 'refused' : 'admitted');
    return [{ title: request.title, expression: String(at(own, field)), object: request.do.body ?? null, said }];
  });
}

describe.each(['policies-cel-lists', 'policies-cel-strings', 'policies-cel-kubernetes'])('%s', (name) => {
  const all = cases(name, 'messageExpression');
  test.each(all)('$title', ({ expression, object, said }) => {
    // A message that is empty or cannot be made gives way to the failed expression.
    const isNone = said.startsWith('failed expression: ');
    expect(outcome(expression, object)).toMatch(isNone ? /^(|error: .*)$/ : `${said}`);
    if (!isNone) expect(outcome(expression, object)).toBe(said);
  });
  test('there are cases', () => expect(all.length).toBeGreaterThan(20));
});

describe('policies-cel-errorsfail', () => {
  const all = cases('policies-cel-errorsfail', 'expression');
  test.each(all)('$title', ({ expression, object, said }) => {
    const result = outcome(expression, object);
    if (said === 'admitted') expect(result).toBe('true');
    else if (said === 'refused') expect(result).toMatch(/^error: ./);
    else if (said.startsWith('failed expression: ')) expect(result).toBe('false');
    else expect(result).toBe(`error: ${said.split('resulted in error: ')[1]}`);
  });
  test('there are cases', () => expect(all.length).toBeGreaterThan(30));
});

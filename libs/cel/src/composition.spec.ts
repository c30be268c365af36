import { describe, expect, test } from '@jest/globals';
import type { Json } from '#std';
import {
  admissionEnvironment,
  compile,
  compose,
  DYN,
  evaluate,
  fromJson,
  isCompileError,
  type Compiled,
  type Type,
} from './index.js';

/** Variables compiled in their order, each with those before it. */
function compiled(sources: Readonly<Record<string, string>>): {
  programs: Map<string, Compiled>;
  types: Map<string, Type>;
} {
  const programs = new Map<string, Compiled>();
  const types = new Map<string, Type>();
  for (const [name, source] of Object.entries(sources)) {
    const program = compile(source, admissionEnvironment({ variables: new Map(types) }));
    if (isCompileError(program)) throw new Error(program.message);
    programs.set(name, program);
    types.set(name, program.type);
  }
  return { programs, types };
}
function run(sources: Readonly<Record<string, string>>, expressions: readonly string[], object: Json) {
  const { programs, types } = compiled(sources);
  const budget = { left: 10_000_000 };
  const reads: string[] = [];
  const variables = compose({
    composited: programs,
    budget,
    base: (name) => {
      reads.push(name);
      return name === 'object' ? fromJson(object) : undefined;
    },
  });
  const outcomes = expressions.map((source) => {
    const program = compile(source, admissionEnvironment({ variables: types }));
    if (isCompileError(program)) return program.message;
    const outcome = evaluate(program, variables);
    return outcome.is === 'value' ? outcome.value : outcome.message;
  });
  return { outcomes, reads, spent: 10_000_000 - budget.left };
}

describe('composited variables', () => {
  const SOURCES = { data: 'object.data', size: 'variables.data.size()', broken: "object.data.none + 'x'" };
  test('are evaluated when they are read, and once', () => {
    const { outcomes, reads } = run(SOURCES, ['variables.size > 1', 'variables.size < 3', 'true'], {
      data: { a: 1, b: 2 },
    });
    expect(outcomes).toEqual([true, true, true]);
    expect(reads).toEqual(['object']);
  });
  test('fail where something depends on them', () => {
    const wanted = 'composited variable "broken" fails to evaluate: no such key: none';
    const sources = [`variables.broken == 'x'`, `true || variables.broken == 'x'`, `variables.broken == 'x' || true`];
    expect(run(SOURCES, sources, { data: {} }).outcomes).toEqual([wanted, true, true]);
  });
  test('have the types of their expressions', () => {
    expect(
      run(SOURCES, ['variables.size == "x"', 'variables.nothing', 'has(variables.size)'], { data: {} }).outcomes,
    ).toEqual([
      expect.stringContaining("found no matching overload for '_==_' applied to '(int, string)'"),
      expect.stringContaining("undefined field 'nothing'"),
      true,
    ]);
  });
  test('may nest deeper than the stack is, and then have no value', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `v${i}`);
    const first = compile('object.n', admissionEnvironment());
    const next = compile('variables.before + 1', admissionEnvironment({ variables: new Map([['before', DYN]]) }));
    if (isCompileError(first) || isCompileError(next)) throw new Error('does not compile');
    // One program for all: what is read as `before` is the variable before.
    const composited = new Map(names.map((name, i) => [name, i === 0 ? first : next]));
    const budget = { left: 10_000_000 };
    let at = names.length;
    const variables = compose({
      composited,
      budget,
      base: (name) => (name === 'variables.before' ? variables(`variables.v${--at - 1}`) : fromJson({ n: 1 })),
    });
    expect(() => variables(`variables.v${at - 1}`)).not.toThrow();
  });
  test('are paid from the budget of the request', () => {
    const costly = { all: 'object.l.all(x, object.l.all(y, x + y >= 0))' };
    const { outcomes, spent } = run(costly, ['variables.all', 'variables.all'], {
      l: Array.from({ length: 50 }, () => 1),
    });
    expect(outcomes).toEqual([true, true]);
    expect(spent).toBeGreaterThan(2500);
    expect(spent).toBeLessThan(50_000);
  });
});

import { describe, expect, test } from '@jest/globals';
import type { Json } from '#std';
import {
  compile,
  DYN,
  estimate,
  evaluate,
  fromJson,
  isCompileError,
  STRING,
  type Compiled,
  type Evaluated,
} from './index.js';

const variables = new Map([
  ['a', DYN],
  ['b', DYN],
]);
function programOf(source: string): Compiled {
  const outcome = compile(source, { variables });
  if (isCompileError(outcome)) throw new Error(outcome.message);
  return outcome;
}
function run(source: string, values: Readonly<Record<string, Json>> = {}, costMax?: number): Evaluated {
  return evaluate(programOf(source), (name) => (name in values ? fromJson(values[name]) : undefined), costMax);
}
const ofSize = (n: number): Json => Array.from({ length: n }, (_, i) => i);
const text = (n: number): string => 'x'.repeat(n);

describe('cost of an evaluation', () => {
  test.each([
    ['1', 0],
    ['a', 1],
    ['a.b.c == 1', 4],
    ['[1, 2]', 10],
    ["{'a': 1}", 30],
    ['[1, 2, 3].all(x, x > 0)', 10 + 3 * (1 + 1 + 1 + 1 + 1) + 1],
    [`'${text(100)}'.contains('${text(25)}')`, 30],
    [`'${text(95)}'.matches('${text(10)}')`, 30],
    [`'${text(95)}' + '${text(10)}'`, 11],
  ])('%s', (source, cost) => {
    const outcome = run(source, { a: { b: { c: 1 } } });
    expect(outcome.is).toBe('value');
    expect(outcome.cost).toBe(cost);
  });

  test('never exceeds the estimate', () => {
    for (const source of [
      'a.all(x, a.exists(y, y == x))',
      'a.map(x, x + 1).filter(x, x > 2).size()',
      "a.map(x, [x, 'y'])",
    ]) {
      const shapes = new Map([['a', { sizeMax: 20, element: { sizeMax: 1 } }]]);
      expect(run(source, { a: ofSize(20) }).cost).toBeLessThanOrEqual(estimate(programOf(source), shapes));
    }
  });
});

describe('an expression that would take too much', () => {
  const loops = (depth: number): string => (depth === 0 ? 'true' : `a.all(x${depth}, ${loops(depth - 1)})`);
  const doubled = (depth: number): string => (depth === 0 ? 'a' : `[${doubled(depth - 1)}].map(x, x + x)[0]`);
  const pairs = Array.from({ length: 300 }, (_, i) => ({ k: text(2000), i }));
  test.each<readonly [string, string, Readonly<Record<string, Json>>]>([
    ['nested loops', loops(5), { a: ofSize(1000) }],
    ['a text that doubles', doubled(60), { a: 'x' }],
    ['a list that doubles', doubled(60), { a: [1] }],
    ['a long replacement', "a.replace('', a).size() > 0", { a: text(100_000) }],
    ['a long join', 'a.map(x, b).join(b).size() > 0', { a: ofSize(1000), b: text(100_000) }],
    ['a long pattern', 'a.exists(x, b.matches("(x*)*(x{500}){2}y"))', { a: ofSize(1000), b: text(10_000) }],
    ['a repeated pattern', 'a.exists(x, b.matches("((x+x+)+){20}y"))', { a: ofSize(10_000), b: text(50_000) }],
    ['comparisons of large values', 'a.all(x, b.all(y, a == b || true))', { a: pairs, b: structuredClone(pairs) }],
    ['sets of large values', 'a.all(x, sets.equivalent(a, b))', { a: pairs, b: structuredClone(pairs) }],
    ['values that share their parts', `[1]${'.map(x, [x, x])'.repeat(100)}.flatten(200).size() > 0`, {}],
    ['comparisons of shared parts', `[1]${'.map(x, [x, x])'.repeat(100)} == [1]${'.map(x, [x, x])'.repeat(100)}`, {}],
    ['zones', "a.all(x, timestamp('2024-07-01T10:00:00Z').getHours('Europe/Berlin') == 12)", { a: ofSize(100_000) }],
    ['a range', 'lists.range(1000000000).size() > 0', {}],
    ['formats', "a.all(x, '%s'.format([b]) != '')", { a: ofSize(100_000), b: ofSize(10_000) }],
  ])('%s ends early', (_what, source, values) => {
    const started = process.cpuUsage();
    const outcome = run(source, values);
    const { user, system } = process.cpuUsage(started);
    expect(outcome.is).not.toBe('value');
    if (outcome.is === 'exceeded') expect(outcome.message).toMatch(/^operation cancelled: /);
    // Generous, for a loaded machine: without the limits each of these takes minutes, or all memory.
    expect((user + system) / 1e6).toBeLessThan(20);
  });

  test('asks for sizes and characters of a long text in a loop, and takes no longer for it', () => {
    const source = 'a.all(x, b.size() > 0 && b.charAt(5) != "y")';
    const outcome = run(source, { a: ofSize(20_000), b: `${text(500_000)}ä` });
    expect(outcome.is).toBe('value');
  });

  test('ends at the limit that it is given', () => {
    expect(run('a.all(x, x >= 0)', { a: ofSize(100) }, 100)).toMatchObject({
      is: 'exceeded',
      message: 'operation cancelled: actual cost limit exceeded',
    });
  });
});

describe('values', () => {
  test.each<readonly [string, Readonly<Record<string, Json>>, unknown]>([
    ['a.b', { a: { b: null } }, null],
    ['[a][0]', { a: null }, null],
    ['a.?b.c.orValue("none")', { a: {} }, 'none'],
    ['a.?b.c.orValue("none")', { a: { b: { c: 'x' } } }, 'x'],
    ['has(a.b) ? a.b : 5', { a: {} }, 5n],
    ['a.__proto__ == 1', { a: JSON.parse('{"__proto__": 1}') as Json }, true],
    ['has(a.constructor) || has(a.toString) || "hasOwnProperty" in a', { a: {} }, false],
    ['a.sortBy(x, -x)[0]', { a: [1, 3, 2] }, 3n],
    ['[a.sortBy(x, x.n).map(x, x.n)] == [[1, 2]]', { a: [{ n: 2 }, { n: 1 }] }, true],
    ["{'x': 1, 'y': 2}.transformMap(k, v, v > 1, v * 10) == {'y': 20}", {}, true],
    ["{'x': 'y'}.transformMapEntry(k, v, {v: k}) == {'y': 'x'}", {}, true],
    [
      'a.flatten(2) == [1, 2, 3, 4]',
      {
        a: [
          [1, 2],
          [3, [4]],
        ],
      },
      true,
    ],
    ['optional.of(a).optMap(x, x + 1).orValue(0)', { a: 4 }, 5n],
    ['optional.none().optFlatMap(x, optional.of(x)).hasValue()', {}, false],
    ['a.all(i, x, i == 0 || x > a[i - 1])', { a: [1, 2, 3] }, true],
    ["timestamp('2024-07-01T10:00:00Z').getHours('Europe/Berlin')", {}, 12n],
    ["'%d and %.2f'.format([5, 1234.5])", {}, '5 and 1,234.50'],
    ["'a\u{1f600}b'.substring(1, 2) == '\u{1f600}'", {}, true],
    ['dyn({1: "x"})[1u] + dyn({1u: "y"})[1.0]', {}, 'xy'],
  ])('%s', (source, values, expected) => {
    expect(run(source, values)).toMatchObject({ is: 'value', value: expected });
  });

  test('a variable that is missing is an error, not a fault', () => {
    const program = compile('a == "x"', { variables: new Map([['a', STRING]]) });
    if (isCompileError(program)) throw new Error(program.message);
    expect(evaluate(program, () => undefined)).toMatchObject({ is: 'error', message: 'no such attribute(s): a' });
  });
});

import { describe, expect, test } from '@jest/globals';
import type { Json } from '#std';
import { defineRules, type RuleProblem, type RuleTree } from './define.js';
import { pathText } from './field-path.js';
import type { StructuralSchema, ValidationRule } from './schema.js';
import { violations } from './validate.js';

const rules = (...list: readonly ValidationRule[]): StructuralSchema => ({ 'x-kubernetes-validations': list });
const INT: StructuralSchema = { type: 'integer' };
function object(
  properties: Readonly<Record<string, StructuralSchema>>,
  ...list: readonly ValidationRule[]
): StructuralSchema {
  return { type: 'object', properties, ...rules(...list) };
}
function treeOf(schema: StructuralSchema): RuleTree {
  const { problems, tree } = defineRules(schema);
  expect(problems).toEqual([]);
  if (!tree) throw new Error('there are no rules');
  return tree;
}
interface Update {
  readonly now: Json;
  readonly old?: Json;
}
function found(schema: StructuralSchema, { now, old }: Update, left = 10_000_000): readonly string[] {
  const all = violations(treeOf(schema), now, { ...(old !== undefined && { old }), budget: { left } });
  return all.map(({ path, detail, isUnchanged }) => `${pathText(path)}: ${detail}${isUnchanged ? ' (unchanged)' : ''}`);
}
const problemsOf = (schema: StructuralSchema): readonly RuleProblem[] => defineRules(schema).problems;

describe('rules that compare with the value before', () => {
  const growing = object({ n: { ...INT, ...rules({ rule: 'self >= oldSelf', message: 'shrinks' }) } });
  test('are evaluated for updates only', () => {
    expect(found(growing, { now: { n: 1 } })).toEqual([]);
    expect(found(growing, { now: { n: 1 }, old: {} })).toEqual([]);
    expect(found(growing, { now: { n: 1 }, old: { n: 2 } })).toEqual(['n: shrinks']);
    expect(found(growing, { now: { n: 3 }, old: { n: 2 } })).toEqual([]);
  });

  test('are evaluated for creations, too, where the value before is optional', () => {
    const rule = { rule: 'oldSelf.hasValue() || self > 5', optionalOldSelf: true, message: 'starts low' };
    const schema = object({ n: { ...INT, ...rules(rule) } });
    expect(found(schema, { now: { n: 1 } })).toEqual(['n: starts low']);
    expect(found(schema, { now: { n: 1 }, old: { n: 0 } })).toEqual([]);
  });

  test('find the element before by its keys, whatever its place', () => {
    const item = object(
      { name: { type: 'string', maxLength: 9 }, n: INT },
      { rule: 'self.n >= oldSelf.n', message: 'shrinks' },
    );
    const list: StructuralSchema = {
      type: 'array',
      maxItems: 5,
      items: item,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    };
    const now = {
      l: [
        { name: 'a', n: 1 },
        { name: 'b', n: 1 },
        { name: 'new', n: 0 },
      ],
    };
    const old = {
      l: [
        { name: 'b', n: 0 },
        { name: 'a', n: 2 },
      ],
    };
    expect(found(object({ l: list }), { now, old })).toEqual(['l[0]: shrinks']);
  });

  test('are refused where no value before can be found', () => {
    const list: StructuralSchema = {
      type: 'array',
      maxItems: 5,
      items: { ...INT, ...rules({ rule: 'self > oldSelf' }) },
    };
    expect(problemsOf(object({ l: list }))).toMatchObject([
      { path: '.properties[l].items.x-kubernetes-validations[0].rule', type: 'Invalid', value: 'self > oldSelf' },
    ]);
  });
});

describe('what an update does not touch', () => {
  const schema = object(
    { x: object({ i: INT, free: INT }, { rule: 'self.i > 5', message: 'i too low' }), y: INT },
    { rule: 'self.y > 0', message: 'y too low' },
  );
  test('is marked, so that it need not fail', () => {
    const old = { x: { i: 1 }, y: 0 };
    expect(found(schema, { now: old, old })).toEqual([': y too low (unchanged)', 'x: i too low (unchanged)']);
    expect(found(schema, { now: { x: { i: 1 }, y: -1 }, old })).toEqual([': y too low', 'x: i too low (unchanged)']);
    expect(found(schema, { now: { x: { i: 1, free: 1 }, y: 0 }, old })).toEqual([': y too low', 'x: i too low']);
  });
});

describe('what an update does not touch in a list', () => {
  const items = { ...INT, ...rules({ rule: 'self > 5', message: 'too low' }) };
  const schema = object({ l: { type: 'array', maxItems: 9, items }, free: INT });
  test('is the list as a whole, as elements have no keys', () => {
    const old = { l: [1, 2], free: 1 };
    expect(found(schema, { now: { l: [1, 2], free: 2 }, old })).toEqual([
      'l[0]: too low (unchanged)',
      'l[1]: too low (unchanged)',
    ]);
    expect(found(schema, { now: { l: [1, 2, 9], free: 1 }, old })).toEqual(['l[0]: too low', 'l[1]: too low']);
  });
});

describe('parts of a schema', () => {
  const list = (type: string, item: StructuralSchema): StructuralSchema => ({
    ...{ type: 'array', maxItems: 5, 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': ['k'] },
    items: item,
  });
  const grows = rules({ rule: 'self >= oldSelf' });
  test('the outermost part in which old values cannot be found is named, and atomic maps are such', () => {
    const inner = object({ n: { ...INT, ...grows } });
    const told = problemsOf(object({ l: list('atomic', object({ m: list('map', inner) })) }));
    expect(told).toMatchObject([{ detail: expect.stringMatching(/ within \.properties\[l\]$/) }]);
    const atomic = { ...inner, 'x-kubernetes-map-type': 'atomic' };
    expect(problemsOf(object({ m: atomic }))).toMatchObject([
      { detail: expect.stringMatching(/ within \.properties\[m\]$/) },
    ]);
  });
  test('expressions do not see values without a type, and rules cannot stand there', () => {
    const any: StructuralSchema = { 'x-kubernetes-preserve-unknown-fields': true };
    const [unseen] = problemsOf(object({ any }, { rule: 'self.any == 1' }));
    expect(unseen?.detail).toContain("undefined field 'any'");
    const ruled = object({ any: { ...any, ...rules({ rule: 'true' }) } });
    expect(problemsOf(ruled)).toMatchObject([
      { path: '.properties[any].x-kubernetes-validations', type: 'InternalError' },
    ]);
  });
  test('inner problems come first, skipped parts have none, paths begin where the schema is', () => {
    const schema = object({ n: { ...INT, ...rules({ rule: 'self.x' }) } }, { rule: 'self.y' });
    const paths = defineRules(schema, { path: 'spec.s' }).problems.map(({ path }) => path);
    const own = 'spec.s.x-kubernetes-validations[0].rule';
    expect(paths).toEqual(['spec.s.properties[n].x-kubernetes-validations[0].rule', own]);
    const skipped = new Set(['spec.s.properties[n]']);
    expect(defineRules(schema, { path: 'spec.s', skipped }).problems).toMatchObject([{ path: own }]);
  });
  test('optionalOldSelf is for rules that mention oldSelf', () => {
    const optional = { rule: 'self.n > 1', optionalOldSelf: false };
    expect(problemsOf(object({ n: INT }, optional))).toMatchObject([
      { path: '.x-kubernetes-validations[0].optionalOldSelf', value: false },
    ]);
  });
});

describe('messages', () => {
  const schemaOf = (rule: Omit<ValidationRule, 'rule'>): StructuralSchema =>
    object({ s: { type: 'string', maxLength: 20, ...rules({ rule: 'self == "x"', ...rule }) } });
  test.each<readonly [string, Omit<ValidationRule, 'rule'>, string]>([
    ['the rule where nothing else is said', {}, 'failed rule: self == "x"'],
    ['the message', { message: ' said ' }, 'said'],
    ['what the expression makes', { message: 'm', messageExpression: 'self + "!"' }, 'y!'],
    ['the message where the expression fails', { message: 'm', messageExpression: '["a"][1]' }, 'm'],
    ['the message where the expression makes lines', { message: 'm', messageExpression: '"a\\nb"' }, 'm'],
    ['the message where the expression makes blanks', { message: 'm', messageExpression: '"  "' }, 'm'],
  ])('are %s', (_what, rule, wanted) => {
    expect(found(schemaOf(rule), { now: { s: 'y' } })).toEqual([`s: ${wanted}`]);
  });
});

describe('names and types', () => {
  test('properties are reached by their escaped names', () => {
    const schema = object(
      { 'a-b': INT, 'c.d/e': INT, namespace: INT, x__y: INT },
      { rule: 'self.a__dash__b + self.c__dot__d__slash__e + self.__namespace__ + self.x__underscores__y == 10' },
    );
    expect(found(schema, { now: { 'a-b': 1, 'c.d/e': 2, namespace: 3, x__y: 4 } })).toEqual([]);
  });
  test('every object has a name and a kind', () => {
    const schema = object({}, { rule: 'self.metadata.name.startsWith("a") && self.kind == "K"', message: 'no' });
    expect(found(schema, { now: { kind: 'K', metadata: { name: 'ab' } } })).toEqual([]);
    expect(found(schema, { now: { kind: 'K', metadata: { name: 'b' } } })).toEqual([': no']);
  });
  test.each<readonly [string, StructuralSchema, Json]>([
    ['self.getFullYear() == 2024', { type: 'string', format: 'date-time' }, '2024-02-03T04:05:06Z'],
    ['self < duration("1h")', { type: 'string', format: 'duration' }, '30m'],
    ['self == b"hi"', { type: 'string', format: 'byte' }, 'aGk='],
    ['self / 2.0 == 2.5', { type: 'number' }, 5],
    ['self / 2 == 2', { type: 'integer' }, 5],
    [
      'self == ["b", "a"]',
      { type: 'array', maxItems: 3, items: { type: 'string', maxLength: 3 }, 'x-kubernetes-list-type': 'set' },
      ['a', 'b'],
    ],
    ['type(self) == string || self > 3', { 'x-kubernetes-int-or-string': true }, 4],
    ['self.all(k, self[k] > 0)', { type: 'object', maxProperties: 3, additionalProperties: INT }, { 'a.b': 1 }],
  ])('%s', (rule, schema, value) => {
    expect(found(object({ v: { ...schema, ...rules({ rule }) } }), { now: { v: value } })).toEqual([]);
  });
  test.each([
    ['self.nothing > 1', 'undefined field'],
    ['self.s > 1', 'found no matching overload'],
    ['self.s', 'cel expression must evaluate to a bool'],
    ['', 'rule is not specified'],
    ['self.s ==', 'Syntax error'],
    ['object.s == "x"', "undeclared reference to 'object'"],
  ])('%s is refused', (rule, wanted) => {
    const [problem] = problemsOf(object({ s: { type: 'string', maxLength: 5 } }, { rule }));
    expect(problem).toMatchObject({
      path: '.x-kubernetes-validations[0].rule',
      detail: expect.stringContaining(wanted),
    });
  });
});

describe('costs', () => {
  test('a rule over a list without a limit is refused', () => {
    const list: StructuralSchema = {
      type: 'array',
      items: INT,
      ...rules({ rule: 'self.all(x, self.exists(y, x == y))' }),
    };
    const details = problemsOf(object({ l: list })).map(({ type, detail }) => `${type}: ${detail}`);
    expect(details[0]).toMatch(/^Forbidden: estimated rule cost exceeds budget by factor of more than 100x/);
    expect(problemsOf(object({ l: { ...list, maxItems: 100 } }))).toEqual([]);
  });
  test('nothing is evaluated once the budget is spent', () => {
    const schema = object({
      a: { ...INT, ...rules({ rule: 'self > 1' }) },
      b: { ...INT, ...rules({ rule: 'self > 1' }) },
    });
    expect(found(schema, { now: { a: 0, b: 0 } }, 1)).toEqual([
      'a: validation failed due to running out of cost budget, no further validation rules will be run',
    ]);
  });
  test('a rule that exceeds its own limit is the last', () => {
    const list: StructuralSchema = {
      type: 'array',
      maxItems: 1000,
      items: INT,
      ...rules({ rule: 'self.all(x, self.all(y, x + y >= 0))' }, { rule: 'false' }),
    };
    const now = { l: Array.from({ length: 1000 }, () => 1) };
    const [first, ...rest] = found(object({ l: list }), { now });
    expect(first).toMatch(/no further validation rules will be run due to call cost exceeds limit for rule/);
    expect(rest).toEqual([]);
  });
});

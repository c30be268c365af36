import { describe, expect, it } from '@jest/globals';
import { JSON_DEPTH_MAX } from '#std';
import { TOO_DEEP } from './json.js';
import { parseYaml } from './yaml.js';

const valueOf = (text: string): unknown => {
  const read = parseYaml(text);
  return 'value' in read ? read.value : read.error;
};

describe('bodies in YAML', () => {
  it.each([
    ['booleans of YAML 1.1', '[yes, no, on, Off, y, "yes"]', [true, false, true, false, true, 'yes']],
    [
      'octal, hexadecimal and binary numbers',
      '[0755, 0o17, 0x1F, 0b11, 1_000, -010, 08]',
      [493, 15, 31, 3, 1000, -8, 8],
    ],
    ['fractions', '[1.5, .5, 5., 1e3, -1.5e-3]', [1.5, 0.5, 5, 1000, -0.0015]],
    [
      'dates and times as the texts that they are',
      '[2001-01-01, 2024-01-01T00:00:00Z, 1:30]',
      ['2001-01-01', '2024-01-01T00:00:00Z', '1:30'],
    ],
    ['nothing', '[~, null, Null]', [null, null, null]],
    ['keys as text', '{1: a, true: b, "c": d}', { 1: 'a', true: 'b', c: 'd' }],
    ['binary data as base64', 'a: !!binary aGk=', { a: 'aGk=' }],
    ['a set', 'a: !!set {b, c}', { a: { b: null, c: null } }],
    ['tags that nobody knows', 'a: !x b\nc: !y [d]\ne: !z {f: 1}', { a: 'b', c: ['d'], e: { f: 1 } }],
    ['anchors', 'a: &x {b: 1}\nc: *x', { a: { b: 1 }, c: { b: 1 } }],
    ['merge keys', 'a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3', { a: { b: 1, c: 2 }, d: { b: 3, c: 2 } }],
    ['block texts', 'a: |\n b\n  c\nd: >-\n e\n f\n', { a: 'b\n c\n', d: 'e f' }],
    ['nothing at all', '', null],
    ['a comment alone', '# nothing\n', null],
  ])('hold %s', (_what, text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  it.each([
    ['a: 1\n---\nb: [', { a: 1 }],
    ['---\na: 1\n...\nb: [', { a: 1 }],
    ['# c\n\n---\na: 1\n--- x\n', { a: 1 }],
    ['%YAML 1.1\n--- {a: 1}\n---\n', { a: 1 }],
    ['a: 1 ---\nb: "---"\nc: |\n ---\n', { a: '1 ---', b: '---', c: '---\n' }],
    ['---\n---\na: 1\n', null],
  ])('are read up to the end of the first document: %j', (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  it('keep a key named like the prototype as data', () => {
    expect(JSON.stringify(valueOf('__proto__: {a: 1}\nb: {__proto__: !!binary aGk=}'))).toBe(
      '{"__proto__":{"a":1},"b":{"__proto__":"aGk="}}',
    );
  });

  it('say where a key comes twice, and take the last one', () => {
    expect(parseYaml('a: 1\nb: {c: 1, "c": 2}\na: 3\n<<: {a: 4}\n')).toEqual({
      value: { a: 3, b: { c: 2 } },
      duplicates: ['line 2: key "c" already set in map', 'line 3: key "a" already set in map'],
    });
    expect(parseYaml('{"a":1,\n"a":2}')).toEqual({
      value: { a: 2 },
      duplicates: ['line 2: key "a" already set in map'],
    });
  });

  it('that are JSON are read as JSON', () => {
    expect(parseYaml(' {"a":"\\/b","c":[1e3,"\\t"]}')).toEqual({ value: { a: '/b', c: [1000, '\t'] }, duplicates: [] });
  });

  it('say in which line they are wrong', () => {
    expect(valueOf('a: 1\nb: [\n')).toMatch(/^error converting YAML to JSON: yaml: line \d+: /);
    expect(valueOf('a: *b\n')).toBe('error converting YAML to JSON: yaml: line 1: unidentified alias "b"');
  });

  it.each([
    ['lists', '['.repeat(JSON_DEPTH_MAX + 1) + ']'.repeat(JSON_DEPTH_MAX + 1)],
    ['an alias of itself', 'a: &a [*a]'],
  ])('are refused when they are nested too deeply by %s', (_by, text) => {
    expect(valueOf(text)).toBe(`error converting YAML to JSON: yaml: ${TOO_DEEP}`);
  });

  it('may use an anchor often, but not to grow a thousand times', () => {
    expect(valueOf(`a: &a {b: [1, 2, 3]}\nc: [${Array.from({ length: 500 }, () => '*a').join(', ')}]`)).toMatchObject({
      c: expect.arrayContaining([{ b: [1, 2, 3] }]) as unknown,
    });
    const grown = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`).join('\n');
    expect(valueOf(`a0: &a0 [x]\n${grown}`)).toMatch(/excessive aliasing$/);
  });
});

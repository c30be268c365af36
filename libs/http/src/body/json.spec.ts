import { goJsonError } from '#std';
import { describe, expect, it } from '@jest/globals';
import { parseJson } from './json.js';

describe('bodies in JSON', () => {
  it('are read as they are', () => {
    expect(parseJson('{"a":{"b":[1,"x:{,"]},"c":"\\"k\\":1"}')).toEqual({
      value: { a: { b: [1, 'x:{,'] }, c: '"k":1' },
      duplicates: [],
    });
  });

  it('merge doubled objects, replace all else, and say where', () => {
    const parsed = parseJson('{"data":{"a":"1"},"data":{"b":"2"},"l":[{"x":1,"x":2}],"n":1,"n":null}');
    expect(parsed).toEqual({
      value: { data: { a: '1', b: '2' }, l: [{ x: 2 }], n: null },
      duplicates: ['duplicate field "data"', 'duplicate field "l[0].x"', 'duplicate field "n"'],
    });
  });

  it('of patches take the last of two', () => {
    expect(parseJson('{"data":{"a":"1"},"data":{"b":"2"}}', true)).toEqual({
      value: { data: { b: '2' } },
      duplicates: ['duplicate field "data"'],
    });
  });

  it('hold no half of a pair', () => {
    expect(parseJson('{"a":"\\ud83d","b":"\\ud83d\\ude00"}')).toEqual({
      value: { a: '\ufffd', b: '😀' },
      duplicates: [],
    });
  });

  it('keep a key named like the prototype as data', () => {
    const parsed = parseJson('{"__proto__":{"a":1},"b":2,"b":3}');
    expect('value' in parsed && JSON.stringify(parsed.value)).toBe('{"__proto__":{"a":1},"b":3}');
  });

  it.each([
    ['', 'unexpected end of JSON input'],
    ['{"kind":', 'unexpected end of JSON input'],
    ['not-it', `invalid character 'o' in literal null (expecting 'u')`],
    ['{"a":1,}', `invalid character '}' looking for beginning of object key string`],
    ['{"a" 1}', `invalid character '1' after object key`],
    ['[1 2]', `invalid character '2' after array element`],
    ['{} x', `invalid character 'x' after top-level value`],
    ['{"a":NaN}', `invalid character 'N' looking for beginning of value`],
    ['"a\u0001"', `invalid character '\\x01' in string literal`],
    ['01', `invalid character '1' after top-level value`],
  ])('that are none (%s) get the words of Go', (text, words) => {
    expect(goJsonError(text)).toBe(words);
  });
});

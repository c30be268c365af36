import { goQuote, parseDuration } from '#std';
import { describe, expect, it } from '@jest/globals';
import { parseInt64, parseUint64 } from './go-text.js';
import { percentDecoded, Query } from './query.js';

describe('texts in the manner of Go', () => {
  it('quotes', () => {
    expect(goQuote('a"\\\n\u0001ü\u00a0')).toBe('"a\\"\\\\\\n\\x01ü\\u00a0"');
    expect(goQuote(percentDecoded('%FF') ?? '')).toBe('"\\xff"');
  });

  it('parses integers', () => {
    expect(parseInt64('+2')).toEqual({ value: 2 });
    expect(parseInt64('')).toEqual({ error: 'strconv.ParseInt: parsing "": invalid syntax' });
    expect(parseInt64('9223372036854775808')).toEqual({
      error: 'strconv.ParseInt: parsing "9223372036854775808": value out of range',
    });
    expect(parseUint64('-1')).toEqual({ error: 'strconv.ParseUint: parsing "-1": invalid syntax' });
  });

  it('parses durations', () => {
    expect(parseDuration('1h30m')).toEqual({ value: 5_400_000 });
    expect(parseDuration('-1s')).toEqual({ value: -1000 });
    expect(parseDuration('5')).toEqual({ error: 'time: missing unit in duration "5"' });
    expect(parseDuration('abc')).toEqual({ error: 'time: invalid duration "abc"' });
  });

  it('reads queries', () => {
    const query = new Query('a=1&a=2&b=x+y&c=p;q&d=%zz&e&watch=no');
    expect(query.all('a')).toEqual(['1', '2']);
    expect(query.get('b')).toBe('x y');
    expect(query.has('c') || query.has('d')).toBe(false);
    expect(query.get('e')).toBe('');
    expect([query.flag('watch'), new Query('watch=False').flag('watch')]).toEqual([true, false]);
  });
});

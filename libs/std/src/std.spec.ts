import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  canonical,
  fnv32,
  hash128,
  goJsonError,
  goQuote,
  jsonEquals,
  parseInstant,
  prng,
  putValue,
  safeSuffix,
  stableStringify,
  fromEventTime,
  toEventTime,
  toTime,
  uuidOf,
  valueOf,
  type Json,
} from './index.js';

const key = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('constructor', '__proto__', 'toString', '10', '9'));
const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Json>(null, true, 0, 1.5, '', 'a'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(key, tie('value')), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries) as { [name: string]: Json }),
  ),
}));
/** The same value, with the keys of every object the other way round. */
function turned(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => turned(item as Json));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, turned(inner as Json)]),
  );
}

describe('JSON values', () => {
  it('have one text, whatever the order of their keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = stableStringify(value as never);
        expect(stableStringify(turned(value) as never)).toBe(text);
        expect(JSON.parse(text)).toEqual(value);
        expect(jsonEquals(value, turned(value))).toBe(true);
      }),
    );
  });
  it('are equal exactly when their texts are', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(jsonEquals(a, b)).toBe(stableStringify(a as never) === stableStringify(b as never));
      }),
      { numRuns: 500 },
    );
  });
  it('that are canonical already are shared', () => {
    const value = { a: [{ b: 1 }], c: { d: null } };
    expect(canonical(value)).toBe(value);
    const wrong = { c: value, a: 1 };
    expect(canonical(wrong).c).toBe(value);
  });
  it('hold nothing that was not written', () => {
    const object: Record<string, string> = {};
    expect([valueOf(object, 'constructor'), valueOf(object, '__proto__')]).toEqual([undefined, undefined]);
    expect(jsonEquals({}, { constructor: 'x' })).toBe(false);
    putValue(object, '__proto__', 'x');
    expect(JSON.stringify(object)).toBe('{"__proto__":"x"}');
    expect(valueOf(object, '__proto__')).toBe('x');
  });
});

describe('what Go says', () => {
  it.each([
    ['', 'unexpected end of JSON input'],
    ['{"a":}', "invalid character '}' looking for beginning of value"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['[1 2]', "invalid character '2' after array element"],
    ['nul', 'unexpected end of JSON input'],
    ['nux', "invalid character 'x' in literal null (expecting 'l')"],
    ['{} x', "invalid character 'x' after top-level value"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['01', "invalid character '1' after top-level value"],
  ])('about %j', (text, words) => {
    expect(goJsonError(text)).toBe(words);
  });
  it('finds a fault in every text that is no JSON', () => {
    const broken = fc.tuple(json, fc.nat(40), fc.string({ maxLength: 2 })).map(([value, at, by]) => {
      const text = JSON.stringify(value);
      return text.slice(0, at) + by + text.slice(at + 1);
    });
    fc.assert(
      fc.property(broken, (text) => {
        try {
          JSON.parse(text);
        } catch {
          expect(goJsonError(text)).not.toBe('invalid JSON');
        }
      }),
      { numRuns: 500 },
    );
  });
  it('quotes printable ASCII as JSON does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => expect(goQuote(text)).toBe(JSON.stringify(text))),
    );
    expect(goQuote('\u0007\u0001é\u00a0\u{1f600}\u200b')).toBe('"\\a\\x01é\\u00a0\u{1f600}\\u200b"');
  });
});

describe('names and chance', () => {
  it('come from the text alone', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(uuidOf(text)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(uuidOf(text)).toBe(uuidOf(text));
        expect(safeSuffix(text)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
        expect(fnv32(text)).toBeGreaterThanOrEqual(0);
        const passes = [0x811c9dc5, 0x9747b28c, 0x3c6ef372, 0xa54ff53a].map((seed) => fnv32(text, seed));
        expect(hash128(text)).toBe(passes.map((pass) => pass.toString(16).padStart(8, '0')).join(''));
      }),
    );
    const dns = Uint8Array.from(Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex'));
    // The example of RFC 9562, appendix A.4.
    expect(uuidOf('www.example.com', dns)).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
    const many = new Set(Array.from({ length: 20_000 }, (_, i) => uuidOf(`text ${i}`)));
    expect(many.size).toBe(20_000);
  });
  it('repeat for one seed and stay in their bounds', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 1000 }), (seed, max) => {
        const [one, two] = [prng(seed), prng(seed)];
        for (let i = 0; i < 20; i++) {
          const drawn = one.below(max);
          expect(two.below(max)).toBe(drawn);
          expect(drawn >= 0 && drawn < max && Number.isInteger(drawn)).toBe(true);
        }
      }),
    );
  });
});

describe('instants', () => {
  it('read back what they write', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (instant) => {
        expect(parseInstant(toTime(instant))).toBe(instant - (instant % 1000));
        expect(parseInstant(toEventTime(instant))).toBe(instant);
        expect([fromEventTime(toEventTime(instant)), fromEventTime(toEventTime(instant + 1))]).toEqual([
          instant,
          instant + 1,
        ]);
      }),
    );
    expect([parseInstant(undefined), parseInstant('2026-01-01'), parseInstant('2026-13-01T00:00:00Z')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

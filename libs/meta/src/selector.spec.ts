import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fieldsMatch, parseFieldSelector, unsupportedField } from './field-selector.js';
import { labelMatcher, parseLabelSelector, selectorText } from './selector.js';

const objects: Record<string, Record<string, string>> = {
  a: { app: 'web', tier: 'front', n: '1' },
  b: { app: 'web', tier: 'back', n: '2', empty: '' },
  c: { app: 'db', n: '10' },
  d: {},
};
const matching = (text: string): string => {
  const matcher = parseLabelSelector(text);
  if (!matcher.ok) return matcher.message;
  return Object.keys(objects)
    .filter((name) => matcher.value.matches(objects[name]))
    .join(' ');
};

describe('label selectors', () => {
  it.each([
    ['', 'a b c d'],
    ['app', 'a b c'],
    ['! app', 'd'],
    ['app==web,tier!=front', 'b'],
    ['app in(web,db)', 'a b c'],
    ['app notin (web)', 'c d'],
    ['empty in ()', 'b'],
    ['app in (,)', ''],
    ['n>1', 'b c'],
    ['n < 2', 'a'],
    ['none>1', ''],
  ])('%j selects %j', (text, names) => {
    expect(matching(text)).toBe(names);
  });

  it.each([
    ['app=web,', "found '', expected: identifier after ','"],
    ['!!app', "unable to parse requirement: found '!', expected: identifier"],
    ['app in web', "unable to parse requirement: found 'web' expected: '('"],
    ['app in (web', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['n gt 1', "unable to parse requirement: found 'gt', expected: in, notin, =, ==, !=, gt, lt"],
    [
      'n>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
  ])('%j is refused: %s', (text, message) => {
    expect(matching(text)).toBe(message);
  });

  it('prints a selector sorted by key, operators in words', () => {
    const selector = {
      matchLabels: { app: 'a', 'example.com/b': 'c' },
      matchExpressions: [
        { key: 'n', operator: 'DoesNotExist' },
        { key: 'app', operator: 'NotIn', values: ['z', 'y'] },
        { key: 'app', operator: 'In', values: ['b', 'a'] },
        { key: 'b', operator: 'Exists' },
      ],
    };
    expect(selectorText(selector)).toBe('app=a,app notin (y,z),app in (a,b),b,example.com/b=c,!n');
  });

  it('matches nothing without a selector and everything with an empty one', () => {
    const none = labelMatcher(undefined);
    const empty = labelMatcher({});
    expect(none.ok && none.value.matches({ a: 'b' })).toBe(false);
    expect(empty.ok && empty.value.matches(undefined)).toBe(true);
  });

  it('knows no label that was not written, whatever JavaScript calls its own', () => {
    for (const key of ['constructor', 'toString', 'valueOf', 'hasOwnProperty']) {
      const text = (selector: string) => {
        const matcher = parseLabelSelector(selector);
        return matcher.ok && [matcher.value.matches({ a: 'b' }), matcher.value.matches({ [key]: 'x' })];
      };
      expect([key, text(key), text(`!${key}`), text(`${key} in (x)`)]).toEqual([
        key,
        [false, true],
        [true, false],
        [false, true],
      ]);
    }
    const odd = { matchExpressions: [{ key: 'a', operator: 'constructor' }] };
    expect(labelMatcher(odd).ok).toBe(false);
  });
  it('reads back what it prints', () => {
    const word = fc.stringMatching(/^[a-z]([a-z0-9]{0,4}[a-z0-9])?$/);
    const labels = fc.dictionary(word, word, { maxKeys: 4 });
    fc.assert(
      fc.property(labels, labels, (selector, candidate) => {
        const made = labelMatcher({ matchLabels: selector });
        const read = parseLabelSelector(selectorText({ matchLabels: selector }));
        expect(made.ok && read.ok && made.value.matches(candidate)).toBe(
          made.ok && read.ok && read.value.matches(candidate),
        );
        expect(made.ok && made.value.matches({ ...candidate, ...selector })).toBe(true);
      }),
    );
  });
});

describe('field selectors', () => {
  it('drops empty terms and undoes escapes', () => {
    expect(parseFieldSelector('metadata.name=a,,type!=x\\=y')).toEqual({
      ok: true,
      value: [
        { field: 'metadata.name', operator: '=', value: 'a' },
        { field: 'type', operator: '!=', value: 'x=y' },
      ],
    });
  });
  it.each([
    ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
    ['metadata.name=a\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ])('%j is refused', (text, message) => {
    expect(parseFieldSelector(text)).toEqual({ ok: false, message });
  });
  it('words an unknown field as the kind does', () => {
    const terms = [{ field: 'spec.x', operator: '=', value: '1' }] as const;
    const known = new Set(['metadata.name']);
    expect(unsupportedField(terms, known, 'label', 'Pod')).toBe('field label not supported: spec.x');
    expect(unsupportedField(terms, known, 'kind', 'Job')).toBe('field label "spec.x" not supported for Job');
    expect(fieldsMatch(terms, () => '1')).toBe(true);
  });
});

import { describe, expect, it } from '@jest/globals';
import { prng } from '#std';
import { stringify } from 'yaml';
import { prettyParts } from './pretty-text.js';
import { YamlFolder } from './yaml-folds.js';
import { yamlParts, yamlText } from './yaml-text.js';

/** What texts are made of: all that YAML could take for something else. */
const PIECES = [
  ...[
    'a',
    'b ',
    '-',
    '- ',
    '?',
    '? ',
    ':',
    ',',
    ': ',
    ' :',
    '#',
    ' #',
    '\n',
    '\n\n',
    '\t',
    ' ',
    '"',
    "'",
    '---',
    '...',
  ],
  ...['%', '0', '1', '.5', 'e', '0x', '0o7', 'true', 'null', '~', 'Null', '.inf', '.nan', '\0', '\u0085', '\u00a0'],
  ...['\ud83d\ude00', '\ud83d', 'é', '[', ']', '{', '}', '&', '*', '!', '|', '>', '@', '`', '\\', '/', '_', '\r', '<<'],
  ...['\u2028', 'yes', '\u007f', '+1', '12:30', '2001-01-01', 'word '.repeat(20), 'x'.repeat(90)],
];
const LENGTHS = [400, 499, 501, 1020, 1022, 1023, 1024, 1025, 1500];

/** Values of every shape, from a seed. */
class Values {
  private readonly random = prng(20);

  text(): string {
    const { random } = this;
    const text = Array.from({ length: Math.floor(random.next() * random.next() * 6) }, () => random.pick(PIECES));
    return text.join('') + (random.chance(0.02) ? 'k'.repeat(random.pick(LENGTHS)) : '');
  }
  value(depth: number): unknown {
    const { random } = this;
    const dice = random.next();
    const many = random.below(4);
    if (depth < 5 && dice < 0.25) return this.map(many, depth + 1);
    if (depth < 5 && dice < 0.45) return Array.from({ length: many }, () => this.value(depth + 1));
    if (dice < 0.5) return random.pick([true, false, null]);
    if (dice < 0.6) return random.pick([0, -1, 1.5, 1e21, 1e-7, 123_456_789, 0.1]);
    return this.text();
  }
  map(many: number, depth: number): unknown {
    return Object.fromEntries(Array.from({ length: many }, () => [this.text(), this.value(depth)]));
  }
}

const OPTIONS = {
  sortMapEntries: true,
  indentSeq: false,
  lineWidth: 0,
  singleQuote: true,
  aliasDuplicateObjects: false,
} as const;
const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i % 3 === 0 ? 'true' : 'v']));

describe('an answer in YAML', () => {
  it('is what the YAML library writes, folded', () => {
    const values = new Values();
    for (let i = 0; i < 3000; i++) {
      const value = i % 20 === 0 ? values.value(0) : values.map(2, 0);
      expect(yamlText(value)).toBe(new YamlFolder().folded(stringify(value, OPTIONS)));
    }
  });

  it('is made in parts that are no larger for an object of many fields', () => {
    const parts = [...yamlParts({ metadata: { name: 'a' }, data: wide })];
    expect(parts.length).toBeGreaterThan(10);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(20_000);
    expect(parts.join('')).toBe(stringify({ metadata: { name: 'a' }, data: wide }, OPTIONS));
  });

  it('is made in more parts where the library has to write its texts', () => {
    const list = Array.from({ length: 2000 }, () => '\n');
    expect([...yamlParts({ list })].length).toBeGreaterThan(40);
  });

  it('is folded in the same places where a part ends within a block of text', () => {
    const list = Array.from({ length: 2000 }, (_, i) => ({
      a: `first ${i}\n  # x: ${'word '.repeat(30)}\nlast`,
      b: 1,
    }));
    const parts = [...yamlParts({ list })];
    expect(parts.length).toBeGreaterThan(5);
    expect(parts.join('')).toBe(new YamlFolder().folded(stringify({ list }, OPTIONS)));
  });
});

describe('an answer that is indented', () => {
  it('is what JSON.stringify writes', () => {
    const values = new Values();
    for (let i = 0; i < 3000; i++) {
      const json = JSON.stringify(values.value(0));
      expect([...prettyParts(json)].join('')).toBe(JSON.stringify(JSON.parse(json), null, 2));
    }
  });

  it('is made in parts', () => {
    const json = JSON.stringify({ wide, list: [[], {}, [[1]], '"\\"', 'a\\'] });
    const parts = [...prettyParts(json)];
    expect(parts.length).toBeGreaterThan(5);
    expect(parts.join('')).toBe(JSON.stringify(JSON.parse(json), null, 2));
  });
});

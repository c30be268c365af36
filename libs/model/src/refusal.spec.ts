import { describe, expect, it } from '@jest/globals';
import { refusals, type Problem } from './refusal.js';

const about = { group: '', resource: 'configmaps', kind: 'ConfigMap', name: 'a' };
const problem = (i: number, value = 'v'): Problem => ({ type: 'Invalid', field: `data[k${i}]`, value, detail: 'bad' });
const many = (count: number, value?: string): Problem[] => Array.from({ length: count }, (_, i) => problem(i, value));

describe('a refusal of an invalid object', () => {
  it('tells each text once, and each problem as a cause', () => {
    const { message, details } = refusals.invalid(about, [problem(1), problem(1), problem(2)]);
    expect(message).toBe(
      'ConfigMap "a" is invalid: [data[k1]: Invalid value: "v": bad, data[k2]: Invalid value: "v": bad]',
    );
    expect(details?.causes).toHaveLength(3);
  });

  it('tells a thousand problems and how many more there are', () => {
    const { message, details } = refusals.invalid(about, many(40_000));
    expect(details?.causes).toHaveLength(1000);
    expect(message).toMatch(/data\[k999\]: Invalid value: "v": bad, and 39000 more\]$/);
  });

  it('is not far longer than a body whose value each problem quotes', () => {
    const value = 'x'.repeat(300_000);
    const { message, details } = refusals.invalid(about, many(900, value));
    expect(details?.causes?.length).toBeLessThan(10);
    expect(message.length).toBeLessThan(3_000_000);
    expect(message).toMatch(/and 8\d\d more\]$/);
  });
});

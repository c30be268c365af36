import { describe, expect, it } from '@jest/globals';
import { canonicalQuantity } from './canonical-quantity.js';

describe('canonicalQuantity', () => {
  it.each([
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['1e3', '1e3'],
    ['1000000', '1M'],
    ['-0', '0'],
    ['+5', '5'],
    ['1.9999999999n', '2n'],
    ['9223372036854775808', '9223372036854775807'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toEqual({ text: canonical });
  });
  it.each(['', '1 G', '1.1.1', 'x', '--1'])('refuses %j', (text) => {
    expect(canonicalQuantity(text)).toHaveProperty('error');
  });
});

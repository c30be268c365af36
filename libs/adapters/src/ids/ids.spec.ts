import { describe, expect, it } from '@jest/globals';
import { RandomIds, SeededIds } from './index.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([45])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('ids', () => {
  it('that are named follow from the name alone, as in old logs', () => {
    for (const ids of [new RandomIds(), new SeededIds(7)]) {
      expect(ids.named('core.pods/default/web 3 c-1')).toBe('51208f28-7479-51f8-b9cd-db101536d9f2');
      expect(ids.named('\u00fc\u20ac\u{1f600}'.repeat(40))).toBe('8e0f702b-b513-5e0e-a97d-5bdbb29d9b47');
    }
    for (let i = 0; i < 1000; i++) expect(UUID.exec(new RandomIds().named(`name ${i}`))?.[1]).toBe('5');
  });
  it('that are drawn from a seed are the same each time', () => {
    const ids = new SeededIds(7);
    expect([ids.uid(), ids.uid()]).toEqual([
      '17729bb9-3feb-4fb2-af48-980a85198642',
      'fe7faa53-1ac6-4e47-b6eb-ad01d0d3c185',
    ]);
    for (let i = 0; i < 1000; i++) expect(UUID.exec(ids.uid())?.[1]).toBe('4');
  });
});

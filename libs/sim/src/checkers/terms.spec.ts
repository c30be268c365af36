import { describe, expect, it } from '@jest/globals';
import { Terms } from './terms.js';

describe('a term', () => {
  it('is one process’s: another one that appends in it is found', () => {
    const found: string[] = [];
    const terms = new Terms((message) => found.push(message));
    terms.note(1, 'api-0');
    terms.note(2, 'api-2-0');
    terms.note(1, 'api-0');
    expect(found).toEqual([]);
    terms.note(2, 'api-0');
    expect(found).toEqual(["api-0 appends in term 2, which is api-2-0's"]);
  });
});

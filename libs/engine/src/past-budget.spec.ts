import { describe, expect, it } from '@jest/globals';
import { isRefusal } from '#model';
import { PastBudget, WAITING_MAX } from './past-budget.js';

/** Readers of the past that hold so many bytes until they are told to end. */
function readers(bytesMax: number) {
  const budget = new PastBudget(bytesMax);
  const under: { readonly end: () => void }[] = [];
  let most = 0;
  let reading = 0;
  const read = (bytes: number) =>
    budget.hold(async (held) => {
      most = Math.max(most, ++reading);
      held(bytes);
      await new Promise<void>((end) => under.push({ end }));
      reading--;
    });
  const endAll = async (): Promise<void> => {
    for (let next = under.shift(); next; next = under.shift()) {
      next.end();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { read, endAll, most: () => most };
}

describe('the budget of readers of the past', () => {
  it('lets several read at a time where they fit, one where they do not, and one that is larger than all of it', async () => {
    const roomy = readers(1000);
    const all = [1, 2, 3, 4].map(() => roomy.read(100));
    expect(roomy.most()).toBe(4);
    await roomy.endAll();
    await Promise.all(all);
    const narrow = readers(1000);
    const large = [5000, 5000, 5000].map((bytes) => narrow.read(bytes));
    await narrow.endAll();
    await Promise.all(large);
    expect(narrow.most()).toBe(1);
  });

  it('gives room back after a reader that failed', async () => {
    const budget = new PastBudget(100);
    for (let i = 0; i < 20; i++)
      await expect(
        budget.hold(async (held) => {
          held(1000);
          throw new Error('gone');
        }),
      ).rejects.toThrow('gone');
    expect(await budget.hold(async (held) => held(1))).toBeUndefined();
  });

  it('refuses with a time to come back when too many wait', async () => {
    const { read, endAll } = readers(10);
    const all = Array.from({ length: WAITING_MAX + 3 }, () => read(20));
    const results = Promise.all(all);
    await endAll();
    const refused = (await results).filter((result) => result && isRefusal(result));
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatchObject({ code: 429, details: { retryAfterSeconds: 2 } });
  });
});

import { describe, expect, it } from '@jest/globals';
import type { HttpsAnswer, Change, KubeObject, HttpsQuestion, VersionConversion, View } from '#model';
import { convertedChanges, RequestConversions } from './conversions.js';

const boat = (name: string, size = 0, version = 'v1'): KubeObject => ({
  ...{ apiVersion: `example.com/${version}`, kind: 'Boat', metadata: { name, uid: name } },
  spec: { text: 'x'.repeat(size) },
});
/** A webhook that gives each object the version v2. */
function webhook(answersAfterMs = 0) {
  let now = 0;
  const asked: { readonly objects: number; readonly timeoutMs: number }[] = [];
  const conversion: VersionConversion = {
    isNeeded: ({ apiVersion }) => apiVersion !== 'example.com/v2',
    request: (objects) => ({
      ...{
        from: 'test',
        question: { asks: 'https', name: '', to: { url: '' }, body: { objects: objects.length }, timeoutMs: 30_000 },
      },
      read: (answer) =>
        answer.is === 'answered'
          ? objects.map((object) => ({ ...object, apiVersion: 'example.com/v2' }))
          : { refused: true, code: 500, reason: '', message: answer.why },
    }),
  };
  const backend = {
    current: () => ({}) as View,
    moment: () => now,
    uid: () => 'u',
    ask: ({ body, timeoutMs }: HttpsQuestion): Promise<HttpsAnswer> => {
      asked.push({ objects: body['objects'] as number, timeoutMs });
      now += Math.min(Math.max(timeoutMs, 0), answersAfterMs);
      if (answersAfterMs > timeoutMs) return Promise.resolve({ is: 'failed', why: 'out of time' });
      return Promise.resolve({ is: 'answered', status: 200, body: {} });
    },
  };
  return { conversion, backend, asked };
}
const many = (count: number, size = 0): readonly KubeObject[] =>
  Array.from({ length: count }, (_, i) => boat(`boat-${i}`, size));

describe('conversions of one request', () => {
  it('ask about objects of other versions alone, and give all in their order', async () => {
    const { conversion, backend, asked } = webhook();
    const objects = [boat('a'), boat('b', 0, 'v2'), boat('c'), boat('d', 0, 'v2')];
    const converted = (await new RequestConversions(backend, conversion).of(objects)) as readonly KubeObject[];
    expect(converted.map(({ apiVersion, metadata }) => [apiVersion, metadata.name])).toEqual(
      ['a', 'b', 'c', 'd'].map((name) => ['example.com/v2', name]),
    );
    expect([converted[1], converted[3]]).toEqual([objects[1], objects[3]]);
    expect(asked.map((one) => one.objects)).toEqual([2]);
  });

  it('are asked for in batches that are bounded in number and bytes', async () => {
    const few = webhook();
    await new RequestConversions(few.backend, few.conversion).of(many(1_200));
    expect(few.asked.map(({ objects }) => objects)).toEqual([500, 500, 200]);
    const large = webhook();
    await new RequestConversions(large.backend, large.conversion).of([...many(5, 50_000), ...many(1, 2_000_000)]);
    expect(large.asked.map(({ objects }) => objects)).toEqual([2, 2, 1, 1]);
  });

  it('have a minute together', async () => {
    const { conversion, backend, asked } = webhook(25_000);
    expect(await new RequestConversions(backend, conversion).of(many(2_000))).toMatchObject({ message: 'out of time' });
    expect(asked.map(({ timeoutMs }) => timeoutMs)).toEqual([30_000, 30_000, 10_000]);
  });

  it('convert no more of a page than it shows', async () => {
    const { conversion, backend, asked } = webhook();
    const everything = { everything: true, matches: () => true } as never;
    const page = await new RequestConversions(backend, conversion).page(many(100), { selection: everything, limit: 7 });
    expect(page).toEqual({ left: 93, objects: expect.any(Array) });
    expect(asked.map(({ objects }) => objects)).toEqual([7]);
  });
});

describe('changes for watchers', () => {
  const change = (before: KubeObject | undefined, after: KubeObject | undefined, position: number): Change => ({
    ...{ kind: 'example.com.boats', before, after, position },
  });

  it('are converted once for all who watch, what was before only for those who select', async () => {
    const { conversion, backend, asked } = webhook();
    const [a, b] = [boat('a'), boat('b')];
    const changes = [change(undefined, a, 1), change(a, b, 2), change(b, undefined, 3)];
    const all = await Promise.all([1, 2].map(() => convertedChanges(backend, conversion, changes, true)));
    expect(asked.map(({ objects }) => objects)).toEqual([2]);
    expect(all[0]).toEqual(all[1]);
    expect(all[0]).toMatchObject([
      { before: undefined, after: { apiVersion: 'example.com/v2' } },
      { after: { apiVersion: 'example.com/v2' } },
      { before: { apiVersion: 'example.com/v2' }, after: undefined },
    ]);
    const [c, d] = [boat('c'), boat('d')];
    await convertedChanges(backend, conversion, [change(c, d, 4)], true);
    await convertedChanges(backend, conversion, [change(c, d, 4)], false);
    expect(asked.map(({ objects }) => objects)).toEqual([2, 1, 1]);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#ports';
import { chainOf, PageBuilder, PageMemory } from '../../../libs/adapters/src/event-log/log-worker/page.js';
import { RecordedPage } from '../../../libs/adapters/src/event-log/log-worker/recorded-row.js';
import { eventOf } from './log-testing.js';

describe('a row of the SQLite log', () => {
  const event = {
    ...eventOf('a', -1),
    data: {
      type: '"type":"no"',
      data: { metadata: { epoch: 7 } },
      text: ',"metadata":{"epoch":8',
      last: { metadata: { epoch: 9 } },
    },
  };
  const rowOf = (stored: object, before: readonly object[] = []): RecordedEvent => {
    const page = new PageBuilder(new PageMemory());
    for (const body of [...before, stored])
      page.add({ stream: 'a', revision: 3, position: 12, body: JSON.stringify(body) }, '');
    return new RecordedPage().hold(page.content()).at(-1) as RecordedEvent;
  };

  it('tells type, time, data and term without what else the event says', () => {
    const row = rowOf(event, [{ ...event, type: 'Other' }, event]);
    expect([row.type, row.time, row.mayHave('epoch'), row.mayHave('spec')]).toEqual([
      event.type,
      event.time,
      true,
      false,
    ]);
    const { type, time, data } = event;
    const metadata = { epoch: 1, schemaVersion: 1 };
    expect(row.fact()).toEqual({ stream: 'a', revision: 3, position: 12, type, time, data, metadata });
    const digest = chainOf('', { stream: 'a', revision: 3, position: 12, body: JSON.stringify(event) });
    expect(row.open()).toEqual({ ...event, stream: 'a', revision: 3, position: 12, digest });
  });
  it('is opened whole where its parts cannot be told apart', () => {
    const odd = { ...event, metadata: { ...event.metadata, basis: { facts: { a: 1, metadata: { epoch: 5 } } } } };
    expect(rowOf(odd).fact()).toMatchObject({ ...odd, stream: 'a', revision: 3, position: 12 });
    const turned = { ...event, metadata: { actor: 'a', epoch: 4 } };
    expect(rowOf(turned).fact()).toMatchObject({ ...turned, stream: 'a', revision: 3, position: 12 });
  });
});

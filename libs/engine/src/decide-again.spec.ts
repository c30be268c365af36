import { describe, expect, test } from '@jest/globals';
import type { Decision, Loop, StoredEvent, Submit } from '#model';
import { digestOf } from '#model';
import { configMaps } from '#kinds';
import { toEventTime } from '#std';
import { decideAgain } from './decide-again.js';

const NOW = Date.UTC(2026, 0, 1);
/** Copies what it finds of itself and of the world. */
const copying: Loop = {
  name: 'copying',
  account: 'copying-controller',
  keysOf: () => [],
  keysAtStart: () => [],
  reconcile: (view, key, now, outside) => [
    wish(`${view.list(configMaps).length} ${key} ${now} ${String(outside?.fact('x'))}`),
  ],
};
const wish = (value: string): Decision => ({
  is: 'submit',
  because: `there is ${value}`,
  command: { verb: 'create', kind: configMaps.id, namespace: 'default', name: 'copy' },
});

class Recorded {
  readonly events: StoredEvent[] = [];
  /** An event that a look at `view` decided. */
  add(view: number, value: string, facts?: StoredEvent['data']): this {
    const position = this.events.length + 1;
    const name = `map-${position}`;
    const basis = {
      loop: 'copying',
      key: 'key',
      view,
      now: toEventTime(NOW),
      build: 'b',
      decided: digestOf(wish(value) as Submit),
    };
    this.events.push({
      id: name,
      type: 'Created',
      stream: `${configMaps.id}/default/${name}`,
      revision: 0,
      position,
      time: toEventTime(NOW),
      data: { object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', uid: name } } },
      metadata: {
        epoch: 1,
        actor: 'a',
        via: 'v',
        correlationId: 'c',
        schemaVersion: 1,
        basis: { ...basis, ...(facts && { facts }) },
      },
    });
    return this;
  }
  decide(eventsAhead: number, loops = [copying]) {
    const pages = async function* (events: readonly StoredEvent[]) {
      for (const event of events) yield await Promise.resolve([event]);
    };
    return decideAgain(() => pages(this.events), { loops, eventsAhead });
  }
}

describe('deciding every loop event of a log again', () => {
  test.each([1, 3, 100])(
    'takes each look on the view that it was taken on, %d events read ahead',
    async (eventsAhead) => {
      const log = new Recorded();
      for (let i = 0; i < 10; i++)
        log.add(Math.max(0, i - (i % 5)), `${Math.max(0, i - (i % 5))} key ${NOW} undefined`);
      log.add(10, `10 key ${NOW} 7`, { x: 7 });
      expect(await log.decide(eventsAhead)).toEqual({ total: 11, same: 11, unknown: 0, others: [] });
    },
  );
  test('shows those that come out otherwise, with what the look gives now', async () => {
    const log = new Recorded()
      .add(0, `0 key ${NOW} undefined`)
      .add(0, `1 key ${NOW} undefined`)
      .add(1, `1 key ${NOW} 7`);
    const { same, others } = await log.decide(100);
    expect(same).toBe(1);
    expect(others).toMatchObject([
      {
        position: 2,
        loop: 'copying',
        key: 'key',
        now: [`create core.configmaps default/copy: there is 0 key ${NOW} undefined`],
      },
      { position: 3, now: [`create core.configmaps default/copy: there is 1 key ${NOW} undefined`] },
    ]);
  });
  test('shows those of a loop that there is not, or that throws', async () => {
    const log = new Recorded().add(0, 'x');
    expect((await log.decide(100, [])).others).toMatchObject([{ now: ['there is no loop copying'] }]);
    const throwing = { ...copying, reconcile: (): never => JSON.parse('{') as never };
    expect((await log.decide(100, [throwing])).others[0]?.now[0]).toMatch(/^the loop throws: /);
  });
});

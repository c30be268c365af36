import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '#model';
import { EventTooLarge, LogUnavailable, WrongExpectedRevision } from '#ports';
import type { Appended, EventLog } from '#ports';
import { prng } from '#std';
import { Follow, collect, eventOf, until } from './log-testing.js';

/** One place where a log's events are kept, and the ways that a test can get at it. */
export interface LogPlace {
  /** The log as its writing process opens it. */
  open(): Promise<EventLog>;
  /** The log as another process sees it, beside the writer. */
  openBeside(): Promise<EventLog>;
  /** Puts events into the same store that are not of this log. Absent where a store holds one log only. */
  addForeign?(count: number): Promise<void>;
  /** The next append becomes durable, but its answer never reaches the one who appended. */
  loseNextAnswer(log: EventLog): void;
  remove(): Promise<void>;
}

/** What the port promises. Every adapter runs this, and so do the real servers. */
export function eventLogContract(name: string, makePlace: () => Promise<LogPlace>): void {
  describe(`${name} keeps the promises of an event log:`, () => {
    let place: LogPlace;
    let log: EventLog;
    const opened: EventLog[] = [];
    const also = async (opening: Promise<EventLog>): Promise<EventLog> => {
      const other = await opening;
      opened.push(other);
      return other;
    };
    beforeEach(async () => {
      place = await makePlace();
      log = await also(place.open());
    });
    afterEach(async () => {
      for (const other of opened.splice(0)) await other.close();
      await place.remove();
    });
    const reopen = async (): Promise<void> => {
      await log.close();
      opened.splice(opened.indexOf(log), 1);
      log = await also(place.open());
    };

    describe('appending', () => {
      it('counts revisions from 0 and lets positions grow over all streams', async () => {
        const results: Appended[] = [];
        for (let n = 0; n < 12; n++)
          results.push(
            await log.append(`s/${n % 3}`, eventOf(`s/${n % 3}`, Math.floor(n / 3) - 1), Math.floor(n / 3) - 1),
          );
        expect(results.map((result) => result.revision)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
        const positions = results.map((result) => result.position);
        expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
        expect(positions[0]).toBeGreaterThan(0);
        const all = await collect(log.readAll(0));
        expect(all.map((event) => event.position)).toEqual(positions);
        expect(all.map((event) => [event.stream, event.revision])).toEqual(
          results.map((result, n) => [`s/${n % 3}`, result.revision]),
        );
      });

      it('refuses another expected revision, says what the stream is at, and changes nothing', async () => {
        await expect(log.append('a', eventOf('a', 0), 0)).rejects.toMatchObject({
          name: 'WrongExpectedRevision',
          stream: 'a',
          expected: 0,
          actual: -1,
        });
        await log.append('a', eventOf('a', -1), -1);
        await log.append('a', eventOf('a', 0), 0);
        for (const wrong of [-1, 0, 2, 7]) {
          const late = log.append('a', eventOf('a', wrong, 'another cause'), wrong);
          await expect(late).rejects.toBeInstanceOf(WrongExpectedRevision);
          await expect(late).rejects.toMatchObject({ expected: wrong, actual: 1, retryable: false });
        }
        expect(await collect(log.readAll(0))).toHaveLength(2);
        expect((await log.append('a', eventOf('a', 1), 1)).revision).toBe(2);
      });

      it('takes many at once, pipelined on one stream and side by side on many', async () => {
        const pipelined = Array.from({ length: 50 }, (_, n) => log.append('one', eventOf('one', n - 1), n - 1));
        const aside = Array.from({ length: 100 }, (_, n) => log.append(`aside/${n}`, eventOf(`aside/${n}`, -1), -1));
        expect((await Promise.all(pipelined)).map((result) => result.revision)).toEqual(
          Array.from({ length: 50 }, (_, n) => n),
        );
        await Promise.all(aside);
        expect(await collect(log.readAll(0))).toHaveLength(150);
      });

      it('lets exactly one win when many append at the same revision', async () => {
        const race = await Promise.allSettled(
          Array.from({ length: 20 }, (_, n) => log.append('race', eventOf('race', -1, `cause ${n}`), -1)),
        );
        expect(race.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
        for (const outcome of race)
          if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(WrongExpectedRevision);
        expect(await collect(log.readStream('race', 0))).toHaveLength(1);
      });

      it('agrees with a plain list of events, whatever is appended, repeated and raced', async () => {
        const chance = prng(20260101);
        const model = new Map<string, { readonly id: string; readonly appended: Appended }[]>();
        for (let round = 0; round < 30; round++) {
          const stream = `s/${chance.below(4)}`;
          const events = model.get(stream) ?? [];
          model.set(stream, events);
          const expected = Math.max(-1, events.length - 1 - (chance.chance(0.5) ? 0 : chance.below(4)));
          const causes = Array.from({ length: 1 + chance.below(3) }, () => `cause ${chance.below(2)}`);
          const answers = await Promise.allSettled(
            causes.map((cause) => log.append(stream, eventOf(stream, expected, cause), expected)),
          );
          answers.forEach((answer, index) => {
            const { id } = eventOf(stream, expected, causes[index]);
            if (answer.status === 'fulfilled' && events.length === expected + 1)
              events.push({ id, appended: answer.value });
            const there = events[expected + 1];
            if (there?.id === id) expect(answer).toEqual({ status: 'fulfilled', value: there.appended });
            else expect(answer).toMatchObject({ reason: { name: 'WrongExpectedRevision', actual: events.length - 1 } });
          });
        }
        const all = [...model.values()].flat().sort((a, b) => a.appended.position - b.appended.position);
        expect((await collect(log.readAll(0))).map(({ id, position }) => ({ id, position }))).toEqual(
          all.map(({ id, appended }) => ({ id, position: appended.position })),
        );
      });

      it('refuses an event that is too large, and goes on', async () => {
        const large = { ...eventOf('large', -1), data: { text: 'x'.repeat(log.eventBytesMax) } };
        await expect(log.append('large', large, -1)).rejects.toBeInstanceOf(EventTooLarge);
        await log.append('large', eventOf('large', -1), -1);
        expect(await collect(log.readAll(0))).toHaveLength(1);
      });

      it('refuses politely once it is closed', async () => {
        await log.close();
        await expect(log.append('a', eventOf('a', -1), -1)).rejects.toBeInstanceOf(LogUnavailable);
      });
    });

    describe('the same id twice', () => {
      it('gives the first result again, also after later events and after a restart', async () => {
        const first = await log.append('a', eventOf('a', -1), -1);
        expect(await log.append('a', eventOf('a', -1), -1)).toEqual(first);
        const second = await log.append('a', eventOf('a', 0), 0);
        expect(await log.append('a', eventOf('a', -1), -1)).toEqual(first);
        await reopen();
        expect(await log.append('a', eventOf('a', -1), -1)).toEqual(first);
        expect(await log.append('a', eventOf('a', 0), 0)).toEqual(second);
        expect(await collect(log.readAll(0))).toHaveLength(2);
      });

      it('is one event when both are under way at once', async () => {
        const event = eventOf('a', -1);
        const [one, two] = await Promise.all([log.append('a', event, -1), log.append('a', event, -1)]);
        expect(one).toEqual(two);
        expect(await collect(log.readStream('a', 0))).toHaveLength(1);
      });

      it('follows the normal rule at another stream', async () => {
        const event = eventOf('a', -1);
        await log.append('a', event, -1);
        expect((await log.append('b', event, -1)).revision).toBe(0);
        expect(await collect(log.readAll(0))).toHaveLength(2);
      });

      it('settles an append whose outcome never became known', async () => {
        await log.append('a', eventOf('a', -1), -1);
        place.loseNextAnswer(log);
        const outcome = await log.append('a', eventOf('a', 0), 0).catch((cause: unknown) => cause);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(LogUnavailable);
        const settled = await log.append('a', eventOf('a', 0), 0);
        const events = await collect(log.readStream('a', 0));
        expect(events.map((event) => event.revision)).toEqual([0, 1]);
        expect(settled).toEqual({ revision: 1, position: events[1]?.position });
        if (!(outcome instanceof Error)) expect(outcome).toEqual(settled);
      });
    });

    describe('reading', () => {
      it('gives back every field as it was appended', async () => {
        const events = [
          {
            ...eventOf('a', -1),
            data: {
              text: 'Grüße, 世界 🚢\u0000\n"\\',
              numbers: [0, -1, 1.5, 1e21, 2 ** 53],
              nothing: null,
              deep: { a: [{ b: [] }] },
            },
          },
          { ...eventOf('a', 0), data: { text: 'y'.repeat(300_000) } },
        ];
        for (const [index, event] of events.entries()) await log.append('a', event, index - 1);
        await reopen();
        const read = await collect(log.readAll(0));
        expect(read.map(({ id, type, time, data, metadata }) => ({ id, type, time, data, metadata }))).toEqual(events);
        // Byte for byte: keys keep the order that they were appended in.
        expect(read.map((event) => JSON.stringify(event.data))).toEqual(
          events.map((event) => JSON.stringify(event.data)),
        );
      });

      it('goes on after any position, and from any revision of a stream', async () => {
        const positions = await fill(log, 30);
        for (const [index, position] of positions.entries()) {
          const rest = await collect(log.readAll(position));
          expect(rest.map((event) => event.position)).toEqual(positions.slice(index + 1));
        }
        expect((await collect(log.readStream('fill/1', 4))).map((event) => event.revision)).toEqual([4, 5, 6, 7, 8, 9]);
        expect(await collect(log.readStream('fill/1', 10))).toEqual([]);
        expect(await collect(log.readStream('nobody', 0))).toEqual([]);
      });

      it('reads more than a page', async () => {
        const positions = await fill(log, 2500);
        expect((await collect(log.readAll(0))).map((event) => event.position)).toEqual(positions);
        expect(await collect(log.readStream('fill/0', 0))).toHaveLength(834);
      });

      it('gives every reader events of its own', async () => {
        await log.append('a', { ...eventOf('a', -1), data: { deep: { text: 'as it was' } } }, -1);
        const [mine] = await collect(log.readAll(0));
        (mine?.data['deep'] as { text: string }).text = 'changed';
        expect((await collect(log.readAll(0)))[0]?.data).toEqual({ deep: { text: 'as it was' } });
      });

      it('can be broken off, and the log closes soon all the same', async () => {
        await fill(log, 1500);
        for (let n = 0; n < 3; n++) for await (const [event] of log.readAll(0)) if (event) break;
        for await (const event of log.readStream('fill/0', 0)) if (event.revision > 1) break;
        const follow = new Follow(log, 0);
        const closing = performance.now();
        await log.close();
        expect(performance.now() - closing).toBeLessThan(1500);
        expect(follow.ended).toBeUndefined();
      });

      it('is empty at first, and says so', async () => {
        expect(await collect(log.readAll(0))).toEqual([]);
        expect(await log.origin()).toBe(0);
        expect(log.eventBytesMax).toBeGreaterThan(500_000);
      });

      it('is whole after a restart, and positions go on growing', async () => {
        const before = await fill(log, 20);
        const kept = await collect(log.readAll(0));
        await reopen();
        expect(await collect(log.readAll(0))).toEqual(kept);
        const next = await log.append('fill/0', eventOf('fill/0', 6), 6);
        expect(next.position).toBeGreaterThan(before.at(-1) ?? 0);
        expect(await log.head()).toBeGreaterThanOrEqual(next.position);
      });

      it('has a head that is never below what was acknowledged', async () => {
        for (let n = 0; n < 10; n++) {
          const { position } = await log.append('a', eventOf('a', n - 1), n - 1);
          expect(await log.head()).toBeGreaterThanOrEqual(position);
        }
      });
    });

    describe('subscribing', () => {
      it('gives what is there, then what comes, in order, without gap or repeat', async () => {
        const before = await fill(log, 700);
        const fromStart = new Follow(log, 0);
        const fromMiddle = new Follow(log, before[349] ?? 0);
        const writing = Promise.all(
          Array.from({ length: 300 }, (_, n) => log.append(`w/${n}`, eventOf(`w/${n}`, -1), -1)),
        );
        const fromHead = new Follow(log, await log.head());
        await writing;
        const head = await log.head();
        for (const follow of [fromStart, fromMiddle, fromHead]) await follow.reached(head);
        const all = await collect(log.readAll(0));
        expect(fromStart.events).toEqual(all);
        expect(fromMiddle.events).toEqual(all.slice(350));
        const seen = fromHead.positions;
        expect(seen).toEqual(all.map((event) => event.position).slice(all.length - seen.length));
        for (const follow of [fromStart, fromMiddle, fromHead]) await follow.close();
      });

      it('resumes where another left off', async () => {
        await fill(log, 40);
        const first = new Follow(log, 0);
        await first.reached(await log.head());
        await first.close();
        await reopen();
        const late = await log.append('late', eventOf('late', -1), -1);
        const second = new Follow(log, first.positions.at(-1) ?? 0);
        await second.reached(late.position);
        expect(second.positions).toEqual([late.position]);
        await second.close();
      });

      it('has told subscribers of a write soon after it is acknowledged, each the same object', async () => {
        const one = new Follow(log, 0);
        const two = new Follow(log, 0);
        for (let n = 0; n < 20; n++) {
          const { position } = await log.append('a', eventOf('a', n - 1), n - 1);
          await one.reached(position);
          await two.reached(position);
        }
        expect(one.positions).toHaveLength(20);
        one.events.slice(1).forEach((event, index) => expect(two.events[index + 1]).toBe(event));
        await one.close();
        await two.close();
      });

      it('says nothing more after it was closed', async () => {
        const follow = new Follow(log, 0);
        const first = await log.append('a', eventOf('a', -1), -1);
        await follow.reached(first.position);
        await follow.close();
        const second = await log.append('a', eventOf('a', 0), 0);
        const other = new Follow(log, 0);
        await other.reached(second.position);
        expect(follow.positions).toEqual([first.position]);
        expect(follow.ended).toBeUndefined();
        await other.close();
      });

      it('ends a subscriber that fails, with the cause, and no other', async () => {
        const broken = new Error('cannot go on');
        let cause: unknown;
        log.subscribe(
          0,
          () => {
            throw broken;
          },
          (end) => (cause = end),
        );
        const sound = new Follow(log, 0);
        const { position } = await log.append('a', eventOf('a', -1), -1);
        await sound.reached(position);
        await until(() => cause !== undefined);
        expect(cause).toBe(broken);
        expect(sound.ended).toBeUndefined();
        await sound.close();
      });

      it('lets a slow subscriber catch up while others keep pace', async () => {
        const seen: number[] = [];
        const slow = log.subscribe(0, (events: readonly StoredEvent[]) => {
          const stop = performance.now() + 2;
          while (performance.now() < stop);
          seen.push(...events.map((event) => event.position));
        });
        const positions = await fill(log, 3000);
        await until(() => seen.length >= positions.length);
        expect(seen).toEqual(positions);
        await slow.close();
      });
    });

    describe('beside another process', () => {
      it('reads and follows what the writer appends', async () => {
        const before = await fill(log, 10);
        const beside = await also(place.openBeside());
        const follow = new Follow(beside, 0);
        const { position } = await log.append('a', eventOf('a', -1), -1);
        const head = await beside.head();
        expect(head).toBeGreaterThanOrEqual(position);
        await follow.reached(head);
        expect(follow.positions).toEqual([...before, position]);
        expect(await collect(beside.readAll(0))).toEqual(await collect(log.readAll(0)));
        await follow.close();
      });

      it('passes every head, whatever foreign events are in the store', async () => {
        const beside = await also(place.openBeside());
        const follow = new Follow(beside, 0);
        const ours: number[] = [];
        for (let n = 0; n < 5; n++) {
          await place.addForeign?.(7);
          ours.push((await log.append('a', eventOf('a', n - 1), n - 1)).position);
          await place.addForeign?.(3);
          await follow.reached(await beside.head());
        }
        expect(follow.positions).toEqual(ours);
        expect((await collect(beside.readAll(0))).map((event) => event.position)).toEqual(ours);
        await follow.close();
      });
    });
  });
}

/** Appends so many events to three streams, and gives their positions in order. */
async function fill(log: EventLog, count: number): Promise<number[]> {
  const appends = Array.from({ length: count }, (_, n) => {
    const stream = `fill/${n % 3}`;
    const revision = Math.floor(n / 3) - 1;
    return log.append(stream, eventOf(stream, revision), revision);
  });
  // Appends to different streams may be written in another order than they were asked for.
  return (await Promise.all(appends)).map((appended) => appended.position).sort((a, b) => a - b);
}

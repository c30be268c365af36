import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryBusHub, VirtualClock } from '#adapters';
import type { Unlogged, UnloggedFacts, UnloggedQuestion } from '#model';
import type { JsonObject } from '#std';
import { decodeMessage, encodeMessage } from './message-codec.js';
import { NodeLeases } from '#node-gateway';
import { subjects } from './subjects.js';
import { UnloggedReader } from './unlogged.js';

const START = Date.UTC(2026, 0, 1);
const source: Unlogged = {
  app: 'health',
  what: 'leases',
  namespace: 'kube-node-lease',
  remark: 'the leases of nodes are heartbeats',
  question: ({ name }) => ({ ...(name !== undefined && { name }) }),
  facts: ({ facts }) => Object.entries(facts as JsonObject).map(([name, fact = null]) => ({ name, fact })),
  mayHave: () => true,
  object: () => undefined,
};
const factsOf = ({ facts }: UnloggedFacts): JsonObject =>
  Object.fromEntries(facts.map(({ name, fact }) => [name, fact]));

describe('facts that are no events', () => {
  let clock: VirtualClock;
  let hub: MemoryBusHub;
  let leases: NodeLeases;
  let reader: UnloggedReader;
  let asked: UnloggedQuestion[];
  let heard: UnloggedFacts[];
  const listen = (facts: UnloggedFacts): void => void heard.push(facts);
  const names = (): readonly (readonly string[])[] => heard.map(({ facts }) => facts.map(({ name }) => name));

  /** Lets time pass with all that is due in it. */
  async function pass(ms: number): Promise<void> {
    const until = clock.monotonic() + ms;
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    do await turn();
    while (clock.ringNext(until));
    clock.advanceTo(until);
    await turn();
  }
  /** A life of the app that remembers; the result ends it. */
  function live(name: string): () => void {
    leases = new NodeLeases(clock);
    const mine = leases;
    const bus = hub.connect(name);
    bus.subscribe(subjects.query('health', 'leases'), async (data) => {
      const question = decodeMessage(data) as UnloggedQuestion;
      asked.push(question);
      return encodeMessage({ ...(await mine.answer(question)), position: 7 });
    });
    return () => void bus.close();
  }

  beforeEach(() => {
    clock = new VirtualClock(START);
    hub = new MemoryBusHub(clock);
    [asked, heard] = [[], []];
    reader = new UnloggedReader({ bus: hub.connect('api'), clock, reached: () => Promise.resolve(true) });
  });

  it('are the instants of the last heartbeats', async () => {
    live('health');
    leases.renew('a');
    await pass(10_000);
    leases.renew('b');
    leases.renew('a');
    leases.renew('gone');
    leases.forget('gone');
    const facts = reader.facts(source, {});
    await pass(10);
    const known = (await facts) as UnloggedFacts;
    expect(known.position).toBe(7);
    expect(factsOf(known)).toEqual({ a: START + 10_000, b: START + 10_000 });
  });

  it('are none where nobody remembers any, and out of reach where nobody answers', async () => {
    expect(await reader.facts(source, {})).toMatchObject({ facts: [] });
    hub.connect('deaf').subscribe(subjects.query('health', 'leases'), () => undefined);
    const facts = reader.facts(source, {});
    await pass(5_000);
    expect(await facts).toMatchObject({ refused: true, code: 503, reason: 'ServiceUnavailable' });
  });

  it('of a kind that has no others are out of reach where nobody remembers any', async () => {
    const answer = await reader.facts({ ...source, isWhole: true }, {});
    expect(answer).toMatchObject({ refused: true, code: 503 });
  });

  it('are asked for in the words of their kind', async () => {
    live('health');
    const facts = reader.facts(source, { namespace: 'n', name: 'a' });
    await pass(10);
    await facts;
    expect(asked).toEqual([{ name: 'a' }]);
  });

  it('are told to all who follow, with one question for all of them, a change at a time or several at once', async () => {
    live('health');
    leases.renew('a');
    const known = reader.facts(source, {});
    await pass(10);
    const { revision } = (await known) as UnloggedFacts;
    const following = [reader.follow(source, revision, listen), reader.follow(source, revision, listen)];
    await pass(60_000);
    expect(heard).toEqual([]);
    expect(asked.length).toBeLessThan(8);
    leases.renew('b');
    await pass(100);
    expect(names()).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    for (const name of ['c', 'd']) leases.renew(name);
    await pass(1_000);
    expect(names().slice(2)).toEqual([
      ['a', 'b', 'c', 'd'],
      ['a', 'b', 'c', 'd'],
    ]);
    following.forEach(({ cancel }) => cancel());
    await pass(60_000);
    const before = asked.length;
    leases.renew('a');
    await pass(60_000);
    expect([asked.length, heard.length]).toEqual([before, 4]);
  });

  it('are told to one who comes later what it has missed', async () => {
    live('health');
    const { revision } = await leases.answer({});
    reader.follow(source, revision, () => undefined);
    await pass(100);
    leases.renew('a');
    await pass(10);
    reader.follow(source, revision, listen);
    expect(names()).toEqual([['a']]);
    reader.follow(source, (await leases.answer({})).revision, listen);
    await pass(60_000);
    expect(heard).toHaveLength(1);
  });

  it('come again when the app does', async () => {
    const end = live('health');
    const { revision } = await leases.answer({});
    reader.follow(source, revision, listen);
    await pass(100);
    end();
    await pass(60_000);
    expect(heard).toEqual([]);
    live('next');
    leases.renew('a');
    await pass(20_000);
    expect(names()).toEqual([['a']]);
    leases.renew('a');
    await pass(100);
    expect(factsOf(heard.at(-1) as UnloggedFacts)).toEqual({ a: clock.now() - 100 });
  });
});

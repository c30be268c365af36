import { afterEach, describe, expect, it } from '@jest/globals';
import type { AppendFate } from '#adapters';
import { isRefusal } from '#model';
import { CONFIG_MAPS, configMap, gateBefore, streamOfMap, TestServers } from './test-servers.js';
import { testPatch } from './testing.js';
import { LEASE_MS } from './writer-role.js';

const STREAM = streamOfMap('one');

let servers: TestServers;
afterEach(() => servers.stop());

async function two() {
  servers = new TestServers();
  const fate: { before: AppendFate } = { before: 'go-on' };
  const writer = await servers.start({ beforeAppend: ({ stream }) => (stream === STREAM ? fate.before : 'go-on') });
  return { writer, standby: await servers.start(), fate };
}

describe("the writer's role", () => {
  it('is taken by the first process, and the next one stands by', async () => {
    const { writer, standby } = await two();
    await servers.pass(60_000);
    expect([writer.role.term, standby.role.term]).toEqual([1, undefined]);
  });

  it('goes to a standby within five seconds when the writer is killed', async () => {
    const { writer, standby } = await two();
    writer.kill();
    await servers.pass(5_000);
    expect(standby.role.term).toBe(2);
  });

  it('is put down when the lease runs out, and a look at the log that comes after that does not bring it back', async () => {
    const { writer } = await two();
    const began = servers.clock.monotonic();
    writer.hears(false);
    servers.store.addForeign();
    while (writer.role.isHeld) await servers.pass(50);
    expect(servers.clock.monotonic() - began).toBeLessThanOrEqual(LEASE_MS);
    writer.hears(true);
    await servers.pass(50);
    expect(writer.role.held).toBeUndefined();
  });

  it('is put down by whoever reads a later election, and its commands have no answer from then on', async () => {
    const { writer, standby } = await two();
    const { gate } = writer;
    writer.bus.connected = false;
    await servers.pass(4_000);
    expect([writer.role.term, standby.role.term]).toEqual([undefined, 2]);
    writer.bus.connected = true;
    const message = { commands: [configMap('one')], term: 1 };
    expect(await servers.whileTimePasses(writer.role.take('api', message, gate))).toBeUndefined();
    expect(servers.termsOf(STREAM)).toEqual([]);
  });

  it('answers what no event carries only when no later election is in the log', async () => {
    const { writer, standby } = await two();
    await servers.whileTimePasses(writer.route.submit(configMap('one')));
    // It is still within its lease and has not heard that another one was elected.
    writer.hears(false);
    await standby.plane.becomeWriter('test', { onDeposed: () => undefined });
    const unchanged = writer.role.submit(testPatch(CONFIG_MAPS, 'team', 'one', { metadata: {} }));
    await servers.pass(100);
    expect(writer.role.term).toBe(1);
    writer.hears(true);
    expect(await servers.whileTimePasses(unchanged)).toMatchObject({
      refused: true,
      message: 'this replica is not the writer (any more)',
    });
  });

  it('calls nothing done that its process appended behind a later election, which it had not read', async () => {
    const { writer, standby } = await two();
    writer.hears(false);
    await standby.plane.becomeWriter('test', { onDeposed: () => undefined });
    const created = writer.role.submit(configMap('one'));
    await servers.pass(100);
    expect(servers.termsOf(STREAM)).toEqual([1]);
    writer.hears(true);
    expect(await servers.whileTimePasses(created)).toMatchObject({
      ...{ refused: true, code: 503 },
      message: 'another writer was elected while this write was under way; whether it counts shows a read',
    });
    expect(writer.plane.reads.projection.get({ id: CONFIG_MAPS }, 'team', 'one')).toBeUndefined();
  });
});

describe('a command that comes over the bus', () => {
  it('is carried out only in the term that it was sent to', async () => {
    const { writer } = await two();
    const { role, gate } = writer;
    const take = (term: number) =>
      servers.whileTimePasses(role.take('api', { commands: [configMap('one')], term }, gate));
    expect(await take(2)).toBeUndefined();
    expect(await take(0)).toBeUndefined();
    expect(servers.termsOf(STREAM)).toEqual([]);
    expect((await take(1))?.results).toMatchObject([{ created: true }]);
  });

  it('is carried out once however often it comes, also after a takeover', async () => {
    const { writer, standby } = await two();
    const patch = testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: '1' } });
    const back = testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: '2' } });
    await servers.whileTimePasses(writer.route.submit(configMap('one')));
    const [first, twice] = await servers.whileTimePasses(
      Promise.all([1, 2].map(() => writer.role.take('api', { commands: [patch], term: 1 }, writer.gate))),
    );
    expect(first?.results).toMatchObject([{ changed: true }]);
    expect(twice).toEqual(first);
    expect(isRefusal(await servers.whileTimePasses(writer.route.submit(back)))).toBe(false);
    const late = writer.role.take('api', { commands: [patch], term: 1 }, writer.gate);
    expect(await servers.whileTimePasses(late)).toBeUndefined();
    writer.kill();
    await servers.pass(5_000);
    const anew = standby.role.take('api', { commands: [patch], term: 2 }, standby.gate);
    expect(await servers.whileTimePasses(anew)).toBeUndefined();
    expect(standby.plane.reads.projection.get({ id: CONFIG_MAPS }, 'team', 'one')).toMatchObject({ data: { a: '2' } });
    expect(servers.termsOf(STREAM)).toEqual([1, 1, 1]);
  });

  it('and once more from its own process, which has begun to serve as the writer meanwhile, is carried out once', async () => {
    const { writer } = await two();
    const { role, gate } = writer;
    const patch = testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: '1' } });
    await servers.whileTimePasses(writer.route.submit(configMap('one')));
    const taken = role.take('api', { commands: [patch], term: 1 }, gate);
    const here = role.takeHere('api', patch, gate);
    const [overTheBus, own] = await servers.whileTimePasses(Promise.all([taken, here]));
    expect(own).toMatchObject({ changed: true });
    expect(overTheBus?.results).toEqual([own]);
    expect(servers.termsOf(STREAM)).toEqual([1, 1]);
  });

  it('and has to wait is not carried out by a process that lost the role meanwhile and has it again', async () => {
    const { writer, standby } = await two();
    const asNode = { actor: { name: 'system:node:one', groups: [] }, via: 'health' };
    const patchTo = (a: string) => ({ ...testPatch(CONFIG_MAPS, 'team', 'one', { data: { a } }), ...asNode });
    await servers.whileTimePasses(writer.route.submit(configMap('one')));
    const { promise: ready, resolve: isReady } = Promise.withResolvers<void>();
    const patch = patchTo('1');
    const waits = writer.role.take(
      'health',
      { commands: [patch], term: 1 },
      gateBefore(writer.role, writer.plane, ready),
    );
    writer.reads(false);
    await servers.pass(5_000);
    writer.reads(true);
    // Who sent it has read the election, and sends it to the next writer.
    for (const command of [patch, patchTo('2')]) {
      const taken = standby.role.take('health', { commands: [command], term: 2 }, standby.gate);
      expect((await servers.whileTimePasses(taken))?.results).toMatchObject([{ changed: true }]);
    }
    standby.kill();
    await servers.pass(5_000);
    expect(writer.role.term).toBe(3);
    isReady();
    expect(await servers.whileTimePasses(waits)).toBeUndefined();
    expect(writer.plane.reads.projection.get({ id: CONFIG_MAPS }, 'team', 'one')).toMatchObject({ data: { a: '2' } });
    expect(servers.termsOf(STREAM)).toEqual([1, 2, 2]);
  });
});

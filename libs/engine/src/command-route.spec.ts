import { afterEach, describe, expect, it } from '@jest/globals';
import type { AppendFate } from '#adapters';
import { CommandRoute } from './command-route.js';
import { CONFIG_MAPS, configMap, streamOfMap, TestServers } from './test-servers.js';
import { testDelete } from './testing.js';

const STREAM = streamOfMap('one');
const NOT_KNOWN =
  'it is not known whether the write was taken: no writer has answered in time; what became of it shows a read';

let servers: TestServers;
afterEach(() => servers.stop());

/** Two servers: what befalls the appends of the first, which is the writer, may be changed later. */
async function two() {
  servers = new TestServers();
  const fate: { before: AppendFate; after: AppendFate } = { before: 'go-on', after: 'go-on' };
  const landings: (() => void)[] = [];
  const writer = await servers.start({
    beforeAppend: ({ stream }) => (stream === STREAM ? fate.before : 'go-on'),
    afterAppendBeforeAck: ({ stream }) => (stream === STREAM ? fate.after : 'go-on'),
    later: (work) => landings.push(work),
  });
  const standby = await servers.start();
  expect([writer.role.term, standby.role.term]).toEqual([1, undefined]);
  return { writer, standby, fate, landings };
}

describe('a command', () => {
  it('goes to the writer over the bus, and is answered when the process that sent it shows it', async () => {
    const { standby } = await two();
    const answer = await servers.whileTimePasses(standby.route.submit(configMap('one')));
    expect(answer).toMatchObject({ created: true, position: servers.store.head });
    expect(standby.plane.reads.projection.get({ id: CONFIG_MAPS }, 'team', 'one')).toBeDefined();
  });

  it('whose writer died after the event was in the log is answered out of the log, and is carried out once', async () => {
    const { writer, standby, fate } = await two();
    fate.after = 'never';
    const asked = standby.route.submit(configMap('one'));
    await servers.pass(100);
    writer.kill();
    const answer = await servers.whileTimePasses(asked);
    await servers.pass(5_000);
    expect(answer).toMatchObject({ created: true, changed: true });
    expect(standby.role.term).toBe(2);
    expect(servers.termsOf(STREAM)).toEqual([1]);
  });

  it('whose event came behind the election is carried out by the next writer, whose event counts', async () => {
    const { writer, standby, fate, landings } = await two();
    fate.before = 'late';
    const asked = standby.route.submit(configMap('one'));
    await servers.pass(100);
    writer.kill();
    while (standby.plane.reads.projection.epoch === 1) await servers.pass(50);
    const answer = await servers.whileTimePasses(asked);
    landings[0]?.();
    await servers.pass(100);
    expect(answer).toMatchObject({ created: true, object: { metadata: { name: 'one' } } });
    expect(servers.termsOf(STREAM)).toEqual([2]);
  });

  it('of a process that puts the role down waits for what the log says, and goes to the next writer', async () => {
    const { writer, standby, fate } = await two();
    fate.before = 'never';
    const asked = writer.route.submit(configMap('one'));
    await servers.pass(100);
    writer.reads(false);
    await servers.pass(5_000);
    expect([writer.role.term, standby.role.term]).toEqual([undefined, 2]);
    writer.reads(true);
    expect(await servers.whileTimePasses(asked)).toMatchObject({ created: true });
    expect(servers.termsOf(STREAM)).toEqual([2]);
  });

  it('of a process that puts the role down is not carried out anew when its event is in the log', async () => {
    const { writer, standby, fate } = await two();
    fate.after = 'never';
    const asked = writer.route.submit(configMap('one'));
    await servers.pass(100);
    writer.bus.connected = false;
    await servers.pass(5_000);
    writer.bus.connected = true;
    expect(standby.role.term).toBe(2);
    expect(await servers.whileTimePasses(asked)).toMatchObject({ created: true });
    expect(servers.termsOf(STREAM)).toEqual([1]);
  });

  it('of a process whose own next term has begun waits for the end of that one: it is in the log, and not refused', async () => {
    servers = new TestServers();
    let isDoubtful = true;
    const writer = await servers.start({
      beforeAppend: ({ stream }) => (isDoubtful && stream === streamOfMap('doubtful') ? 'fail' : 'go-on'),
      afterAppendBeforeAck: ({ stream }) => {
        if (stream !== STREAM) return 'go-on';
        writer.reads(false);
        return 'never';
      },
    });
    const doubtful = writer.route.submit(configMap('doubtful'));
    let termWhenAsked: number | undefined;
    const asked = doubtful.then(() => {
      isDoubtful = false;
      termWhenAsked = writer.role.term;
      return writer.route.submit(configMap('one'));
    });
    expect(await servers.whileTimePasses(doubtful)).toMatchObject({ code: 504 });
    await servers.pass(15_000);
    expect([termWhenAsked, servers.termsOf(STREAM)]).toEqual([1, [2]]);
    expect(writer.role.isHeld).toBe(false);
    writer.reads(true);
    expect(await servers.whileTimePasses(asked)).toMatchObject({ created: true });
    expect(writer.role.term).toBe(3);
    expect(servers.termsOf(STREAM)).toEqual([2]);
  });

  it('whose deletion was carried out is answered with the object as it was', async () => {
    const { writer, standby, fate } = await two();
    await servers.whileTimePasses(standby.route.submit(configMap('one')));
    fate.after = 'never';
    const asked = standby.route.submit(testDelete(CONFIG_MAPS, 'team', 'one'));
    await servers.pass(100);
    writer.kill();
    expect(await servers.whileTimePasses(asked)).toMatchObject({
      deleted: true,
      object: { metadata: { name: 'one' } },
    });
    expect(servers.termsOf(STREAM)).toEqual([1, 1]);
  });

  it('is refused when nobody is the writer for ten seconds, and not before', async () => {
    servers = new TestServers();
    const writer = await servers.start();
    const { reads } = writer.plane;
    writer.kill();
    const route = new CommandRoute({ client: 'api', bus: servers.hub.connect('other'), reads, clock: servers.clock });
    const began = servers.clock.monotonic();
    expect(await servers.whileTimePasses(route.submit(configMap('one')))).toMatchObject({
      ...{ code: 503, message: 'no process is the writer of this cluster right now, please try again' },
    });
    expect(servers.clock.monotonic() - began).toBeGreaterThanOrEqual(10_000);
  });

  it('that was not sent because the bus is away is refused as such, at once', async () => {
    const { standby } = await two();
    standby.bus.connected = false;
    expect(await standby.route.submit(configMap('one'))).toMatchObject({
      ...{ code: 503, message: 'this server has no connection to the writer right now, please try again' },
    });
    standby.bus.connected = true;
    await servers.pass(100);
    expect(servers.termsOf(STREAM)).toEqual([]);
  });
});

describe('a command whose sender loses the bus while it waits for the answer', () => {
  it('is answered out of the log when its event is there', async () => {
    const { standby, fate } = await two();
    fate.after = 'never';
    const asked = standby.route.submit(configMap('one'));
    await servers.pass(100);
    standby.bus.connected = false;
    expect(await servers.whileTimePasses(asked)).toMatchObject({ created: true, changed: true });
    expect(servers.termsOf(STREAM)).toEqual([1]);
  });

  it('is asked about again on the next connection: the writer, which has it under way, answers', async () => {
    const { writer, standby } = await two();
    for (const { hears } of [writer, standby]) hears(false);
    const asked = standby.route.submit(configMap('one'));
    await servers.pass(100);
    standby.bus.connected = false;
    await servers.pass(300);
    standby.bus.connected = true;
    await servers.pass(300);
    for (const { hears } of [writer, standby]) hears(true);
    expect(await servers.whileTimePasses(asked)).toMatchObject({ created: true, changed: true });
    expect(servers.termsOf(STREAM)).toEqual([1]);
  });

  it('is said to be not known when the bus stays away, within ten seconds', async () => {
    const { standby, fate } = await two();
    fate.before = 'never';
    const asked = standby.route.submit(configMap('one'));
    await servers.pass(100);
    const lostAt = servers.clock.monotonic();
    standby.bus.connected = false;
    expect(await servers.whileTimePasses(asked)).toMatchObject({ code: 504, reason: 'Timeout', message: NOT_KNOWN });
    expect(servers.clock.monotonic() - lostAt).toBeLessThanOrEqual(10_500);
  });

  it('is said to be not known when nobody is the writer after that', async () => {
    const { writer, fate } = await two();
    const bus = servers.hub.connect('other');
    const route = new CommandRoute({ client: 'api', bus, reads: writer.plane.reads, clock: servers.clock });
    fate.before = 'never';
    const asked = route.submit(configMap('one'));
    await servers.pass(100);
    bus.connected = false;
    await servers.stop();
    bus.connected = true;
    expect(await servers.whileTimePasses(asked)).toMatchObject({ code: 504, message: NOT_KNOWN });
  });

  it('is sent to the next writer once the log shows that the earlier one did not carry it out', async () => {
    const { writer, standby, fate } = await two();
    fate.before = 'never';
    const asked = standby.route.submit(configMap('one'));
    await servers.pass(100);
    standby.bus.connected = false;
    await servers.pass(200);
    writer.kill();
    standby.bus.connected = true;
    fate.before = 'go-on';
    expect(await servers.whileTimePasses(asked)).toMatchObject({ created: true, changed: true });
    expect(servers.termsOf(STREAM)).toEqual([2]);
  });
});

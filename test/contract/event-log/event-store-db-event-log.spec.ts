import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openEventLog } from '#adapters';
import type { StoredEvent } from '#model';
import { LogDamaged, LogUnavailable } from '#ports';
import type { EventLog } from '#ports';
import { CuttingProxy } from '../../support/esdb/cutting-proxy.js';
import { StandInEsdb } from '../../support/esdb/server.js';
import { eventLogContract } from './event-log.contract.js';
import type { LogPlace } from './event-log.contract.js';
import { built, killedWriter } from './killed-writer.js';
import { Follow, collect, eventOf, until } from './log-testing.js';

const PATIENCE = { answerMs: 2000, giveUpMs: 4000 };

let standIn: StandInEsdb;
let plain: EventStoreDBClient;
beforeAll(async () => {
  standIn = await StandInEsdb.start({ port: 0 });
  plain = EventStoreDBClient.connectionString(standIn.url);
});
afterAll(async () => {
  await plain.dispose();
  standIn.stop();
});

for (const [name, subscriptionDelayMs] of [
  ['the stand-in server', 0],
  ['a stand-in server whose subscriptions lag', 60],
] as const) {
  eventLogContract(`event-store-db on ${name}`, async () => {
    const server = await StandInEsdb.start({ port: 0, subscriptionDelayMs });
    const place = await placeOn(server.url);
    return { ...place, remove: async () => place.remove().then(() => server.stop()) };
  });
}
const genuine = process.env['SHIPLOG_TEST_ESDB_URL'];
if (genuine !== undefined && genuine !== '') eventLogContract(`event-store-db on ${genuine}`, () => placeOn(genuine));

/** A cluster of its own on a server that is shared with everybody, behind a proxy that can take answers away. */
async function placeOn(url: string): Promise<LogPlace> {
  const cluster = randomUUID();
  const { hostname, port } = new URL(url.replace(/^esdb(\+discover)?:/, 'http:'));
  const proxy = await CuttingProxy.before(hostname, Number(port || 2113));
  const proxied = url.replace(`${hostname}:${port}`, `127.0.0.1:${proxy.port}`);
  const foreign = EventStoreDBClient.connectionString(url);
  return {
    open: () => openEventLog(proxied, { cluster, patience: PATIENCE }),
    openBeside: () => openEventLog(url, { cluster, patience: PATIENCE }),
    addForeign: async (count) => {
      const events = Array.from({ length: count }, (_, n) => jsonEvent({ type: 'Foreign', data: { n } }));
      await foreign.appendToStream(`foreign-${cluster}`, events);
      await foreign.appendToStream(`shiplog.${randomUUID()}/a`, jsonEvent({ type: 'OfAnotherCluster', data: {} }));
    },
    loseNextAnswer: () => proxy.loseNextAnswer(),
    remove: async () => {
      await foreign.dispose();
      await proxy.close();
    },
  };
}

describe('event-store-db beyond the contract:', () => {
  let log: EventLog;
  let proxy: CuttingProxy;
  let cluster: string;
  beforeEach(async () => {
    cluster = randomUUID();
    proxy = await CuttingProxy.before('127.0.0.1', standIn.port);
    log = await openEventLog(`esdb://127.0.0.1:${proxy.port}?tls=false`, { cluster, patience: PATIENCE });
  });
  afterEach(async () => {
    await log.close();
    await proxy.close();
  });

  it('uses byte offsets as positions, and the names of its cluster for streams', async () => {
    const { position } = await log.append('core.pods/default/a', eventOf('a', -1), -1);
    const [first] = await collect(log.readAll(0));
    expect(first).toMatchObject({ stream: 'core.pods/default/a', revision: 0, position });
    expect(position).toBeGreaterThan(1000);
    expect(standIn.store.stream(`shiplog.${cluster}/core.pods/default/a`)).toHaveLength(1);
  });

  it('shows a subscriber what was stored, not what was sent again under the id', async () => {
    const follow = new Follow(log, 0);
    await follow.reached((await log.append('b', eventOf('b', -1), -1)).position);
    const first = eventOf('a', -1);
    const again = { ...first, time: '2030-01-01T00:00:00.000Z', data: { ...first.data, isSecond: true } };
    const [{ position }] = await Promise.all([log.append('a', first, -1), log.append('a', again, -1)]);
    const next = await log.append('a', eventOf('a', 0), 0);
    await log.append('a', again, -1);
    await follow.reached(next.position);
    const stored = await collect(log.readStream('a', 0));
    expect(stored[0]).toMatchObject({ ...first, position });
    const plain = ({ digest: _digest, ...event }: StoredEvent): object => event;
    expect(follow.events.filter(({ stream }) => stream === 'a').map(plain)).toEqual(stored.map(plain));
    await follow.close();
  });

  it('keeps a subscription alive over broken connections, without gap or repeat', async () => {
    const follow = new Follow(log, 0);
    for (let round = 0; round < 4; round++) {
      for (let n = 0; n < 20; n++) await log.append('a', eventOf('a', round * 20 + n - 1), round * 20 + n - 1);
      proxy.cut();
    }
    await follow.reached(await log.head());
    expect(follow.events.map((event) => event.revision)).toEqual(Array.from({ length: 80 }, (_, n) => n));
    await follow.close();
  });

  it('settles appends that are under way when the connection breaks, each exactly once', async () => {
    for (let round = 0; round < 5; round++) {
      const appends = Array.from({ length: 40 }, (_, n) =>
        log.append(`s/${n}`, eventOf(`s/${n}`, round - 1), round - 1),
      );
      setTimeout(() => proxy.cut(), round * 3);
      expect((await Promise.all(appends)).every((appended) => appended.revision === round)).toBe(true);
    }
    expect(await collect(log.readAll(0))).toHaveLength(200);
  });

  it('says that it does not know when the server stays silent, and the same append settles it later', async () => {
    await log.append('a', eventOf('a', -1), -1);
    proxy.silent = true;
    const outcome = log.append('a', eventOf('a', 0), 0);
    await expect(outcome).rejects.toBeInstanceOf(LogUnavailable);
    await expect(log.head()).rejects.toBeInstanceOf(LogUnavailable);
    proxy.silent = false;
    expect((await log.append('a', eventOf('a', 0), 0)).revision).toBe(1);
    expect(await collect(log.readStream('a', 0))).toHaveLength(2);
  });

  it('refuses what somebody else wrote under its name', async () => {
    await log.append('a', eventOf('a', -1), -1);
    const follow = new Follow(log, 0);
    await plain.appendToStream(`shiplog.${cluster}/a`, jsonEvent({ type: 'Intruder', data: { x: 1 } }));
    await expect(collect(log.readAll(0))).rejects.toBeInstanceOf(LogDamaged);
    await expect(collect(log.readStream('a', 0))).rejects.toThrow('was not written by Shiplog');
    await until(() => follow.ended !== undefined);
    expect(follow.ended).toBeInstanceOf(LogDamaged);
  });

  it('says in one sentence that a stream was deleted on the server', async () => {
    await log.append('gone', eventOf('gone', -1), -1);
    await plain.tombstoneStream(`shiplog.${cluster}/gone`);
    await expect(log.append('gone', eventOf('gone', 0), 0)).rejects.toThrow(
      /^The event log at esdb:\/\/127.0.0.1:\d+ cannot be used: .*/,
    );
  });

  it('says in one sentence that the server cannot be reached, without the password', async () => {
    const opening = openEventLog('esdb://admin:secret@127.0.0.1:1?tls=false', { patience: PATIENCE });
    await expect(opening).rejects.toBeInstanceOf(LogUnavailable);
    await expect(opening).rejects.toThrow(
      /^The event log at esdb:\/\/127.0.0.1:1 cannot be used: .*; check that it runs and can be reached\.$/,
    );
    await expect(opening).rejects.not.toThrow('secret');
  });

  it.each([
    ['24.10.0', 1024 * 1024],
    ['24.10.0', 2 * 1024 * 1024],
    ['26.0.1', 16 * 1024 * 1024],
  ])(
    'asks a server of version %s that takes %d bytes an append, and keeps to that',
    async (version, appendBytesMax) => {
      const other = await StandInEsdb.start({ port: 0, version, appendBytesMax });
      const large = await openEventLog(other.url, { cluster });
      expect(large.eventBytesMax).toBe(Math.min(appendBytesMax, 4 * 1024 * 1024) - 4096);
      expect(await collect(large.readAll(0))).toEqual([]);
      const event = { ...eventOf('a', -1), data: { text: 'x'.repeat(large.eventBytesMax - 1000) } };
      await large.append('a', event, -1);
      expect((await collect(large.readAll(0)))[0]?.data).toEqual(event.data);
      await large.close();
      other.stop();
    },
  );

  it('passes on that the server found an event too large', async () => {
    const strict = await StandInEsdb.start({ port: 0, appendBytesMax: 100_000 });
    const unaware = await openEventLog(strict.url, { cluster, mode: 'read' });
    const event = { ...eventOf('a', -1), data: { text: 'x'.repeat(200_000) } };
    await expect(unaware.append('a', event, -1)).rejects.toMatchObject({ name: 'EventTooLarge', bytesMax: 100_000 });
    await unaware.close();
    strict.stop();
  });
});

describe('a server and a writer that are killed with SIGKILL', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'shiplog-esdb-'))));
  afterEach(() => rm(folder, { recursive: true }));

  async function startServer(port: number): Promise<{ readonly server: ChildProcess; readonly port: number }> {
    const program = built('test/support/esdb/main.js');
    const server = spawn(process.execPath, [program, '--port', String(port), '--data', join(folder, 'events')]);
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    return { server, port: Number(/:(\d+)\n/.exec(line.toString())?.[1]) };
  }

  it('lose nothing that was acknowledged', async () => {
    const { server, port } = await startServer(0);
    const url = `esdb://127.0.0.1:${port}?tls=false`;
    const acknowledged = await killedWriter(url, 'run-1', 300);
    // The next writer goes on while its server is killed and comes back.
    const half = Promise.withResolvers<void>();
    const running = killedWriter(url, 'run-2', 1500, half.resolve);
    await Promise.race([half.promise, running]);
    server.kill('SIGKILL');
    await once(server, 'close');
    const { server: second } = await startServer(port);
    acknowledged.push(...(await running));
    const log = await openEventLog(url, { cluster: 'kill' });
    const events = new Map((await collect(log.readAll(0))).map((event) => [event.position, event]));
    for (const { position, stream, revision } of acknowledged)
      expect(events.get(position)).toMatchObject({ stream, revision });
    await log.close();
    second.kill('SIGKILL');
    await once(second, 'close');
  });
});

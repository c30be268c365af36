import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openEventLog } from '#adapters';
import type { EventLog } from '#ports';
import { StandInCluster } from '../../support/esdb/cluster.js';
import { StandInEsdb } from '../../support/esdb/server.js';
import { built } from './killed-writer.js';
import { Follow, collect, eventOf } from './log-testing.js';

/** The client library drops a channel that nobody uses any more ten seconds after it was left. */
const DROPPED_AFTER_MS = 12_000;
const SLOWLY = ['--silent-ms', '500', '--unready-ms', '2500'];

describe('an event store that', () => {
  let folder: string;
  let server: ChildProcess | undefined;
  let log: EventLog | undefined;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'shiplog-esdb-'))));
  afterEach(async () => {
    server?.kill('SIGKILL');
    await log?.close();
    await rm(folder, { recursive: true });
  });

  async function start(port: number, more: readonly string[] = []): Promise<number> {
    const program = built('test/support/esdb/main.js');
    server = spawn(process.execPath, [program, '--port', String(port), '--data', join(folder, 'events'), ...more]);
    const [line] = (await once(server.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    return Number(/:(\d+)\n/.exec(line.toString())?.[1]);
  }

  it('is killed under load and becomes ready slowly loses nothing and ends nothing', async () => {
    const port = await start(0);
    const opened = (log = await openEventLog(`esdb://127.0.0.1:${port}?tls=false`, { cluster: 'slow' }));
    const follow = new Follow(opened, 0);
    const looks = setInterval(() => void opened.head().catch(() => undefined), 50);
    let isOver = false;
    const acknowledged: number[] = [];
    const writing = Promise.all(
      Array.from({ length: 16 }, async (_, number) => {
        for (let revision = -1; !isOver; revision++) {
          const stream = `s/${number}`;
          acknowledged.push((await opened.append(stream, eventOf(stream, revision), revision)).position);
        }
      }),
    );
    while (acknowledged.length < 200) await new Promise((resolve) => setTimeout(resolve, 20));
    server?.kill('SIGKILL');
    await start(port, SLOWLY);
    await new Promise((resolve) => setTimeout(resolve, DROPPED_AFTER_MS));
    isOver = true;
    await writing;
    clearInterval(looks);
    await follow.reached(await opened.head());
    const all = (await collect(opened.readAll(0))).map(({ position }) => position);
    expect(follow.positions).toEqual(all);
    expect(new Set(all)).toEqual(new Set(acknowledged));
  });
});

describe('a cluster whose leader is frozen with its connections open', () => {
  it('is written and followed at its new leader before the old one wakes, and nothing is there twice after that', async () => {
    const cluster = await StandInCluster.start();
    const log = await openEventLog(cluster.url, { cluster: 'three' });
    const follow = new Follow(log, 0);
    const positions: number[] = [];
    const write = async (revision: number): Promise<number> =>
      positions.push((await log.append('s', eventOf('s', revision), revision)).position);
    for (let revision = -1; revision < 4; revision++) await write(revision);
    await follow.reached(positions.at(-1) ?? 0);
    const { wake } = cluster.freezeLeader();
    // It stays frozen until all of this was answered.
    for (let revision = 4; revision < 9; revision++) await write(revision);
    expect(await log.head()).toBe(positions.at(-1));
    await follow.reached(positions.at(-1) ?? 0);
    wake();
    for (let revision = 9; revision < 30; revision++) await write(revision);
    await follow.reached(positions.at(-1) ?? 0);
    const all = (await collect(log.readAll(0))).map(({ position }) => position);
    expect(all).toEqual(positions);
    expect(follow.positions).toEqual(positions);
    await follow.close();
    await log.close();
    await cluster.stop();
  });
});

describe('what others write on the same server', () => {
  it('does not travel: a start costs what the cluster has', async () => {
    const foreign = 20_000;
    const server = await StandInEsdb.start({ port: 0 });
    const event = () => ({ id: crypto.randomUUID(), type: 'Foreign', contentType: 'application/json' });
    const events = Array.from({ length: foreign }, () => ({
      ...event(),
      data: Buffer.from('{}'),
      metadata: Buffer.from('{}'),
    }));
    await server.store.append('foreign', 'any', events.slice(0, foreign / 2));
    const log = await openEventLog(server.url, { cluster: 'own' });
    const { position } = await log.append('a', eventOf('a', -1), -1);
    await server.store.append('foreign', 'any', events.slice(foreign / 2));
    expect(await log.head()).toBe(position);
    const follow = new Follow(log, 0);
    await follow.reached(position);
    expect(await collect(log.readAll(0))).toHaveLength(1);
    expect(server.eventsSent).toBeLessThan(50);
    await log.close();
    server.stop();
  });
});

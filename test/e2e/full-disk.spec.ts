import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster, type StartedCluster } from '../../tools/cluster.mjs';
import { removeCluster } from '../../tools/remove.mjs';
import { ApiClient, type ApiAnswer, type ApiObject } from '../support/api-client.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const folder = mkdtempSync(join(tmpdir(), 'shiplog-full-'));
const mount = (...words: string[]): boolean => spawnSync('mount', [...words, folder]).status === 0;

describe('a disk that fills up while the cluster runs', () => {
  const acknowledged = new Map<string, string>();
  let cluster: StartedCluster;
  let api: ApiClient;

  const start = async (): Promise<void> => {
    cluster = await startCluster({ home: folder, apps: 'api,controllers,scheduler,health,feed' });
    api = new ApiClient(cluster.kubeconfig);
  };
  beforeAll(async () => {
    if (!mount('-t', 'tmpfs', '-o', 'size=4m', 'tmpfs'))
      throw new Error('a small disk cannot be mounted: run the tests as root');
    await start();
  });
  afterAll(async () => {
    api?.close();
    await cluster?.stop({ keep: true });
    await removeCluster(folder);
    spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  async function write(name: string, bytes: number): Promise<ApiAnswer> {
    const body = { metadata: { name }, data: { text: 'x'.repeat(bytes) } };
    const answer = await api.call('POST', MAPS, { body });
    if (answer.status === 201) acknowledged.set(name, answer.json<ApiObject>().metadata.uid);
    return answer;
  }
  async function fill(prefix: string): Promise<ApiAnswer> {
    for (let i = 0; i < 1000; i++) {
      const answer = await write(`${prefix}-${i}`, 20_000);
      if (answer.status !== 201) return answer;
    }
    throw new Error('the disk did not fill up');
  }
  async function expectAllThere(): Promise<void> {
    const { items = [] } = (await api.get(MAPS)).json();
    const found = new Map(items.map(({ metadata }) => [metadata.name, metadata.uid]));
    for (const [name, uid] of acknowledged) expect([name, found.get(name)]).toEqual([name, uid]);
  }

  it('says so at once, and goes on to be read', async () => {
    const began = Date.now();
    const refused = await fill('first');
    expect(refused.status).toBe(503);
    expect(refused.json()).toMatchObject({
      kind: 'Status',
      reason: 'ServiceUnavailable',
      message: `The event log ${join(folder, 'log', 'events.db')} cannot be used: the disk is full; make room and try again.`,
    });
    expect(acknowledged.size).toBeGreaterThan(20);
    const again = Date.now();
    expect((await write('again', 20_000)).status).toBe(503);
    expect(Date.now() - again).toBeLessThan(5_000);
    expect(Date.now() - began).toBeLessThan(20_000);
    await expectAllThere();
  });

  it('is not stopped by it: what else is written to the disk can wait', async () => {
    // The feed notes every second how far it has come.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await api.get('/livez')).status).toBe(200);
    // It is not ready, and says which check fails and why.
    const ready = await api.get('/readyz?verbose');
    expect(ready.status).toBe(500);
    expect(ready.body.toString()).toMatch(/\[-\]log failed.*\n/);
  });

  it('writes again as soon as there is room', async () => {
    expect(mount('-o', 'remount,size=8m')).toBe(true);
    expect((await write('roomy', 20_000)).status).toBe(201);
    expect((await api.get('/readyz')).status).toBe(200);
    await expectAllThere();
  });

  it('has lost nothing that it acknowledged when it is killed on a full disk and started again with room', async () => {
    expect((await fill('second')).status).toBe(503);
    process.kill(cluster.pid, 'SIGKILL');
    await cluster.ended;
    api.close();
    expect(mount('-o', 'remount,size=64m')).toBe(true);
    await start();
    await expectAllThere();
    expect((await write('after', 20_000)).status).toBe(201);
  });
});

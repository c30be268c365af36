import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, root } from '../../tools/cluster.mjs';
import { processesWith, until } from '../support/test-cluster.js';

const node = process.execPath;
const started: ChildProcess[] = [];
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'signals-'));
});
afterAll(async () => {
  for (const pid of processesWith(folder)) if (pid !== process.pid) process.kill(pid, 'SIGKILL');
  await until(
    'all gone',
    () => Promise.resolve(processesWith(folder)),
    ({ length }) => length === 0,
    10,
  );
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a program and resolves once it has said a word. */
function running(words: readonly string[], env: NodeJS.ProcessEnv, word: RegExp): Promise<ChildProcess> {
  const child = spawn(node, words, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let said = '';
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (word.test(said)) resolve(child);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)));
  });
}
function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}
const nothingLeft = (text: string): Promise<readonly number[]> =>
  until(
    'nothing left',
    () => Promise.resolve(processesWith(text)),
    ({ length }) => length === 0,
    20,
  );

describe('a program that is told to end', () => {
  it('takes the cluster that it runs with it: shiplog start', async () => {
    const home = join(folder, 'home');
    const env = {
      SHIPLOG_HOME: home,
      SHIPLOG_APPS: 'api',
      SHIPLOG_API_ADDRESS: `127.0.0.1:${await freePort()}`,
    };
    const shiplog = await running(['tools/shiplog.mjs', 'start'], env, /Ready/);
    shiplog.kill('SIGTERM');
    expect(await ended(shiplog)).toBe(0);
    await nothingLeft(home);
  });

  /** A tool like the benchmarks: it starts a cluster and works on it. */
  const tool = (): Promise<ChildProcess> => {
    const file = join(folder, 'tool.mjs');
    const text = [
      `import { startCluster } from ${JSON.stringify(join(root, 'tools/cluster.mjs'))};`,
      "const { home } = await startCluster({ apps: 'api' });",
      'console.log(`works on ${home}`);',
      'setInterval(() => undefined, 1000);',
    ];
    writeFileSync(file, text.join('\n'));
    return running([file], { TMPDIR: folder, JEST_WORKER_ID: undefined }, /works on/);
  };
  const homes = (): readonly string[] => readdirSync(folder).filter((name) => name.startsWith('shiplog-'));

  it('takes the cluster that it works on with it: a tool', async () => {
    const one = await tool();
    expect(homes()).toHaveLength(1);
    one.kill('SIGTERM');
    expect(await ended(one)).toBe(143);
    expect(homes()).toEqual([]);
    await nothingLeft(folder);
  });

  it('and what a killed tool left behind is removed by the next', async () => {
    const killed = await tool();
    const [left = ''] = homes();
    killed.kill('SIGKILL');
    await ended(killed);
    const next = await tool();
    expect(existsSync(join(folder, left))).toBe(false);
    next.kill('SIGTERM');
    await ended(next);
    await nothingLeft(folder);
  });
});

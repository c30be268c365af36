import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SqliteEventLog } from '#adapters';

const root = process.cwd();
const node = process.execPath;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shiplog-problems-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs standalone until it ends by itself: a start takes a while on a machine that is busy. */
function standalone(env: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(node, ['--no-warnings', join(root, 'dist/apps/standalone/main.js')], {
    env: { ...process.env, SHIPLOG_APPS: 'api', SHIPLOG_API_ADDRESS: '127.0.0.1:1', ...env },
  });
  let output = '';
  const keep = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const late = setTimeout(() => child.kill('SIGKILL'), 120_000);
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(late);
      resolve({ code, output });
    }),
  );
}

/** One sentence that says what to do, and nothing else. */
function expectSentence({ code, output }: Ended, sentence: RegExp): void {
  expect(output.trim().split('\n')).toHaveLength(1);
  expect(output).toMatch(sentence);
  expect(code).toBe(1);
}

/** What standalone says until it is ready; it is stopped then. */
async function started(env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(node, ['--no-warnings', join(root, 'dist/apps/standalone/main.js')], {
    env: { ...process.env, SHIPLOG_APPS: 'api', ...env },
  });
  let output = '';
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const ready = new Promise<void>((resolve) =>
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Ready')) resolve();
    }),
  );
  await Promise.race([ready, gone]);
  child.kill('SIGTERM');
  expect(await gone).toBe(0);
  return output;
}

describe('what a start says and goes on', () => {
  it('the data folder of another cluster, at each start; the keys of both stay, and down knows both', async () => {
    const home = join(folder, 'two');
    const env = { SHIPLOG_HOME: home, SHIPLOG_API_ADDRESS: '127.0.0.1:24577' };
    const of = (log: string) => ({ ...env, SHIPLOG_EVENT_LOG: `sqlite:${join(home, `${log}.db`)}` });
    expect(await started(of('one'))).not.toContain('also that of the cluster');
    const [first = ''] = readFileSync(join(home, 'cluster'), 'utf8').split('\n');
    const said = new RegExp(
      `The data folder ${home} is also that of the cluster ${first}, .*SHIPLOG_EVENT_LOG.*SHIPLOG_HOME`,
    );
    expect(await started(of('two'))).toMatch(said);
    expect(await started(of('two'))).toMatch(said);
    const clusters = readFileSync(join(home, 'cluster'), 'utf8').trim().split('\n');
    expect(clusters).toHaveLength(2);
    expect(clusters[1]).toBe(first);
  });
});

describe('what stops a start', () => {
  it('a taken port', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const home = join(folder, 'taken');
    expectSentence(
      await standalone({ SHIPLOG_HOME: home, SHIPLOG_API_ADDRESS: `127.0.0.1:${port}` }),
      new RegExp(`^Port ${port} on 127.0.0.1 is taken: .*SHIPLOG_API_ADDRESS`),
    );
    expect(readdirSync(home)).toEqual([]);
    other.close();
  });

  it('an address that is none, an app that is none, a log that is none', async () => {
    const home = join(folder, 'wrong');
    expectSentence(
      await standalone({ SHIPLOG_HOME: home, SHIPLOG_API_ADDRESS: 'nowhere' }),
      /^SHIPLOG_API_ADDRESS is "nowhere"/,
    );
    expectSentence(
      await standalone({ SHIPLOG_HOME: home, SHIPLOG_APPS: 'api,wonders' }),
      /^SHIPLOG_APPS names wonders/,
    );
    expectSentence(
      await standalone({ SHIPLOG_HOME: home, SHIPLOG_EVENT_LOG: 'paper:', SHIPLOG_API_ADDRESS: '127.0.0.1:24571' }),
      /^The event log "paper:" is none/,
    );
  });

  it('a data folder that cannot be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expectSentence(
      await standalone({ SHIPLOG_HOME: join(file, 'home') }),
      /^The data folder .* cannot be made or written .*SHIPLOG_HOME/,
    );
    // Node's own recursive mkdir never returns there.
    expectSentence(
      await standalone({ SHIPLOG_HOME: '/proc/x' }),
      /^The data folder \/proc\/x cannot be made or written .*SHIPLOG_HOME/,
    );
  });

  it('a full disk', async () => {
    const home = join(folder, 'full');
    mkdirSync(home);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', home]).status).toBe(0);
    try {
      spawnSync('dd', ['if=/dev/zero', `of=${join(home, 'filler')}`, 'bs=1k', 'count=64']);
      expectSentence(
        await standalone({ SHIPLOG_HOME: home }),
        /^The disk that holds the data folder .* is full: .*SHIPLOG_HOME/,
      );
      expect(readdirSync(home)).toEqual(['filler']);
    } finally {
      spawnSync('umount', [home]);
    }
  });

  it('no container engine', async () => {
    const env = {
      SHIPLOG_HOME: join(folder, 'engine'),
      SHIPLOG_APPS: 'api,agent',
      DOCKER_HOST: `unix://${join(folder, 'no.sock')}`,
    };
    expectSentence(await standalone(env), /^No container engine answers on unix:.*DOCKER_HOST.*SHIPLOG_APPS/);
    expect(existsSync(env.SHIPLOG_HOME)).toBe(false);
  });

  it('no nats-server', async () => {
    const env = { SHIPLOG_HOME: join(folder, 'nats'), SHIPLOG_API_ADDRESS: '127.0.0.1:24572', PATH: dirname(node) };
    expectSentence(await standalone(env), /^nats-server is not installed: install/);
    expect(existsSync(env.SHIPLOG_HOME)).toBe(false);
  });

  it('an event log that a newer build has written to', async () => {
    const home = join(folder, 'newer');
    mkdirSync(home);
    const log = await SqliteEventLog.open(join(home, 'events.db'));
    const event = {
      id: '00000000-0000-5000-8000-000000000000',
      type: 'DeploymentSplit',
      time: '2030-01-01T00:00:00.000Z',
      data: {},
      metadata: { epoch: 1, actor: 'somebody', via: 'kubectl', correlationId: 'c', schemaVersion: 1 },
    };
    await log.append('apps.deployments/default/web', event, -1);
    await log.close();
    expectSentence(
      await standalone({
        SHIPLOG_HOME: home,
        SHIPLOG_EVENT_LOG: `sqlite:${join(home, 'events.db')}`,
        SHIPLOG_API_ADDRESS: '127.0.0.1:24575',
      }),
      /^The event log holds an event .* does not know: "DeploymentSplit" .* apps.deployments\/default\/web at position 1\. Start/,
    );
  });

  it('a second standalone on the same data', async () => {
    const home = join(folder, 'twice');
    const first = spawn(node, ['--no-warnings', join(root, 'dist/apps/standalone/main.js')], {
      env: { ...process.env, SHIPLOG_APPS: 'api', SHIPLOG_HOME: home, SHIPLOG_API_ADDRESS: '127.0.0.1:24573' },
    });
    const gone = new Promise((resolve) => first.once('exit', resolve));
    await new Promise<void>((resolve) =>
      first.stdout.on('data', (chunk: Buffer) => chunk.includes('Ready') && resolve()),
    );
    const second = await standalone({ SHIPLOG_HOME: home, SHIPLOG_API_ADDRESS: '127.0.0.1:24574' });
    expectSentence(second, /^The event log .* is being written by process/);
    first.kill('SIGTERM');
    expect(await gone).toBe(0);
  });
});

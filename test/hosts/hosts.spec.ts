import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { root } from '../../tools/cluster.mjs';
import { MACHINE, TestHosts, type Host } from '../support/hosts/index.js';
import { BUSYBOX, until } from '../support/test-cluster.js';
import { mountsOf, presentOf, runIn } from './left-over.js';
import { arriving, fetched, isReached, reaches, startProbe } from './probe.js';

/** Test hosts themselves: each fault is there while it is said to be, and neither before nor after. */
let hosts: TestHosts;
let one: Host;
let two: Host;
let three: Host;

beforeAll(async () => {
  hosts = await TestHosts.start({ names: ['host-1', 'host-2', 'host-3'] });
  [one, two, three] = hosts.all as [Host, Host, Host];
  await Promise.all(hosts.all.map(startProbe));
});
afterAll(() => hosts.stop());

describe('a host', () => {
  it('has a name, processes, an identity and memory of its own', async () => {
    const said = await Promise.all(
      hosts.all.map(async (host) => {
        await host.run('sh', '-c', 'touch /run/$(uname -n) /dev/shm/$(uname -n)');
        return host.run('sh', '-c', 'uname -n; cat /etc/machine-id /proc/1/comm; ls /run /dev/shm');
      }),
    );
    const lines = said.map((text) => text.split('\n'));
    expect(lines.map(([name]) => name)).toEqual(['host-1', 'host-2', 'host-3']);
    expect(new Set(lines.map(([, id]) => id)).size).toBe(3);
    expect(lines[1]?.slice(2)).toEqual(['shiplog-host', '/dev/shm:', 'host-2', '', '/run:', 'host-2', '']);
    expect(existsSync('/run/host-2')).toBe(false);
  });

  it('reaches the others, and this machine reaches it', async () => {
    for (const from of hosts.all) for (const to of hosts.all) expect(await reaches(from, to)).toBe(true);
    for (const host of hosts.all) expect(await isReached(host)).toBe(true);
  });
});

describe('a link', () => {
  it('that is cut carries nothing, and its host sees it; the other ones go on', async () => {
    const carrier = (): Promise<string> => two.run('ip', '-o', 'link', 'show', 'eth0');
    expect(await carrier()).not.toContain('NO-CARRIER');
    await hosts.links.cut('host-2');
    expect(await carrier()).toContain('NO-CARRIER');
    expect([await reaches(one, two), await reaches(two, one), await isReached(two)]).toEqual([false, false, false]);
    expect([await reaches(one, three), await isReached(one)]).toEqual([true, true]);
    await hosts.links.heal('host-2');
    await comesBack(one, two);
    expect(await carrier()).not.toContain('NO-CARRIER');
  });

  it('that is cut one way carries the other one', async () => {
    await hosts.links.cutOneWay('host-1', 'host-2');
    expect([await arriving(one, two, 20), await arriving(two, one, 20)]).toEqual([0, 1]);
    expect(await reaches(one, three)).toBe(true);
    await hosts.links.heal('host-1');
    expect([await arriving(one, two, 20), await arriving(two, one, 20)]).toEqual([1, 1]);
  });

  it('drops addresses of a network, of what one host sends or all do, and says when there is no such network', async () => {
    await hosts.links.dropAddresses(`${two.address}/32`, 'host-1');
    expect([await arriving(one, two, 20), await arriving(two, one, 20)]).toEqual([0, 1]);
    expect(await reaches(three, two)).toBe(true);
    await hosts.links.dropAddresses(`${two.address}/32`);
    expect([await reaches(three, two), await reaches(one, three)]).toEqual([false, true]);
    await expect(hosts.links.dropAddresses('nothing')).rejects.toThrow('nothing');
    await hosts.links.heal();
    await comesBack(one, two);
    await comesBack(three, two);
  });

  it('that is cut between two leaves both to all others', async () => {
    await hosts.links.cutPair('host-1', 'host-2');
    expect([await reaches(one, two), await reaches(two, one)]).toEqual([false, false]);
    for (const host of [one, two]) expect([await reaches(host, three), await isReached(host)]).toEqual([true, true]);
    await hosts.links.heal();
    await comesBack(one, two);
    await comesBack(two, one);
  });

  it('may be cut from this machine alone', async () => {
    await hosts.links.cutPair('host-3', MACHINE);
    expect([await isReached(three), await reaches(one, three), await isReached(one)]).toEqual([false, true, true]);
    await hosts.links.heal('host-3');
    expect(await isReached(three)).toBe(true);
  });

  it('loses about as much as it is told to', async () => {
    expect(await arriving(one, two, 400)).toBe(1);
    await hosts.links.lose('host-2', 30);
    for (const share of [await arriving(one, two, 400), await arriving(two, one, 400)]) {
      // Four standard deviations of 400 throws.
      expect(share).toBeGreaterThan(0.6);
      expect(share).toBeLessThan(0.8);
    }
    expect(await arriving(one, three, 400)).toBe(1);
    await hosts.links.heal('host-2');
    expect(await arriving(one, two, 400)).toBe(1);
  });

  it('is slow, each way', async () => {
    const megabyte = { bytes: 1_000_000, patience: 60_000 };
    await hosts.links.slow('host-2', 8);
    // 8 megabits take a second, less what the bucket holds.
    for (const [from, to] of eachWay()) {
      const { ms, length } = await fetched(from, to, { ...megabyte });
      expect(ms).toBeGreaterThan(850);
      expect(length).toBe(1_000_000);
    }
    await hosts.links.heal('host-2');
    const times = [];
    for (let i = 0; i < 3; i++) times.push((await fetched(one, two, megabyte)).ms);
    expect(Math.min(...times)).toBeLessThan(500);
  });

  it('is late, each way', async () => {
    await hosts.links.delay('host-2', 50);
    expect(await quickest(one, three)).toBeLessThan(100);
    // To connect and to ask takes two ways there and two back.
    for (const [from, to] of eachWay()) {
      const ms = await quickest(from, to);
      expect(ms).toBeGreaterThan(199);
      expect(ms).toBeLessThan(500);
    }
    const { length } = await fetched(one, two, { bytes: 1_000_000, patience: 60_000 });
    expect(length).toBe(1_000_000);
    await hosts.links.heal('host-2');
    expect(await quickest(one, two)).toBeLessThan(100);
  });
});

describe('an engine', () => {
  let ticks: string;
  const tick = (): string => (existsSync(ticks) ? readFileSync(ticks, 'utf8') : '');
  const goesOn = async (): Promise<void> => {
    const before = tick();
    await until(
      'the container goes on',
      () => Promise.resolve(tick()),
      (now) => now !== before,
      20,
    );
  };

  beforeAll(async () => {
    await Promise.all([one, two].map((host) => host.startEngine()));
    ticks = join(one.folder, 'shared', 'tick');
    mkdirSync(dirname(ticks));
    await importBusybox(one);
    const body = {
      Image: BUSYBOX,
      Cmd: ['sh', '-c', 'while true; do date >> /shared/tick; sleep 0.1; done'],
      HostConfig: { Binds: [`${dirname(ticks)}:/shared`] },
    };
    const created = await one.engine('POST', '/containers/create?name=ticking', { body });
    expect(created).toMatchObject({ status: 201 });
    expect(await one.engine('POST', '/containers/ticking/start')).toMatchObject({ status: 204 });
    await goesOn();
  });

  it('is of its host alone', async () => {
    expect((await one.engine('GET', '/containers/json')).body).toHaveLength(1);
    expect((await two.engine('GET', '/containers/json')).body).toHaveLength(0);
    expect((await two.engine('GET', '/images/json')).body).toHaveLength(0);
    expect((await one.engine('GET', '/info')).body).toMatchObject({ Name: 'host-1' });
  });

  it('that is frozen says nothing while its containers go on', async () => {
    await one.freezeEngine();
    expect(await one.engineAnswers(500)).toBe(false);
    expect(await two.engineAnswers()).toBe(true);
    await goesOn();
    await one.thawEngine();
    expect(await one.engineAnswers()).toBe(true);
  });

  it('stands still with its containers when the host is frozen', async () => {
    await one.freeze();
    expect(await one.engineAnswers(500)).toBe(false);
    const before = tick();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(tick()).toBe(before);
    await one.thaw();
    await goesOn();
  });

  it('that is killed leaves its containers, and takes them up again', async () => {
    const startedAt = await started(one);
    await one.killEngine();
    expect(await one.engineAnswers(500)).toBe(false);
    await goesOn();
    await one.startEngine();
    expect(await started(one)).toBe(startedAt);
  });

  it('goes with its host, frozen or not, and comes back with its disk', async () => {
    await hosts.links.slow('host-1', 100);
    await one.run('nft', 'add', 'table', 'ip', 'mine');
    const boot = await one.run('cat', '/proc/sys/kernel/random/boot_id');
    await one.freezeEngine();
    await one.powerOff();
    expect([one.isOn, await reaches(two, one), await one.engineAnswers(500)]).toEqual([false, false, false]);
    const before = tick();
    await one.powerOn();
    await startProbe(one);
    await one.startEngine();
    await comesBack(two, one);
    expect(await one.run('cat', '/proc/sys/kernel/random/boot_id')).not.toBe(boot);
    expect(await one.run('nft', 'list', 'tables')).not.toContain('mine');
    expect((await one.engine('GET', '/images/json')).body).toHaveLength(1);
    expect((await one.engine('GET', '/containers/ticking/json')).body).toMatchObject({ State: { Status: 'exited' } });
    expect(tick()).toBe(before);
    // What troubled its link still does.
    expect(await one.run('tc', 'qdisc', 'show', 'dev', 'eth0')).toContain('tbf');
    await hosts.links.heal();
  });
});

describe('nothing is left', () => {
  it('of hosts that were stopped', async () => {
    const some = await TestHosts.start({ names: ['a', 'b'] });
    const run = runIn(dirname(some.get('a').folder));
    await some.get('a').startEngine();
    await some.links.delay('b', 5);
    await some.get('a').freezeEngine();
    expect(absent(presentOf(run))).toEqual([]);
    expect(run.networks).toHaveLength(3);
    await some.stop();
    expect(presentOf(run)).toEqual(NOTHING);
    expect(mountsOf(run)).toEqual([]);
  });

  it.each([
    ['', () => undefined],
    [' and has lost its marker', (folder: string) => rmSync(join(folder, 'hosts.json'))],
  ])('of a run that was killed%s, once there is another one', async (_what, act) => {
    const folder = await killedRun();
    const run = runIn(folder);
    act(folder);
    expect(absent(presentOf(run))).toEqual([]);
    const next = await TestHosts.start({ names: ['a'] });
    await next.stop();
    expect(presentOf(run)).toEqual(NOTHING);
    // What somebody works with was not taken for that.
    expect(await isReached(three)).toBe(true);
  });
});

const NOTHING = { processes: [], inside: [], links: [], groups: [], files: [] };

/** Sorts of which there is nothing. */
function absent(present: Readonly<Record<string, readonly string[]>>): readonly string[] {
  return Object.keys(present).filter((sort) => present[sort]?.length === 0);
}

/** Folder of hosts whose maker was killed. */
async function killedRun(): Promise<string> {
  const module = pathToFileURL(join(root, 'dist/test/support/hosts/index.js')).href;
  const script = `
    const { TestHosts } = await import(${JSON.stringify(module)});
    const hosts = await TestHosts.start({ names: ['a', 'b'] });
    await hosts.get('a').startEngine();
    console.log(hosts.get('a').folder);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const folder = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(dirname(chunk.toString().trim())));
    child.once('exit', () => reject(new Error('it ended')));
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  return folder;
}

function eachWay(): readonly (readonly [Host, Host])[] {
  return [
    [one, two],
    [two, one],
  ];
}

/** The least of some times in milliseconds: a loaded machine only adds. */
async function quickest(from: Host, to: Host): Promise<number> {
  const times = [];
  for (let i = 0; i < 5; i++) times.push((await fetched(from, to, { patience: 5_000 })).ms);
  return Math.min(...times);
}

function comesBack(from: Host, to: Host): Promise<boolean> {
  return until(
    `${from.name} reaches ${to.name}`,
    () => reaches(from, to),
    (seen) => seen,
    20,
  );
}

async function started(host: Host): Promise<string> {
  const { body } = await host.engine('GET', '/containers/ticking/json');
  return (body as { readonly State: { readonly StartedAt: string } }).State.StartedAt;
}

async function importBusybox(host: Host): Promise<void> {
  const words = [join(root, 'dist/apps/cli/main.js'), 'image', 'busybox', '--name', BUSYBOX];
  await promisify(execFile)(process.execPath, words, {
    env: { ...process.env, DOCKER_HOST: `unix://${host.socket}` },
  });
}

// How long Docker Swarm leaves a task away when its machine loses its power, on test hosts as ours are: a manager and two workers, an
// image that is there, no published port. Its virtual IPs cannot be measured where the kernel has no IPVS.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../setup.mjs';

const WAIT_MS = 120_000;
const MANAGER = 'swarm-0';
/** Nobody listens there: an engine that asks its registry is refused at once and takes the image that it has. */
const IMAGE = '127.0.0.1:1/busybox:1';

/** Seconds from power off until the replacement runs, so many times. */
export async function swarmReplacements(runs) {
  const { TestHosts } = await import('../../dist/test/support/hosts/test-hosts.js');
  const hosts = await TestHosts.start({ names: [MANAGER, 'swarm-1', 'swarm-2'] });
  const docker = (host, ...words) => host.run('docker', '--host', `unix://${host.socket}`, ...words);
  const manager = hosts.get(MANAGER);
  try {
    await Promise.all(hosts.all.map((host) => startEngine(host)));
    await docker(manager, 'swarm', 'init', '--advertise-addr', manager.address);
    await docker(manager, 'node', 'update', '--availability', 'drain', MANAGER);
    const token = (await docker(manager, 'swarm', 'join-token', '--quiet', 'worker')).trim();
    for (const host of hosts.all)
      if (host !== manager) await docker(host, 'swarm', 'join', '--token', token, `${manager.address}:2377`);
    const task = ['--no-resolve-image', '--replicas', '1', IMAGE, 'busybox', 'sleep', '1000000'];
    await docker(manager, 'service', 'create', '--name', 'bench', '--detach', ...task);
    const runsOn = async (isIt) => {
      const format = '{{.Node}} {{.CurrentState}}';
      for (const end = performance.now() + WAIT_MS; performance.now() < end; await sleep(20)) {
        const text = await docker(
          manager,
          'service',
          'ps',
          'bench',
          '--filter',
          'desired-state=running',
          '--format',
          format,
        );
        const [node] = /^(\S+) Running/m.exec(text)?.slice(1) ?? [];
        if (node !== undefined && isIt(node)) return node;
      }
      throw new Error(`no task of Swarm runs within ${WAIT_MS} ms`);
    };
    let node = await runsOn(() => true);
    const times = [];
    for (let n = 0; n < runs; n++) {
      const lost = hosts.get(node);
      const began = performance.now();
      await lost.powerOff();
      node = await runsOn((name) => name !== lost.name);
      times.push((performance.now() - began) / 1000);
      await lost.powerOn();
      await lost.startEngine({ isLive: false });
      const ready = async () =>
        (await docker(manager, 'node', 'inspect', '--format', '{{.Status.State}}', lost.name)).trim();
      for (const end = performance.now() + WAIT_MS; (await ready()) !== 'ready' && performance.now() < end;)
        await sleep(100);
    }
    return times;
  } finally {
    await hosts.stop();
  }
}

async function startEngine(host) {
  await host.startEngine({ isLive: false });
  const cli = ['--no-warnings', join(root, 'dist/apps/cli/main.js'), 'image', 'busybox', '--name', IMAGE];
  await host.run('env', `DOCKER_HOST=unix://${host.socket}`, process.execPath, ...cli);
}

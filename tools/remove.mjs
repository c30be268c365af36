// Takes apart what a cluster made: processes, containers, networks, memory folders and the data folder.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { engine, ping } from './engine.mjs';

/** What Shiplog puts into its data folder; anything else there is somebody's own and stays. */
const OURS = [
  'keys',
  'kubeconfig',
  'log',
  'checkpoints',
  'agent',
  'nats',
  'feed',
  'scaler',
  'seccomp',
  'credentials',
  'cluster',
  'node.json',
  'agent.log',
  'standalone.pid',
  'memory-folders',
  'dockerd.log',
  'dockerd.pid',
  'history',
  'audit',
];

/**
 * Removes the cluster of a data folder. `say` hears what is done.
 * @param {string} home
 * @param {(line: string) => void} say
 */
export async function removeCluster(home, say = () => undefined) {
  await stopProcess(home, 'standalone.pid', 'standalone', say);
  for (const node of names(home, 'agent')) await stopProcess(home, join('agent', node, 'pid'), 'agent', say);
  await stopProcess(home, join('nats', 'pid'), 'nats-server', say);
  await removeContainers(home, say);
  for (const cluster of lines(join(home, 'cluster'))) removeServiceRules(cluster, say);
  for (const folder of lines(join(home, 'memory-folders'))) removeMemory(folder);
  await stopEngine(home, say);
  unmountBeneath(home);
  for (const name of OURS) rmSync(join(home, name), { recursive: true, force: true });
  try {
    rmdirSync(home);
    say(`Removed ${home}.`);
  } catch {
    say(`Removed Shiplog's data from ${home}; what else is there was kept.`);
  }
}

/** Stops the process that a pid file names, if it is still the one. */
async function stopProcess(home, file, mark, say) {
  const pid = Number(lines(join(home, file))[0]);
  if (!(pid > 0) || !commandLine(pid).includes(mark)) return;
  say(`Stopping ${mark} (${pid}) …`);
  for (let i = 0; i < 200 && commandLine(pid).includes(mark); i++) {
    if (i % 100 === 0) kill(pid, i === 0 ? 'SIGTERM' : 'SIGKILL');
    await sleep(100);
  }
}

async function removeContainers(home, say) {
  const clusters = lines(join(home, 'cluster'));
  if (clusters.length === 0) return;
  if (await ping()) for (const cluster of clusters) await removeContainersOf(cluster, say);
  else say('No container engine answers: containers that are left there were not removed.');
}

/** Removes containers and networks of a cluster from the engine. */
export async function removeContainersOf(cluster, say = () => undefined) {
  const filter = encodeURIComponent(JSON.stringify({ label: [`io.shiplog.cluster=${cluster}`] }));
  const containers = (await engine('GET', `/containers/json?all=1&filters=${filter}`)).body;
  if (containers.length > 0) say(`Removing ${containers.length} containers …`);
  // Apps before infra, which own the networks that the apps are joined to.
  const isInfra = ({ Labels }) => Labels['io.shiplog.container.role'] === 'infra';
  for (const group of [containers.filter((one) => !isInfra(one)), containers.filter(isInfra)]) {
    await Promise.all(group.map(({ Id }) => engine('DELETE', `/containers/${Id}?force=1&v=1`)));
  }
  const prefix = `shiplog-${cluster.slice(0, 8)}-`;
  const networks = (await engine('GET', '/networks')).body.filter(({ Name }) => Name.startsWith(prefix));
  for (const { Id } of networks) await engine('DELETE', `/networks/${Id}`);
}

/** What the agents of a cluster made for services, policies and pods' networks on this machine: tables and rules, or addresses on loopback. */
export function removeServiceRules(cluster, say = () => undefined) {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const run = (program, ...words) => spawnSync(program, words, { encoding: 'utf8', env }).stdout ?? '';
  const mark = cluster.slice(0, 8).replace(/[^A-Za-z0-9]/g, '_');
  const prefix = `shiplog_${mark}_`;
  // A node whose pods have addresses of both families has its tables twice.
  const tables = ['ip', 'ip6'].flatMap((family) =>
    run('nft', 'list', 'tables', family)
      .split('\n')
      .map((line) => ({ family, name: line.split(' ')[2] ?? '' })),
  );
  const named = (beginning) => tables.filter(({ name }) => name.startsWith(beginning));
  const ours = named(prefix);
  const networks = named(`shiplognet_${mark}_`);
  if (ours.length > 0) say('Removing the rules of services …');
  for (const name of new Set(networks.map((table) => table.name))) removePodRoutes(name, run);
  for (const { family, name } of [...ours, ...named(`shiplogpol_${mark}_`), ...networks])
    run('nft', 'delete', 'table', family, name);
  for (const line of run('ip', '-o', '-4', 'addr', 'show', 'dev', 'lo', 'label', `lo:${mark}*`).split('\n')) {
    const address = / inet (\S+)/.exec(line)?.[1];
    if (address !== undefined) run('ip', 'addr', 'del', address, 'dev', 'lo');
  }
  // Those of IPv6 have no label: a part of their metric is the cluster's (libs/adapters/src/service-dataplane/loopback-addresses.ts).
  const clusters = 0x4000 + (parseInt(createHash('sha256').update(mark).digest('hex').slice(0, 4), 16) >> 2);
  for (const line of run('ip', '-o', '-6', 'addr', 'show', 'dev', 'lo').split('\n')) {
    const [, address, metric] = / inet6 (\S+) metric (\d+) /.exec(line) ?? [];
    if (address !== undefined && Number(metric) >>> 16 === clusters) run('ip', 'addr', 'del', address, 'dev', 'lo');
  }
  for (const program of ['iptables', 'ip6tables']) {
    for (const rule of run(program, '-w', '-S', 'DOCKER-USER').split('\n')) {
      const words = rule.replaceAll('"', '').split(' ');
      if (words[0] === '-A' && words.some((word) => word.startsWith(prefix) || word.startsWith(`shiplognet_${mark}_`)))
        run(program, '-w', '-D', ...words.slice(1));
    }
  }
}

/** Routes and the VXLAN device of a node: their marks follow from the name of its table (libs/adapters/src/pod-router/names.ts). */
function removePodRoutes(table, run) {
  const hash = createHash('sha256').update(table).digest('hex');
  const metric = 0x40000000 + (parseInt(hash.slice(0, 8), 16) % 0x40000000);
  // Of probes, by the way that they are of.
  for (const aside of [metric, metric + 0x40000000]) {
    for (const rule of run('ip', '-4', 'rule', 'show', 'table', `${aside}`).split('\n'))
      if (rule !== '') run('ip', 'rule', 'del', 'lookup', `${aside}`);
    run('ip', '-4', 'route', 'flush', 'table', `${aside}`);
  }
  const routes = ['-4', '-6'].map((family) => run('ip', family, 'route', 'show', 'proto', '83'));
  for (const line of routes.join('\n').split('\n')) {
    if (!line.includes(` metric ${metric}`)) continue;
    const [first, second] = line.split(' ');
    const named = first === 'unreachable' ? [first, second] : [first];
    run('ip', 'route', 'del', ...named, 'proto', '83', 'metric', `${metric}`);
  }
  run('ip', 'link', 'del', `slx${hash.slice(0, 11)}`);
}

/** A folder in memory may hold mounted volumes: they go first. */
function removeMemory(folder) {
  if (!/^\/(dev\/shm|run)\/shiplog-[0-9a-f]{12}$/.test(folder)) return;
  unmountBeneath(folder);
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Takes away what the agent has mounted beneath a folder: parts of volumes, of the node's own folders too. Throws when
 * something is left, since whoever removed the folder then would remove what is mounted there.
 * @param {string} folder
 */
export function unmountBeneath(folder) {
  if (!existsSync(folder)) return;
  // The kernel knows mounts by paths without links.
  const real = realpathSync(folder);
  const mounted = () =>
    lines('/proc/self/mountinfo')
      .map((line) =>
        (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8))),
      )
      .filter((path) => path.startsWith(`${real}/`))
      .sort((a, b) => b.length - a.length);
  for (const path of mounted()) spawnSync('umount', ['-l', path]);
  const [left] = mounted();
  if (left !== undefined) throw new Error(`${left} is still mounted: unmount it, then try again`);
}

/** A dockerd that was started for this data folder goes too, unless somebody else uses it by now. */
export async function stopEngine(home, say) {
  const pid = Number(lines(join(home, 'dockerd.pid'))[0]);
  if (!(pid > 0) || !commandLine(pid).includes('dockerd') || !(await ping())) return;
  const running = (await engine('GET', '/containers/json')).body;
  if (running.length > 0) {
    say('dockerd goes on: it runs containers that are not of this cluster.');
    return;
  }
  await stopProcess(home, 'dockerd.pid', 'dockerd', say);
  for (const file of ['dockerd.pid', 'dockerd.log']) rmSync(join(home, file), { force: true });
}

function names(home, folder) {
  const path = join(home, folder);
  return existsSync(path) ? readdirSync(path) : [];
}

function lines(path) {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

function commandLine(pid) {
  return lines(`/proc/${pid}/cmdline`).join(' ').replaceAll('\0', ' ');
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile.
  }
}

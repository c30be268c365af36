// What measuring a node costs: a process that does nothing else reads the cgroups of 100 processes each second and publishes them
// on a real bus, as an agent does. How old figures get before newer ones arrive, a subscriber says.
import { fork, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onEnd, root } from '../cluster.mjs';
import { quantile } from './median.mjs';

const CONTAINERS = 100;
/** Until the heap has the size that it keeps: the one collection of the whole heap after a start takes an eighth of a second, once. */
const WARM_UP_MS = 40_000;
const WATCH_MS = 60_000;
const NODE = 'bench-node';
const CONTROLLERS = ['cpuacct', 'cpu', 'memory', 'pids', 'blkio'];
const IS_V1 = existsSync('/sys/fs/cgroup/cpuacct');
/** Wakes up now and then, so that each figure moves from one second to the next. */
const LOAD = 'i=0; while :; do i=$((i+1)); [ $((i % 2000)) -eq 0 ] && sleep 0.3; done';

export const names = [
  'metrics.agent_cpu_percent_100_containers',
  'metrics.bytes_per_container_s',
  'metrics.age_p99_ms',
];

export const runs = 5;

export async function run() {
  const home = mkdtempSync(join(tmpdir(), 'shiplog-bench-metrics-'));
  const ended = [];
  const end = async () => {
    for (const one of ended.splice(0).reverse()) await one();
    rmSync(home, { recursive: true, force: true });
  };
  const isDone = onEnd(end);
  try {
    return await measure(home, ended);
  } finally {
    isDone();
    await end();
  }
}

async function measure(home, ended) {
  const { NatsAuthority, NatsBus, openFileKeys, startNatsServer } = await lib('adapters');
  const { agentPermissions, appPermissions, busRules, subjects } = await lib('engine');
  const { MeasurementDecoder } = await lib('model');
  const keys = await openFileKeys(home);
  const authority = await NatsAuthority.open(keys.store);
  const server = await startNatsServer({ home, keys, authority });
  ended.push(() => server.stop());
  const connected = async (name, permissions) => {
    const user = await authority.issueUser(name, permissions);
    return { url: server.url, ca: keys.caCertificate, ...user };
  };
  const bus = await NatsBus.connect(await connected('scaler', appPermissions(['scaler'])), {
    name: 'bench',
    rules: busRules,
  });
  ended.push(() => bus.close());
  const pods = await startContainers(ended);
  const { SMALL } = await import(join(root, 'dist/libs/nest/src/agent-program.js'));
  const agent = fork(fileURLToPath(new URL('metrics-agent.mjs', import.meta.url)), {
    execArgv: SMALL,
    env: {
      ...process.env,
      BENCH_CREDENTIALS: JSON.stringify(await connected(NODE, agentPermissions(NODE))),
      BENCH_NODE: NODE,
    },
  });
  ended.push(() => void agent.kill());
  agent.send({ pods });

  const decoder = new MeasurementDecoder(() => true);
  const ages = [];
  let bytes = 0;
  let samples = 0;
  let containers = 0;
  let newest;
  bus.subscribe(subjects.allMeasurements, (data) => {
    bytes += data.length;
    const decoded = decoder.decode(data);
    if (!('sample' in decoded)) return;
    samples++;
    containers = decoded.sample.pods.reduce((sum, pod) => sum + pod.containers.length, 0);
    // The machine is the same, so are the clocks. This is how old the figures had become that these replace.
    if (newest !== undefined) ages.push(Date.now() - newest);
    newest = decoded.sample.at;
  });
  await sleep(WARM_UP_MS);
  const before = await usageOf(agent);
  ages.length = bytes = samples = 0;
  await sleep(WATCH_MS);
  const after = await usageOf(agent);
  if (containers !== CONTAINERS) throw new Error(`${containers} of ${CONTAINERS} containers were measured`);
  const seconds = (after.at - before.at) / 1000;
  const rounded = (value, digits) => Number(value.toFixed(digits));
  return {
    'metrics.agent_cpu_percent_100_containers': {
      value: rounded(((after.cpuMicros - before.cpuMicros) / 1e6 / seconds) * 100, 2),
      unit: '%',
    },
    'metrics.bytes_per_container_s': { value: rounded(bytes / samples / CONTAINERS, 1), unit: 'B' },
    'metrics.age_p99_ms': { value: rounded(quantile(ages, 0.99), 0), unit: 'ms' },
  };
}

function lib(name) {
  return import(join(root, 'dist', 'libs', name, 'src', 'index.js'));
}
function usageOf(agent) {
  return new Promise((resolve) => {
    agent.once('message', resolve);
    agent.send({ usage: true });
  });
}

/** Two containers a pod: a cgroup each, where the engine would put it, with a process in it. */
async function startContainers(ended) {
  const pods = [];
  for (let n = 0; n < CONTAINERS; n++) {
    const id = n.toString(16).padStart(64, 'be');
    const folders = cgroupOf(id);
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    const child = spawn('/bin/sh', ['-c', LOAD], { stdio: 'ignore' });
    for (const folder of folders) writeFileSync(join(folder, 'cgroup.procs'), `${child.pid}`);
    limit(folders);
    ended.push(async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      for (const folder of folders) await removed(folder);
    });
    const container = { id, name: `c${n % 2}`, image: 'bench:1', pid: child.pid };
    if (n % 2 === 0)
      pods.push({
        name: `web-6d4b75cb6d-${n}`,
        uid: `6f1c0b9e-1d2e-4b8a-9a51-${String(n).padStart(12, '0')}`,
        containers: [container],
      });
    else pods.at(-1).containers.push(container);
  }
  return pods;
}
function cgroupOf(id) {
  return IS_V1
    ? CONTROLLERS.map((name) => `/sys/fs/cgroup/${name}/docker/${id}`)
    : [`/sys/fs/cgroup/system.slice/docker-${id}.scope`];
}
/** 10 milli-processors, so that all figures of throttling are there and the machine is not full. */
function limit(folders) {
  if (!IS_V1) return writeFileSync(join(folders[0], 'cpu.max'), '1000 100000');
  writeFileSync(join(folders[1], 'cpu.cfs_period_us'), '100000');
  writeFileSync(join(folders[1], 'cpu.cfs_quota_us'), '1000');
}
/** A cgroup can be removed a moment after its last process has ended. */
async function removed(folder) {
  for (let tries = 0; tries < 50; tries++) {
    try {
      return void rmdirSync(folder);
    } catch (error) {
      if (error.code === 'ENOENT') return undefined;
      await sleep(20);
    }
  }
}

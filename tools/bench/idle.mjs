// What a cluster costs that does nothing: control plane, bus and agent together.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../cluster.mjs';

const SETTLE_MS = 15_000;
const WATCH_MS = 30_000;
const TICKS_PER_SECOND = 100;

export const names = ['idle.memory_mb', 'idle.cpu_percent'];

export async function run() {
  const cluster = await startCluster();
  try {
    await sleep(SETTLE_MS);
    const before = ticks(processesOf(cluster.home));
    await sleep(WATCH_MS);
    const processes = processesOf(cluster.home);
    const used = ticks(processes) - before;
    return {
      'idle.memory_mb': { value: Math.round(processes.reduce((sum, pid) => sum + residentMb(pid), 0)), unit: 'MB' },
      'idle.cpu_percent': { value: Math.round((used / TICKS_PER_SECOND / (WATCH_MS / 1000)) * 1000) / 10, unit: '%' },
    };
  } finally {
    await cluster.stop();
  }
}

/** Standalone, nats-server and the agent, by the files that they leave in the data folder. */
function processesOf(home) {
  const agents = readdirSync(join(home, 'agent')).map((node) => join('agent', node, 'pid'));
  return ['standalone.pid', join('nats', 'pid'), ...agents].map((file) =>
    Number(readFileSync(join(home, file), 'utf8')),
  );
}

function ticks(processes) {
  return processes.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return sum + Number(fields[11]) + Number(fields[12]);
  }, 0);
}

/** What the process itself takes, and its share of what it shares with others: three processes of one binary share its code. */
function residentMb(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) / 1024;
}

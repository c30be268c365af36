import { importBusybox } from '../support/test-cluster.js';
import { runChaos } from './chaos.js';
import { runHostChaos } from './host-chaos.js';
import { keptSeeds } from './kept-seeds.js';

/** `npm run chaos -- --seed N --minutes M [--log sqlite|esdb]`, or `[--hosts N] [--kept]`: on several hosts */
const words = process.argv.slice(2);
const value = (name: string, fallback: number): number =>
  words.includes(name) ? Number(words[words.indexOf(name) + 1]) : fallback;
const seed = value('--seed', Math.floor(Math.random() * 2 ** 31));
const minutes = value('--minutes', 5);
const hosts = value('--hosts', 0);
const log = words.includes('--log') ? words[words.indexOf('--log') + 1] : 'sqlite';
const isKept = words.includes('--kept');
const HOSTS_MAX = 10;
const isHosts = hosts === 0 || (Number.isInteger(hosts) && hosts >= 2 && hosts <= HOSTS_MAX && log === 'sqlite');
if (!Number.isSafeInteger(seed) || !(minutes > 0) || (log !== 'sqlite' && log !== 'esdb') || !isHosts) {
  process.stderr.write(
    'usage: npm run chaos -- [--seed <number>] [--minutes <number>] [--log sqlite|esdb]\n' +
      `       npm run chaos -- --hosts <2 to ${HOSTS_MAX}> [--seed <number>] [--minutes <number>] [--kept]\n`,
  );
  process.exit(2);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function onOneHost(): Promise<readonly string[]> {
  importBusybox();
  print(`seed ${seed}, ${minutes} minutes, on ${log}`);
  const report = await runChaos({ seed, minutes, log: log === 'esdb' ? 'esdb' : 'sqlite', say: print });
  const { steps, events, acknowledged, operations, kills, settledSeconds, violations } = report;
  const times = Object.entries(kills).map(([what, count]) => `${what} ${count}×`);
  print(
    `${steps} steps, ${events} events, ${acknowledged} writes acknowledged, ${operations} operations in histories; ${times.join(', ')}`,
  );
  print(`at rest ${settledSeconds} s after the last trouble`);
  return violations;
}

async function onHosts(chosen: number): Promise<readonly string[]> {
  print(`seed ${chosen}, ${minutes} minutes, on ${hosts} hosts`);
  const report = await runHostChaos({ seed: chosen, minutes, hosts, say: print });
  const { events, acknowledged, operations, kills, settledSeconds, recoveries, planned, lost, violations } = report;
  const times = Object.entries(kills).map(([what, count]) => `${what} ${count}×`);
  print(
    `${events} events, ${acknowledged} writes acknowledged, ${operations} operations in histories; ${times.join(', ')}`,
  );
  print(
    `services answered again ${Math.max(0, ...recoveries).toFixed(1)} s after the heal at most, in ${recoveries.length} heals; ` +
      `${planned} planned changes lost ${lost} requests; at rest ${settledSeconds} s after the last trouble`,
  );
  return violations;
}

let wrong = 0;
const again = hosts > 0 ? `--hosts ${hosts}` : `--log ${log}`;
for (const one of isKept ? keptSeeds.map((kept) => kept.seed) : [seed]) {
  const violations = hosts > 0 ? await onHosts(one) : await onOneHost();
  for (const violation of violations) print(`  ${violation}`);
  print(
    violations.length === 0
      ? 'ok'
      : `${violations.length} violations; again with: npm run chaos -- --seed ${one} --minutes ${minutes} ${again}`,
  );
  wrong += violations.length;
}
process.exit(wrong === 0 ? 0 : 1);

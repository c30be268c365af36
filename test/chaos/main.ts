import { importBusybox } from '../support/test-cluster.js';
import { runChaos } from './chaos.js';

/** `npm run chaos -- --seed N --minutes M [--log sqlite|esdb]` */
const words = process.argv.slice(2);
const value = (name: string, fallback: number): number =>
  words.includes(name) ? Number(words[words.indexOf(name) + 1]) : fallback;
const seed = value('--seed', Math.floor(Math.random() * 2 ** 31));
const minutes = value('--minutes', 5);
const log = words.includes('--log') ? words[words.indexOf('--log') + 1] : 'sqlite';
if (!Number.isSafeInteger(seed) || !(minutes > 0) || (log !== 'sqlite' && log !== 'esdb')) {
  process.stderr.write('usage: npm run chaos -- [--seed <number>] [--minutes <number>] [--log sqlite|esdb]\n');
  process.exit(2);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
importBusybox();
print(`seed ${seed}, ${minutes} minutes, on ${log}`);
const report = await runChaos({ seed, minutes, log, say: print });
const kills = Object.entries(report.kills).map(([what, times]) => `${what} ${times}×`);
print(
  `${report.steps} steps, ${report.events} events, ${report.acknowledged} writes acknowledged, ${report.operations} operations in histories; ${kills.join(', ')}`,
);
print(`at rest ${report.settledSeconds} s after the last trouble`);
for (const violation of report.violations) print(`  ${violation}`);
print(
  report.violations.length === 0
    ? 'ok'
    : `${report.violations.length} violations; again with: npm run chaos -- --seed ${seed} --minutes ${minutes} --log ${log}`,
);
process.exit(report.violations.length === 0 ? 0 : 1);

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fuzz } from './run.js';

/** npm run fuzz -- [--seed N] [--minutes M] [--only I] */
const args = process.argv.slice(2);
const value = (name: string): number | undefined => {
  const at = args.indexOf(name);
  return at < 0 ? undefined : Number(args[at + 1]);
};
const seed = value('--seed') ?? Math.floor(Math.random() * 2 ** 30);
const minutes = value('--minutes') ?? 1;

// By path: compiled, this file stands in dist, where the tools are not.
const tool = pathToFileURL(join(process.cwd(), 'tools', 'cluster.mjs')).href;
const { startCluster, onEnd } = (await import(tool)) as typeof import('../../tools/cluster.mjs');

const cluster = await startCluster({ apps: 'api' });
const forget = onEnd(() => cluster.stop());
process.stdout.write(`fuzzing with seed ${seed} for ${minutes} minutes\n`);
const ended = cluster.ended.then(({ code, signal }) => [`the server ended (${signal ?? code}):\n${cluster.output()}`]);
const problems = await Promise.race([fuzz(cluster, { seed, minutes, only: value('--only') }), ended]);
forget();
for (const problem of problems) process.stdout.write(`\n${problem}\n`);
if (problems.length > 0) process.stdout.write(`\nthe server's last words:\n${cluster.output().slice(-8000)}\n`);
process.stdout.write(problems.length === 0 ? 'nothing was wrong\n' : `\n${problems.length} problems\n`);
await cluster.stop();
process.exit(problems.length === 0 ? 0 : 1);

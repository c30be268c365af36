// npm run sim -- --seed N [--count M] [--trouble MS] [--without-definitions] [--without-autoscalers] [--without-batch] [--without-budgets] [--one-api] [--kept] [--jobs J]
// npm run sim -- --planted [--only TEXT] [--count M] [--jobs J]
// Runs simulated worlds out of dist. Prints one line a world; of a failing one the violations and its last decisions.
// --kept runs the worlds that once failed before the others; without --seed the others are fresh ones.
// --without-definitions: nobody defines kinds in these worlds, whatever the seed says.
// --without-autoscalers: nobody makes autoscalers in these worlds, whatever the seed says.
// --without-batch: nobody makes jobs or CronJobs in these worlds, whatever the seed says.
// --without-budgets: nobody makes disruption budgets or evicts pods in these worlds, whatever the seed says.
// --one-api: one process serves the API in these worlds, whatever the seed says.
// --planted runs worlds with each of the bugs of test/planted until one finds it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { keptSeeds, runWorld } from '#sim';
import { runPlanted } from './planted.mjs';

const args = process.argv.slice(2);
const value = (name, fallback) => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : fallback);
const first = value('--seed', Math.floor(Math.random() * 2 ** 30));
const count = value('--count', 1);
const jobs = value('--jobs', 1);
const troubleMs = value('--trouble', undefined);
const shape = {
  ...(args.includes('--without-definitions') && { hasDefinitions: false }),
  ...(args.includes('--without-autoscalers') && { hasAutoscalers: false }),
  ...(args.includes('--without-batch') && { hasBatch: false }),
  ...(args.includes('--without-budgets') && { hasBudgets: false }),
  ...(args.includes('--one-api') && { apis: 1 }),
};
const given = { ...(troubleMs && { troubleMs }), shape };

if (args.includes('--planted')) {
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : '';
  process.exit((await runPlanted({ jobs: value('--jobs', 2), only, count: value('--count', undefined) })) > 0 ? 1 : 0);
}
if (args.includes('--first-finding')) {
  await firstFinding();
  process.exit(0);
}
const wrongSeeds = [];
const failed = jobs > 1 ? await inParallel() : await here();
if (failed > 0)
  console.log(`${failed} worlds went wrong${wrongSeeds.length > 0 ? `: seeds ${wrongSeeds.join(', ')}` : ''}`);
else console.log('every world came right');
process.exit(failed > 0 ? 1 : 0);

async function here() {
  const fresh = Array.from({ length: count }, (_, i) => ({ seed: first + i, ...given }));
  for (const world of [...(args.includes('--kept') ? keptSeeds : []), ...fresh])
    if (!(await run(world))) wrongSeeds.push(world.seed);
  return wrongSeeds.length;
}

function reportOf(world) {
  return runWorld(world).catch((cause) => ({
    ...{ events: 0, acknowledged: 0, lives: 0, lastDecisions: [] },
    violations: [{ checker: 'the world goes on', message: cause.stack, position: 0 }],
  }));
}

/** For `--planted`: worlds up to the first that comes out wrong, a line as each begins. */
async function firstFinding() {
  process.on('uncaughtException', (cause) => {
    console.log(`first finding: no fault escapes (${cause?.message})`);
    process.exit(0);
  });
  for (let i = 0; i < count; i++) {
    console.log(`world ${first + i}`);
    const [violation] = (await reportOf({ seed: first + i })).violations;
    if (violation) return console.log(`first finding: ${violation.checker}`);
  }
}

async function run(world) {
  const { seed } = world;
  const report = await reportOf(world);
  const { events, acknowledged, lives, violations } = report;
  const outcome = violations.length === 0 ? 'ok' : `${violations.length} violations`;
  console.log(`seed ${seed}: ${events} events, ${acknowledged} writes acknowledged, ${lives} writers: ${outcome}`);
  if (violations.length === 0) return true;
  for (const { checker, message, position } of violations.slice(0, 20)) {
    console.log(`  ${checker}: ${message} (at position ${position})`);
  }
  console.log('  the last decisions:');
  for (const line of report.lastDecisions) console.log(`    ${line}`);
  console.log(`  again with: npm run sim -- ${['--seed', seed, ...wordsOf(world)].join(' ')}`);
  return false;
}

/** What this program is to be told beside the seed. */
function wordsOf({ troubleMs: trouble, shape: drawn = {} }) {
  return [
    ...(trouble ? ['--trouble', String(trouble)] : []),
    ...(drawn.hasDefinitions === false ? ['--without-definitions'] : []),
    ...(drawn.hasAutoscalers === false ? ['--without-autoscalers'] : []),
    ...(drawn.hasBatch === false ? ['--without-batch'] : []),
    ...(drawn.hasBudgets === false ? ['--without-budgets'] : []),
    ...(drawn.apis === 1 ? ['--one-api'] : []),
  ];
}

/** The worlds shared out among processes; the first takes the kept ones as well. */
async function inParallel() {
  const share = Math.ceil(count / jobs);
  const parts = Array.from({ length: jobs }, (_, job) => {
    const words = [
      '--seed',
      String(first + job * share),
      '--count',
      String(Math.max(0, Math.min(share, count - job * share))),
    ];
    words.push(...wordsOf(given));
    if (job === 0 && args.includes('--kept')) words.push('--kept');
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...words], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return new Promise((resolve) => child.on('exit', (code) => resolve(code === 0 ? 0 : 1)));
  });
  return (await Promise.all(parts)).reduce((sum, part) => sum + part, 0);
}

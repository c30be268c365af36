// npm test: everything that CI runs. The last line is `N passed, N failed` over all suites.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { check } from './check.mjs';
import { stopEngine } from './remove.mjs';
import {
  build,
  home,
  install,
  main,
  node,
  requireEngine,
  requireNatsServer,
  requireTestPrograms,
  root,
  step,
} from './setup.mjs';

/** Of what a program prints so much is kept for the end. */
const LAST_CHARS = 2000;

await main(async () => {
  install();
  build();
  requireNatsServer();
  const isEngineOurs = await requireEngine();
  const results = await all().finally(() => isEngineOurs && stopEngine(home, step));
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const failed = sum('failed');
  for (const wrong of results.flatMap(({ wrongs = [] }) => wrongs)) step(`FAILED  ${wrong}`);
  process.stdout.write(`${sum('passed')} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
});

async function all() {
  requireTestPrograms();
  return [await check(), jest(), ...(await others())];
}

function jest() {
  const folder = mkdtempSync(join(tmpdir(), 'shiplog-test-'));
  const file = join(folder, 'jest.json');
  const words = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${file}`,
  ];
  const { status } = spawnSync(node, [...words, ...process.argv.slice(2)], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const result = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  rmSync(folder, { recursive: true });
  if (result === undefined) return { passed: 0, failed: 1, wrongs: ['jest left no result'] };
  // A suite that could not even be loaded has no tests that failed.
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  const wrongs = result.testResults
    .filter((suite) => suite.status === 'failed')
    .flatMap((suite) => {
      const titles = suite.assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName);
      return (titles.length === 0 ? ['could not be run'] : titles).map(
        (title) => `${relative(root, suite.name)}: ${title}`,
      );
    });
  return { passed: result.numPassedTests, failed: status === 0 ? failed : Math.max(1, failed), wrongs };
}

/** Checks that are programs of their own: each passes or fails as one. Each of the two cores has one to do. */
async function others() {
  // Other worlds for every commit, and the same ones whenever that commit is tested: a failure can be looked into.
  const head = spawnSync('git', ['rev-parse', '--short=7', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout?.trim();
  const seed = head ? parseInt(head, 16) * 2 : Math.floor(Math.random() * 2 ** 29);
  const worlds = (first, count) => ['tools/sim.mjs', '--count', String(count), '--seed', String(first)];
  const lanes = await Promise.all([
    inTurn(['simulation, first part', [...worlds(seed, 50), '--kept']]),
    inTurn(['simulation, second part', worlds(seed + 50, 50)], ['recorded answers', ['tools/replay.mjs']]),
  ]);
  // They measure how long others wait: nothing runs beside them.
  const alone = await inTurn(
    ['chaos on three hosts', ['dist/test/chaos/main.js', '--hosts', '3', '--minutes', '2', '--seed', '1']],
    ['fuzz', ['tools/fuzz.mjs', '--minutes', '1', '--seed', '398756468']],
  );
  return [...lanes.flat(), ...alone];
}
async function inTurn(...programs) {
  const results = [];
  for (const [name, words] of programs) results.push(await program(name, words));
  return results;
}

/** What a program prints last says what was wrong, so it is said again at the end of all. */
function program(name, words) {
  const began = performance.now();
  const child = spawn(node, ['--no-warnings', ...words], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let last = '';
  const forward = (chunk) => {
    process.stderr.write(chunk);
    last = `${last}${chunk}`.slice(-LAST_CHARS);
  };
  child.stdout.on('data', forward);
  child.stderr.on('data', forward);
  return new Promise((resolve) => {
    const settle = (passed) => {
      step(`${passed ? 'passed' : 'FAILED'}  ${name} (${Math.round((performance.now() - began) / 1000)} s)`);
      const wrongs = passed ? [] : [`${name}: ${last.trim().split('\n').at(-1)}`];
      resolve({ passed: passed ? 1 : 0, failed: passed ? 0 : 1, wrongs });
    };
    child.once('error', () => settle(false));
    child.once('close', (code) => settle(code === 0));
  });
}

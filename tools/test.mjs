// npm test: everything that CI runs. The last line is `N passed, N failed` over all suites.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

await main(async () => {
  install();
  build();
  requireNatsServer();
  const isEngineOurs = await requireEngine();
  const results = await all().finally(() => isEngineOurs && stopEngine(home, step));
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const failed = sum('failed');
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
  if (result === undefined) return { passed: 0, failed: 1 };
  // A suite that could not even be loaded has no tests that failed.
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return { passed: result.numPassedTests, failed: status === 0 ? failed : Math.max(1, failed) };
}

/** Checks that are programs of their own: each passes or fails as one. Worlds are simulated on both cores. */
async function others() {
  // Other worlds for every commit, and the same ones whenever that commit is tested: a failure can be looked into.
  const head = spawnSync('git', ['rev-parse', '--short=7', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout?.trim();
  const seed = head ? parseInt(head, 16) * 2 : Math.floor(Math.random() * 2 ** 29);
  const worlds = (first) => ['tools/sim.mjs', '--count', '100', '--seed', String(first)];
  const simulation = await Promise.all([
    program('simulation, first half', [...worlds(seed), '--kept']),
    program('simulation, second half', worlds(seed + 100)),
  ]);
  const recorded = await program('recorded answers', ['tools/replay.mjs']);
  // It measures how long others wait: nothing runs beside it.
  const fuzz = await program('fuzz', ['tools/fuzz.mjs', '--minutes', '1', '--seed', '398756468']);
  return [...simulation, recorded, fuzz];
}

function program(name, words) {
  const began = performance.now();
  const child = spawn(node, ['--no-warnings', ...words], { cwd: root, stdio: ['ignore', 2, 2] });
  return new Promise((resolve) => {
    const settle = (passed) => {
      step(`${passed ? 'passed' : 'FAILED'}  ${name} (${Math.round((performance.now() - began) / 1000)} s)`);
      resolve({ passed: passed ? 1 : 0, failed: passed ? 0 : 1 });
    };
    child.once('error', () => settle(false));
    child.once('close', (code) => settle(code === 0));
  });
}

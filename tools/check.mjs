// npm run check: types, lint, directions between the parts, format.
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { install, main, node, root, step } from './setup.mjs';

const CHECKS = [
  ['generated files', '../tools/generate.mjs', '--check'],
  ['types', 'typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json', '--incremental', 'false'],
  ['lint', 'eslint/bin/eslint.js', '.'],
  [
    'directions',
    'dependency-cruiser/bin/dependency-cruiser.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    'apps',
    'libs',
  ],
  ['format', 'prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
];

/** Runs every check, whatever fails. @returns {Promise<{ passed: number, failed: number, wrongs: readonly string[] }>} */
export async function check() {
  const waiting = [...CHECKS];
  const wrongs = [];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, program, ...words] = next;
      const started = Date.now();
      const { code, output } = await run(program, words);
      step(`${code === 0 ? 'passed' : 'FAILED'}  ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      if (code !== 0) {
        wrongs.push(name);
        step(output);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, cpus().length) }, worker));
  return { passed: CHECKS.length - wrongs.length, failed: wrongs.length, wrongs };
}

function run(program, words) {
  const child = spawn(node, ['--no-warnings', `node_modules/${program}`, ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    install();
    return (await check()).failed > 0 ? 1 : 0;
  });
}

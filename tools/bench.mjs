// npm run bench [-- --json] [name…]: every module of tools/bench is one group of figures. Each figure is the median of at least
// three runs, with the lowest and the highest of them.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mediansOf } from './bench/median.mjs';
import { stopEngine } from './remove.mjs';
import { build, home, install, main, requireEngine, requireNatsServer, root, runNode, step } from './setup.mjs';

/** How often a module runs that does not take its medians itself. */
const RUNS = 3;

const asJson = process.argv.includes('--json');
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));

await main(async () => {
  if (!process.env.SHIPLOG_BENCH) return again();
  const files = readdirSync(join(root, 'tools', 'bench'))
    .filter((name) => name.endsWith('.mjs'))
    .sort();
  const figures = {};
  let failed = 0;
  for (const file of files) {
    const module = await import(join(root, 'tools', 'bench', file));
    if (typeof module.run !== 'function' || !isWanted(file, module.names ?? [])) continue;
    step(`measuring ${file.replace('.mjs', '')} …`);
    try {
      const measured = [];
      for (let n = 0; n < (module.runs ?? RUNS); n++) measured.push(await module.run());
      Object.assign(figures, measured.length === 1 ? measured[0] : mediansOf(measured));
    } catch (error) {
      failed++;
      step(`${file} failed: ${error.stack}`);
    }
  }
  const chosen = Object.entries(figures).filter(
    ([name]) => wanted.length === 0 || wanted.some((word) => name.includes(word) || isGroup(name, word)),
  );
  if (asJson) process.stdout.write(`${JSON.stringify(Object.fromEntries(chosen))}\n`);
  else for (const [name, figure] of chosen) process.stdout.write(`${lineOf(name, figure)}\n`);
  return failed > 0 ? 1 : 0;
});

function lineOf(name, { value, unit, lowest, highest, runs }) {
  const spread = runs === undefined ? '' : `(${lowest} to ${highest}, ${runs} runs)`;
  return `${name.padEnd(44)} ${String(value).padStart(10)} ${unit.padEnd(4)} ${spread}`.trimEnd();
}

/** Everything is prepared on the host's Node; measured is on the pinned one. */
async function again() {
  install();
  build();
  requireNatsServer();
  const isEngineOurs = await requireEngine();
  try {
    return await runNode(process.argv.slice(1), { cwd: root, env: { ...process.env, SHIPLOG_BENCH: '1' } });
  } finally {
    if (isEngineOurs) await stopEngine(home, step);
  }
}

/** A module runs when its file's name or one of the figures it declares is meant. */
function isWanted(file, names) {
  if (wanted.length === 0) return true;
  const group = file.replace('.mjs', '');
  const isOfGroup = (word) => word === group || (names.length === 0 && word.startsWith(`${group}.`));
  return wanted.some((word) => isOfGroup(word) || names.some((name) => name.includes(word)));
}

function isGroup(name, word) {
  return name.startsWith(`${word}.`);
}

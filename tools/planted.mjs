// npm run sim -- --planted: plants known bugs one after the other and shows which checker finds each, in how many worlds.
// A bug is a file of test/planted: a first line that says what it is, then a unified diff against TypeScript sources. It is applied
// to copies of the files that it changes; these are compiled over a copy of dist, and worlds are run out of that.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = join(root, 'test/planted');
/** A bug that no world shows in so many is not found. */
const SEEDS_MAX = 200;
/** A world takes a second or two. One that takes so much longer goes round in a circle in which no time passes. */
const WORLD_MS_MAX = 180_000;
/** Worlds are tried in one order for all bugs, so a run is the same every time. */
const FIRST_SEED = 1;

/**
 * Runs every planted bug whose file name contains `only`, in `count` worlds at most.
 * @returns {Promise<number>} how many were not found
 */
export async function runPlanted({ jobs = 1, only = '', count = SEEDS_MAX } = {}) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.patch') && name.includes(only));
  const waiting = names.toSorted();
  let found = 0;
  const worker = async () => {
    for (let name = waiting.shift(); name; name = waiting.shift()) if (await runBug(name, count)) found++;
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  console.log(`${found} of ${names.length}`);
  return names.length - found;
}

async function runBug(name, count) {
  const patch = readFileSync(join(folder, name), 'utf8');
  const title = patch.slice(0, patch.indexOf('\n')).replace(/^# */, '');
  const place = mkdtempSync(join(tmpdir(), 'shiplog-planted-'));
  try {
    await plant(patch, place);
    const { seeds, checker } = await firstFinding(place, count);
    const outcome = checker ? `found by "${checker}" in ${seeds} ${seeds === 1 ? 'world' : 'worlds'}` : 'NOT FOUND';
    console.log(`${name.replace('.patch', '')}: ${title}: ${outcome}`);
    return checker !== undefined;
  } catch (cause) {
    console.log(`${name.replace('.patch', '')}: ${title}: ${cause.message}`);
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Makes a copy of what was built, with the bug in it. */
async function plant(patch, place) {
  const { default: ts } = await import('typescript');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { compilerOptions } = config;
  for (const part of ['dist', 'tools', 'package.json'])
    cpSync(join(root, part), join(place, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
  for (const { path, source } of sourcesWith(patch)) {
    const form = { ...compilerOptions, sourceMap: false, module: 'esnext', moduleResolution: 'bundler' };
    const { options } = ts.convertCompilerOptionsFromJson(form, root);
    const { outputText } = ts.transpileModule(source, { fileName: path, compilerOptions: options });
    const file = join(place, 'dist', path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, outputText);
  }
}

/** The files that a patch changes, as they are with the bug in them. Throws when the lines that it replaces are not there. */
export function sourcesWith(patch) {
  return changesOf(patch).map(({ path, hunks }) => ({
    path,
    source: hunks.reduce((text, hunk) => applied(text, hunk, path), readFileSync(join(root, path), 'utf8')),
  }));
}

/** The files of a unified diff with the lines that each of its hunks replaces. */
function changesOf(patch) {
  const changes = [];
  for (const line of patch.split('\n').slice(1)) {
    const hunk = changes.at(-1)?.hunks.at(-1);
    if (line.startsWith('+++ ')) changes.push({ path: line.slice(4).replace(/^b\//, '').split('\t')[0], hunks: [] });
    else if (line.startsWith('--- ')) continue;
    else if (line.startsWith('@@')) changes.at(-1).hunks.push({ before: [], after: [] });
    else if (hunk && /^[ +-]/.test(line)) {
      if (line[0] !== '+') hunk.before.push(line.slice(1));
      if (line[0] !== '-') hunk.after.push(line.slice(1));
    }
  }
  return changes;
}

/** Line numbers move with every change of a file: what counts is that the lines are there, once. */
function applied(text, { before, after }, path) {
  const wanted = `${before.join('\n')}\n`;
  const parts = text.split(wanted);
  if (parts.length === 2) return parts.join(`${after.join('\n')}\n`);
  const where = parts.length === 1 ? 'are not there' : `are there ${parts.length - 1} times`;
  throw new Error(`DOES NOT APPLY to ${path} any more: the lines that it replaces ${where}`);
}

/** Runs worlds until one comes out wrong; who found it there. */
function firstFinding(place, count) {
  const words = ['--no-warnings', 'tools/sim.mjs', '--seed', FIRST_SEED, '--count', count, '--first-finding'];
  const child = spawn(process.execPath, words.map(String), { cwd: place, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let isStuck = false;
  let watchdog;
  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => (isStuck = child.kill('SIGKILL')), WORLD_MS_MAX);
  };
  child.stdout.on('data', (chunk) => {
    output += chunk;
    watch();
  });
  watch();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(watchdog);
      const worlds = output.split('\n').filter((line) => line.startsWith('world ')).length;
      const [, checker] = /^first finding: (.*)$/m.exec(output) ?? [];
      if (isStuck) resolve({ seeds: worlds, checker: 'a world comes to its end' });
      else if (!checker && code !== 0) reject(new Error('CANNOT BE RUN: see above'));
      else resolve({ seeds: worlds, checker });
    });
  });
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from '../../tools/clients.mjs';
import { freePort, root } from '../../tools/cluster.mjs';
import { removeCluster } from '../../tools/remove.mjs';

/**
 * Whatever the pages tell a reader to type is typed here, as it stands, in the order of the page, in a clean clone with a home
 * of its own. What a test cannot type has a reason below.
 */
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter(isPage)
    .map((name) => `docs/${name}`),
];
const EXEMPT: Readonly<Record<string, string>> = {
  'npm test': 'it is what runs this',
  'npm run sim -- --planted': 'it takes minutes: each of the planted bugs is looked for in worlds of its own',
  'npm run bench': 'it measures for minutes and wants the machine for itself',
  'npm run chaos -- --seed 1 --minutes 10 --hosts 3': 'it takes ten minutes; npm test does it for two',
  'docker-compose up -d':
    'test/e2e/compose.spec.ts runs it; it needs base images that a machine may have to make first',
};
/** Commands that go on until they are interrupted, with how long they are looked at. */
const ENDLESS = / -w$/;
/** A command that goes on beside those that follow on its page. */
const BESIDE = /^npm run hosts -- --nodes/;

let work: string;
let clone: string;
let home: string;
let port: number;
type Program = ChildProcessByStdio<null, Readable, Readable>;
let cluster: Program;
let beside: Program | undefined;
let said = '';
let readyAt = 0;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'shiplog-docs-'));
  clone = join(work, 'shiplog');
  home = join(work, 'home');
  mkdirSync(home);
  execFileSync('git', ['clone', '--quiet', root, clone], { stdio: 'ignore' });
  for (const file of changedFiles()) copy(file);
  // The packages of this repository, so that the clone need not fetch them again.
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  mkdirSync(join(work, 'bin'));
  symlinkSync(kubectl(), join(work, 'bin/kubectl'));
  port = await freePort();
  cluster = spawned('npm', 'start');
  said = await ready(cluster);
  readyAt = Date.now();
});

afterAll(async () => {
  const folder = join(home, '.shiplog');
  if (existsSync(folder)) await removeCluster(folder);
  if (cluster.pid && cluster.exitCode === null) process.kill(-cluster.pid, 'SIGKILL');
  rmSync(work, { recursive: true, force: true });
});

describe('what the pages say to type', () => {
  for (const page of PAGES) {
    const blocks = commandBlocks(page);
    if (blocks.length === 0) continue;
    describe(page, () => {
      afterAll(interrupted);
      for (const { block, number } of blocks) {
        it(`block ${number}, ${block[0] ?? ''}`, async () => {
          for (const command of block) {
            // What follows in the block builds on it.
            if (EXEMPT[command] !== undefined) return;
            await typed(command);
          }
        });
      }
    });
  }
});

describe('what the pages name', () => {
  const scripts = (JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }).scripts;

  it.each(PAGES)('%s: its files are there', (page) => {
    const named = [...read(page).matchAll(/`((?:apps|libs|test|tools|docs)\/[\w./-]+)`/g)].map(([, file = '']) => file);
    expect(named.filter((file) => !existsSync(join(root, file)) && !isMadeByThePage(page, file))).toEqual([]);
  });

  it.each(PAGES)('%s: its links lead somewhere', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });

  it.each(PAGES)('%s: its scripts are in package.json', (page) => {
    const named = [...read(page).matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => scripts[script] === undefined)).toEqual([]);
  });
});

/** Pages whose tables promise something: each row names the tests that hold it. */
describe.each(['docs/reliability.md', 'docs/security.md'])('what %s promises', (page) => {
  const rows = read(page)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (what can happen|-+) /.test(line))
    .map((line) => line.split(' | ').at(-1) ?? '');

  it('has a test in each row', () => {
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      const files = [...row.matchAll(/`((?:apps|libs|test|tools)\/[\w./-]+)`/g)].map(([, file = '']) => file);
      expect([row, files.length]).not.toEqual([row, 0]);
      const text = files.map(read).join('\n');
      const names = [...row.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
      expect(names.filter((name) => !isNamed(name, text))).toEqual([]);
    }
  });
});

/** A test's name as it stands in a file, alone or after the name of its group; `…` stands for what a case puts there. */
function isNamed(name: string, text: string): boolean {
  return name
    .split('…')
    .map((part) => part.trim())
    .every((part) => {
      const words = part.split(' ');
      return words.some((_word, i) => {
        const [group, test] = [words.slice(0, i).join(' '), words.slice(i).join(' ')];
        return text.includes(group) && text.includes(test);
      });
    });
}

/** Types one command into the clone. Variables that are exported stay for the later ones. */
async function typed(command: string): Promise<void> {
  if (command === 'npm start') {
    expect(said).toContain('Ready. Your kubeconfig is');
    return;
  }
  const set = /^export (\w+)=(.*)$/.exec(command);
  if (set?.[1] !== undefined) {
    exported[set[1]] = (set[2] ?? '').replace('~', home);
    return;
  }
  if (BESIDE.test(command)) {
    beside = spawned('bash', '-c', command);
    await ready(beside);
    return;
  }
  await oldEnough(command);
  // The pages say the default address.
  const line = command.replaceAll('127.0.0.1:6443', `127.0.0.1:${port}`);
  const { code, output } = await inShell(line);
  if (ENDLESS.test(command)) expect(output).not.toBe('');
  else expect({ command, code, ...(code !== 0 && { end: endOf(output) }) }).toEqual({ command, code: 0 });
}

/** What a command that failed said last: a line for each, as a report of a failure is cut after some. */
function endOf(output: string): readonly string[] {
  return output.trimEnd().split('\n').slice(-8);
}

/** A reader takes longer than this test: a moment so long ago is waited for. */
async function oldEnough(command: string): Promise<void> {
  const [, count = '0', unit] = /\bat[ /](\d+)([sm])\b/.exec(command) ?? [];
  const youngest = readyAt + Number(count) * (unit === 'm' ? 60_000 : 1000);
  while (Date.now() < youngest) await sleep(200);
}

const exported: Record<string, string> = {};

function inShell(line: string): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawned('bash', '-c', line);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const patience = ENDLESS.test(line) ? 5000 : 150_000;
  const stop = setTimeout(() => child.pid && process.kill(-child.pid, 'SIGINT'), patience);
  return new Promise((resolve) =>
    child.once('close', (code) => {
      clearTimeout(stop);
      resolve({ code, output });
    }),
  );
}

function environment(): NodeJS.ProcessEnv {
  // As no worker of Jest: what is typed takes signals.
  const { KUBECONFIG: _mine, SHIPLOG_HOME: _other, JEST_WORKER_ID: _worker, ...env } = process.env;
  return {
    ...env,
    HOME: home,
    PATH: `${join(work, 'bin')}:${env['PATH'] ?? ''}`,
    SHIPLOG_API_ADDRESS: `127.0.0.1:${port}`,
    SHIPLOG_POD_CIDR: '10.118.0.0/16',
    SHIPLOG_NODE: hostname().toLowerCase(),
  };
}

function spawned(program: string, ...words: readonly string[]): Program {
  return spawn(program, words, {
    cwd: clone,
    env: { ...environment(), ...exported },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What it has said by the time that it is ready. */
async function ready(child: Program): Promise<string> {
  let output = '';
  const keep = (chunk: Buffer): void => void (output += chunk.toString());
  for (const stream of [child.stdout, child.stderr]) stream.on('data', keep);
  for (; !output.includes('Ready. Your kubeconfig is'); await sleep(100)) {
    if (child.exitCode !== null) throw new Error(`${child.spawnargs.join(' ')} ended:\n${output}`);
  }
  return output;
}

/** Ctrl-C for what a page has left running; it takes a moment to remove what it made. */
async function interrupted(): Promise<void> {
  if (beside?.pid === undefined) return;
  process.kill(-beside.pid, 'SIGINT');
  beside = undefined;
  for (let i = 0; i < 300 && existsSync(join(home, '.shiplog/hosts')); i++) await sleep(100);
  expect(existsSync(join(home, '.shiplog/hosts'))).toBe(false);
}

/** Commands of each ```sh block, a line each. */
function commandBlocks(page: string): readonly { readonly block: readonly string[]; readonly number: number }[] {
  const blocks = [...read(page).matchAll(/^```sh\n(.*?)^```$/gms)];
  return blocks.map(([, text = ''], i) => ({ block: text.trim().split('\n').map(withoutRemark), number: i + 1 }));
}
function withoutRemark(line: string): string {
  return line.replace(/\s+#\s.*$/, '').trim();
}

/** A page may show what to write into a file that is not there yet. */
function isMadeByThePage(page: string, file: string): boolean {
  return read(page).includes(`file=${file}`);
}
function isPage(name: string): boolean {
  return name.endsWith('.md');
}
function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** What is changed here and not committed yet belongs to what is tested. */
function changedFiles(): readonly string[] {
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: root, encoding: 'utf8' });
  const listed = git('diff', '--name-only', 'HEAD') + git('ls-files', '--others', '--exclude-standard');
  return listed
    .split('\n')
    .filter((file) => file !== '' && statSync(join(root, file), { throwIfNoEntry: false })?.isFile());
}
function copy(file: string): void {
  mkdirSync(dirname(join(clone, file)), { recursive: true });
  writeFileSync(join(clone, file), readFileSync(join(root, file)));
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openEventLog } from '#adapters';
import { kubectl } from '../../tools/clients.mjs';
import { freePort, root } from '../../tools/cluster.mjs';

/** Does what docs/follow-an-apply.md says under "Adding a kind", to a copy of the repository, and tries the kind. */
const page = readFileSync(join(root, 'docs/follow-an-apply.md'), 'utf8');
const node = process.execPath;

let work: string;
let stop: () => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'shiplog-kind-'));
  for (const part of ['apps', 'libs', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(join(root, part), join(work, part), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'));
  for (const { file, text } of blocks('file')) {
    mkdirSync(dirname(join(work, file)), { recursive: true });
    writeFileSync(join(work, file), text);
  }
  for (const { file, text } of blocks('line')) appendFileSync(join(work, file), text);
  compile();
  stop = await start();
});

afterAll(async () => {
  await stop();
  rmSync(work, { recursive: true, force: true });
});

describe('a kind that was added by the page', () => {
  it('costs one folder and one line', () => {
    expect(new Set(blocks('file').map(({ file }) => dirname(file)))).toEqual(new Set(['libs/kinds/src/demo/wish']));
    expect(blocks('line').map(({ text }) => text.trim().split('\n').length)).toEqual([1]);
  });

  it('is found by discovery and explained', () => {
    expect(run('api-resources --api-group demo.shiplog.io --no-headers').trim().split(/\s+/)).toEqual([
      'wishes',
      'wi',
      'demo.shiplog.io/v1',
      'true',
      'Wish',
    ]);
    expect(run('explain wish.spec.times')).toMatch(/FIELD: times <integer>.*How many of it\./s);
  });

  it('is validated: unknown fields, wrong types and its own rules', () => {
    expect(refused('create', wish({ item: 'bell', colour: 'red' }))).toContain('unknown field "spec.colour"');
    expect(refused('create --validate=false', wish({ item: 5 }))).toContain(
      'cannot unmarshal number into Go struct field',
    );
    expect(refused('create', wish({ item: 'bell', times: 0 }))).toBe(
      'The Wish "bike" is invalid: spec.times: Invalid value: 0: must be greater than 0\n',
    );
  });

  it('is created with its defaults, shown in its columns, changed and applied', () => {
    expect(run('create -f -', wish({ item: 'bell' }))).toBe('wish.demo.shiplog.io/bike created\n');
    expect(run('get wi bike --no-headers').trim().split(/\s+/).slice(0, 3)).toEqual(['bike', 'bell', '1']);
    expect(run('patch wish bike --type merge -p {"spec":{"times":3}}')).toBe('wish.demo.shiplog.io/bike patched\n');
    expect(run('get wish bike -o jsonpath={.spec.times}/{.metadata.generation}')).toBe('3/2');
    expect(run('apply --server-side --field-manager me -f -', wish({ item: 'lamp' }, 'lamp'))).toContain(
      'serverside-applied',
    );
    expect(run('get wishes -o name')).toBe('wish.demo.shiplog.io/bike\nwish.demo.shiplog.io/lamp\n');
  });

  it('is watched', async () => {
    const watch = spawn(kubectl(), ['get', 'wishes', '--watch-only', '-o', 'name'], { env: env() });
    let seen = '';
    watch.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    // A watch that begins now sees what comes later; how soon it stands is the machine's affair.
    for (let i = 0; i < 40 && seen === ''; i++) {
      run(`annotate wish lamp --overwrite seen=${i}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    watch.kill();
    expect(seen).toContain('wish.demo.shiplog.io/lamp');
  });

  it('is in the log, event by event, and in the past', async () => {
    const before = run('get wish bike -o jsonpath={.metadata.resourceVersion}');
    run('delete wish bike');
    expect(await events('demo.shiplog.io.wishes/default/bike')).toEqual(['Created', 'SpecChanged', 'Deleted']);
    expect(run(`--server ${server}/at/position:${before} get wish bike -o jsonpath={.spec.item}`)).toBe('bell');
  });
});

function blocks(what: 'file' | 'line'): readonly { readonly file: string; readonly text: string }[] {
  const found = page.matchAll(new RegExp(`^\`\`\`ts ${what}=(\\S+)\n(.*?)^\`\`\`$`, 'gms'));
  return [...found].map(([, file = '', text = '']) => ({ file, text }));
}

/** With all types checked: what the page shows must be sound, not only run. */
function compile(): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const result = spawnSync(node, [compiler, '-p', 'tsconfig.build.json', '--incremental', 'false'], {
    cwd: work,
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(result.stdout);
}

let server = '';
async function start(): Promise<() => Promise<void>> {
  server = `https://127.0.0.1:${await freePort()}`;
  const child = spawn(node, ['--no-warnings', join(work, 'dist/apps/standalone/main.js')], {
    env: {
      ...process.env,
      SHIPLOG_APPS: 'api',
      SHIPLOG_HOME: join(work, 'home'),
      SHIPLOG_API_ADDRESS: server.slice(8),
    },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('Ready.')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(output)));
  });
  return async () => {
    child.kill('SIGTERM');
    await ended;
  };
}

function env(): NodeJS.ProcessEnv {
  return { ...process.env, HOME: work, KUBECONFIG: join(work, 'home/kubeconfig') };
}
function run(words: string, input?: string): string {
  return execFileSync(kubectl(), words.split(' '), {
    env: env(),
    encoding: 'utf8',
    ...(input !== undefined && { input }),
  });
}
function refused(words: string, input: string): string {
  const result = spawnSync(kubectl(), [...words.split(' '), '-f', '-'], { env: env(), encoding: 'utf8', input });
  expect(result.status).toBe(1);
  return result.stderr;
}

function wish(spec: object, name = 'bike'): string {
  return JSON.stringify({ apiVersion: 'demo.shiplog.io/v1', kind: 'Wish', metadata: { name }, spec });
}

/** Types of the events of one object, in order. The kind is not this build's, so the events are read as they are stored. */
async function events(stream: string): Promise<readonly string[]> {
  const log = await openEventLog(`sqlite:${join(work, 'home/log/events.db')}`, { mode: 'read' });
  const types: string[] = [];
  for await (const batch of log.readAll(0))
    for (const event of batch) if (event.stream === stream) types.push(event.type);
  await log.close();
  return types;
}

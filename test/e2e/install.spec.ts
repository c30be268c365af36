import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = process.cwd();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shiplog-install-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface LockedPackage {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

/** npm runs as root on many machines: no code but ours may run before the lock file's hashes were checked. */
describe('the installation', () => {
  it('runs no script of a package', () => {
    const project = join(folder, 'project');
    const hostile = join(folder, 'hostile');
    const marks = ['preinstall', 'install', 'postinstall', 'prepare'].map(
      (name) => [name, join(folder, name)] as const,
    );
    mkdirSync(project);
    mkdirSync(hostile);
    const scripts = Object.fromEntries(marks.map(([name, mark]) => [name, `touch ${mark}`]));
    writeFileSync(join(hostile, 'package.json'), JSON.stringify({ name: 'hostile', version: '1.0.0', scripts }));
    const manifest = { name: 'project', version: '1.0.0', dependencies: { hostile: 'file:../hostile' } };
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    cpSync(join(root, '.npmrc'), join(project, '.npmrc'));

    const installed = spawnSync('npm', ['install', '--offline', '--no-audit'], { cwd: project, encoding: 'utf8' });

    expect(`${installed.stderr}${installed.status}`).toMatch(/0$/);
    expect(existsSync(join(project, 'node_modules/hostile/package.json'))).toBe(true);
    expect(marks.filter(([, mark]) => existsSync(mark)).map(([name]) => name)).toEqual([]);
  });

  it('takes nothing that the lock file does not pin by its hash', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, LockedPackage>>;
    };
    const unpinned = Object.entries(packages)
      .filter(([name]) => name !== '')
      .filter(([, { integrity, resolved, link }]) => !integrity || resolved !== undefined || link === true);
    expect(unpinned).toEqual([]);
    // The binary that everything else runs on is one of them.
    expect(process.execPath).toBe(join(root, `node_modules/node-${process.platform}-${process.arch}/bin/node`));
  });

  it('copies the same rules into the image before it installs there', () => {
    const copied = /^COPY (.*\.npmrc.*) \.\/$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'));
    expect(copied?.[1]).toContain('package-lock.json');
  });
});

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = '/sys/fs/cgroup';
/** Version 2 has one hierarchy, version 1 one for each controller; processes are frozen in this one. */
const isUnified = existsSync(join(ROOT, 'cgroup.controllers'));
const FREEZER = isUnified ? ROOT : join(ROOT, 'freezer');
const FREEZE_MS = 20_000;

/** Makes a control group and says where processes join it. `path` is as the engine takes it, like `/a/b`. */
export function makeGroup(path: string): string {
  mkdirSync(join(FREEZER, path), { recursive: true });
  return join(FREEZER, path, 'cgroup.procs');
}

/** Stops all processes of a group where they are. Resolves when they have stopped. */
export async function freezeGroup(path: string): Promise<void> {
  await setFrozen(path, true);
}
export async function thawGroup(path: string): Promise<void> {
  await setFrozen(path, false);
}

async function setFrozen(path: string, isFrozen: boolean): Promise<void> {
  const [file, text] = isUnified
    ? ['cgroup.freeze', isFrozen ? '1' : '0']
    : ['freezer.state', isFrozen ? 'FROZEN' : 'THAWED'];
  writeFileSync(join(FREEZER, path, file), text);
  const isDone = (): boolean =>
    isUnified
      ? readFileSync(join(FREEZER, path, 'cgroup.events'), 'utf8').includes(`frozen ${text}`)
      : readFileSync(join(FREEZER, path, file), 'utf8').trim() === text;
  for (const end = performance.now() + FREEZE_MS; !isDone(); await sleep(5)) {
    if (performance.now() > end) throw new Error(`the control group ${path} did not become ${text}`);
  }
}

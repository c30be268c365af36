// Takes apart test hosts (test/support/hosts): processes, control groups, links and folder, also those of a run that crashed.
// Runs on the host's own Node and without any package, because `npm run down` does.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Name of the first process of each host. Its path is `<folder>/shiplog-host`. */
export const FIRST_PROCESS = 'shiplog-host';
/** What a run of test hosts says of itself, in its folder: `{ owner: { pid, startTime }, group, link }`. */
export const MARKER = 'hosts.json';
/** Beginning of the names of folders in the temporary folder. */
export const FOLDER_PREFIX = 'shiplog-hosts-';
const GROUPS = '/sys/fs/cgroup';
const END_MS = 20_000;

/** Identifies a process for as long as the machine is up: ids are used again, start times are not. */
export function processMark(pid) {
  return { pid, startTime: startTimeOf(pid) };
}

/** Whether the process that made the hosts of a folder is still there. */
export function isOwned(folder) {
  const owner = marker(folder)?.owner;
  return owner !== undefined && isMarked(owner);
}

/** Removes all test hosts whose maker is gone. */
export async function removeAbandonedHosts() {
  for (const folder of new Set([...foldersInTmp(), ...foldersOfProcesses()])) {
    if (!isOwned(folder)) await removeHosts(folder);
  }
}

/** Ends the maker of a folder's hosts, if it is another process than this one, then removes them. */
export async function stopHosts(folder, say = () => undefined) {
  if (!existsSync(join(folder, MARKER))) return;
  const pid = marker(folder)?.owner.pid;
  if (isOwned(folder) && pid !== process.pid) {
    say(`Stopping the test hosts of process ${pid} …`);
    process.kill(pid, 'SIGTERM');
    await until(() => !isOwned(folder));
  }
  await removeHosts(folder);
}

/**
 * Removes the hosts of a folder and the folder. Everything in a host ends with its first process; a frozen process ends once it is
 * thawed, and one that waits for a command in the host a moment after that. Rejects when something is left after 20 s.
 */
export async function removeHosts(folder) {
  const first = processesOf(folder);
  const inside = processesBeside(first).map(processMark);
  const { group, link } = marker(folder) ?? { group: groupOf(first, folder) };
  for (const pid of first) kill(pid);
  const groups = group === undefined ? [] : groupFolders(group);
  for (const one of groups) thawBeneath(one);
  const isEmpty = () => processesOf(folder).length === 0 && !inside.some(isMarked);
  if (!(await until(isEmpty))) throw new Error(`processes of ${folder} do not end`);
  if (link !== undefined) removeLink(link);
  for (const one of groups) {
    if (!(await until(() => removeGroup(one)))) throw new Error(`the control group ${one} is still in use`);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Ends processes that are frozen and were killed. */
export function thawBeneath(group) {
  for (const one of [group, ...foldersBeneath(group)]) {
    for (const [file, text] of [
      ['freezer.state', 'THAWED'],
      ['cgroup.freeze', '0'],
    ]) {
      if (existsSync(join(one, file))) tryTo(() => writeFileSync(join(one, file), text));
    }
  }
}

/** A control group in each hierarchy: there is one hierarchy in version 2, one for each controller in version 1. */
export function groupFolders(group) {
  return [GROUPS, ...foldersIn(GROUPS)].map((hierarchy) => join(hierarchy, group)).filter((path) => existsSync(path));
}

/** Removes a control group with all beneath it; false when some process is in it. */
export function removeGroup(group) {
  for (const one of [...foldersBeneath(group).sort((a, b) => b.length - a.length), group]) tryTo(() => rmdirSync(one));
  return !existsSync(group);
}

function removeLink(link) {
  if (existsSync(`/sys/class/net/${link}`)) spawnSync('ip', ['link', 'delete', link], { stdio: 'ignore' });
}

function foldersInTmp() {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(FOLDER_PREFIX))
    .map((name) => join(realpathSync(tmpdir()), name))
    .filter((folder) => existsSync(join(folder, MARKER)));
}

/** A run whose folder is gone, or is elsewhere, is found by its processes. */
function foldersOfProcesses() {
  return processIds()
    .filter((pid) => textOf(`/proc/${pid}/comm`).trim() === FIRST_PROCESS)
    .map((pid) => dirname(wordsOf(pid)[0] ?? ''))
    .filter((folder) => folder.startsWith('/') && folder !== '/');
}

/** A first process says the control group too: the marker may be gone. */
function groupOf(pids, folder) {
  return pids
    .map(wordsOf)
    .filter(([program]) => program === join(folder, FIRST_PROCESS))
    .map(([, , group]) => group)
    .find((group) => group?.startsWith(`/${FOLDER_PREFIX}`));
}

/** First processes of the folder's hosts, and whatever is just about to become one. */
function processesOf(folder) {
  const program = join(folder, FIRST_PROCESS);
  return processIds().filter((pid) => pid !== process.pid && wordsOf(pid).includes(program));
}

/** Processes in the networks of some others: `nsenter` is in the network of the command that it waits for, though not beneath it. */
function processesBeside(pids) {
  const own = networkOf(process.pid);
  const networks = new Set(pids.map(networkOf).filter((network) => network !== undefined && network !== own));
  return processIds().filter((pid) => networks.has(networkOf(pid)));
}

function networkOf(pid) {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function marker(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, MARKER), 'utf8'));
  } catch {
    return undefined;
  }
}

function processIds() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function wordsOf(pid) {
  return textOf(`/proc/${pid}/cmdline`).split('\0');
}

function isMarked({ pid, startTime }) {
  return startTime !== undefined && startTimeOf(pid) === startTime;
}

/** In clock ticks since the machine started; undefined when there is no such process. */
function startTimeOf(pid) {
  const stat = textOf(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

function foldersIn(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    return [];
  }
}

function foldersBeneath(folder) {
  return foldersIn(folder).flatMap((one) => [one, ...foldersBeneath(one)]);
}

async function until(isTrue) {
  for (const end = performance.now() + END_MS; performance.now() < end; await sleep(10)) if (isTrue()) return true;
  return isTrue();
}

function kill(pid) {
  tryTo(() => process.kill(pid, 'SIGKILL'));
}

function tryTo(act) {
  try {
    act();
  } catch {
    // It went meanwhile, or is not empty yet: the caller looks.
  }
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

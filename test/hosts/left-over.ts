import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { groupFolders } from '../support/hosts/tools.js';

/** What a run of test hosts has on this machine. */
export interface Run {
  readonly folder: string;
  readonly group: string;
  readonly link: string;
  /** Names of its network namespaces, like `net:[4026532000]`. The kernel gives them to others later. */
  readonly networks: readonly string[];
  /** Everything in them: ids and start times of processes. */
  readonly inside: readonly string[];
}

/** What the run in a folder has at the moment. */
export function runIn(folder: string): Run {
  const { group, link } = JSON.parse(readFileSync(join(folder, 'hosts.json'), 'utf8')) as Run;
  const first = processes().filter((pid) => textOf(`/proc/${pid}/cmdline`).startsWith(`${folder}/`));
  const networks = [...new Set(first.map(networkOf))];
  const inside = processes().filter((pid) => networks.includes(networkOf(pid)));
  return { folder, group, link, networks, inside: inside.map(markOf).filter((mark) => mark !== '') };
}

/** What there is of a run: by sort, so that a test can say which sorts there are while it goes on. */
export function presentOf({ folder, group, link, inside }: Run): Readonly<Record<string, readonly string[]>> {
  const names = [folder, group];
  return {
    processes: processes()
      .filter((pid) => names.some((name) => textOf(`/proc/${pid}/cmdline`).includes(name)))
      .map((pid) => textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')),
    inside: processes()
      .map(markOf)
      .filter((mark) => inside.includes(mark)),
    links: readdirSync('/sys/class/net').filter((name) => name === link),
    groups: groupFolders(group),
    files: existsSync(folder) ? [folder] : [],
  };
}

/** Mounts on this machine that hold something of a run: its folders, or a namespace without a process. */
export function mountsOf({ folder, networks }: Run): readonly string[] {
  return textOf('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => [folder, ...networks].some((name) => line.includes(name)));
}

function processes(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
}
function networkOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}
/** A zombie is only an exit code that nobody has asked for yet. */
function markOf(pid: string): string {
  const stat = textOf(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? '' : `${pid} ${fields[19]}`;
}
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

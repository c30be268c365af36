import type { KernelFiles } from '#ports';

/** Folders of a cgroup: one in v2, one for each controller in v1. */
export type CgroupFolders =
  | { readonly version: 2; readonly folder: string }
  | {
      readonly version: 1;
      readonly cpuacct: string;
      readonly cpu: string | undefined;
      readonly memory: string | undefined;
      readonly pids: string | undefined;
      readonly blkio: string | undefined;
    };

interface Mount {
  readonly point: string;
  /** What of the hierarchy is mounted there; `/` is all of it. */
  readonly root: string;
}
const SEARCH_DEPTH_MAX = 5;
const SEARCH_FOLDERS_MAX = 2000;
/** Where engines put cgroups of containers, with either of their drivers. */
const USUAL_PARENTS = ['/docker', '/system.slice', '/machine.slice', ''];

/**
 * Finds cgroups of containers. /proc/<pid>/cgroup names them, except where this process has a cgroup namespace of its own,
 * sees no processes of others, or has only a part of the hierarchy mounted: then the folder is found by the container's id.
 */
export class Cgroups {
  private readonly unified: Mount | undefined;
  private readonly controllers = new Map<string, Mount>();
  private readonly parents: string[] = [...USUAL_PARENTS];

  constructor(private readonly files: KernelFiles) {
    for (const line of (files.text('/proc/self/mountinfo') ?? '').split('\n')) {
      const [before = '', after = ''] = line.split(' - ');
      const [, , , root = '', point = ''] = before.split(' ');
      const [type, , options = ''] = after.split(' ');
      // What was mounted last at a point hides what was there.
      if (type === 'cgroup2') this.unified = { point, root };
      if (type === 'cgroup') for (const name of options.split(',')) this.controllers.set(name, { point, root });
    }
  }

  /** The cgroup of all that is mounted: the machine's. */
  get top(): CgroupFolders | undefined {
    return this.folders('cpuacct', (mount) => mount.point);
  }
  /** The cgroup of a container; undefined while there is none, or none that can be seen. */
  of(id: string, pid: number | undefined): CgroupFolders | undefined {
    const named = pid === undefined ? undefined : namesIn(this.files.text(`/proc/${pid}/cgroup`));
    return this.folders('cpuacct', (mount, controller) => this.find(mount, named?.get(controller), id));
  }
  /** Whether a process belongs to a container: its number may mean another process here. */
  isOf(pid: number, id: string): boolean {
    return this.files.text(`/proc/${pid}/cgroup`)?.includes(id) ?? false;
  }

  private folders(
    first: string,
    find: (mount: Mount, controller: string) => string | undefined,
  ): CgroupFolders | undefined {
    const at = (controller: string): string | undefined => {
      const mount = this.controllers.get(controller);
      return mount && find(mount, controller);
    };
    if (this.controllers.has(first)) {
      const cpuacct = at('cpuacct');
      if (cpuacct === undefined) return undefined;
      return { version: 1, cpuacct, cpu: at('cpu'), memory: at('memory'), pids: at('pids'), blkio: at('blkio') };
    }
    const folder = this.unified && find(this.unified, '');
    return folder === undefined ? undefined : { version: 2, folder };
  }
  private find(mount: Mount, named: string | undefined, id: string): string | undefined {
    const inMount = named === undefined ? undefined : withoutRoot(cutAt(named, id), mount.root);
    if (inMount !== undefined && this.exists(mount.point + inMount)) return mount.point + inMount;
    return this.search(mount, id);
  }
  private search(mount: Mount, id: string): string | undefined {
    for (const parent of this.parents) {
      for (const name of [id, `docker-${id}.scope`, `libpod-${id}.scope`])
        if (this.exists(`${mount.point}${parent}/${name}`)) return `${mount.point}${parent}/${name}`;
    }
    let level = [''];
    let left = SEARCH_FOLDERS_MAX;
    for (let depth = 0; depth < SEARCH_DEPTH_MAX && level.length > 0; depth++) {
      const next: string[] = [];
      for (const parent of level) {
        if (left-- <= 0) return undefined;
        for (const name of this.files.names(mount.point + parent) ?? []) {
          if (name.includes(id)) {
            if (!this.parents.includes(parent)) this.parents.unshift(parent);
            return `${mount.point}${parent}/${name}`;
          }
          // Files of a cgroup have a dot behind the name of their controller; folders have none, or end in their sort.
          if (!name.includes('.') || /\.(slice|scope|service)$/.test(name)) next.push(`${parent}/${name}`);
        }
      }
      level = next;
    }
    return undefined;
  }
  private exists(folder: string): boolean {
    return this.files.names(folder) !== undefined;
  }
}

/** The path in each hierarchy; v2 has the name ''. */
function namesIn(text: string | undefined): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const line of (text ?? '').split('\n')) {
    const [number, controllers, ...path] = line.split(':');
    if (number === undefined || controllers === undefined) continue;
    for (const controller of controllers.split(',')) names.set(controller, path.join(':'));
  }
  return names;
}
/** A container may have cgroups of its own within the one that the engine made; undefined where the id is not in the path. */
function cutAt(path: string, id: string): string | undefined {
  const at = path.indexOf(id);
  if (at === -1) return undefined;
  const end = path.indexOf('/', at);
  return end === -1 ? path : path.slice(0, end);
}
function withoutRoot(path: string | undefined, root: string): string | undefined {
  if (path === undefined || path.includes('/..')) return undefined;
  if (root === '/') return path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitingProgram } from '#adapters';
import { Fabric } from './fabric.js';
import { Host } from './host.js';
import {
  FIRST_PROCESS,
  FOLDER_PREFIX,
  MARKER,
  onEnd,
  processMark,
  removeAbandonedHosts,
  removeHosts,
} from './tools.js';

/** The last number is the machine's. */
export const HOSTS_MAX = 250;
const NAME = /^[a-z]([a-z0-9-]{0,12}[a-z0-9])?$/;

export interface TestHostsOptions {
  /** At most 14 letters, digits and `-` each: they are names of network interfaces too. */
  readonly names: readonly string[];
  /** Folder for all that the hosts keep, removed at the end; by default one in the temporary folder. */
  readonly folder?: string;
}

/**
 * Hosts on one machine: each has a network, mounts, processes and a host name of its own, as a machine has. A bridge joins them to
 * each other and to this machine. Needs root on Linux, iproute2, nftables and util-linux.
 *
 * Everything is a process beneath the hosts' first processes, or goes with them, but for control groups and the folder. A run that
 * crashed is removed by the next one.
 */
export class TestHosts {
  private readonly byName: ReadonlyMap<string, Host>;

  private constructor(
    /** Faults of the links. */
    readonly links: Fabric,
    readonly all: readonly Host[],
    /** Holds all that the hosts keep. */
    readonly folder: string,
    /** Removes everything. */
    readonly stop: () => Promise<void>,
  ) {
    this.byName = new Map(all.map((host) => [host.name, host]));
  }

  /** Resolves when all hosts are on and reach each other. They have no engines yet. */
  static async start({ names, folder }: TestHostsOptions): Promise<TestHosts> {
    const wrong = names.find((name) => !NAME.test(name) || name === 'machine');
    if (wrong !== undefined) throw new Error(`"${wrong}" cannot be the name of a test host`);
    if (names.length > HOSTS_MAX) throw new Error(`there can be ${HOSTS_MAX} test hosts at most`);
    await removeAbandonedHosts();
    const home = folder ?? mkdtempSync(join(realpathSync(tmpdir()), FOLDER_PREFIX));
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const group = `/${FOLDER_PREFIX}${randomBytes(4).toString('hex')}`;
    const mark = (link?: string): void =>
      writeFileSync(
        join(home, MARKER),
        JSON.stringify({ owner: processMark(process.pid), group: group.slice(1), link }),
      );
    mark();
    const isEnded = onEnd(() => removeHosts(home));
    const stop = async (): Promise<void> => {
      isEnded();
      await removeHosts(home);
    };
    const program = join(home, FIRST_PROCESS);
    writeFileSync(program, waitingProgram(process.arch), { mode: 0o755 });
    try {
      const fabric = await Fabric.open({ program, group });
      mark(fabric.link);
      const all = names.map(
        (name, i) => new Host({ name, number: i + 1, folder: join(home, name), program, group, fabric }),
      );
      await Promise.all(all.map((host) => host.powerOn()));
      return new TestHosts(fabric, all, home, stop);
    } catch (cause) {
      await stop();
      throw cause;
    }
  }

  get(name: string): Host {
    const host = this.byName.get(name);
    if (host === undefined)
      throw new Error(`there is no host ${name}: there are ${[...this.byName.keys()].join(', ')}`);
    return host;
  }
}

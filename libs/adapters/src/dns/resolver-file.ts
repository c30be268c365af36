import { stat, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Clock } from '#ports';

const LOOK_MS = 1000;
/** As many as the C library uses. */
const SERVERS_MAX = 3;
/** The stub of systemd-resolved, and where it says which servers it asks. */
const STUB = '127.0.0.53';
const STUB_FILE = '/run/systemd/resolve/resolv.conf';

/** The name servers of a resolv.conf, read again when it has changed. */
export class ResolverFile {
  private servers: readonly string[] = [];
  private lookedAt = -Infinity;
  private version = '';

  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly path = '/etc/resolv.conf',
    private readonly stubPath = STUB_FILE,
  ) {}

  /** At most three IP addresses, in order; those of `own` are left out. A file that cannot be read names none. */
  async current(own: readonly string[]): Promise<readonly string[]> {
    const now = this.clock.monotonic();
    if (now - this.lookedAt >= LOOK_MS) {
      this.lookedAt = now;
      await this.look();
    }
    return this.servers.filter((server) => !own.includes(server));
  }

  private async look(): Promise<void> {
    const version = `${await versionOf(this.path)} ${await versionOf(this.stubPath)}`;
    if (version === this.version) return;
    const named = await serversIn(this.path);
    // What the stub asks can be asked without it, and pods cannot ask it at all.
    const behind = named.every((server) => server === STUB) ? await serversIn(this.stubPath) : [];
    this.servers = (behind.length > 0 ? behind : named).slice(0, SERVERS_MAX);
    this.version = version;
  }
}

async function versionOf(path: string): Promise<string> {
  return stat(path).then(
    ({ mtimeMs, size, ino }) => `${mtimeMs}/${size}/${ino}`,
    () => 'none',
  );
}
async function serversIn(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const named = [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(([, address = '']) => address);
  return [...new Set(named.filter((address) => isIP(address.replace(/%.*$/, '')) !== 0))];
}

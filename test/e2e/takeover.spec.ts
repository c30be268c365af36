import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStoreProcess } from '../chaos/event-store.js';
import { ApiClient, type ApiAnswer } from '../support/api-client.js';
import { CuttingProxy } from '../support/esdb/cutting-proxy.js';
import { freePort } from '../support/test-cluster.js';

/**
 * A writer that dies, stands still or is cut off has a successor that takes writes after so long at most. The 5 s that the design
 * promises are measured in the simulation (`takeover.spec.ts` there), whose clock no busy machine slows down.
 */
const HEALED_MS = 20_000;

/** One `apps/api` in a process of its own, with a data folder of its own and the key store that all share. */
class ApiProcess {
  private child: ChildProcess | undefined;
  private words = '';
  private port = 0;
  private ended: Promise<unknown> = Promise.resolve();
  api!: ApiClient;

  constructor(
    readonly name: string,
    private readonly home: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  async start(): Promise<void> {
    this.port ||= await freePort();
    this.words = '';
    const child = spawn(process.execPath, ['--no-warnings', 'dist/apps/api/main.js'], {
      env: { ...process.env, ...this.env, SHIPLOG_HOME: this.home, SHIPLOG_API_ADDRESS: `127.0.0.1:${this.port}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.ended = new Promise((resolve) => child.once('exit', resolve));
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (this.words += `${Math.round(performance.now())} ${String(chunk)}`));
    await until(
      () => /Ready\.$/m.test(this.words) && existsSync(join(this.home, 'kubeconfig')),
      () => this.output,
    );
    this.api = new ApiClient(join(this.home, 'kubeconfig'));
  }
  get output(): string {
    return `${this.name}:\n${this.words}`;
  }
  /** Whether it has said last that it is the writer. */
  get isWriter(): boolean {
    const said = this.words.split('\n').filter((line) => line.includes('the writer of the cluster'));
    return said.at(-1)?.includes('This process is the writer') ?? false;
  }
  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }
  async end(signal: NodeJS.Signals): Promise<void> {
    this.signal('SIGCONT');
    this.signal(signal);
    await this.ended;
  }
}

async function until(isTrue: () => boolean, what: () => string, ms = 60_000): Promise<void> {
  const end = performance.now() + ms;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`it did not come true:\n${what()}`);
    await sleep(50);
  }
}

const PATH = '/api/v1/namespaces/default/configmaps';
let count = 0;
function create(one: ApiProcess): { readonly name: string; readonly answer: Promise<ApiAnswer> } {
  const name = `entry-${count++}`;
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { from: one.name } };
  return { name, answer: one.api.call('POST', PATH, { body }) };
}

/** Two servers of the API in processes of their own, over a nats-server and the event store's stand-in. */
describe('two servers of the API over one event log', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shiplog-takeover-'));
  const store = new EventStoreProcess();
  let bus: ChildProcess;
  let apis: readonly [ApiProcess, ApiProcess];
  /** What each of them reaches the bus and the log through. */
  const ways = new Map<string, readonly [bus: CuttingProxy, log: CuttingProxy]>();
  const acknowledged: string[] = [];

  const writer = (): ApiProcess => {
    const found = apis.filter(({ isWriter }) => isWriter);
    if (found.length !== 1 || !found[0]) throw new Error(`${found.length} writers:\n${outputs()}`);
    return found[0];
  };
  const standby = (): ApiProcess => apis.find((one) => one !== writer()) as ApiProcess;
  const outputs = (): string => apis.map(({ output }) => output).join('\n');

  /** Writes through a process every 100 ms for so long; each write is answered in time, and shown there at once. */
  async function write(through: () => readonly ApiProcess[], ms: number): Promise<number> {
    const answers: Promise<number>[] = [];
    const end = performance.now() + ms;
    for (let i = 0; performance.now() < end; i++) {
      const processes = through();
      const one = processes[i % processes.length] as ApiProcess;
      const asked = performance.now();
      const { name, answer } = create(one);
      const settled = async (): Promise<number> => {
        const { status, body } = await answer;
        const tookMs = performance.now() - asked;
        if (tookMs >= HEALED_MS) throw new Error(`asked at ${asked}, answered after ${tookMs} ms:\n${outputs()}`);
        expect([name, status, status === 201 ? '' : body.toString()]).toEqual([name, 201, '']);
        acknowledged.push(name);
        expect((await one.api.get(`${PATH}/${name}`)).status).toBe(200);
        return tookMs;
      };
      answers.push(settled());
      await sleep(100);
    }
    return Math.max(...(await Promise.all(answers)));
  }

  beforeAll(async () => {
    await store.start();
    const home = (name: string): string => join(folder, name);
    for (const name of ['api-1', 'api-2', 'bus']) mkdirSync(home(name), { mode: 0o700 });
    mkdirSync(join(folder, 'keys'), { mode: 0o700 });
    const setup = spawn(
      process.execPath,
      ['--no-warnings', 'dist/apps/cli/main.js', 'setup', '--bus', 'nats://127.0.0.1:4222', '--node', 'n1'],
      { env: { ...process.env, SHIPLOG_HOME: folder }, stdio: 'inherit' },
    );
    expect(await new Promise((resolve) => setup.once('exit', resolve))).toBe(0);
    const port = await freePort();
    const config = readFileSync(join(folder, 'nats/server.conf'), 'utf8')
      .replace('0.0.0.0:4222', `127.0.0.1:${port}`)
      .replaceAll('/etc/shiplog-nats', join(folder, 'nats'));
    writeFileSync(join(folder, 'nats/test.conf'), config);
    bus = spawn('nats-server', ['-c', join(folder, 'nats/test.conf')], { stdio: 'ignore' });
    const one = async (name: string): Promise<ApiProcess> => {
      // As compose mounts one volume into both.
      mkdirSync(join(home(name), 'keys'), { mode: 0o700 });
      execFileSync('mount', ['--bind', join(folder, 'keys'), join(home(name), 'keys')]);
      const way = [
        await CuttingProxy.before('127.0.0.1', port),
        await CuttingProxy.before('127.0.0.1', store.portNumber),
      ] as const;
      ways.set(name, way);
      return new ApiProcess(name, home(name), {
        SHIPLOG_NATS_URL: `nats://127.0.0.1:${way[0].port}`,
        SHIPLOG_EVENT_LOG: `esdb://127.0.0.1:${way[1].port}?tls=false`,
      });
    };
    apis = [await one('api-1'), await one('api-2')];
    for (const api of apis) await api.start();
  }, 180_000);

  afterAll(async () => {
    await Promise.all(apis.map((one) => one.end('SIGKILL')));
    for (const [busWay, logWay] of ways.values()) await Promise.all([busWay.close(), logWay.close()]);
    bus.kill('SIGKILL');
    await store.remove();
    for (const name of ways.keys()) execFileSync('umount', [join(folder, name, 'keys')]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('take writes through both, and show each at once where it was written', async () => {
    expect(writer().name).toBe('api-1');
    await write(() => apis, 2000);
  });

  it('heal when the writer is killed', async () => {
    const [before, other] = [writer(), standby()];
    before.signal('SIGKILL');
    expect(await write(() => [other], 8000)).toBeLessThan(HEALED_MS);
    await before.end('SIGKILL');
    await before.start();
    expect(writer()).toBe(other);
    await write(() => apis, 1000);
  });

  it('heal when the writer stands still, and it stands by when it goes on', async () => {
    const [before, other] = [writer(), standby()];
    before.signal('SIGSTOP');
    const slowest = await write(() => [other], 8000).finally(() => before.signal('SIGCONT'));
    expect(slowest).toBeLessThan(HEALED_MS);
    await until(() => !before.isWriter, outputs);
    expect(writer()).toBe(other);
    await write(() => apis, 1000);
  });

  it.each([
    ['the bus', [0]],
    ['the log', [1]],
    ['both', [0, 1]],
  ] as const)('heal when the writer is cut off from %s', async (_what, cut) => {
    const [before, other] = [writer(), standby()];
    const cutWays = cut.map((way) => ways.get(before.name)?.[way] as CuttingProxy);
    for (const way of cutWays) way.freeze();
    const rejoin = (): void => {
      for (const way of cutWays) {
        way.thaw();
        way.cut();
      }
    };
    expect(await write(() => [other], 8000).finally(rejoin)).toBeLessThan(HEALED_MS);
    await until(() => !before.isWriter, outputs);
    expect(writer()).toBe(other);
    await sleep(2000);
    await write(() => apis, 1000);
  });

  it('have lost no write that was acknowledged', async () => {
    for (const one of apis) {
      const { items = [] } = (await one.api.get(PATH)).json();
      const names = new Set(items.map(({ metadata }) => metadata.name));
      expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
    }
    expect(acknowledged.length).toBeGreaterThan(300);
  });
});

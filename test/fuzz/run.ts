import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedCluster } from '../../tools/cluster.mjs';
import { Bystander } from './bystander.js';
import { FuzzClient, type FuzzAnswer } from './client.js';
import { NAMESPACES, requestOf, type FuzzRequest } from './grammar.js';
import { growthOfServer } from './growth-of-server.js';
import { ANSWER_MS_MAX, described, wrongAnswer } from './verdict.js';
import { heapBytes, heldUpMs, MemoryWatch } from './watched-server.js';

export interface FuzzOptions {
  readonly seed: number;
  readonly minutes: number;
  /** Number of the one request to send; undefined for all. */
  readonly only: number | undefined;
}

const WORKERS = 3;
/** A turn of fuzzing, then a pause in which others are measured undisturbed. */
const TURN_MS = 8000;
const PAUSE_MS = 1500;
const PROBLEMS_MAX = 10;
/** The last part of the run measures how costs grow. */
const GROWTH_SHARE = 0.2;

/** Fuzzes a running server and returns all that is wrong with it. */
export async function fuzz(cluster: StartedCluster, options: FuzzOptions): Promise<readonly string[]> {
  const client = new FuzzClient(cluster.kubeconfig, WORKERS);
  try {
    return await new Fuzzing(cluster, client, options).run();
  } finally {
    client.close();
  }
}

class Fuzzing {
  private readonly problems: string[] = [];
  private readonly memory = new MemoryWatch();
  private next = 0;
  /** Requests that were told to come back later. */
  private paced = 0;
  private turnEnds = 0;

  constructor(
    private readonly cluster: StartedCluster,
    private readonly client: FuzzClient,
    private readonly options: FuzzOptions,
  ) {}

  async run(): Promise<readonly string[]> {
    const { only, minutes } = this.options;
    await this.prepare();
    if (only !== undefined) {
      await this.one(only);
      return this.problems;
    }
    const start = Date.now();
    const end = start + minutes * 60_000;
    const path = '/api/v1/namespaces/default/configmaps/bystander';
    const bystander = new Bystander(this.cluster.kubeconfig, path, this.cluster.pid);
    await this.turns(bystander, start + minutes * 60_000 * (1 - GROWTH_SHARE));
    bystander.stop();
    const wrong = [bystander.problem(), this.memory.problem()].filter((one) => one !== undefined);
    this.problems.push(...wrong, ...(await growthOfServer(this.client, this.cluster.pid, () => Date.now() > end)));
    const { text } = bystander;
    const counts = `${this.next} requests (${this.paced} told to come back later)`;
    process.stdout.write(`seed ${this.options.seed}: ${counts}, ${text}, ${this.memory.text}\n`);
    return this.problems;
  }

  private async prepare(): Promise<void> {
    for (const name of NAMESPACES) await this.client.post('/api/v1/namespaces', { metadata: { name } });
    for (const namespace of [...NAMESPACES, 'default']) {
      const maps = `/api/v1/namespaces/${namespace}/configmaps`;
      await this.client.post(maps, { metadata: { name: 'a' }, data: { k: 'v' } });
      await this.client.post(maps, { metadata: { name: 'bystander' }, data: { k: 'v' } });
    }
  }

  private async turns(bystander: Bystander, end: number): Promise<void> {
    while (Date.now() < end && this.problems.length < PROBLEMS_MAX) {
      bystander.during('quiet');
      await sleep(PAUSE_MS);
      this.memory.add(await heapBytes(this.client));
      bystander.during('fuzzed');
      this.turnEnds = Math.min(end, Date.now() + TURN_MS);
      await Promise.all(Array.from({ length: WORKERS }, () => this.work()));
    }
  }

  private async work(): Promise<void> {
    while (Date.now() < this.turnEnds && this.problems.length < PROBLEMS_MAX) await this.one(this.next++);
  }

  private async one(number: number): Promise<void> {
    const request = hurried(requestOf(this.options.seed, number));
    const answer = await this.client.send(request);
    if (answer.status === 429) this.paced++;
    const wrong = wrongAnswer(answer, request) ?? (await this.late(request, answer));
    if (wrong === undefined) return;
    const again = `again with: npm run fuzz -- --seed ${this.options.seed} --only ${number}`;
    this.problems.push(`${wrong}\n${described(request)}\n${again}`);
  }

  /**
   * A late answer counts when it is late again with nothing else under way, three times, without the time in which the
   * machine kept the server's thread waiting for a processor.
   */
  private async late(request: FuzzRequest, answer: FuzzAnswer): Promise<string | undefined> {
    if (answer.ms <= ANSWER_MS_MAX || isLong(request)) return undefined;
    let ms = answer.ms;
    for (let i = 0; i < 3; i++) {
      const before = heldUpMs(this.cluster.pid);
      const again = await this.client.send(request);
      ms = Math.min(ms, again.ms - (heldUpMs(this.cluster.pid) - before));
      if (ms <= ANSWER_MS_MAX) return undefined;
    }
    return `answered after ${ms.toFixed(0)} ms`;
  }
}

/**
 * A request that does not wait for long: one user's costly work goes one at a time, and waits for a quarter of its time-out.
 * Whoever sends short time-outs of their own waits as those say; long ones are read when costs are measured.
 */
function hurried(request: FuzzRequest): FuzzRequest {
  const { path } = request;
  if (path.includes('timeout=') && path.length < 1000) return request;
  const [page = '', query] = path.split(/\?(.*)/s, 2);
  return { ...request, path: `${page}?timeout=${TIMEOUT}${query === undefined ? '' : `&${query}`}` };
}
const TIMEOUT = '2800ms';

/** A watch ends when it was asked to, and a read at a version that is yet to come waits for it for some seconds, as in Kubernetes. */
function isLong({ path }: FuzzRequest): boolean {
  return /[?&](watch=|resourceVersion=9{6})/.test(path) || path.includes('follow=');
}

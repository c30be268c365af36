import { setTimeout as sleep } from 'node:timers/promises';
import { prng, type Prng } from '#std';
import { TestCluster } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, rolledOut } from '../support/workloads.js';
import { violationsOf } from './checks.js';
import { Clients } from './clients.js';
import { EngineWatch } from './engine-watch.js';

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  /** Hears of every step. */
  readonly say?: (line: string) => void;
}
export interface ChaosReport {
  readonly steps: number;
  readonly acknowledged: number;
  readonly events: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  /** The last steps, for whoever looks for the cause. */
  readonly lastSteps: readonly string[];
}

/** What happens to the cluster, and to whom if that is not in its name. */
type Trouble = readonly [string, () => Promise<string | void>];

/** How long a cluster has to come to rest once nobody troubles it: the longest back-off that the kills can lead to, and more. */
const SETTLE_SECONDS = 120;

/**
 * Chaos on real containers: what people do and what dies follows from the seed, when exactly it hits follows from the
 * machine. At the end all is left alone, must come right, and is held against the log as in the simulation.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const cluster = new TestCluster(`chaos-${options.seed}`);
  try {
    await cluster.start();
    return await new Chaos(cluster, options).run();
  } finally {
    await cluster.remove();
  }
}

class Chaos {
  private readonly chance: Prng;
  private readonly clients: Clients;
  private readonly engine: EngineWatch;
  private readonly steps: string[] = [];
  private readonly kills: Record<string, number> = {};
  private readonly began = Date.now();
  private ahead: Trouble[] = [];

  constructor(
    private readonly cluster: TestCluster,
    private readonly options: ChaosOptions,
  ) {
    this.chance = prng(options.seed);
    this.clients = new Clients(cluster, prng(options.seed + 1));
    this.engine = new EngineWatch(cluster);
  }

  async run(): Promise<ChaosReport> {
    const { cluster, clients, engine, options } = this;
    await engine.begin();
    await clients.prepare();
    clients.beginWriting(3);
    const end = Date.now() + options.minutes * 60_000;
    while (Date.now() < end) {
      await this.step();
      await sleep(this.chance.below(1_500));
    }
    await clients.endWriting();
    const unsettled = await this.comesRight();
    engine.end();
    const { violations, events } = await violationsOf(cluster, clients, engine);
    return {
      steps: this.steps.length,
      acknowledged: clients.acknowledged.length,
      events,
      kills: this.kills,
      violations: [...unsettled, ...violations],
      lastSteps: this.steps.slice(-40),
    };
  }

  private async step(): Promise<void> {
    const { chance, clients } = this;
    if (chance.chance(0.6)) return this.note(await clients.act());
    const [what, kill] = this.nextTrouble();
    const detail = await kill();
    this.kills[what] = (this.kills[what] ?? 0) + 1;
    this.note(`${what}${detail ? ` ${detail}` : ''}`);
  }

  /** Every trouble comes once, in a drawn order, before any comes again: a short run has them all. */
  private nextTrouble(): Trouble {
    if (this.ahead.length === 0) this.ahead = [...this.troubles()];
    const [next] = this.ahead.splice(this.chance.below(this.ahead.length), 1);
    return next ?? this.nextTrouble();
  }
  private troubles(): readonly Trouble[] {
    const { cluster, chance, engine } = this;
    return [
      ['kill a container', () => engine.killSome(chance, 'app')],
      ['kill a container', () => engine.killSome(chance, 'app')],
      ['kill a container', () => engine.killSome(chance, 'app')],
      ['kill an infra container', () => engine.killSome(chance, 'infra')],
      ['kill the agent', () => cluster.killAgent()],
      ['kill the bus', () => cluster.killBus()],
      ['kill the control plane', () => this.restart(() => cluster.killControlPlane())],
      ['stop the control plane', () => this.restart(() => cluster.stop())],
      ['kill everything', () => this.restart(() => this.killEverything())],
    ];
  }
  private async restart(end: () => Promise<void>): Promise<void> {
    const pauseMs = this.chance.below(2_000);
    await end();
    await sleep(pauseMs);
    await this.cluster.start();
  }
  private async killEverything(): Promise<void> {
    const children = [this.cluster.agentPid, this.cluster.busPid];
    await this.cluster.killControlPlane();
    for (const pid of children) if (pid > 0) killed(pid);
  }

  /** Nothing troubles it any more: every deployment becomes what it wants to be, and a new one can be made. */
  private async comesRight(): Promise<readonly string[]> {
    const { cluster, clients } = this;
    const found: string[] = [];
    try {
      const made = await cluster.api.call('POST', DEPLOYMENTS, { body: deployment('afterwards', 2) });
      if (made.status !== 201) found.push(`all comes right: a new deployment is answered ${made.status} ${made.body}`);
      for (const name of [...(await clients.deployments())]) await rolledOut(cluster, name, SETTLE_SECONDS);
    } catch (error) {
      found.push(`all comes right: ${error instanceof Error ? error.message : String(error)}`);
    }
    return found;
  }

  private note(what: string): void {
    const line = `${((Date.now() - this.began) / 1000).toFixed(1)} s  ${what}`;
    this.steps.push(line);
    this.options.say?.(line);
  }
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went with its parent.
  }
}

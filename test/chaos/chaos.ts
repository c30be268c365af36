import { setTimeout as sleep } from 'node:timers/promises';
import { prng, type Prng } from '#std';
import type { ApiClient } from '../support/api-client.js';
import { TestCluster } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, rolledOut } from '../support/workloads.js';
import { violationsOf } from './checks.js';
import { Clients } from './clients.js';
import { EngineWatch } from './engine-watch.js';
import { EventStoreProcess } from './event-store.js';
import { FailingDisk } from './failing-disk.js';
import { Registers } from './registers.js';
import { SmallDisk } from './small-disk.js';
import { InTurn } from './in-turn.js';
import { Troubles, type Trouble } from './troubles.js';
import { WallClock } from './wall-clock.js';

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  /** `sqlite` is the embedded log; `esdb` the stand-in event store in a process of its own. */
  readonly log?: 'sqlite' | 'esdb';
  /** Hears of every step. */
  readonly say?: (line: string) => void;
}
export interface ChaosReport {
  readonly steps: number;
  readonly acknowledged: number;
  /** Operations whose histories were checked for an order. */
  readonly operations: number;
  readonly events: number;
  readonly kills: Readonly<Record<string, number>>;
  /** How long the cluster took to come to rest once nobody troubled it. */
  readonly settledSeconds: number;
  readonly violations: readonly string[];
  /** The last steps, for whoever looks for the cause. */
  readonly lastSteps: readonly string[];
}

/** A machine that is busy with other things takes longer than was asked for: less than this shows little. */
const STEPS_MIN = 16;

/** How long a cluster has to come to rest once nobody troubles it. */
const SETTLE_SECONDS = 60;
/** Room for the log of ten minutes, little enough to be filled in a moment. */
const DISK_MEGABYTES = 512;

/**
 * Chaos on real containers: what people do and what dies follows from the seed, when exactly it hits follows from the
 * machine. At the end all is left alone, must come right, and is held against the log as in the simulation.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const scene = new ChaosScene(options);
  try {
    await scene.start();
    return await new Chaos(scene, options).run();
  } finally {
    await scene.remove();
  }
}

/** The cluster with what it stands on: a disk, a clock and, unless its log is embedded, an event store. */
class ChaosScene {
  readonly cluster: TestCluster;
  readonly disk: SmallDisk;
  readonly clock: WallClock;
  readonly eventStore: EventStoreProcess | undefined;
  readonly failingDisk: FailingDisk | undefined;
  readonly alsoServing = new Set<ApiClient>();

  constructor({ seed, log = 'sqlite' }: ChaosOptions) {
    this.cluster = new TestCluster(`chaos-${log}-${seed}`);
    this.disk = new SmallDisk(this.cluster.home);
    this.disk.mount(DISK_MEGABYTES);
    this.clock = new WallClock(this.cluster.home);
    this.eventStore = log === 'esdb' ? new EventStoreProcess() : undefined;
    this.failingDisk = log === 'sqlite' ? new FailingDisk(this.cluster.home) : undefined;
  }

  /** As `SHIPLOG_EVENT_LOG` names it; undefined for the embedded one. */
  get log(): string | undefined {
    return this.eventStore?.url;
  }

  async start(): Promise<void> {
    await this.eventStore?.start();
    this.cluster.set({
      ...this.clock.environment,
      ...this.failingDisk?.environment,
      ...(this.log && { SHIPLOG_EVENT_LOG: this.log }),
    });
    await this.cluster.start();
  }

  async remove(): Promise<void> {
    this.disk.free();
    await this.cluster.remove({ keepFolder: true });
    await this.eventStore?.remove();
    this.disk.unmount();
    this.cluster.removeFolder();
  }
}

class Chaos {
  private readonly chance: Prng;
  private readonly clients: Clients;
  private readonly registers: Registers;
  private readonly engine: EngineWatch;
  private readonly troubles: Troubles;
  private readonly steps: string[] = [];
  private readonly kills: Record<string, number> = {};
  private readonly failed: string[] = [];
  private readonly began = performance.now();
  private readonly ahead: InTurn<Trouble>;

  constructor(
    private readonly scene: ChaosScene,
    private readonly options: ChaosOptions,
  ) {
    const { cluster, alsoServing } = scene;
    this.chance = prng(options.seed);
    this.clients = new Clients(cluster, prng(options.seed + 1));
    this.registers = new Registers(() => [cluster.api, ...alsoServing], prng(options.seed + 2));
    this.engine = new EngineWatch(cluster);
    this.troubles = new Troubles({ ...this.partsOf(scene), chance: this.chance, engine: this.engine });
    this.ahead = new InTurn(this.troubles.all(), this.chance);
  }

  async run(): Promise<ChaosReport> {
    const { scene, clients, registers, engine, options } = this;
    await engine.begin();
    await clients.prepare();
    clients.beginWriting(3);
    registers.begin(4);
    const end = performance.now() + options.minutes * 60_000;
    while (performance.now() < end || this.steps.length < STEPS_MIN) {
      await this.step();
      await sleep(this.chance.below(1_500));
    }
    this.troubles.heal();
    await Promise.all([clients.endWriting(), registers.end()]);
    const quietSince = performance.now();
    const unsettled = await this.comesRight();
    const settledSeconds = Math.round((performance.now() - quietSince) / 1000);
    engine.end();
    const { cluster, log, clock } = scene;
    const { violations, events } = await violationsOf({
      ...{ cluster, clients, registers, engine, log },
      clockOffsets: clock.offsets,
    });
    return {
      steps: this.steps.length,
      acknowledged: clients.acknowledged.length,
      operations: registers.operations,
      events: events.length,
      kills: this.kills,
      settledSeconds,
      violations: [...this.failed, ...unsettled, ...violations],
      lastSteps: this.steps.slice(-40),
    };
  }

  private partsOf({ cluster, clock, disk, failingDisk, eventStore, alsoServing }: ChaosScene) {
    return { cluster, clock, disk, failingDisk, eventStore, alsoServing };
  }

  private async step(): Promise<void> {
    const { chance, clients } = this;
    if (chance.chance(0.6)) return this.note(await clients.act());
    const [what, kill] = this.ahead.next();
    this.kills[what] = (this.kills[what] ?? 0) + 1;
    try {
      const detail = await kill();
      this.note(`${what}${detail ? ` ${detail}` : ''}`);
    } catch (error) {
      // The cluster did not come up again, for example: what the others find tells more.
      this.note(`${what}: ${String(error)}`);
      this.failed.push(`all comes right: ${what}: ${error instanceof Error ? error.message : String(error)}`);
      await this.startAgain();
    }
  }

  private async startAgain(): Promise<void> {
    if (this.scene.cluster.isRunning) return;
    await this.scene.cluster.start().catch((error: unknown) => this.note(`start: ${String(error)}`));
  }

  /** Nothing troubles it any more: every deployment becomes what it wants to be, and a new one can be made. */
  private async comesRight(): Promise<readonly string[]> {
    const { clients, scene } = this;
    const { cluster } = scene;
    const found: string[] = [];
    try {
      const made = await cluster.api.call('POST', DEPLOYMENTS, { body: deployment('afterwards', 2) });
      if (made.status !== 201) found.push(`all comes right: a new deployment is answered ${made.status} ${made.body}`);
      const end = performance.now() + SETTLE_SECONDS * 1000;
      for (const name of [...(await clients.deployments())])
        await rolledOut(cluster, name, Math.max(1, (end - performance.now()) / 1000));
    } catch (error) {
      found.push(`all comes right: ${error instanceof Error ? error.message : String(error)}`);
    }
    return found;
  }

  private note(what: string): void {
    const line = `${((performance.now() - this.began) / 1000).toFixed(1)} s  ${what}`;
    this.steps.push(line);
    this.options.say?.(line);
  }
}

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '#std';
import { ApiClient } from '../support/api-client.js';
import { startCluster, type TestCluster } from '../support/test-cluster.js';
import type { EngineWatch } from './engine-watch.js';
import type { EventStoreProcess } from './event-store.js';
import type { FailingDisk } from './failing-disk.js';
import type { SmallDisk } from './small-disk.js';
import type { WallClock } from './wall-clock.js';

/** What happens to the cluster, and to whom if that is not in its name. */
export type Trouble = readonly [string, () => Promise<string | void>];

export interface TroubleParts {
  readonly cluster: TestCluster;
  readonly chance: Prng;
  readonly engine: EngineWatch;
  readonly clock: WallClock;
  readonly disk: SmallDisk;
  /** Undefined where the log is not embedded. */
  readonly failingDisk: FailingDisk | undefined;
  /** Undefined where the log is embedded. */
  readonly eventStore: EventStoreProcess | undefined;
  /** Another server that answers for a while. */
  readonly alsoServing: Set<ApiClient>;
}

/** Longer than any time-out of a client, of the bus or of the event store. */
const PAUSE_MS_MAX = 12_000;
/** Certificates are valid from an hour before they were issued. */
const CLOCK_STEP_SECONDS_MAX = 2400;
/** A writer that was replaced has to have noticed by then; one whose disk has failed too. */
const RESIGN_MS = 30_000;

/** Everything that can happen to a cluster of one machine and its event store. */
export class Troubles {
  constructor(private readonly parts: TroubleParts) {}

  all(): readonly Trouble[] {
    const { cluster, chance, engine } = this.parts;
    return [
      ['kill a container', () => engine.killSome(chance, 'app')],
      ['kill a container', () => engine.killSome(chance, 'app')],
      ['kill an infra container', () => engine.killSome(chance, 'infra')],
      ['kill the agent', () => cluster.killAgent()],
      ['kill the bus', () => cluster.killBus()],
      ['kill the control plane', () => this.restart(() => cluster.killControlPlane())],
      ['stop the control plane', () => this.restart(() => cluster.stop())],
      ['kill everything', () => this.restart(() => this.killEverything())],
      ['pause the control plane', () => this.pause(cluster.controlPlanePid)],
      ['pause the agent', () => this.pause(cluster.agentPid)],
      ['cut the bus', () => this.pause(cluster.busPid)],
      ['set the clock', () => this.setClock()],
      ['fill the disk', () => this.fillDisk()],
      ...this.ofTheEmbeddedLog(),
      ...this.ofTheEventStore(),
    ];
  }

  /** Nothing is wrong any more. */
  heal(): void {
    this.parts.clock.set(0);
    this.parts.disk.free();
    this.parts.failingDisk?.mend();
  }

  private ofTheEmbeddedLog(): readonly Trouble[] {
    const { failingDisk } = this.parts;
    return failingDisk ? [['fail the disk', () => this.failDisk(failingDisk)]] : [];
  }

  private ofTheEventStore(): readonly Trouble[] {
    const { eventStore, chance } = this.parts;
    if (!eventStore) return [];
    return [
      ['kill the event store', () => eventStore.restart(chance.below(4_000), chance.below(3_000))],
      ['freeze the event store', () => eventStore.freeze(chance.below(PAUSE_MS_MAX))],
      ['replace a paused writer', () => this.replacePausedWriter()],
    ];
  }

  private async restart(end: () => Promise<void>): Promise<void> {
    const pauseMs = this.parts.chance.below(2_000);
    await end();
    await sleep(pauseMs);
    await this.parts.cluster.start();
  }

  private async killEverything(): Promise<void> {
    const { cluster } = this.parts;
    const children = [cluster.agentPid, cluster.busPid];
    await cluster.killControlPlane();
    for (const pid of children) signal(pid, 'SIGKILL');
  }

  private async pause(pid: number): Promise<string> {
    const ms = this.parts.chance.below(PAUSE_MS_MAX);
    signal(pid, 'SIGSTOP');
    await sleep(ms);
    signal(pid, 'SIGCONT');
    return `for ${ms} ms`;
  }

  private setClock(): Promise<string> {
    const seconds = this.parts.chance.below(2 * CLOCK_STEP_SECONDS_MAX) - CLOCK_STEP_SECONDS_MAX;
    this.parts.clock.set(seconds);
    return Promise.resolve(`by ${seconds} s`);
  }

  private async fillDisk(): Promise<void> {
    this.parts.disk.fill();
    await sleep(this.parts.chance.below(5_000));
    this.parts.disk.free();
  }

  /** An operation of the log fails: the control plane says so and ends, and starts again on a disk that works. */
  private async failDisk(disk: FailingDisk): Promise<string> {
    const { cluster, chance } = this.parts;
    const fault = disk.fail(chance);
    const outcome = await Promise.race([cluster.ended().then(() => 'ended'), sleep(RESIGN_MS, 'went on')]);
    disk.mend();
    if (outcome !== 'ended') throw new Error(`${fault}: the control plane went on over a disk that fails`);
    await cluster.start();
    return fault;
  }

  /**
   * While the writer is paused another process takes its role on the same event store and serves clients; the paused one
   * wakes up, has to resign, and ends. The first cluster starts again once the other one has gone.
   */
  private async replacePausedWriter(): Promise<string> {
    const { cluster, alsoServing, eventStore } = this.parts;
    const paused = cluster.controlPlanePid;
    signal(paused, 'SIGSTOP');
    const home = mkdtempSync(join(tmpdir(), 'shiplog-other-'));
    mkdirSync(join(home, 'keys'), { mode: 0o700 });
    cpSync(join(cluster.home, 'keys'), join(home, 'keys'), { recursive: true });
    const env = { SHIPLOG_EVENT_LOG: eventStore?.url ?? '' };
    const other = await startCluster({ home, apps: 'api', env }).catch((cause: unknown) => {
      signal(paused, 'SIGCONT');
      throw cause;
    });
    const client = new ApiClient(other.kubeconfig);
    alsoServing.add(client);
    await sleep(2_000);
    signal(paused, 'SIGCONT');
    const outcome = await Promise.race([cluster.ended().then(() => 'resigned'), sleep(RESIGN_MS, 'went on')]);
    alsoServing.delete(client);
    client.close();
    await other.stop({ keep: true });
    rmSync(home, { recursive: true, force: true });
    if (outcome === 'resigned') await cluster.start();
    return outcome;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  // 0 would be this process's own group.
  if (pid <= 0) return;
  try {
    process.kill(pid, name);
  } catch {
    // It went with its parent.
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { prng, type Prng } from '#std';
import { until } from '../support/test-cluster.js';
import { mountsOf, presentOf, runIn } from '../hosts/left-over.js';
import { deployment, DEPLOYMENTS, rolledOut } from '../support/workloads.js';
import type { ChaosOptions, ChaosReport } from './chaos.js';
import { logViolationsOf } from './checks.js';
import { Clients } from './clients.js';
import { FencedPods } from './fenced-pods.js';
import { presentOn } from './host-left-over.js';
import { DEPLOYED, HostScene, PATIENCE_MS } from './host-scene.js';
import { HostTroubles } from './host-troubles.js';
import { InTurn } from './in-turn.js';
import { PlannedChanges } from './planned-changes.js';
import { recovery } from './recovery.js';
import { Registers } from './registers.js';
import type { Trouble } from './troubles.js';

/** A service answers again so soon after the heal. */
const RECOVERY_SECONDS_MAX = 15;
const SETTLE_SECONDS = 240;
/** What an engine or an agent removes after a pod went may take a moment. */
const REMOVED_SECONDS = 60;

export interface HostChaosOptions extends Pick<ChaosOptions, 'seed' | 'minutes' | 'say'> {
  readonly hosts: number;
}
export interface HostChaosReport extends ChaosReport {
  /** Seconds from each heal until every service answered again, in order. */
  readonly recoveries: readonly number[];
  /** Planned changes, and requests that they lost. */
  readonly planned: number;
  readonly lost: number;
}

/**
 * Chaos on several hosts: 60 pods behind ten services, asked all the time from inside and from outside. After each trouble every
 * service has to answer again; while nothing is wrong, what is planned loses no request. At the end nothing is left of the pods.
 */
export async function runHostChaos(options: HostChaosOptions): Promise<HostChaosReport> {
  const scene = await HostScene.start(options.hosts);
  const run = runIn(scene.hosts.hosts.folder);
  let report: HostChaosReport;
  try {
    report = await new HostChaos(scene, options).run();
  } finally {
    await scene.remove();
  }
  const left = Object.entries({ ...presentOf(run), mounts: mountsOf(run) }).filter(([, some]) => some.length > 0);
  const violations = left.map(([sort, some]) => `nothing is left over: ${sort}: ${some.join(', ')}`);
  return { ...report, violations: [...report.violations, ...violations] };
}

class HostChaos {
  private readonly chance: Prng;
  private readonly clients: Clients;
  private readonly registers: Registers;
  private readonly troubles: HostTroubles;
  private readonly ahead: InTurn<Trouble>;
  private readonly planned: PlannedChanges;
  private readonly steps: string[] = [];
  private readonly kills: Record<string, number> = {};
  private readonly failed: string[] = [];
  private readonly recoveries: number[] = [];
  private plannedCount = 0;
  private lostCount = 0;
  private readonly began = performance.now();

  constructor(
    private readonly scene: HostScene,
    private readonly options: HostChaosOptions,
  ) {
    this.chance = prng(options.seed);
    this.clients = new Clients(scene, prng(options.seed + 1));
    this.registers = new Registers(() => [scene.api], prng(options.seed + 2));
    this.troubles = new HostTroubles(scene, this.chance);
    this.ahead = new InTurn(this.troubles.all(), this.chance);
    this.planned = new PlannedChanges(scene, this.chance);
  }

  async run(): Promise<HostChaosReport> {
    const { scene, clients, registers } = this;
    await scene.warm();
    const before = await presentOn(scene);
    await scene.fill();
    this.note('60 pods run');
    const fenced = new FencedPods();
    clients.beginWriting(2);
    registers.begin(2);
    await this.comesBack('the start', Date.now());
    const end = performance.now() + this.options.minutes * 60_000;
    while (performance.now() < end) {
      await this.trouble();
      if (performance.now() < end && this.chance.chance(0.5)) await this.plan();
    }
    await this.troubles.heal();
    const quietSince = performance.now();
    const unsettled = await this.comesRight();
    const settledSeconds = Math.round((performance.now() - quietSince) / 1000);
    await Promise.all([clients.endWriting(), registers.end()]);
    await fenced.end();
    const { violations, events } = await logViolationsOf({ cluster: scene, clients, registers });
    const left = await this.leftOver(before);
    return {
      steps: this.steps.length,
      acknowledged: clients.acknowledged.length,
      operations: registers.operations,
      events: events.length,
      kills: this.kills,
      settledSeconds,
      violations: [...this.failed, ...unsettled, ...fenced.violations, ...violations, ...left],
      lastSteps: this.steps.slice(-40),
      recoveries: this.recoveries,
      planned: this.plannedCount,
      lost: this.lostCount,
    };
  }

  private async trouble(): Promise<void> {
    const [what, trouble] = this.ahead.next();
    this.kills[what] = (this.kills[what] ?? 0) + 1;
    try {
      const detail = await trouble();
      this.note(`${what}${detail ? ` ${detail}` : ''}`);
    } catch (error) {
      this.fail(`all comes right: ${what}`, error);
      await this.troubles.heal().catch((cause: unknown) => this.fail('all comes right: heal', cause));
    }
    await this.comesBack(what, Date.now());
  }

  private async comesBack(what: string, healedAt: number): Promise<void> {
    const { seconds, last, cpu } = await recovery(() => this.scene.outcomes(), { healedAt, patienceMs: PATIENCE_MS });
    this.recoveries.push(seconds);
    this.note(`  every service answers ${seconds.toFixed(1)} s after the heal; ${cpu}${last && `; last ${last}`}`);
    if (seconds > RECOVERY_SECONDS_MAX)
      this.failed.push(`every service answers again: ${seconds} s after ${what}: ${last}; ${cpu}`);
  }

  /** A planned change while nothing is wrong: no request is lost. */
  private async plan(): Promise<void> {
    if (!(await this.planned.mayBegin())) return this.note('  nothing is planned: pods are not ready yet');
    const startedAt = Date.now();
    const { what, change, except } = this.planned.next();
    try {
      const detail = await change();
      this.note(`planned: ${what}${detail ? ` ${detail}` : ''}`);
    } catch (error) {
      this.fail(`all comes right: ${what}`, error);
    }
    await sleep(PATIENCE_MS);
    const lost = (await this.scene.lostSince(startedAt)).filter(
      ({ target }) => !except.some((name) => target.startsWith(`${name} `)),
    );
    this.plannedCount++;
    this.lostCount += lost.length;
    if (lost.length === 0) return;
    const some = lost.slice(0, 5).map((one) => {
      const after = ((one.startedAt - startedAt) / 1000).toFixed(1);
      return `${one.target} from ${one.client} after ${after} s: ${one.why}`;
    });
    this.note(`  lost ${lost.length} requests: ${some.join('; ')}`);
    this.failed.push(`what is planned loses no request: ${what} lost ${lost.length}: ${some.join('; ')}`);
  }

  private async comesRight(): Promise<readonly string[]> {
    const { scene } = this;
    try {
      await scene.hosts.nodesReady();
      const made = await scene.api.call('POST', DEPLOYMENTS, { body: deployment('afterwards', 2) });
      if (made.status !== 201) return [`all comes right: a new deployment is answered ${made.status} ${made.body}`];
      const end = performance.now() + SETTLE_SECONDS * 1000;
      for (const name of [...DEPLOYED, 'afterwards'])
        await rolledOut(scene, name, Math.max(1, (end - performance.now()) / 1000));
      return [];
    } catch (error) {
      return [`all comes right: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  /** What pods and services have added to the hosts goes with them. */
  private async leftOver(before: ReadonlySet<string>): Promise<readonly string[]> {
    try {
      await this.scene.empty();
      const added = async (): Promise<readonly string[]> =>
        [...(await presentOn(this.scene))].filter((line) => !before.has(line));
      await until('nothing is left over', added, (lines) => lines.length === 0, REMOVED_SECONDS);
      return [];
    } catch (error) {
      return [`nothing is left over: ${error instanceof Error ? error.message : String(error)}`];
    }
  }

  private fail(what: string, error: unknown): void {
    const line = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    this.note(line);
    this.failed.push(line);
  }
  private note(what: string): void {
    const line = `${((performance.now() - this.began) / 1000).toFixed(1)} s  ${what}`;
    this.steps.push(line);
    this.options.say?.(line);
  }
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Prng } from '#std';
import { until } from '../support/test-cluster.js';
import { DEPLOYMENTS, rolledOut } from '../support/workloads.js';
import { DEPLOYED, FENCED, isReady, REPLICAS, type HostScene } from './host-scene.js';
import { InTurn } from './in-turn.js';

const READY_SECONDS = 60;
const CHANGE_SECONDS = 180;
const ENOUGH_READY = 2;

/** What is done, how, and the services that may lose requests meanwhile. */
export interface PlannedChange {
  readonly what: string;
  readonly change: () => Promise<string>;
  readonly except: readonly string[];
}

/** What the people who keep a cluster do to it on a quiet day. */
export class PlannedChanges {
  private readonly ahead: InTurn<PlannedChange>;
  private generation = 0;

  constructor(
    private readonly scene: HostScene,
    private readonly chance: Prng,
  ) {
    this.ahead = new InTurn<PlannedChange>(
      [
        { what: 'a rolling update', change: () => this.update(), except: [] },
        { what: 'a scale-down', change: () => this.scale(), except: [] },
        { what: 'a drain', change: () => this.drain(), except: [] },
        // Where it takes longer than `shiplog.io/fence-after`, their nodes stop those pods: that is what it is for.
        { what: 'a restart of the control plane', change: () => this.restart(), except: FENCED },
      ],
      chance,
    );
  }

  next(): PlannedChange {
    return this.ahead.next();
  }

  /** Whether each service has two endpoints, so that nothing has to be lost; waits for it. */
  async mayBegin(): Promise<boolean> {
    const counts = async (): Promise<readonly number[]> => {
      const ready = (await this.scene.pods()).filter(isReady);
      return [...DEPLOYED, ...FENCED].map(
        (name) => ready.filter(({ metadata }) => metadata.labels?.['app'] === name).length,
      );
    };
    return until('each service has endpoints', counts, (all) => all.every((n) => n >= REPLICAS), READY_SECONDS).then(
      () => true,
      async () => (await counts()).every((n) => n > ENOUGH_READY),
    );
  }

  private async update(): Promise<string> {
    const name = this.chance.pick(DEPLOYED);
    const env = [{ name: 'GENERATION', value: String(++this.generation) }];
    await this.patch(name, { spec: { template: { spec: { containers: [{ name: 'main', env }] } } } });
    await rolledOut(this.scene, name, CHANGE_SECONDS);
    return `of ${name}`;
  }
  private async scale(): Promise<string> {
    const name = this.chance.pick(DEPLOYED);
    const replicas = 2 + this.chance.below(REPLICAS - 2);
    for (const count of [replicas, REPLICAS]) {
      await this.patch(name, { spec: { replicas: count } });
      await rolledOut(this.scene, name, CHANGE_SECONDS);
    }
    return `of ${name} to ${replicas} and back`;
  }
  private async drain(): Promise<string> {
    const { name } = this.chance.pick([...this.scene.nodes]);
    // Clients are pods too, of nobody, and not to be moved: they go on asking.
    const words = ['--force', '--ignore-daemonsets', '--delete-emptydir-data', '--pod-selector=app!=client'];
    await this.kubectl('drain', name, ...words, `--timeout=${CHANGE_SECONDS}s`);
    await this.kubectl('uncordon', name);
    for (const one of DEPLOYED) await rolledOut(this.scene, one, CHANGE_SECONDS);
    return `of ${name}`;
  }
  private async restart(): Promise<string> {
    const signal = this.chance.pick(['TERM', 'KILL'] as const);
    await this.scene.hosts.stopControlPlane(signal);
    await this.scene.hosts.startControlPlane();
    await this.scene.hosts.nodesReady();
    return `by SIG${signal}`;
  }

  private async patch(name: string, body: object): Promise<void> {
    const contentType = 'application/strategic-merge-patch+json';
    const answer = await this.scene.api.call('PATCH', `${DEPLOYMENTS}/${name}`, { body, contentType });
    if (answer.status !== 200) throw new Error(`${name} is answered ${answer.status} ${answer.body.toString()}`);
  }
  private async kubectl(...words: readonly string[]): Promise<void> {
    const { kubectl } = await clients;
    await promisify(execFile)(kubectl(), ['--kubeconfig', this.scene.hosts.kubeconfig, ...words]);
  }
}

// By path: compiled, this file stands in dist, where the tools are not.
const clients = import(pathToFileURL(join(process.cwd(), 'tools/clients.mjs')).href) as Promise<
  typeof import('../../tools/clients.mjs')
>;

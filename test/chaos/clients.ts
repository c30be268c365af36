import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '#std';
import type { ApiAnswer, ApiObject } from '../support/api-client.js';
import { deployment, DEPLOYMENTS, PODS, rolledOut, type Served } from '../support/workloads.js';

/** What a client was told. */
export interface Acknowledged {
  readonly what: string;
  readonly position: number;
}

const NAMES = ['web', 'api', 'worker'];
const MAPS = '/api/v1/namespaces/default/configmaps';
/** What Kubernetes may answer to a client whose view is old or who comes at a bad moment. */
const EXPECTED = [404, 409, 429, 503, 504];

/** People and programs that use a cluster while it is in trouble. What they were told is kept. */
export class Clients {
  readonly acknowledged: Acknowledged[] = [];
  readonly surprises: string[] = [];
  private writing = false;
  private writers: Promise<unknown> = Promise.resolve();
  private generation = 0;

  constructor(
    private readonly cluster: Served,
    private readonly chance: Prng,
  ) {}

  /** Something to be in trouble: every deployment with two pods that run. */
  async prepare(): Promise<void> {
    for (const name of NAMES) await this.apply(name, 2);
    for (const name of NAMES) await rolledOut(this.cluster, name);
  }

  /** Programs that write without a pause until they are told to stop. */
  beginWriting(writers: number): void {
    this.writing = true;
    this.writers = Promise.all(Array.from({ length: writers }, (_, i) => this.write(`writer-${i}`)));
  }
  async endWriting(): Promise<void> {
    this.writing = false;
    await this.writers;
  }

  /** One wish of some person; says what it was and how it was answered. */
  async act(): Promise<string> {
    const { chance } = this;
    const name = chance.pick(NAMES);
    const wishes: readonly (() => Promise<string>)[] = [
      () => this.apply(name, 1 + chance.below(4)),
      () => this.apply(name, 1 + chance.below(4)),
      () => this.patch('scale', name, { spec: { replicas: chance.below(5) } }),
      () => this.patch('pause', name, { spec: { paused: chance.chance(0.2) } }),
      () => this.deletePod(),
      () =>
        chance.chance(0.3) ? this.ask('delete deployment', 'DELETE', `${DEPLOYMENTS}/${name}`) : this.apply(name, 2),
    ];
    return chance.pick(wishes)();
  }

  /** Names of the deployments that are there; nothing stays paused. */
  async deployments(): Promise<readonly string[]> {
    const list = (await this.cluster.api.get(DEPLOYMENTS)).json();
    const names = (list.items ?? []).map(({ metadata }) => metadata.name);
    for (const name of names) await this.patch('resume', name, { spec: { paused: null } });
    return names;
  }

  private apply(name: string, replicas: number): Promise<string> {
    const env = [{ name: 'GENERATION', value: String(++this.generation) }];
    const path = `${DEPLOYMENTS}/${name}?fieldManager=chaos&force=true`;
    return this.ask('apply', 'PATCH', path, deployment(name, replicas, {}, { env }), 'application/apply-patch+yaml');
  }
  private patch(verb: string, name: string, body: object): Promise<string> {
    return this.ask(verb, 'PATCH', `${DEPLOYMENTS}/${name}`, body, 'application/merge-patch+json');
  }
  private async deletePod(): Promise<string> {
    try {
      const pods = (await this.cluster.api.get(PODS)).json().items ?? [];
      if (pods.length === 0) return 'delete no pod: there is none';
      return await this.ask('delete pod', 'DELETE', `${PODS}/${this.chance.pick(pods).metadata.name}`);
    } catch (error) {
      return `delete pod: ${String(error)}`;
    }
  }

  private async ask(verb: string, method: string, path: string, body?: object, contentType?: string): Promise<string> {
    const what = `${verb} ${path.replace(/^.*\//, '').replace(/\?.*/, '')}`;
    try {
      const answer = await this.cluster.api.call(method, path, {
        ...(body && { body }),
        ...(contentType && { contentType }),
        timeoutMs: 10_000,
      });
      this.hear(what, method, answer);
      return `${what}: ${answer.status}`;
    } catch (error) {
      // Not acknowledged: it may have happened or not.
      return `${what}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  private hear(what: string, method: string, answer: ApiAnswer): void {
    if (answer.status >= 200 && answer.status < 300) {
      const position = Number(answer.json<ApiObject>().metadata.resourceVersion);
      // A deletion is answered with the object as it last was.
      if (method !== 'DELETE') this.acknowledged.push({ what, position });
    } else if (!EXPECTED.includes(answer.status)) {
      this.surprises.push(`${what}: ${answer.status} ${answer.body.toString().slice(0, 500)}`);
    }
  }

  private async write(prefix: string): Promise<void> {
    for (let i = 0; this.writing; i++) {
      const said = await this.ask('create configmap', 'POST', MAPS, {
        metadata: { name: `${prefix}-${i}` },
        data: { i: String(i) },
      });
      await sleep(said.endsWith(': 201') ? 20 : 100);
    }
  }
}

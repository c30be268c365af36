import { deployments, pods, type Deployment } from '#kinds';
import { isRefusal, type Command, type CommandResult, type View } from '#model';
import type { Json, Prng } from '#std';

/** What a client was told: kept to be held against the log at the end. */
export interface Acknowledged {
  readonly position: number;
  readonly changed: boolean;
  readonly what: string;
}

export interface SwarmParts {
  readonly chance: Prng;
  readonly submit: (command: Command) => Promise<CommandResult>;
  readonly view: () => View;
  readonly nodes: readonly string[];
}

const IMAGES = ['app:1', 'app:2', 'app:3'];
const NAMES = ['web', 'api', 'worker'];

/** Clients that do what people do, at moments and in an order drawn from the seed. */
export class Swarm {
  readonly acknowledged: Acknowledged[] = [];
  readonly surprises: string[] = [];
  private count = 0;

  constructor(private readonly parts: SwarmParts) {}

  /** One wish of some client. */
  act(): void {
    const { chance } = this.parts;
    const command = chance.pick(this.wishes())();
    if (!command) return;
    const what = `${command.verb} ${command.kind}${command.subresource ? `/${command.subresource}` : ''} ${command.name}`;
    this.parts.submit(command).then(
      (result) => this.heard(what, result),
      (cause: unknown) => this.surprises.push(`${what}: ${String(cause)}`),
    );
  }

  private heard(what: string, result: CommandResult): void {
    if (!isRefusal(result)) {
      this.acknowledged.push({ position: result.position, changed: result.changed, what });
      return;
    }
    const isExpected = [404, 409, 429, 503, 504].includes(result.code) || (result.code === 403 && /namespace/.test(result.message));
    if (!isExpected) this.surprises.push(`${what}: ${result.code} ${result.reason} ${result.message}`);
  }

  private wishes(): readonly (() => Command | undefined)[] {
    const { chance, nodes } = this.parts;
    const name = (): string => chance.pick(NAMES);
    const change = (): Command | undefined =>
      this.patch(deployments.id, name(), { spec: { template: { spec: { containers: [{ name: 'app', image: chance.pick(IMAGES) }] } } } });
    return [
      () => this.create(deployment(name(), chance)),
      () => this.create(deployment(name(), chance)),
      () => this.patch(deployments.id, name(), { spec: { replicas: chance.below(6) } }),
      change,
      change,
      () => this.patch(deployments.id, name(), { spec: { paused: chance.chance(0.3) } }),
      () => this.deleteSomePod(),
      () => (chance.chance(0.25) ? this.command({ verb: 'delete', kind: deployments.id, name: name(), body: {} }) : undefined),
      () =>
        chance.chance(0.4)
          ? this.command({
              verb: 'patch',
              kind: 'core.nodes',
              namespace: undefined,
              name: chance.pick(nodes),
              patchType: 'merge',
              body: { spec: { unschedulable: chance.chance(0.3) ? true : null } },
            })
          : undefined,
    ];
  }

  /** What a person does after the trouble: nothing stays paused or cordoned. */
  tidyUp(): void {
    const { nodes } = this.parts;
    const wishes = [
      ...NAMES.map((name) => this.patch(deployments.id, name, { spec: { paused: null } })),
      ...nodes.map((name) =>
        this.command({
          verb: 'patch',
          kind: 'core.nodes',
          namespace: undefined,
          name,
          patchType: 'merge',
          body: { spec: { unschedulable: null } },
        }),
      ),
    ];
    for (const wish of wishes) void this.parts.submit(wish).then((result) => this.heard('tidy up', result));
  }

  private deleteSomePod(): Command | undefined {
    const list = this.parts.view().list(pods, 'default');
    if (list.length === 0) return undefined;
    const pod = this.parts.chance.pick(list);
    return this.command({ verb: 'delete', kind: pods.id, name: pod.metadata.name, body: { gracePeriodSeconds: this.parts.chance.below(4) } });
  }

  private create(body: Deployment): Command {
    return this.command({
      verb: 'create',
      kind: deployments.id,
      apiVersion: 'apps/v1',
      name: body.metadata.name,
      body: body as unknown as Json,
    });
  }
  private patch(kind: string, name: string, body: Json): Command {
    return this.command({ verb: 'patch', kind, apiVersion: 'apps/v1', name, patchType: 'strategic', body });
  }
  private command(parts: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>): Command {
    return {
      apiVersion: 'v1',
      namespace: 'default',
      options: { fieldManager: 'swarm' },
      actor: { name: 'person', groups: ['system:masters', 'system:authenticated'] },
      via: 'swarm',
      correlationId: `swarm-${this.count++}`,
      ...parts,
    };
  }
}

function deployment(name: string, chance: Prng): Deployment {
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 1 + chance.below(4),
      selector: { matchLabels: { app: name } },
      strategy: chance.chance(0.2)
        ? { type: 'Recreate' }
        : { type: 'RollingUpdate', rollingUpdate: { maxSurge: chance.pick([1, 2, '50%']), maxUnavailable: chance.pick([0, 1, '25%']) || 0 } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: chance.below(5),
          containers: [{ name: 'app', image: chance.pick(IMAGES), resources: { requests: { cpu: `${100 * (1 + chance.below(8))}m` } } }],
        },
      },
    },
  };
  return body as unknown as Deployment;
}

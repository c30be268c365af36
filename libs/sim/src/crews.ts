import { customResourceDefinitionKind, customResourceDefinitions, deployments } from '#kinds';
import type { Command, KindId, KubeObject, View } from '#model';
import type { Clock } from '#ports';
import { isJsonObject, jsonEquals, type Json, type JsonObject, type Prng } from '#std';
import { personCommand } from './commands.js';
import type { Slots } from './slots.js';
import type { Swarm } from './swarm.js';
import { deployment } from './wishes.js';

const GROUP = 'crews.example.com';
export const CREWS: KindId = `${GROUP}.crews`;
export const CREW = 'Crew';
export const CREW_VERSION = `${GROUP}/v1`;
/** They are in the namespace `default`. */
export const CREW_NAMES = ['guard', 'deck'];
const NAMESPACE = 'default';
const TEND_MS = 2000;

export interface CrewsParts {
  readonly chance: Prng;
  readonly clock: Clock;
  readonly slots: Slots;
  readonly swarm: Swarm;
}

/**
 * An operator of people who have defined a kind with a scale: a crew is run by a deployment of its name. It makes the definition, the crews and their
 * deployments, gives these the size of their crew, and says in its status how many there are and which.
 */
export class Crews {
  private count = 0;

  constructor(private readonly parts: CrewsParts) {}

  start(): void {
    this.parts.clock.after(TEND_MS, () => {
      for (const command of this.wishes()) this.parts.swarm.send(command);
      this.start();
    });
  }

  private *wishes(): Iterable<Command> {
    const definitions = this.view.get(customResourceDefinitions, undefined, `crews.${GROUP}`);
    if (!definitions) return yield this.definition();
    for (const name of CREW_NAMES) {
      const crew = this.view.get({ id: CREWS }, NAMESPACE, name);
      const team = this.view.get(deployments, NAMESPACE, name);
      if (!crew) yield this.crew(name);
      else if (!team) yield this.team(name, replicasOf(crew, 'spec'));
      else yield* this.inStep(name, crew, team as unknown as KubeObject);
    }
  }
  private *inStep(name: string, crew: KubeObject, team: KubeObject): Iterable<Command> {
    const place = { namespace: NAMESPACE, name, patchType: 'merge' as const };
    const replicas = replicasOf(crew, 'spec');
    if (replicasOf(team, 'spec') !== replicas)
      yield this.command({
        ...{ verb: 'patch', kind: deployments.id, apiVersion: 'apps/v1', ...place, body: { spec: { replicas } } },
      });
    const status: Json = { replicas: replicasOf(team, 'status'), selector: `app=${name}` };
    if (!jsonEquals(crew['status'] as Json | undefined, status))
      yield this.command({
        ...{ verb: 'patch', kind: CREWS, apiVersion: CREW_VERSION, ...place, subresource: 'status', body: { status } },
      });
  }

  private definition(): Command {
    const integer: Json = { type: 'integer', minimum: 0 };
    const properties: Json = {
      spec: { type: 'object', properties: { replicas: integer } },
      status: { type: 'object', properties: { replicas: integer, selector: { type: 'string' } } },
    };
    const scale = {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.selector',
    };
    const version: Json = {
      ...{ name: 'v1', served: true, storage: true, subresources: { status: {}, scale } },
      schema: { openAPIV3Schema: { type: 'object', properties } },
    };
    const name = `crews.${GROUP}`;
    const body: Json = {
      ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: customResourceDefinitionKind.names.kind, metadata: { name } },
      spec: { group: GROUP, scope: 'Namespaced', names: { plural: 'crews', kind: CREW }, versions: [version] },
    };
    const kind = customResourceDefinitions.id;
    return this.command({
      ...{ verb: 'create', kind, apiVersion: 'apiextensions.k8s.io/v1', namespace: undefined, name, body },
    });
  }
  private crew(name: string): Command {
    const spec = { replicas: 1 + this.parts.chance.below(3) };
    const body: Json = { apiVersion: CREW_VERSION, kind: CREW, metadata: { name }, spec };
    return this.command({ verb: 'create', kind: CREWS, apiVersion: CREW_VERSION, name, body });
  }
  private team(name: string, replicas: number): Command {
    const { spec, ...made } = deployment(name, this.parts.chance);
    const body: Json = { ...made, spec: { ...(spec as JsonObject), replicas } };
    return this.command({ verb: 'create', kind: deployments.id, apiVersion: 'apps/v1', name, body });
  }

  private get view(): View {
    return this.parts.slots.api.process.plane.reads.projection;
  }
  private command(parts: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>): Command {
    return personCommand({ namespace: NAMESPACE, ...parts }, 'operator', this.count++);
  }
}

function replicasOf(object: KubeObject, part: 'spec' | 'status'): number {
  const given = object[part] as Json | undefined;
  const replicas = isJsonObject(given) ? given['replicas'] : undefined;
  return typeof replicas === 'number' ? replicas : 0;
}

import { deployments, horizontalPodAutoscalers, SCALE_ON_PRESSURE } from '#kinds';
import type { Command, KubeObject, View } from '#model';
import type { Json, JsonObject, Prng } from '#std';
import { personCommand } from './commands.js';
import { CREW, CREW_NAMES, CREW_VERSION } from './crews.js';
import { drawDemand } from './load/demand.js';
import type { Loads } from './load/loads.js';
import type { Slots } from './slots.js';
import type { Swarm } from './swarm.js';
import type { Wish } from './wishes.js';

const TARGETS = ['web', 'api', 'worker'];
const PLACES = ['default', 'default', 'second'];
export const AUTOSCALING_VERSION = 'autoscaling/v2';
/** What adapters of the simulation measure: the demand of a workload as a whole, and the share of each of its pods. */
export const METRICS = { whole: 'demand', share: 'share' } as const;

export interface AutoscalingParts {
  readonly chance: Prng;
  readonly slots: Slots;
  readonly swarm: Swarm;
  readonly loads: Loads;
  /** Whether there are crews to scale, too. */
  readonly hasCrews: boolean;
}

/** Clients that make, change and delete autoscalers, and the users of the workloads, whose demand comes and goes. */
export class Autoscaling {
  private count = 0;

  constructor(private readonly parts: AutoscalingParts) {}

  act(): void {
    const { chance, hasCrews } = this.parts;
    const isCrew = hasCrews && chance.chance(0.4);
    const place = isCrew ? 'default' : chance.pick(PLACES);
    const target = chance.pick(isCrew ? CREW_NAMES : TARGETS);
    const command = chance.pick<() => Command | undefined>([
      () => this.create(place, target),
      () => this.create(place, target),
      () => this.change(),
      () => this.demand(place, target),
      () => this.demand(place, target),
      () => this.demand(place, target),
      () => this.resources(place, target),
      () => (chance.chance(0.3) ? this.delete() : undefined),
    ])();
    if (command) this.parts.swarm.send(command);
  }

  private create(namespace: string, target: string): Command {
    const { chance } = this.parts;
    // Two autoscalers of one target hold each other up: seldom, or nothing else would be seen.
    const body = autoscaler(chance.chance(0.05) ? `${target}-again` : target, target, chance);
    const { name } = body.metadata;
    return this.command({ verb: 'create', ...PLACE, namespace, name, body });
  }
  private change(): Command | undefined {
    const { chance } = this.parts;
    const one = this.some();
    if (!one) return undefined;
    const { namespace, name } = one.metadata;
    const body = chance.pick<() => JsonObject>([
      () => ({ spec: bounds(chance) }),
      () => ({ spec: { metrics: metrics(one.spec.scaleTargetRef.name, chance) } }),
      () => ({ spec: { behavior: chance.chance(0.2) ? null : behavior(chance) } }),
      () => ({ metadata: { annotations: { [SCALE_ON_PRESSURE]: chance.chance(0.5) ? 'true' : null } } }),
    ])();
    return this.command({ verb: 'patch', ...PLACE, namespace, name, patchType: 'merge', body });
  }
  private delete(): Command | undefined {
    const one = this.some();
    return one && this.command({ verb: 'delete', ...PLACE, ...placeOf(one), body: {} });
  }
  private demand(namespace: string, target: string): undefined {
    const { chance, loads } = this.parts;
    const workload = `${namespace}/${target}`;
    loads.set(workload, drawDemand(chance, loads.demand(workload)));
  }
  /** Another request, so that pods fit, and a limit, which hides what is above it. */
  private resources(namespace: string, name: string): Command | undefined {
    const { chance } = this.parts;
    if (!this.view.get(deployments, namespace, name)) return undefined;
    const cpu = 50 * (1 + chance.below(5));
    const limits = chance.chance(0.5) ? { cpu: `${cpu * (1 + chance.below(3))}m` } : null;
    const containers: Json = [{ name: 'app', resources: { requests: { cpu: `${cpu}m` }, limits } }];
    const body: Json = { spec: { template: { spec: { containers } } } };
    const place = { kind: deployments.id, apiVersion: 'apps/v1', namespace, name };
    return this.command({ verb: 'patch', ...place, patchType: 'strategic', body });
  }

  private some() {
    const list = this.view.list(horizontalPodAutoscalers);
    return list.length === 0 ? undefined : this.parts.chance.pick(list);
  }
  private get view(): View {
    return this.parts.slots.api.process.plane.reads.projection;
  }
  private command(parts: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>): Command {
    return personCommand(parts, 'autoscaling', this.count++);
  }
}
const PLACE = { kind: horizontalPodAutoscalers.id, apiVersion: AUTOSCALING_VERSION };

function placeOf({ metadata: { namespace, name } }: KubeObject): Pick<Command, 'name' | 'namespace'> {
  return { name, namespace };
}

function autoscaler(name: string, target: string, chance: Prng): Wish & { readonly spec: JsonObject } {
  return {
    apiVersion: AUTOSCALING_VERSION,
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, ...(chance.chance(0.3) && { annotations: { [SCALE_ON_PRESSURE]: 'true' } }) },
    spec: {
      scaleTargetRef: CREW_NAMES.includes(target)
        ? { apiVersion: CREW_VERSION, kind: CREW, name: target }
        : { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
      ...bounds(chance),
      metrics: metrics(target, chance),
      ...(chance.chance(0.7) && { behavior: behavior(chance) }),
    },
  };
}
function bounds(chance: Prng): JsonObject {
  const minReplicas = 1 + chance.below(3);
  return { minReplicas, maxReplicas: minReplicas + chance.below(6) };
}
function metrics(target: string, chance: Prng): Json {
  const average = (value: string): Json => ({ type: 'AverageValue', averageValue: value });
  const metric = (name: string): JsonObject => ({ name, selector: { matchLabels: { workload: target } } });
  const utilization: Json = { type: 'Utilization', averageUtilization: 40 + 10 * chance.below(6) };
  const share = `${100 + 50 * chance.below(5)}m`;
  const one = chance.pick<() => JsonObject>([
    () => ({ type: 'Resource', resource: { name: 'cpu', target: utilization } }),
    () => ({ type: 'Resource', resource: { name: 'cpu', target: utilization } }),
    () => ({ type: 'Resource', resource: { name: 'cpu', target: average(share) } }),
    () => ({ type: 'Resource', resource: { name: 'memory', target: average(`${20 + chance.below(20)}Mi`) } }),
    () => ({
      type: 'ContainerResource',
      containerResource: { name: 'cpu', container: 'app', target: utilization },
    }),
    () => ({ type: 'Pods', pods: { metric: { name: METRICS.share }, target: average(share) } }),
    () => ({
      type: 'Object',
      object: {
        describedObject: { apiVersion: 'v1', kind: 'Service', name: target },
        ...{ metric: { name: METRICS.whole }, target: average(share) },
      },
    }),
    () => ({ type: 'External', external: { metric: metric(METRICS.whole), target: average(share) } }),
  ])();
  const cpu: JsonObject = { type: 'Resource', resource: { name: 'cpu', target: utilization } };
  return chance.chance(0.2) && one['type'] !== 'Resource' ? [cpu, one] : [one];
}
function behavior(chance: Prng): JsonObject {
  return { scaleUp: rules(chance, [0, 0, 30]), scaleDown: rules(chance, [0, 30, 60, 120, 300]) };
}
function rules(chance: Prng, windows: readonly number[]): JsonObject {
  const policies = Array.from({ length: 1 + chance.below(2) }, () => ({
    type: chance.pick(['Pods', 'Percent']),
    value: chance.pick([1, 2, 4, 100]),
    periodSeconds: chance.pick([15, 30, 60]),
  }));
  return {
    stabilizationWindowSeconds: chance.pick(windows),
    selectPolicy: chance.pick(['Max', 'Max', 'Min']),
    policies,
    ...(chance.chance(0.3) && { tolerance: `${50 * chance.below(5)}m` }),
  };
}

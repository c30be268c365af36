import { podDisruptionBudgetKind, podDisruptionBudgets, pods } from '#kinds';
import type { Command, KubeObject, View } from '#model';
import { isReady } from '#pod';
import type { JsonObject, Prng } from '#std';
import { personCommand } from './commands.js';
import type { Slots } from './slots.js';
import type { Swarm } from './swarm.js';

/** Names of deployments of the swarm, each of which has a budget of its name at most: no pod is in two. */
const APPS = ['web', 'api', 'worker'];
const PLACES = ['default', 'default', 'second'];
const API_VERSION = 'policy/v1';
/** As many evictions are asked for in one moment at most: they meet. */
const EVICTIONS_MAX = 4;

export interface BudgetsParts {
  readonly chance: Prng;
  readonly slots: Slots;
  readonly swarm: Swarm;
}

/** Clients that make, change and delete disruption budgets, and evict pods. */
export class Budgets {
  private count = 0;

  constructor(private readonly parts: BudgetsParts) {}

  act(): void {
    const { chance, swarm } = this.parts;
    const command = chance.pick<() => Command | undefined>([
      () => this.create(),
      () => this.create(),
      () => this.change(),
      () => (chance.chance(0.3) ? this.delete() : undefined),
    ])();
    if (command) swarm.send(command);
    if (chance.chance(0.5)) for (let i = chance.below(EVICTIONS_MAX); i >= 0; i--) this.evict();
  }

  private create(): Command {
    const { chance } = this.parts;
    const app = chance.pick(APPS);
    const spec = { ...boundOf(chance), selector: { matchLabels: { app } }, ...unhealthyOf(chance) };
    const body = { apiVersion: API_VERSION, kind: podDisruptionBudgetKind.names.kind, metadata: { name: app }, spec };
    return this.command({ verb: 'create', namespace: chance.pick(PLACES), name: app, body });
  }
  private change(): Command | undefined {
    const one = this.some(podDisruptionBudgets.id);
    const body = { spec: { ...boundOf(this.parts.chance), ...unhealthyOf(this.parts.chance) } };
    return one && this.command({ verb: 'patch', patchType: 'merge', ...placeOf(one), body });
  }
  private delete(): Command | undefined {
    const one = this.some(podDisruptionBudgets.id);
    return one && this.command({ verb: 'delete', ...placeOf(one), body: {} });
  }
  private evict(): void {
    const { chance, swarm } = this.parts;
    const all = this.view.list(pods);
    // A budget is asked for those that are ready; the others are a few.
    const ready = all.filter((one) => isReady(one) && one.metadata.deletionTimestamp === undefined);
    const from = ready.length > 0 && chance.chance(0.8) ? ready : all;
    if (from.length === 0) return;
    const pod = chance.pick(from);
    const place = placeOf(pod);
    const body: JsonObject = {
      ...{ apiVersion: API_VERSION, kind: 'Eviction', metadata: place },
      ...(chance.chance(0.3) && { deleteOptions: { gracePeriodSeconds: chance.below(4) } }),
    };
    swarm.send(
      this.command({ verb: 'create', kind: pods.id, apiVersion: 'v1', subresource: 'eviction', ...place, body }),
    );
  }

  private some(kind: string): KubeObject | undefined {
    const list = this.view.list<KubeObject>({ id: kind });
    return list.length === 0 ? undefined : this.parts.chance.pick(list);
  }
  private get view(): View {
    return this.parts.slots.api.process.plane.reads.projection;
  }
  private command(parts: Partial<Command> & Pick<Command, 'verb' | 'name'>): Command {
    return personCommand({ kind: podDisruptionBudgets.id, apiVersion: API_VERSION, ...parts }, 'budgets', this.count++);
  }
}

function placeOf({ metadata: { namespace = 'default', name } }: KubeObject): { namespace: string; name: string } {
  return { name, namespace };
}
/** One of both; `null` takes the other away from a budget that is changed. */
function boundOf(chance: Prng): JsonObject {
  const amount = chance.pick([0, 1, 1, 2, '50%', '34%']);
  return chance.chance(0.5)
    ? { minAvailable: amount, maxUnavailable: null }
    : { maxUnavailable: amount, minAvailable: null };
}
function unhealthyOf(chance: Prng): JsonObject {
  return { unhealthyPodEvictionPolicy: chance.pick(['AlwaysAllow', 'IfHealthyBudget']) };
}

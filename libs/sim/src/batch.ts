import { cronJobKind, cronJobs, jobKind, jobs } from '#kinds';
import type { Command, KubeObject, View } from '#model';
import type { JsonObject, Prng } from '#std';
import { personCommand } from './commands.js';
import type { Slots } from './slots.js';
import type { Swarm } from './swarm.js';
import { JOB_IMAGE } from './wishes.js';

const NAMES = ['load', 'index', 'mail', 'sum', 'sort', 'scan'];
const PLACES = ['default', 'default', 'second'];
const API_VERSION = 'batch/v1';

export interface BatchParts {
  readonly chance: Prng;
  readonly slots: Slots;
  readonly swarm: Swarm;
}

/** Clients that make, change and delete jobs and CronJobs. */
export class Batch {
  private count = 0;

  constructor(private readonly parts: BatchParts) {}

  act(): void {
    const { chance, swarm } = this.parts;
    const command = chance.pick<() => Command | undefined>([
      () => this.create(jobs.id, jobKind.names.kind, jobSpec(chance)),
      () => this.create(jobs.id, jobKind.names.kind, jobSpec(chance)),
      () => this.create(cronJobs.id, cronJobKind.names.kind, cronJobSpec(chance)),
      () => this.change(jobs.id, { parallelism: chance.below(4) }),
      () => this.change(jobs.id, { suspend: chance.chance(0.4) }),
      () => this.change(cronJobs.id, { suspend: chance.chance(0.3) }),
      () => (chance.chance(0.3) ? this.delete(chance.pick([jobs.id, cronJobs.id])) : undefined),
    ])();
    if (command) swarm.send(command);
  }

  /** After the trouble no job waits to be resumed, and no CronJob makes others. */
  tidyUp(): void {
    for (const job of this.view.list(jobs))
      this.parts.swarm.send(this.patch(jobs.id, job, { suspend: false, parallelism: 3 }));
    for (const one of this.view.list(cronJobs)) this.parts.swarm.send(this.patch(cronJobs.id, one, { suspend: true }));
  }

  private create(kind: string, word: string, spec: JsonObject): Command {
    const { chance } = this.parts;
    const name = `${word.toLowerCase()}-${chance.pick(NAMES)}`;
    const body = { apiVersion: API_VERSION, kind: word, metadata: { name }, spec };
    return this.command({ verb: 'create', kind, namespace: chance.pick(PLACES), name, body });
  }
  private change(kind: string, spec: JsonObject): Command | undefined {
    const one = this.some(kind);
    return one && this.patch(kind, one, spec);
  }
  private patch(kind: string, { metadata: { namespace, name } }: KubeObject, spec: JsonObject): Command {
    return this.command({ verb: 'patch', kind, namespace, name, patchType: 'merge', body: { spec } });
  }
  private delete(kind: string): Command | undefined {
    const { chance } = this.parts;
    const one = this.some(kind);
    const propagationPolicy = chance.pick(['Background', 'Foreground', 'Orphan']);
    return one && this.command({ verb: 'delete', kind, ...placeOf(one), body: { propagationPolicy } });
  }

  private some(kind: string): KubeObject | undefined {
    const list = this.view.list<KubeObject>({ id: kind });
    return list.length === 0 ? undefined : this.parts.chance.pick(list);
  }
  private get view(): View {
    return this.parts.slots.api.process.plane.reads.projection;
  }
  private command(parts: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>): Command {
    return personCommand({ apiVersion: API_VERSION, ...parts }, 'batch', this.count++);
  }
}

function placeOf({ metadata: { namespace, name } }: KubeObject): Pick<Command, 'name' | 'namespace'> {
  return { name, namespace };
}

function jobSpec(chance: Prng): JsonObject {
  const completions = 1 + chance.below(5);
  const isIndexed = chance.chance(0.4);
  const container = { name: 'job', image: JOB_IMAGE, resources: { requests: { cpu: '100m' } } };
  return {
    parallelism: 1 + chance.below(3),
    backoffLimit: chance.below(3),
    podReplacementPolicy: chance.pick(['TerminatingOrFailed', 'Failed']),
    ...(isIndexed && { completionMode: 'Indexed', completions }),
    ...(!isIndexed && chance.chance(0.8) && { completions }),
    ...(isIndexed &&
      chance.chance(0.5) && { backoffLimitPerIndex: chance.below(2), maxFailedIndexes: chance.below(completions) }),
    ...(chance.chance(0.2) && { activeDeadlineSeconds: 5 + chance.below(60) }),
    ...(chance.chance(0.2) && { ttlSecondsAfterFinished: chance.below(60) }),
    ...(chance.chance(0.2) && { suspend: true }),
    template: {
      spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: chance.below(4), containers: [container] },
    },
  };
}
function cronJobSpec(chance: Prng): JsonObject {
  return {
    schedule: chance.pick(['* * * * *', '*/2 * * * *', '@every 20s']),
    concurrencyPolicy: chance.pick(['Allow', 'Forbid', 'Replace']),
    jobTemplate: { spec: jobSpec(chance) },
    ...(chance.chance(0.3) && { startingDeadlineSeconds: 30 + chance.below(60) }),
    ...(chance.chance(0.3) && { successfulJobsHistoryLimit: chance.below(3), failedJobsHistoryLimit: chance.below(2) }),
  };
}

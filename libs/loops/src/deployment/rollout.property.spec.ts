import { isActive, isReady, type Pod } from '#pod';
import { describe, expect, test } from '@jest/globals';
import { deployments } from '#kinds';
import type { Change, Submit } from '#model';
import { prng, type Prng } from '#std';
import { replicaSet } from '../replica-set/index.js';
import {
  allReady,
  deploymentIn,
  makeDeployment,
  place,
  podsIn,
  roll,
  setReady,
  setsIn,
  TestCluster,
  type Batch,
} from '../shared/testing/index.js';
import { boundsOf } from './bounds.js';
import { deployment } from './index.js';
import fc from 'fast-check';

/** Writes by an earlier submit of the same look would make a later one stale for ever. */
function expectIndependent(batch: Batch): void {
  const written = new Set<string>();
  for (const decision of batch.decisions) {
    if (decision.is !== 'submit') continue;
    for (const stream of decision.basedOn ?? [])
      if (written.has(stream)) throw new Error(`${stream} is written and then built on`);
    collect(decision, written);
  }
}
function collect({ command, then }: Submit, written: Set<string>): void {
  written.add(`${command.kind}/${command.namespace ?? '_'}/${command.name}`);
  for (const next of then ?? []) collect(next, written);
}

const available = (cluster: TestCluster): number =>
  podsIn(cluster).filter((pod) => isActive(pod) && isReady(pod)).length;
const active = (cluster: TestCluster): number => podsIn(cluster).filter(isActive).length;

/** Asked after each change: jest's own matchers cost more than the look at the cluster. */
function expectAtMost(count: number, most: number): void {
  if (count > most) throw new Error(`${count} active pods, at most ${most} are allowed`);
}
function expectAtLeast(count: number, fewest: number): void {
  if (count < fewest) throw new Error(`${count} available pods, at least ${fewest} are needed`);
}

/** One step of a world in which loops look, their decisions arrive late, and pods come and go; all drawn from the seed. */
class World {
  readonly cluster = new TestCluster([deployment, replicaSet]);
  private readonly late: Batch[] = [];
  private readonly busy = new Set<string>();
  constructor(private readonly random: Prng) {}

  step(): void {
    const choice = this.random.next();
    if (choice < 0.4) this.look();
    else if (choice < 0.7) this.arrive();
    else this.live();
  }
  finish(): void {
    while (this.late.length > 0) this.arrive();
    allReady(this.cluster.settle());
  }
  private look(): void {
    const waiting = this.cluster.pending().filter((entry) => !this.busy.has(`${entry.loop.name} ${entry.key}`));
    if (waiting.length === 0) return;
    const entry = this.random.pick(waiting);
    this.cluster.take(entry);
    this.busy.add(`${entry.loop.name} ${entry.key}`);
    const batch = this.cluster.decide(entry.loop, entry.key);
    expectIndependent(batch);
    this.late.push(batch);
  }
  private arrive(): void {
    if (this.late.length === 0) return;
    const [batch] = this.late.splice(this.random.below(this.late.length), 1);
    if (!batch) return;
    this.busy.delete(`${batch.loop.name} ${batch.key}`);
    this.cluster.carryOut(batch);
  }
  /** Something happens to a pod on a node: never a loss of readiness, so that only the loops can break the bounds. */
  private live(): void {
    const pods = podsIn(this.cluster);
    if (pods.length === 0) return;
    const pod = this.random.pick(pods);
    if (pod.metadata.deletionTimestamp !== undefined) this.cluster.gone(pod);
    else if (pod.spec.nodeName === undefined) place(this.cluster, pod);
    else if (!isReady(pod)) setReady(this.cluster, pod);
  }
}

const bound = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`),
);
/** Of surge and unavailability one is not zero: Kubernetes refuses the others, for such a rollout could never take a step. */
const bounds = fc.tuple(bound, bound).filter((pair) => pair.some((one) => Number.parseInt(String(one)) !== 0));

/** A deployment that is complete, in a world of its own. */
interface Rollout {
  readonly random: Prng;
  readonly world: World;
  readonly cluster: TestCluster;
  readonly replicas: number;
}
/** Holds for rollouts of any size, bounds and order of events. */
function forAnyRollout(
  { replicasMax, numRuns }: { readonly replicasMax: number; readonly numRuns: number },
  check: (rollout: Rollout) => void,
): void {
  const property = fc.property(
    fc.integer(),
    fc.integer({ min: 1, max: replicasMax }),
    bounds,
    (seed, replicas, [maxSurge, maxUnavailable]) => {
      const random = prng(seed);
      const world = new World(random);
      const { cluster } = world;
      makeDeployment(cluster, { replicas, maxSurge, maxUnavailable });
      allReady(cluster.settle());
      check({ random, world, cluster, replicas });
    },
  );
  fc.assert(property, { numRuns });
}

/** The set of a pod that an event ended or marked, and who counted as available then. */
function expectKept(cluster: TestCluster, change: Change, fewest: number): void {
  const [was, is] = [change.before as Pod | undefined, change.after as Pod | undefined];
  if (change.kind !== 'core.pods' || !was || was.metadata.deletionTimestamp !== undefined) return;
  if ((is && is.metadata.deletionTimestamp === undefined) || !isReady(was)) return;
  expectAtLeast(available(cluster), fewest);
}

describe('a rollout, whatever the order in which its decisions arrive', () => {
  test('never has too many pods nor too few available ones, and ends with the newest template', () => {
    forAnyRollout({ replicasMax: 12, numRuns: 60 }, ({ world, cluster, replicas }) => {
      const { most, fewest } = boundsOf(deploymentIn(cluster));
      cluster.onChange = () => {
        expectAtMost(active(cluster), most);
        expectAtLeast(available(cluster), fewest);
      };
      for (const version of ['2', '3', '1']) {
        roll(cluster, version);
        for (let i = 0; i < 60; i++) world.step();
      }
      world.finish();
      expect(podsIn(cluster).map((pod) => pod.metadata.labels?.['v'])).toEqual(Array(replicas).fill('1'));
      expect(deploymentIn(cluster).status?.conditions?.at(-1)?.reason).toBe('NewReplicaSetAvailable');
    });
  });

  test('never deletes an available pod that the deployment needs, whatever else is lost meanwhile', () => {
    forAnyRollout({ replicasMax: 10, numRuns: 60 }, ({ random, world, cluster, replicas }) => {
      const { fewest } = boundsOf(deploymentIn(cluster));
      cluster.onChange = (change) => expectKept(cluster, change, fewest);
      for (const version of ['2', '3', '1']) {
        roll(cluster, version);
        for (let i = 0; i < 80; i++) {
          world.step();
          const ready = podsIn(cluster).filter((pod) => isActive(pod) && isReady(pod));
          if (ready.length > 0 && random.chance(0.2)) setReady(cluster, random.pick(ready), false);
        }
      }
      world.finish();
      expect(podsIn(cluster).map((pod) => pod.metadata.labels?.['v'])).toEqual(Array(replicas).fill('1'));
    });
  });

  test('has never more pods than it may when it is paused and grows meanwhile', () => {
    forAnyRollout({ replicasMax: 5, numRuns: 200 }, ({ random, world, cluster, replicas }) => {
      cluster.onChange = () => expectAtMost(active(cluster), boundsOf(deploymentIn(cluster)).most);
      let wanted = replicas;
      for (const version of ['2', '3', '1']) {
        roll(cluster, version);
        for (let i = random.below(40); i > 0; i--) world.step();
        if (random.chance(0.5)) wanted += random.below(4);
        cluster.edit(deployments, 'default', 'web', { spec: { paused: random.chance(0.6), replicas: wanted } });
        for (let i = random.below(60); i > 0; i--) world.step();
      }
      cluster.edit(deployments, 'default', 'web', { spec: { paused: false } });
      world.finish();
      expect(podsIn(cluster).map((pod) => pod.metadata.labels?.['v'])).toEqual(Array(wanted).fill('1'));
    });
  });

  test('comes to rest with exactly the wanted pods after any scaling in between', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 4 }),
        (seed, sizes) => {
          const world = new World(prng(seed));
          const { cluster } = world;
          makeDeployment(cluster, { replicas: 4 });
          let version = 1;
          for (const replicas of sizes) {
            cluster.edit(deployments, 'default', 'web', { spec: { replicas } });
            if (replicas % 2 === 0) roll(cluster, String(++version));
            for (let i = 0; i < 40; i++) world.step();
          }
          world.finish();
          expect(podsIn(cluster)).toHaveLength(sizes.at(-1) ?? 4);
          expect(setsIn(cluster).filter((set) => (set.spec.replicas ?? 0) > 0).length).toBeLessThanOrEqual(1);
          const uids = cluster.view.events
            .filter((event) => event.type === 'Created' && event.stream.startsWith('core.pods/'))
            .map((event) => event.stream);
          expect(new Set(uids).size).toBe(uids.length);
        },
      ),
      { numRuns: 60 },
    );
  });
});

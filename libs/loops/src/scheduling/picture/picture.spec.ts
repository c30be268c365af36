import { afterEach, describe, expect, it } from '@jest/globals';
import { pods } from '#kinds';
import { RecordedOutside, type Decision, type KindRef, type KubeObject, type View } from '#model';
import type { Pod } from '#pod';
import type { JsonObject } from '#std';
import { scheduling } from '../index.js';
import { shapeOf } from '../shape.js';
import { step, World, type Step } from '../testing/world.js';
import { ClusterPicture } from './cluster-picture.js';
import fc from 'fast-check';

/** All that a picture says, in terms that do not depend on the places of nodes. */
function told(picture: ClusterPicture, kept: ClusterPicture): unknown {
  const { nodes, counts, waiting } = picture;
  const rows = nodes.inOrder();
  const byName = (perNode: ReadonlyMap<number, number>) =>
    [...perNode].map(([index, count]) => [nodes.rows[index]?.name, count] as const).sort();
  const isOffered = (resource: string): boolean =>
    rows.some(({ index }) => (nodes.columns.get(resource)?.allocatable[index] ?? 0) > 0);
  const amounts = (index: number) =>
    [...nodes.columns]
      .map(([resource, { allocatable, used }]) => [resource, allocatable[index], used[index]] as const)
      // A column may be left of what no node offers any more: as without it, whoever asks for that fits nowhere.
      .filter(([resource]) => isOffered(resource))
      .sort();
  const probes = kept.waiting.all().map(({ pod }) => pod);
  return {
    count: nodes.count,
    nodes: rows.map(({ index, name, labels, pods, withPorts }) => ({
      ...{ name, labels, amounts: amounts(index), slots: nodes.slots[index], taken: nodes.taken[index] },
      scored: [nodes.scoredCpu[index], nodes.scoredMemory[index]],
      pods: [...pods.values()].map(({ key, pod }) => [key, pod.metadata.resourceVersion]).sort(),
      withPorts: [...withPorts].map(({ key }) => key).sort(),
      matches: probes.map((pod) => {
        const { verdicts, affine, softTaints, preferred } = nodes.matches.of(pod);
        return [verdicts[index], affine[index], softTaints?.[index] ?? 0, preferred?.[index]];
      }),
      domains: ['zone', 'host'].map((key) => {
        const { of, ids } = nodes.domainsOf(key);
        return [...ids].find(([, id]) => id === of[index])?.[0];
      }),
    })),
    terms: [...counts.termCounts()].map(({ key, perNode }) => [key, byName(perNode)]).sort(),
    counts: kept.counts.matchers().map((matcher) => [matcher.key, byName(counts.of(matcher))]),
    waiting: waiting.all().map(({ key, createdAt, pod }) => [key, createdAt, pod.metadata.resourceVersion]),
    nominations: [...waiting.nominations()].map(({ metadata }) => metadata.name).sort(),
  };
}

const followed: View[] = [];
afterEach(() => {
  for (const view of followed.splice(0)) scheduling.picture?.leave(view);
});

describe('the picture of the cluster', () => {
  it('equals the one that is built from the view, whatever changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const kept = new ClusterPicture();
        const world: World = new World((change) => kept.apply(change, world.view));
        for (const now of steps) {
          world.take(now);
          // Counts of selectors are made when they are asked for, and have to stay true.
          if (now.does === 'look') world.carryOut(scheduling.reconcile(world.view, 'queue', world.now));
          for (const { pod } of kept.waiting.all()) probe(kept, pod);
          expect(told(kept, kept)).toEqual(told(ClusterPicture.of(world.view), kept));
        }
      }),
      { numRuns: 150 },
    );
  });
  it('is after a look what it was before it: the same look again binds the same', () => {
    let bound = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const world = new World(() => undefined);
        for (const now of steps) world.take(now);
        const { view } = world;
        followed.push(view);
        scheduling.picture?.follow(view);
        const decisions = scheduling.reconcile(view, 'queue', world.now);
        // The next look sees whom a pod displaces, and where it is to go, in the log: the runner waits for that.
        if (JSON.stringify(decisions).includes('"nominatedNodeName"')) return;
        const first = binds(decisions);
        expect(binds(scheduling.reconcile(view, 'queue', world.now))).toEqual(first);
        bound += first.length;
      }),
    );
    expect(bound).toBeGreaterThan(20);
  });
});

/** p2, which waits for its victim on n0, goes to a new node instead, and leaves its room to p3, which is parked. */
const claimGivenUp: Step[] = [
  { does: 'put node', node: 0, zone: 1, cpu: 2, bad: 0 },
  { does: 'create pod', pod: 0, wants: 0, cpu: 1, priority: 0 },
  { does: 'create pod', pod: 1, wants: 0, cpu: 2, priority: 0 },
  { does: 'look' },
  { does: 'create pod', pod: 2, wants: 0, cpu: 3, priority: 1 },
  { does: 'look' },
  { does: 'create pod', pod: 3, wants: 6, cpu: 1, priority: 0 },
  { does: 'look' },
  { does: 'put node', node: 1, zone: 0, cpu: 2, bad: 0 },
  { does: 'wait', ms: 100 },
  { does: 'look' },
  { does: 'look' },
];

describe('a look at a view that is followed', () => {
  it('binds the same pods to the same nodes as one that knows nothing of earlier looks, parked pods or not', () => {
    let parkedBinds = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
        const world: World = new World((change) => scheduling.picture?.changed(world.view, [change]));
        const { view } = world;
        followed.push(view);
        scheduling.picture?.follow(view);
        for (const now of steps) {
          world.take(now);
          if (now.does !== 'look') continue;
          const outside = new RecordedOutside({});
          const decisions = scheduling.reconcile(view, 'queue', world.now, outside);
          const again = decidedAlone(view, world.now, { facts: outside.recorded });
          // What the look decided is decided again, whatever else there is about pods that it left parked.
          const known = new Set(again.map((one) => JSON.stringify(one)));
          for (const one of submits(decisions)) expect(known).toContain(JSON.stringify(one));
          // A look that decides nothing records nothing, so nobody learns from it which shapes rest.
          if (submits(decisions).length > 0 || !restsOnly(decisions, world.now)) {
            // A parked pod that fits only beside one that this look binds is bound by the next one: the bind wakes it.
            const bound = new Set(binds(decisions).map(podOf));
            const before = binds(decidedAlone(view, world.now, { facts: outside.recorded, without: bound })).map(podOf);
            const isDue = (bind: string): boolean => bound.has(podOf(bind)) || before.includes(podOf(bind));
            expect(binds(decisions)).toEqual(binds(again).filter(isDue));
          }
          parkedBinds += binds(decisions).length;
          world.carryOut(decisions);
        }
      }),
      { numRuns: 300, examples: [[claimGivenUp]] },
    );
    expect(parkedBinds).toBeGreaterThan(100);
  });
});

/** A past decision is decided again on a view that nobody follows, and that lacks some pods. */
function decidedAlone(
  view: View,
  now: number,
  { facts, without }: { readonly facts: JsonObject | undefined; readonly without?: ReadonlySet<string> },
): readonly Decision[] {
  const past = Object.create(view) as View;
  if (without)
    past.list = <T extends KubeObject>(kind: KindRef<T>, namespace?: string) =>
      view
        .list(kind, namespace)
        .flatMap((object) => (kind.id !== pods.id || !without.has(object.metadata.name) ? [object] : claimOf(object)));
  return submits(scheduling.reconcile(past, 'queue', now, new RecordedOutside(facts ?? {})));
}
/** What a pod holds that is nominated to a node: until it is bound nobody else gets that room. */
function claimOf<T extends KubeObject>(object: T): readonly T[] {
  const { spec, status } = object as unknown as Pod;
  const nodeName = status?.nominatedNodeName;
  return nodeName === undefined ? [] : [{ ...object, spec: { ...spec, nodeName } }];
}
/** The loop wants to look again before the time after which it tries everything again. */
function restsOnly(decisions: readonly Decision[], now: number): boolean {
  return decisions.some((one) => one.is === 'wake' && one.at < now + 300_000);
}
function submits(decisions: readonly Decision[]): readonly Decision[] {
  return decisions.filter((one) => one.is === 'submit');
}
function binds(decisions: readonly Decision[]): readonly string[] {
  return decisions.flatMap((one) => {
    if (one.is !== 'submit' || one.command.subresource !== 'binding') return [];
    const { target } = one.command.body as unknown as { target: { name: string } };
    return [`${one.command.name} → ${target.name}`];
  });
}
function podOf(bind: string): string {
  return bind.split(' ', 1)[0] as string;
}
/** Asks for the counts that a look at the pod would need. */
function probe(picture: ClusterPicture, pod: Pod): void {
  const shape = shapeOf(pod);
  for (const { matcher } of [...shape.apart, ...shape.hardSpreads, ...shape.softSpreads, ...shape.preferred])
    picture.counts.of(matcher);
  if (shape.near) picture.counts.of(shape.near.matcher);
}

import { describe, expect, test } from '@jest/globals';
import { nodes, pods, type Node } from '#kinds';
import type { OutsideFacts } from '#model';
import { type Pod } from '#pod';
import { toTime, type Instant } from '#std';
import { NOW, TestCluster } from '../shared/testing/index.js';
import { nodeLifecycle, taintEviction } from './index.js';
import fc from 'fast-check';

const BEAT_S = 10;
const GRACE_S = 50;
const FOREVER_S = 100_000;

/** When the agent of a node beats: at its own moments, but for one lost beat, and not while it is cut off. */
interface Agent {
  readonly phase: number;
  /** The number of a beat that is lost. */
  readonly lost: number;
  readonly stops: number;
  readonly returns: number;
}
interface Story {
  readonly agents: readonly Agent[];
  /** When the observer's own bus is away. */
  readonly away: readonly [from: number, until: number];
  /** When the observer's process starts anew and has heard nobody. */
  readonly restart: number;
}

const TOLERATIONS: readonly NonNullable<Pod['spec']['tolerations']>[] = [
  [],
  [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 3 }],
  [{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 25 }],
];

/** Plays a story second by second. What the loops are told is what an observer hears; what is true is kept beside it. */
class Play {
  readonly wrong: string[] = [];
  private second = 0;
  private since: Instant = NOW;
  private readonly heard: Record<string, Instant> = {};
  private readonly beaten = new Map<string, Instant>();
  readonly cluster: TestCluster;

  constructor(private readonly story: Story) {
    const told = (): OutsideFacts => this.outside();
    this.cluster = new TestCluster([nodeLifecycle, taintEviction], {
      get heartbeats() {
        return told()['heartbeats'];
      },
      get observingSince() {
        return told()['observingSince'];
      },
      get busAway() {
        return told()['busAway'];
      },
    });
    story.agents.forEach((_, i) => this.join(`n${i}`));
    this.cluster.onChange = ({ kind, before, after }) => {
      if (kind !== pods.id || before?.metadata.deletionTimestamp || !after?.metadata.deletionTimestamp) return;
      this.judge(after as Pod);
    };
    this.cluster.settle();
  }

  run(seconds: number): this {
    for (; this.second < seconds; this.second++) {
      if (this.second === this.story.restart) {
        this.since = this.cluster.now;
        for (const name of Object.keys(this.heard)) delete this.heard[name];
      }
      if (this.second === this.story.away[1]) this.since = this.cluster.now;
      this.story.agents.forEach((agent, i) => this.beat(`n${i}`, agent));
      this.cluster.pass(1000);
    }
    return this;
  }

  gone(): readonly string[] {
    const going = this.cluster.view.list(pods).filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    return going.map(({ metadata }) => metadata.name);
  }
  evictingTaints(): readonly string[] {
    return this.cluster.view
      .list(nodes)
      .filter(({ spec }) => spec.taints?.some(({ effect }) => effect === 'NoExecute'))
      .map(({ metadata }) => metadata.name);
  }

  private join(name: string): void {
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    this.cluster.put<Node>({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {}, status });
    this.beaten.set(name, NOW);
    TOLERATIONS.forEach((tolerations, i) =>
      this.cluster.put<Pod>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `${name}-p${i}`, namespace: 'default' },
        spec: { nodeName: name, tolerations, containers: [{ name: 'a' }] },
      }),
    );
  }

  private beat(name: string, { phase, lost, stops, returns }: Agent): void {
    const { second } = this;
    const isCutOff = second >= stops && second < returns;
    if (isCutOff || second % BEAT_S !== phase || Math.floor(second / BEAT_S) === lost) return;
    this.beaten.set(name, this.cluster.now);
    if (this.isAway) return;
    this.heard[name] = this.cluster.now;
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: toTime(this.cluster.now) }];
    this.cluster.edit(nodes, undefined, name, { status: { conditions } });
    this.cluster.settle();
  }

  private judge({ metadata, spec }: Pod): void {
    const silent = [...this.beaten].filter(([, at]) => this.cluster.now - at >= GRACE_S * 1000).map(([name]) => name);
    const where = `${metadata.name} at ${this.second} s`;
    if (!silent.includes(spec.nodeName ?? '')) this.wrong.push(`${where}: its node is not silent`);
    if (silent.length * 2 > this.beaten.size) this.wrong.push(`${where}: ${silent.join()} are silent`);
    if (this.isAway) this.wrong.push(`${where}: the own bus is away`);
  }

  private get isAway(): boolean {
    return this.second >= this.story.away[0] && this.second < this.story.away[1];
  }
  private outside(): OutsideFacts {
    return { heartbeats: { ...this.heard }, observingSince: this.since, ...(this.isAway && { busAway: true }) };
  }
}

const NEVER_AWAY: Story['away'] = [FOREVER_S, FOREVER_S];
const agent = (stops: fc.Arbitrary<number>, returns: fc.Arbitrary<number>): fc.Arbitrary<Agent> =>
  fc.record({ phase: fc.nat(BEAT_S - 1), lost: fc.nat(20), stops, returns });
const never = fc.constant(FOREVER_S);
const RUNS = { numRuns: 60 };

describe('silence', () => {
  test('evicts nothing when most nodes go silent at once, however their heartbeats are staggered', () => {
    const outage = fc.integer({ min: 2, max: 7 }).chain((count) =>
      fc.record({
        lost: fc.array(agent(fc.constant(60), never), { minLength: count, maxLength: count }),
        kept: fc.array(agent(never, never), { maxLength: count - 1 }),
      }),
    );
    const story = outage.map(({ lost, kept }) => ({
      agents: [...lost, ...kept],
      away: NEVER_AWAY,
      restart: FOREVER_S,
    }));
    fc.assert(
      fc.property(story, (told) => {
        const play = new Play(told).run(300);
        expect(play.gone()).toEqual([]);
        expect(play.evictingTaints()).toEqual([]);
      }),
      RUNS,
    );
  });

  test('takes the taints back, and evicts nobody any more, when ever more nodes go silent until most are', () => {
    const stops = [60, 100, 140, FOREVER_S, FOREVER_S];
    const agents = stops.map((at, i) => ({ phase: i, lost: 99, stops: at, returns: FOREVER_S }));
    const play = new Play({ agents, away: NEVER_AWAY, restart: FOREVER_S }).run(160);
    expect(play.evictingTaints()).toEqual(['n0', 'n1']);
    play.run(400);
    expect(play.wrong).toEqual([]);
    expect(play.evictingTaints()).toEqual([]);
    // Of n1 the pod that tolerates its silence for a while stays, and of n2 every pod.
    expect(play.gone()).toEqual(['n0-p0', 'n0-p1', 'n0-p2', 'n1-p0', 'n1-p1']);
  });

  test('evicts only from nodes that were truly silent, and neither during a wide outage nor while the own bus is away', () => {
    const story = fc.record({
      agents: fc.array(agent(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 100, max: 400 })), {
        minLength: 2,
        maxLength: 6,
      }),
      away: fc
        .tuple(fc.integer({ min: 1, max: 250 }), fc.nat(150))
        .map(([from, length]): Story['away'] => [from, from + length]),
      restart: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(story, (told) => expect(new Play(told).run(420).wrong).toEqual([])),
      RUNS,
    );
  });

  test('does evict from the few that are silent', () => {
    const story = fc.record({
      lost: agent(fc.constant(60), never),
      kept: fc.array(agent(never, never), { minLength: 2, maxLength: 5 }),
    });
    fc.assert(
      fc.property(story, ({ lost, kept }) => {
        const play = new Play({ agents: [lost, ...kept], away: NEVER_AWAY, restart: FOREVER_S }).run(180);
        expect(play.wrong).toEqual([]);
        expect([...play.gone()].sort()).toEqual(['n0-p0', 'n0-p1', 'n0-p2']);
        expect(play.evictingTaints()).toEqual(['n0']);
      }),
      RUNS,
    );
  });
});

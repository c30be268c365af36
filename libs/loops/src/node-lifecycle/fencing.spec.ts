import { describe, expect, test } from '@jest/globals';
import { events, nodes, pods, type Node } from '#kinds';
import { FENCE_AFTER, type Pod } from '#pod';
import { NOW, TestCluster } from '../shared/testing/index.js';
import { fencing } from './index.js';

const ready = (status: string): { conditions: { type: string; status: string }[] } => ({
  conditions: [{ type: 'Ready', status }],
});

/** Node a was heard at {@link NOW} and never again; b and c always are. */
class Story {
  silent: readonly string[] = ['a'];
  isAway = false;
  since = NOW;
  readonly cluster: TestCluster;

  constructor(annotation: string | undefined, readiness = 'Unknown') {
    const told = {
      heartbeats: (name: string) => (this.silent.includes(name) ? NOW : this.cluster.now),
      beatMs: () => 800,
      observingSince: () => this.since,
      busAway: () => this.isAway,
    };
    this.cluster = new TestCluster([fencing], {
      heartbeats: told.heartbeats,
      beatMs: told.beatMs,
      get observingSince() {
        return told.observingSince();
      },
      get busAway() {
        return told.busAway();
      },
    });
    for (const name of ['a', 'b', 'c'])
      this.cluster.put<Node>({
        ...{ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} },
        status: ready(name === 'a' ? readiness : 'True'),
      });
    this.cluster.put<Pod>({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...{ name: 'db-0', namespace: 'default' },
        ...(annotation !== undefined && { annotations: { [FENCE_AFTER]: annotation } }),
      },
      spec: { nodeName: 'a', terminationGracePeriodSeconds: 10, containers: [{ name: 'c' }] },
      status: { phase: 'Running' },
    });
    this.cluster.settle();
  }
  isThereAfter(seconds: number): boolean {
    this.cluster.pass(seconds * 1000 - (this.cluster.now - NOW));
    return this.cluster.view.get(pods, 'default', 'db-0') !== undefined;
  }
}

describe('a pod whose silent node stops it by itself', () => {
  test('is gone after that time, its grace period and five seconds, and not before', () => {
    const story = new Story('30s');
    expect(story.isThereAfter(44.9)).toBe(true);
    expect(story.isThereAfter(45.1)).toBe(false);
    const told = story.cluster.view.list(events, 'default').map(({ reason }) => reason);
    expect(told).toEqual(['Fenced']);
  });
  test('waits for its node when it does not say so, or its node is not taken for unreachable', () => {
    expect(new Story(undefined).isThereAfter(10_000)).toBe(true);
    expect(new Story('30s', 'True').isThereAfter(10_000)).toBe(true);
    expect(new Story('30s', 'False').isThereAfter(10_000)).toBe(true);
  });
  test('stays while the own bus is away, and the time counts anew from when it is back', () => {
    const story = new Story('30s');
    story.isAway = true;
    expect(story.isThereAfter(300)).toBe(true);
    story.isAway = false;
    story.since = story.cluster.now;
    expect(story.isThereAfter(344)).toBe(true);
    expect(story.isThereAfter(356)).toBe(false);
  });
  test('stays while most nodes are silent', () => {
    const story = new Story('30s');
    story.silent = ['a', 'b'];
    expect(story.isThereAfter(600)).toBe(true);
    story.silent = ['a'];
    expect(story.isThereAfter(602)).toBe(false);
  });
  test('stays when its node is back before the decision is taken', () => {
    const story = new Story('30s');
    const { cluster } = story;
    cluster.now = NOW + 46_000;
    const decided = cluster.decide(fencing, 'a');
    expect(decided.decisions).toHaveLength(1);
    cluster.edit(nodes, undefined, 'a', { status: ready('True') });
    cluster.edit(nodes, undefined, 'a', { status: ready('Unknown') });
    story.silent = [];
    cluster.carryOut(decided);
    expect(story.isThereAfter(600)).toBe(true);
  });
});

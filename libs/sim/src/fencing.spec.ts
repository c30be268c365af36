import { describe, expect, it } from '@jest/globals';
import { pods } from '#kinds';
import type { Command } from '#model';
import { FENCE_AFTER } from '#pod';
import { prng, type Json } from '#std';
import { CALM, drawShape, type Roughness } from './faults.js';
import { World } from './world.js';

const NAME = 'db-0';
const FENCE_MS = 20_000;
const GRACE_MS = 5000;
/** An agent that is back before its pods are replaced stops them in time. */
const AWAY_MS_MAX = GRACE_MS + 3000;
const LOOK_MS = 250;

/** A pod with a name of its own that somebody makes again whenever it is gone; its node is cut off again and again. */
class Story {
  readonly world: World;
  readonly uids = new Set<string>();
  readonly twice: string[] = [];
  private readonly chance;
  private asked = 0;

  constructor(seed: number, roughness: Partial<Roughness>) {
    this.chance = prng(seed ^ 0xfe9ce);
    const shape = { ...drawShape(prng(seed)), processes: 'standalone', nodeCount: 3, isSlow: false } as const;
    this.world = new World(seed, { ...shape, heartbeatMs: 800, apis: 1 }, { ...CALM, ...roughness });
  }
  async run(ms: number): Promise<void> {
    const { world } = this;
    for (const end = world.clock.monotonic() + ms; world.clock.monotonic() < end;) {
      await world.run(LOOK_MS);
      this.look();
      this.makeAgain();
      world.checks.catchUp();
    }
  }
  /** Cuts off the node that has the pod, kills its agent or takes its power for a while. */
  trouble(): void {
    const { world, chance } = this;
    const node = world.nodes.find((one) => this.runsOn(one));
    if (!node) return;
    if (chance.chance(0.3)) return node.powerOff(chance.below(90_000), chance.below(60_000));
    node.loseBus(chance.below(90_000));
    if (chance.chance(0.5)) world.clock.after(chance.below(30_000), () => node.killAgent(chance.below(AWAY_MS_MAX)));
  }
  private runsOn(node: World['nodes'][number]): boolean {
    return node.runningApps().some(({ labels }) => labels.pod === NAME);
  }
  private look(): void {
    const on = this.world.nodes.filter((node) => this.runsOn(node)).map(({ name }) => name);
    const uids = new Set(
      this.world.nodes.flatMap((node) =>
        node.runningApps().flatMap(({ labels }) => (labels.pod === NAME ? [labels.uid] : [])),
      ),
    );
    for (const uid of uids) this.uids.add(uid);
    if (uids.size > 1) this.twice.push(`at ${this.world.clock.monotonic()}: ${on.join()}`);
  }
  private makeAgain(): void {
    const { world } = this;
    if (world.view.get(pods, 'default', NAME) !== undefined || ++this.asked % 4 !== 0) return;
    const spec = { terminationGracePeriodSeconds: GRACE_MS / 1000, containers: [{ name: 'c', image: 'app:1' }] };
    const metadata = { name: NAME, namespace: 'default', annotations: { [FENCE_AFTER]: `${FENCE_MS / 1000}s` } };
    const command: Command = {
      ...{ apiVersion: 'v1', verb: 'create', kind: pods.id, namespace: 'default', name: NAME, options: {} },
      body: { metadata, spec } as unknown as Json,
      actor: { name: 'person', groups: ['system:masters', 'system:authenticated'] },
      via: 'test',
      correlationId: `${NAME}-${this.asked}`,
    };
    void world.slots.api.process.ask((backend) => backend.submit(command)).catch(() => undefined);
  }
}

describe('a pod whose node stops it by itself', () => {
  it.each([1, 2, 3, 4])('never runs twice, and is back elsewhere: seed %i', async (seed) => {
    const story = new Story(seed, { drop: 0.02, delay: 0.2, delayMsMax: 1500 });
    await story.world.start();
    await story.run(15_000);
    for (let i = 0; i < 6; i++) {
      story.trouble();
      await story.run(100_000);
    }
    expect(story.twice).toEqual([]);
    expect(story.world.violations).toEqual([]);
    expect(story.uids.size).toBeGreaterThan(1);
    expect(story.world.store.events.some(({ type }) => type === 'PodFenced')).toBe(true);
  });
});

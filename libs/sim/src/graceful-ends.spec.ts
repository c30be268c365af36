import { describe, expect, it } from '@jest/globals';
import { endpointSlices, pods, services, deployments } from '#kinds';
import type { Command } from '#model';
import { prng, type Json, type JsonObject } from '#std';
import { CALM, drawShape } from './faults.js';
import { World } from './world.js';

const FOLLOW_MS = 100;

/** A world with a Deployment behind a Service, in which every signal to its pods is held against what services led to. */
class Story {
  readonly world: World;
  readonly early: string[] = [];
  signals = 0;
  private commands = 0;
  private readonly leftAt = new Map<string, number>();

  constructor(seed: number) {
    const shape = { ...drawShape(prng(seed)), nodeCount: 3, isSlow: false, apis: 1 } as const;
    this.world = new World(seed, shape, { ...CALM, delay: 0.1, delayMsMax: 50 });
    for (const { runtime } of this.world.nodes) {
      const signal = runtime.signal.bind(runtime);
      runtime.signal = (id, name) => {
        const labels = runtime.list().find((one) => one.id === id)?.labels;
        if (labels?.role === 'app' && name === 'SIGTERM') this.judge(labels.uid);
        return signal(id, name);
      };
    }
  }
  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      await this.world.run(10);
      this.world.checks.catchUp();
      this.look();
    }
  }
  do(verb: 'create' | 'delete', kind: string, name: string, body: JsonObject): void {
    const command: Command = {
      ...{ apiVersion: kind.startsWith('apps.') ? 'apps/v1' : 'v1', verb, kind, namespace: 'default', name },
      ...{ body: body as Json, options: {}, via: 'test', correlationId: `c${this.commands++}` },
      actor: { name: 'person', groups: ['system:masters', 'system:authenticated'] },
    };
    void this.world.slots.api.process.ask((backend) => backend.submit(command)).catch(() => undefined);
  }
  /** Pods that services lead to, by the log. */
  leads(): ReadonlySet<string> {
    const led = this.world.checks.replayed.list(endpointSlices, 'default').flatMap(({ endpoints }) => endpoints ?? []);
    return new Set(led.filter(({ conditions }) => conditions?.ready).map(({ targetRef }) => targetRef?.uid ?? ''));
  }
  private look(): void {
    const now = this.world.clock.monotonic();
    for (const uid of this.leads()) this.leftAt.set(uid, now);
  }
  private judge(uid: string): void {
    const since = this.leftAt.get(uid);
    if (since === undefined) return;
    this.signals++;
    const ms = this.world.clock.monotonic() - since;
    if (this.leads().has(uid) || ms < FOLLOW_MS) this.early.push(`${uid} ${ms} ms after services led there`);
  }
}

describe('a pod that is deleted', () => {
  it.each([1, 2])('is told to end only when services lead elsewhere, everywhere: seed %i', async (seed) => {
    const story = new Story(seed);
    await story.world.start();
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'app:1' }] } };
    story.do('create', services.id, 'web', {
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: labels, ports: [{ port: 80 }] },
    });
    story.do('create', deployments.id, 'web', {
      metadata: { name: 'web', namespace: 'default' },
      spec: { replicas: 4, selector: { matchLabels: labels }, template },
    });
    await story.run(20_000);
    expect(story.leads().size).toBe(4);
    for (let i = 0; i < 4; i++) {
      const [pod] = story.world.view.list(pods, 'default').filter(({ metadata }) => !metadata.deletionTimestamp);
      if (pod) story.do('delete', pods.id, pod.metadata.name, {});
      await story.run(6000);
    }
    expect(story.early).toEqual([]);
    expect(story.signals).toBeGreaterThan(2);
    expect(story.world.violations).toEqual([]);
  });
});

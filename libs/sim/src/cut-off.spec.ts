import { describe, expect, it } from '@jest/globals';
import { deployments, nodes, pods } from '#kinds';
import type { Command } from '#model';
import { prng, type Json } from '#std';
import { CALM, drawShape } from './faults.js';
import { World } from './world.js';

/** Longer than it takes until a silent node is marked, which drives away at once what tolerates nothing. */
const CUT_MS = 90_000;

describe('a control plane that alone loses the bus', () => {
  it('evicts nothing, however long that takes, and has no taints left of it', async () => {
    const world = new World(7, { ...drawShape(prng(7)), processes: 'standalone', nodeCount: 3 }, CALM);
    await world.start();
    const template = {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'app', image: 'app:1' }], tolerations: [] },
    };
    const command: Command = {
      apiVersion: 'apps/v1',
      verb: 'create',
      kind: deployments.id,
      namespace: 'default',
      name: 'web',
      body: {
        metadata: { name: 'web', namespace: 'default' },
        spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template },
      } as unknown as Json,
      options: {},
      actor: { name: 'person', groups: ['system:masters', 'system:authenticated'] },
      via: 'test',
      correlationId: 'web',
    };
    const submitted = world.slots.api.process.ask((backend) => backend.submit(command));
    await world.run(20_000);
    expect(await submitted).toMatchObject({ changed: true });
    const uids = (): readonly string[] => world.view.list(pods, 'default').map(({ metadata }) => metadata.uid);
    const before = uids();
    expect(before).toHaveLength(3);
    world.slots.api.cutOff(CUT_MS);
    await world.run(CUT_MS + 30_000);
    expect(uids()).toEqual(before);
    expect(world.store.events.filter(({ type }) => type === 'PodEvicted')).toEqual([]);
    for (const { spec, status } of world.view.list(nodes)) {
      expect(spec.taints ?? []).toEqual([]);
      const { conditions } = status as unknown as { conditions: readonly { type: string; status: string }[] };
      expect(conditions.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True' });
    }
    expect(world.violations).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { configMaps, deployments, namespaces, pods, secrets, services } from '#kinds';
import { isRefusal, type Command } from '#model';
import { prng, type Json } from '#std';
import { collectionSizes, growing, type Sizes } from './checkers/memory-growth.js';
import { personCommand } from './commands.js';
import { CALM } from './faults.js';
import { configMap, deployment, job, namespace, secret, service, type Wish } from './wishes.js';
import { World } from './world.js';

const HOUR_MS = 3_600_000;
const DAYS = 30;
/** How long agents run in a day: the month would take too long if they gave signs of life all the time. */
const BUSY_MS = 60_000;
const QUIET_MS = 24 * HOUR_MS - 3 * BUSY_MS;

/** A cluster in which as much goes as comes, under new names each time. */
class Month {
  readonly world = new World(
    11,
    { processes: 'standalone', nodeCount: 2, gapMax: 1, isSlow: false, eventBytesMax: 1024 * 1024, apis: 1 },
    CALM,
  );
  private readonly chance = prng(12);
  private count = 0;

  async live(day: number): Promise<void> {
    const { world, chance } = this;
    const name = `day-${day}`;
    await this.create(undefined, namespaces.id, namespace(name));
    const made: readonly (readonly [string, Wish])[] = [
      [deployments.id, deployment(name, chance)],
      [services.id, service(name)],
      [configMaps.id, configMap(name, chance)],
      [secrets.id, secret(name, chance)],
      [pods.id, job(name, chance)],
    ];
    for (const [kind, wish] of made) {
      await this.create('default', kind, wish);
      await this.create(name, kind, wish);
    }
    await world.run(BUSY_MS);
    for (const [kind] of made) await this.submit({ verb: 'delete', kind, name });
    await this.submit({ verb: 'delete', kind: namespaces.id, namespace: undefined, name });
    await world.run(2 * BUSY_MS);
    for (const node of world.nodes) node.killAgent(QUIET_MS);
    await world.run(QUIET_MS);
  }

  sizes(): Sizes {
    const { plane, backend } = this.world.slots.api.process;
    const { store, hub, clock, steps } = this.world;
    // A table that finds equal parts fills up to its bound, which is in bytes: shared-parts.spec.ts has it.
    const { sharing } = plane.reads.projection as unknown as { readonly sharing: object };
    return collectionSizes({ plane, ...(backend && { backend }) }, [store, hub, clock, steps, sharing]);
  }

  private create(place: string | undefined, kind: string, wish: Wish): Promise<void> {
    const { apiVersion, metadata } = wish;
    const body = wish as unknown as Json;
    return this.submit({ verb: 'create', kind, apiVersion, namespace: place, name: metadata.name, body });
  }
  private async submit(parts: Partial<Command> & Pick<Command, 'verb' | 'kind' | 'name'>): Promise<void> {
    const { world } = this;
    const answered = world.slots.api.process.ask((backend) =>
      backend.submit(personCommand(parts, 'month', this.count++)),
    );
    await world.run(1000);
    const answer = await answered;
    expect(isRefusal(answer) ? answer : 'taken').toBe('taken');
  }
}

describe('the memory of a process', () => {
  it('does not grow over a month in which as much goes as comes', async () => {
    const month = new Month();
    await month.world.start();
    const moments: Sizes[] = [];
    for (let day = 1; day <= DAYS; day++) {
      await month.live(day);
      if (day % 10 === 0) moments.push(month.sizes());
    }
    expect(month.world.violations).toEqual([]);
    expect(month.world.store.events.length).toBeGreaterThan(DAYS * 50);
    expect(moments[0]?.get('plane.reads.projection.streams')).toBeGreaterThan(10);
    expect(growing(moments)).toEqual([]);
  });
});

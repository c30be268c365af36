import { describe, expect, it } from '@jest/globals';
import { configMaps } from '#kinds';
import { isRefusal, type CommandResult } from '#model';
import { prng, type Json } from '#std';
import { lostWrites } from './checkers/end-checks.js';
import { WRITER_STREAM } from '#engine';
import { personCommand } from './commands.js';
import { CALM, drawShape } from './faults.js';
import type { ProcessSlot } from './slot.js';
import { World } from './world.js';

/** A writer that dies, stands still or is cut off has a successor that takes writes after so long at most. */
const HEALED_MS = 5_000;
const TROUBLE_MS = 40_000;

/** What befalls the writer, and for how long. */
const troubles: Readonly<Record<string, (world: World, writer: ProcessSlot) => void>> = {
  'is killed': (_world, writer) => writer.kill(),
  'stands still': (_world, writer) => writer.pause(TROUBLE_MS),
  'is cut off from the bus': (_world, writer) => writer.cutOff(TROUBLE_MS),
  'is cut off from the log': (world, writer) => world.slots.loseLog(writer, TROUBLE_MS),
  'is cut off from both': (world, writer) => {
    writer.cutOff(TROUBLE_MS);
    world.slots.loseLog(writer, TROUBLE_MS);
  },
};

const worldOf = (seed: number, apis: number): World =>
  new World(seed, { ...drawShape(prng(seed)), processes: 'apart', apis, isSlow: false }, CALM);

/** One client after the other writes through the processes that are left, ten times a second. */
async function writeFor(world: World, ms: number, through: () => readonly ProcessSlot[]): Promise<readonly Write[]> {
  const writes: Write[] = [];
  const end = world.clock.monotonic() + ms;
  for (let i = 0; world.clock.monotonic() < end; i++) {
    const slots = through();
    const slot = slots[i % slots.length];
    if (slot?.isServing) void write(world, slot, writes);
    await world.run(100);
  }
  return writes;
}

interface Write {
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly result: CommandResult;
  /** What the process that took it showed of it at once. */
  readonly shown: boolean;
}
let count = 0;
async function write(world: World, slot: ProcessSlot, writes: Write[]): Promise<void> {
  const name = `entry-${count++}`;
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } } as unknown as Json;
  const command = personCommand({ verb: 'create', kind: configMaps.id, name, body }, 'takeover', count);
  const askedAt = world.clock.monotonic();
  const { process } = slot;
  const result = await process.ask((backend) => backend.submit(command));
  const shown = process.plane.reads.projection.get(configMaps, 'default', name) !== undefined;
  writes.push({ askedAt, answeredAt: world.clock.monotonic(), result, shown });
}

describe.each(Object.keys(troubles))('two or three servers of the API, when the writer among them %s', (name) => {
  it.each([
    [71, 2],
    [72, 3],
  ])(
    'take writes again within 5 s, lose none, and refuse none (seed %i, %i servers)',
    async (seed, apis) => {
      const world = worldOf(seed, apis);
      await world.start();
      const { slots } = world;
      const writer = slots.writer;
      if (!writer) throw new Error('nobody is the writer');
      const others = (): readonly ProcessSlot[] => slots.apis.filter((slot) => slot !== writer);
      expect(others()).toHaveLength(apis - 1);
      const before = await writeFor(world, 1000, () => slots.apis);
      const began = world.clock.monotonic();
      troubles[name]?.(world, writer);
      const during = await writeFor(world, TROUBLE_MS, others);
      world.heal();
      const after = await writeFor(world, 1000, () => slots.apis);
      await world.run(40_000);
      const all = [...before, ...during, ...after];
      expect(all.filter(({ result }) => isRefusal(result)).map(({ result }) => result)).toEqual([]);
      expect(all.every(({ shown }) => shown)).toBe(true);
      expect(during.length).toBeGreaterThan(300);
      const slow = during.filter(({ askedAt, answeredAt }) => answeredAt - askedAt > HEALED_MS);
      expect(slow).toEqual([]);
      const late = during.filter(
        ({ askedAt, answeredAt }) => askedAt > began + HEALED_MS && answeredAt - askedAt > 500,
      );
      expect(late).toEqual([]);
      expect(slots.writer).not.toBe(undefined);
      expect(slots.apis.filter((slot) => slot.process.isWriter)).toHaveLength(1);
      const acknowledged = all.flatMap(({ result }) =>
        isRefusal(result)
          ? []
          : [
              {
                position: result.position,
                changed: true,
                what: '',
                stream: `core.configmaps/default/${result.object.metadata.name}`,
              },
            ],
      );
      expect(lostWrites(world.store.events, acknowledged, WRITER_STREAM)).toEqual([]);
      expect([...world.violations, ...world.checks.violations]).toEqual([]);
    },
    120_000,
  );
});

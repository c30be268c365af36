import { MemoryEventLog, MemoryLogStore, SeededIds } from '#adapters';
import { ControlPlane, type Projection } from '#engine';
import { configMaps, registry } from '#kinds';
import { kindOfStream, type KindRegistry } from '#model';
import { Fault } from '#std';
import { MemoryCheckpoints } from './checkpoints.js';
import { personCommand } from './commands.js';
import { CLUSTER, ENDS_KEPT_MS } from './control-process.js';
import type { ProcessSlot } from './slot.js';
import type { World } from './world.js';

interface Opening {
  readonly store: MemoryLogStore;
  readonly kinds?: KindRegistry;
  /** Whose keys and build are used; the ones of a process with keys by default. */
  readonly slot?: ProcessSlot;
  readonly checkpoints?: MemoryCheckpoints;
}
type Opened = { readonly projection: Projection } | { readonly stopped: unknown };

/** What a process sees that starts now, or why it stops instead. */
async function opened(world: World, opening: Opening): Promise<Opened> {
  let stopped: { readonly cause: unknown } | undefined;
  const stop = (cause: unknown): void => void (stopped ??= { cause });
  const plane = planeOf(world, opening, stop);
  plane.start().catch(stop);
  await world.run(1000);
  await plane.stop();
  return stopped ? { stopped: stopped.cause } : { projection: plane.reads.projection };
}

function planeOf(
  { steps, clock, slots }: World,
  { store, kinds = registry, slot = slots.api, checkpoints }: Opening,
  onFatal: (cause: unknown) => void,
): ControlPlane {
  return new ControlPlane({
    log: new MemoryEventLog({ store, schedule: steps.soon }),
    ...{ kinds, clock, onFatal, soon: steps.soon, endsKeptMs: ENDS_KEPT_MS, ids: new SeededIds(1) },
    ...{ keys: slots.keysOf(slot.roles), build: slot.process.parts.build },
    ...(checkpoints && { checkpoints }),
  });
}

/** What a process sees that starts now from the newest checkpoint of a slot. */
export async function reopened(world: World, slot: ProcessSlot): Promise<Projection | undefined> {
  const { store } = world;
  const result = await opened(world, { store, slot, checkpoints: slot.checkpoints });
  if ('projection' in result) return result.projection;
  world.violated('a process starts from a checkpoint', `${slot.name}: ${String(result.stopped)}`);
  return undefined;
}

/**
 * A backup of the log was restored, and the checkpoints were not: they are of a time that never was. What a process shows
 * of it that starts from them.
 */
export async function shownOfAnotherTimeline(world: World): Promise<Projection | undefined> {
  const { store, chance } = world;
  const common = Math.floor(store.events.length * (0.5 + chance.next() * 0.4));
  const other = new MemoryLogStore({ events: store.events.slice(0, common) });
  const checkpoints = new MemoryCheckpoints(() => false);
  const plane = planeOf(world, { store: other, checkpoints }, () => undefined);
  const written = (async () => {
    await plane.start();
    const writer = await plane.becomeWriter(CLUSTER);
    for (let i = 0; i < 3; i++) {
      const object = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `never-was-${i}`, namespace: 'default' },
      };
      await writer.submit(personCommand({ verb: 'create', kind: configMaps.id, name: '', body: object }, 'test', i));
    }
    await plane.reads.checkpoint();
  })();
  await world.run(5000);
  await written;
  await plane.stop();
  const result = await opened(world, { store, checkpoints });
  if ('projection' in result) return result.projection;
  world.violated('a process starts beside checkpoints of another time', String(result.stopped));
  return undefined;
}

/** A log that a process must not serve: it is refused with a sentence, or named here. */
export async function acceptedThoughWrong(world: World): Promise<readonly string[]> {
  const { store, chance } = world;
  const { events } = store;
  const some = chance.pick(events);
  const flipped = new MemoryLogStore({ events });
  flipped.damage(some.position, chance.below(32));
  // The last event of a stream is missed by nobody: an event before it is.
  const last = new Map(events.map((event) => [event.stream, event]));
  const inner = events.filter((event) => last.get(event.stream) !== event);
  const lost = chance.pick(inner);
  // Of a name that was forgotten nobody knows the last revision.
  const repeated = chance.pick([...last.values()].filter(({ stream }) => world.view.stream(stream)?.object));
  const older = kindOfStream(some.stream);
  const wrong: readonly (Opening & { readonly what: string; readonly because: string })[] = [
    { what: `a flipped bit at ${some.position}`, because: 'LogDamaged', store: flipped },
    {
      what: `the loss of the event at ${lost.position}`,
      because: 'LogDamaged',
      store: new MemoryLogStore({ events: events.filter((event) => event !== lost) }),
    },
    {
      what: `a repetition of the event at ${repeated.position}`,
      because: 'LogDamaged',
      store: new MemoryLogStore({ events: [...events, { ...repeated, position: store.head + 1 }] }),
    },
    // What the log defines itself is known to every build.
    ...(registry.byId(older) === undefined
      ? []
      : [{ what: `events of ${older} in a build without it`, because: 'UnknownEvent', store, kinds: without(older) }]),
  ];
  const { what, because, ...opening } = chance.pick(wrong);
  const result = await opened(world, opening);
  if (!('stopped' in result)) return [`${what} was not noticed`];
  const isNamed = result.stopped instanceof Fault && result.stopped.name === because;
  return isNamed ? [] : [`${what} was answered with ${String(result.stopped)}`];
}

/** The kinds of an older build. */
function without(kind: string): KindRegistry {
  return { ...registry, all: registry.all.filter(({ id }) => id !== kind) };
}

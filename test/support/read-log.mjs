import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { MemoryHistoryIndex, openFileKeys, RandomIds, SqliteEventLog, SystemClock } from '#adapters';
import { ControlPlane, decideAgain, eventCodec } from '#engine';
import { registry } from '#kinds';
import { apiLoops, nodeLoops, schedulingLoops, workloadLoops } from '#loops';

/** Whole states are compared at every so many events, by their hash. */
const EVENTS_PER_STATE = 20;

/** What this build reads in the event log of a data folder, through the same parts that a running cluster uses. */
export async function readLog(home) {
  const log = await SqliteEventLog.open(join(home, 'log/events.db'));
  const plane = new ControlPlane({
    log,
    kinds: registry,
    keys: await openFileKeys(home),
    clock: new SystemClock(),
    ids: new RandomIds(),
    build: 'reader of recorded logs',
    history: new MemoryHistoryIndex(),
    soon: setImmediate,
    onFatal: (cause) => {
      throw cause;
    },
  });
  try {
    await plane.start();
    const types = new Set();
    const positions = [];
    for await (const events of log.readAll(0))
      for (const { type, position } of events) {
        types.add(type);
        positions.push(position);
      }
    const states = {};
    for (let i = EVENTS_PER_STATE; i < positions.length; i += EVENTS_PER_STATE) {
      const text = await pastTextOf(await plane.history.at(positions[i]));
      states[positions[i]] = createHash('sha256').update(text).digest('base64url');
    }
    return { objects: textOf(plane.reads.projection), states, types: [...types].sort() };
  } finally {
    await plane.stop();
    await log.close();
  }
}

/** What comes of deciding every event of the loops of this log again. */
export async function decidedIn(home) {
  const log = await SqliteEventLog.open(join(home, 'log/events.db'), { mode: 'read' });
  const codec = eventCodec(registry, await openFileKeys(home));
  const read = async function* () {
    for await (const page of log.readAll(0)) yield page.map((event) => codec.decode(event.open()));
  };
  try {
    return await decideAgain(read, { loops: [...apiLoops, ...workloadLoops, ...schedulingLoops, ...nodeLoops] });
  } finally {
    await log.close();
  }
}

/** Every object, a line each. */
function textOf(view) {
  return linesOf(registry.all.map((kind) => [kind, view.list(kind)]));
}
async function pastTextOf(then) {
  const lists = [];
  for (const kind of registry.all)
    for await (const { objects } of then.slices({ kind: kind.id })) lists.push([kind, objects]);
  return linesOf(lists);
}
function linesOf(lists) {
  return lists
    .flatMap(([kind, objects]) => objects.map((object) => `${kind.id} ${JSON.stringify(object)}\n`))
    .sort()
    .join('');
}

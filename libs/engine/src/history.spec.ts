import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '#adapters';
import { configMapKind, createRegistry, namespaceKind } from '#kinds';
import { isRefusal, type KubeObject } from '#model';
import { MemoryCheckpoints, testCreate, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, configMapKind]);
const CONFIG_MAPS = 'core.configmaps';

/** A log that tells from where it was read. */
class WatchedLog extends MemoryEventLog {
  readonly readFrom: number[] = [];
  override readAll(afterPosition: number): ReturnType<MemoryEventLog['readAll']> {
    this.readFrom.push(afterPosition);
    return super.readAll(afterPosition);
  }
}
/** A ConfigMap that was changed thirty times with a checkpoint every five events, seen by a process that starts now. */
async function restarted() {
  const log = new WatchedLog();
  const checkpoints = new MemoryCheckpoints();
  const options = { checkpoints, eventsPerCheckpoint: 5 };
  const first = testPlane(log, kinds, options);
  await first.start();
  const writer = await first.becomeWriter('test-cluster');
  await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
  await writer.submit(testCreate(CONFIG_MAPS, { metadata: { name: 'one', namespace: 'default' }, data: {} }));
  const answers: KubeObject[] = [];
  for (let i = 0; i < 30; i++) {
    const result = await writer.submit(testPatch(CONFIG_MAPS, 'default', 'one', { data: { n: String(i) } }));
    if (isRefusal(result)) throw new Error(result.message);
    answers.push(result.object);
  }
  await first.stop();
  const plane = testPlane(log, kinds, options);
  await plane.start();
  log.readFrom.length = 0;
  return { log, checkpoints, plane, answers };
}
type Restarted = Awaited<ReturnType<typeof restarted>>;

async function then({ plane }: Restarted, { metadata }: KubeObject): Promise<KubeObject | undefined> {
  const view = await plane.history.at(Number(metadata.resourceVersion));
  if (isRefusal(view)) throw new Error(view.message);
  return view.get({ id: CONFIG_MAPS }, 'default', 'one');
}

describe('history', () => {
  it('begins at the nearest checkpoint before the moment and gives what was answered then', async () => {
    const world = await restarted();
    expect(world.checkpoints.files.size).toBeGreaterThan(5);
    for (const answer of world.answers) expect(await then(world, answer)).toEqual(answer);
    const early = [...world.checkpoints.files.keys()].filter(
      (position) => position <= Number(world.answers[10]?.metadata.resourceVersion),
    );
    expect(world.log.readFrom).toContain(Math.max(...early));
    await world.plane.stop();
  });

  it('does without checkpoints that are gone, torn or of other code', async () => {
    const world = await restarted();
    const { files } = world.checkpoints;
    const positions = [...files.keys()].sort((a, b) => a - b);
    positions.forEach((position, i) => {
      const text = files.get(position) ?? '';
      if (i % 3 === 0) files.delete(position);
      else
        files.set(
          position,
          i % 3 === 1 ? text.slice(0, text.length / 2) : text.replace('"build":"test"', '"build":"other"'),
        );
    });
    for (const answer of world.answers) expect(await then(world, answer)).toEqual(answer);
    expect(new Set(world.log.readFrom)).toEqual(new Set([0]));
    await world.plane.stop();
  });
});

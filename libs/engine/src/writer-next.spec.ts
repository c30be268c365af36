import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, type MemoryEventLogOptions } from '#adapters';
import { configMapKind, createRegistry, namespaceKind } from '#kinds';
import { streamOf, type AdmissionPlugin, type Command, type CommandResult, type StoredEvent } from '#model';
import type { Json } from '#std';
import { testCreate, testPatch, testPlane } from './testing.js';

const CONFIG_MAPS = 'core.configmaps';
const curious: AdmissionPlugin = {
  name: 'Curious',
  mutate: ({ object }) => (object.metadata.name === 'asks' ? { questions: [{ is: 'webhook' }] as never } : object),
};

/** A writer of a log with the objects `first` and `second`, and what was appended since. */
async function writing(options: MemoryEventLogOptions = {}) {
  const log = new MemoryEventLog(options);
  const plane = testPlane(log, createRegistry([namespaceKind, configMapKind], [curious]));
  await plane.start();
  const writer = await plane.becomeWriter('test-cluster');
  await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
  for (const name of ['first', 'second'])
    await writer.submit(testCreate(CONFIG_MAPS, { metadata: { name, namespace: 'default' } }));
  const begun = await log.head();
  const appended = async (): Promise<readonly string[]> => {
    const events: StoredEvent[] = [];
    for await (const batch of log.readAll(begun)) for (const event of batch) events.push(event.open());
    return events.map(({ stream, type }) => `${stream.split('/')[2]} ${type}`);
  };
  return { writer, plane, appended };
}
const patch = (name: string, value: Json): Command => testPatch(CONFIG_MAPS, 'default', name, { data: { a: value } });
const both = (first: Command, next: Command): Command => ({ ...first, next });
const nextOf = (result: CommandResult): CommandResult | undefined => ('next' in result ? result.next : undefined);

describe('what follows on a command', () => {
  it('is decided with it and appended right behind it', async () => {
    const { writer, plane, appended } = await writing();
    const answers = await Promise.all([
      writer.submit(both(patch('first', 'x'), patch('second', 'x'))),
      writer.submit(patch('first', 'y')),
    ]);
    expect(await appended()).toEqual(['first SpecChanged', 'second SpecChanged', 'first SpecChanged']);
    const [{ position }, next] = [answers[0] as { position: number }, nextOf(answers[0])];
    expect(next).toMatchObject({ changed: true, position: position + 1, object: { data: { a: 'x' } } });
    await plane.stop();
  });
  it('sees what it follows on', async () => {
    const { writer, plane, appended } = await writing();
    const other = testPatch(CONFIG_MAPS, 'default', 'first', { data: { b: 'y' } });
    const result = await writer.submit(both(patch('first', 'x'), other));
    expect(nextOf(result)).toMatchObject({ changed: true, object: { data: { a: 'x', b: 'y' } } });
    expect(await appended()).toEqual(['first SpecChanged', 'first SpecChanged']);
    await plane.stop();
  });
  it('may have a command of its own that follows', async () => {
    const { writer, plane, appended } = await writing();
    const result = await writer.submit(both(patch('first', 'x'), both(patch('second', 'x'), patch('first', 'y'))));
    expect(await appended()).toEqual(['first SpecChanged', 'second SpecChanged', 'first SpecChanged']);
    expect(nextOf(nextOf(result) as CommandResult)).toMatchObject({ object: { data: { a: 'y' } } });
    await plane.stop();
  });
  it('is dropped when the first is refused', async () => {
    const { writer, plane, appended } = await writing();
    expect(await writer.submit(both(patch('third', 'x'), patch('second', 'x')))).toMatchObject({ code: 404 });
    const basedOn = [{ stream: streamOf(CONFIG_MAPS, 'default', 'first'), revision: 7 }];
    const stale = { ...both(patch('first', 'x'), patch('second', 'x')), basedOn };
    expect(await writer.submit(stale)).toMatchObject({ reason: 'Stale' });
    expect(await appended()).toEqual([]);
    await plane.stop();
  });
  it('may be refused by itself', async () => {
    const { writer, plane, appended } = await writing();
    const result = await writer.submit(both(patch('first', 'x'), patch('third', 'x')));
    expect(result).toMatchObject({ changed: true, next: { refused: true, code: 404 } });
    expect(await appended()).toEqual(['first SpecChanged']);
    await plane.stop();
  });
  it('is left to its loop when it has to ask', async () => {
    const { writer, plane, appended } = await writing();
    const asking = testCreate(CONFIG_MAPS, { metadata: { name: 'asks', namespace: 'default' } });
    expect(nextOf(await writer.submit(both(patch('first', 'x'), asking)))).toBeUndefined();
    expect(await appended()).toEqual(['first SpecChanged']);
    await plane.stop();
  });
  it('is left to its loop when the first may still turn out to be impossible: a creation, or a log that keeps no order', async () => {
    const ordered = await writing();
    const creation = testCreate(CONFIG_MAPS, { metadata: { name: 'third', namespace: 'default' } });
    expect(nextOf(await ordered.writer.submit(both(creation, patch('second', 'x'))))).toBeUndefined();
    expect(await ordered.appended()).toEqual(['third Created']);
    await ordered.plane.stop();
    const shared = await writing({ shared: true });
    expect(nextOf(await shared.writer.submit(both(patch('first', 'x'), patch('second', 'x'))))).toBeUndefined();
    expect(await shared.appended()).toEqual(['first SpecChanged']);
    await shared.plane.stop();
  });

  it.each(['fail', 'full', 'large'] as const)('is not in the log when the first was not taken (%s)', async (fate) => {
    let isBroken = false;
    const broken = (): 'go-on' | 'fail' | 'full' => {
      const isNow = isBroken && fate !== 'large';
      isBroken = false;
      return isNow ? fate : 'go-on';
    };
    const { writer, plane, appended } = await writing({ faults: { beforeAppend: broken }, eventBytesMax: 20_000 });
    isBroken = true;
    const result = await writer.submit(
      both(patch('first', 'x'.repeat(fate === 'large' ? 30_000 : 1)), patch('second', 'x')),
    );
    expect(nextOf(result)).toBeUndefined();
    // What was only out of reach is tried again.
    expect(await appended()).toEqual(fate === 'fail' ? ['first SpecChanged'] : []);
    expect('refused' in result).toBe(fate !== 'fail');
    expect(await writer.submit(patch('second', 'y'))).toMatchObject({ changed: true });
    await plane.stop();
  });
});

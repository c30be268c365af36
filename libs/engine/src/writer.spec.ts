import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, MemoryLogStore } from '#adapters';
import { configMapKind, createRegistry, namespaceKind } from '#kinds';
import { DELETED, isRefusal, streamOf, type Accepted, type CommandResult, type StoredEvent } from '#model';
import type { Appended } from '#ports';
import type { ControlPlaneOptions } from './control-plane.js';
import { testCreate, testDelete, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, configMapKind]);
const CONFIG_MAPS = 'core.configmaps';

async function started(log = new MemoryEventLog(), more: Partial<ControlPlaneOptions> = {}) {
  const plane = testPlane(log, kinds, more);
  await plane.start();
  const writer = await plane.becomeWriter('test-cluster');
  return { log, plane, writer };
}
function accepted(result: CommandResult): Accepted {
  if (isRefusal(result)) throw new Error(result.message);
  return result;
}
const configMap = (name: string, data: object = { a: '1' }): object => ({
  metadata: { name, namespace: 'default' },
  data,
});

/** Takes each append for itself, as EventStoreDB does: a failed one voids no other. */
class SingleLog extends MemoryEventLog {
  override readonly inOrder = false;
  private last: Promise<unknown> = Promise.resolve();
  override append(...given: Parameters<MemoryEventLog['append']>): Promise<Appended> {
    const appended = this.last.then(() => super.append(...given));
    this.last = appended.catch(() => undefined);
    return appended;
  }
}

describe('the writer', () => {
  it('answers when the event is durable and folded, with its position as resourceVersion', async () => {
    const { plane, writer, log } = await started();
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    const result = accepted(await writer.submit(testCreate(CONFIG_MAPS, configMap('one'))));
    expect(result.object.metadata.resourceVersion).toBe(String(result.position));
    expect(plane.reads.projection.get({ id: CONFIG_MAPS }, 'default', 'one')).toEqual(result.object);
    expect(await log.head()).toBe(result.position);
    await plane.stop();
  });

  it('decides later commands on those before them whose append is on its way', async () => {
    const { plane, writer } = await started();
    const results = await Promise.all([
      writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } })),
      writer.submit(testCreate(CONFIG_MAPS, configMap('one'))),
      writer.submit(testCreate(CONFIG_MAPS, configMap('one'))),
      ...Array.from({ length: 20 }, (_, i) =>
        writer.submit(testPatch(CONFIG_MAPS, 'default', 'one', { data: { [`k${i}`]: 'v' } })),
      ),
    ]);
    expect(isRefusal(results[2] as CommandResult)).toBe(true);
    const object = plane.reads.projection.get({ id: CONFIG_MAPS }, 'default', 'one') as unknown as { data: object };
    expect(Object.keys(object.data)).toHaveLength(21);
    await plane.stop();
  });

  it('says the whole object in every sixteenth event of its stream', async () => {
    const { plane, writer, log } = await started();
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    accepted(await writer.submit(testCreate(CONFIG_MAPS, configMap('one'))));
    for (let i = 1; i < 32; i++)
      accepted(await writer.submit(testPatch(CONFIG_MAPS, 'default', 'one', { data: { a: `value ${i}` } })));
    accepted(await writer.submit({ ...testCreate(CONFIG_MAPS, configMap('one')), verb: 'delete', body: {} }));
    const events: StoredEvent[] = [];
    for await (const event of log.readStream(streamOf(CONFIG_MAPS, 'default', 'one'), 0)) events.push(event);
    const snapshots = events.flatMap(({ data, revision }) => (data['snapshot'] ? [{ revision, data }] : []));
    expect(snapshots).toMatchObject([
      { revision: 16, data: { snapshot: { metadata: { name: 'one' }, data: { a: 'value 16' } } } },
    ]);
    // First, so that readers see it without reading on; and the version is that of the event.
    expect(Object.keys(snapshots[0]?.data ?? {})).toEqual(['snapshot', 'createdAt', 'uid', 'set']);
    expect(snapshots[0]?.data).not.toHaveProperty('snapshot.metadata.resourceVersion');
    expect(events.at(-1)).toMatchObject({ revision: 32, type: DELETED });
    await plane.stop();
  });

  it('writes nothing of an object whose creation failed because its name was forgotten', async () => {
    const store = new MemoryLogStore();
    const first = await started(new SingleLog({ store }), { endsKeptMs: -1 });
    await first.writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    // Two events, so that the third of a stream that is counted from none would follow on them.
    await first.writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    await first.writer.submit(testDelete(CONFIG_MAPS, 'default', 'one'));
    await first.plane.stop();
    const log = new SingleLog({ store });
    const { plane, writer } = await started(log, { endsKeptMs: -1 });
    expect(plane.reads.projection.stream('core.configmaps/default/one')).toBeUndefined();
    const answers = await Promise.all([
      writer.submit(testCreate(CONFIG_MAPS, configMap('one'))),
      writer.submit(testPatch(CONFIG_MAPS, 'default', 'one', { data: { a: 'changed' } })),
      writer.submit(testDelete(CONFIG_MAPS, 'default', 'one')),
    ]);
    expect(answers.map((answer) => 'refused' in answer)).not.toContain(true);
    const created: unknown[] = [];
    for await (const { data } of log.readStream('core.configmaps/default/one', 0)) {
      const { object, uid } = data as {
        readonly object?: { readonly metadata: { readonly uid: string } };
        readonly uid?: string;
      };
      if (object) created.push(object.metadata.uid);
      else expect(created).toContain(uid);
    }
    expect(created).toHaveLength(2);
    await plane.stop();
  });
  it('begins an object in the stream of its name, also where that is long forgotten', async () => {
    const plane = testPlane(new MemoryEventLog(), kinds, { endsKeptMs: -1 });
    await plane.start();
    const writer = await plane.becomeWriter('test-cluster');
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    accepted(await writer.submit(testCreate(CONFIG_MAPS, configMap('one'))));
    accepted(await writer.submit({ ...testCreate(CONFIG_MAPS, configMap('one')), verb: 'delete', body: {} }));
    const stream = streamOf(CONFIG_MAPS, 'default', 'one');
    expect(plane.reads.projection.stream(stream)).toBeUndefined();
    const [again, twice] = await Promise.all([
      writer.submit(testCreate(CONFIG_MAPS, configMap('one'))),
      writer.submit(testCreate(CONFIG_MAPS, configMap('one'))),
    ]);
    expect(accepted(again).created).toBe(true);
    expect(twice).toMatchObject({ refused: true, reason: 'AlreadyExists' });
    expect(plane.reads.projection.stream(stream)).toMatchObject({ revision: 2 });
    await plane.stop();
  });

  it('patches the status of an object whose creation is on its way', async () => {
    const { plane, writer } = await started();
    const created = writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    const patch = {
      ...testPatch('core.namespaces', undefined, 'default', { status: { phase: 'Active' } }),
      subresource: 'status',
    };
    const patched = writer.submit({ ...patch, patchType: 'strategic' });
    expect(isRefusal(await created)).toBe(false);
    expect(await patched).not.toMatchObject({ refused: true });
    await plane.stop();
  });

  it('writes nothing when nothing changes', async () => {
    const { plane, writer, log } = await started();
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    await writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    const before = await log.head();
    const same = accepted(await writer.submit(testPatch(CONFIG_MAPS, 'default', 'one', { data: { a: '1' } })));
    expect(same.changed).toBe(false);
    expect(await log.head()).toBe(before);
    await plane.stop();
  });

  it('decides again when an append fails, and nobody hears of it', async () => {
    let failures = 3;
    const log = new MemoryEventLog({ faults: { beforeAppend: () => (failures-- > 0 ? 'fail' : 'go-on') } });
    failures = 0;
    const { plane, writer } = await started(log);
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    failures = 3;
    const results = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => writer.submit(testCreate(CONFIG_MAPS, configMap(name)))),
    );
    expect(results.filter(isRefusal)).toEqual([]);
    expect(plane.reads.projection.list({ id: CONFIG_MAPS }, 'default')).toHaveLength(4);
    await plane.stop();
  });

  it('takes an append whose acknowledgement was lost for what it is: done', async () => {
    let lost = 0;
    const log = new MemoryEventLog({ faults: { afterAppendBeforeAck: () => (lost-- > 0 ? 'fail' : 'go-on') } });
    const { plane, writer } = await started(log);
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    await writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    lost = 1;
    const result = await writer.submit(testPatch(CONFIG_MAPS, 'default', 'one', { data: { b: '2' } }));
    expect(isRefusal(result)).toBe(false);
    await plane.stop();
  });

  it('is voted out by a later writer on the same log', async () => {
    const log = new MemoryEventLog({ shared: true });
    const ends: unknown[] = [];
    const first = await started(log, { onFatal: (cause) => ends.push(cause) });
    const second = await started(log);
    await second.writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    const late = await first.writer.submit(testCreate('core.namespaces', { metadata: { name: 'other' } }));
    expect(late).toMatchObject({ refused: true, code: 503 });
    expect(ends).toMatchObject([{ name: 'WriterElsewhere', retryable: false }]);
    expect(second.plane.reads.projection.get({ id: 'core.namespaces' }, undefined, 'other')).toBeUndefined();
    await Promise.all([first.plane.stop(), second.plane.stop()]);
  });

  it('refuses what a loop decided on an old state', async () => {
    const { plane, writer } = await started();
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    await writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    const stale = {
      ...testPatch(CONFIG_MAPS, 'default', 'one', { data: { b: '2' } }),
      basedOn: [{ stream: 'core.configmaps/default/one', revision: 7 }],
    };
    expect(await writer.submit(stale)).toMatchObject({ refused: true, reason: 'Stale' });
    await plane.stop();
  });
});

describe('views of the past', () => {
  it('are the same rewound and out of the history index', async () => {
    const { plane, writer } = await started();
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'default' } }));
    const positions: number[] = [];
    for (let i = 0; i < 30; i++) {
      const name = `n${i % 4}`;
      const result =
        i % 7 === 3
          ? await writer.submit({ ...testPatch(CONFIG_MAPS, 'default', name, null), verb: 'delete' })
          : i < 4
            ? await writer.submit(testCreate(CONFIG_MAPS, configMap(name)))
            : await writer.submit(testPatch(CONFIG_MAPS, 'default', name, { data: { i: String(i) } }));
      if (!isRefusal(result)) positions.push(result.position);
    }
    for (const position of positions.slice(0, -1)) {
      const rewound = plane.reads.window.viewAt(position);
      const then = await plane.history.at(position);
      if (isRefusal(then)) throw new Error(then.message);
      expect(rewound?.list({ id: CONFIG_MAPS })).toEqual(await then.look((view) => view.list({ id: CONFIG_MAPS })));
    }
    await plane.stop();
  });
});

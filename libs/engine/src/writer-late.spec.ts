import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, VirtualClock } from '#adapters';
import { builtinAdmission, configMapKind, createRegistry, namespaceKind } from '#kinds';
import { isRefusal, type NewEvent, type StoredEvent } from '#model';
import type { Appended, LogSubscription } from '#ports';
import { COMMAND_TIMEOUT_MS } from './writer.js';
import { testCreate, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, configMapKind], builtinAdmission);
const CONFIG_MAPS = 'core.configmaps';
const configMap = (name: string, data: object = { a: '1' }): object => ({
  metadata: { name, namespace: 'team' },
  data,
});

/** A log whose readers can be kept waiting, and whose appends to single streams too. */
class HeldLog extends MemoryEventLog {
  isRead = true;
  readonly gates = new Map<string, Promise<void>>();
  private unread: (() => void)[] = [];

  override subscribe(
    after: number,
    onEvents: (events: readonly StoredEvent[]) => void,
    onEnd?: (cause: unknown) => void,
  ): LogSubscription {
    const give = (events: readonly StoredEvent[]): void => {
      if (this.isRead) onEvents(events);
      else this.unread.push(() => onEvents(events));
    };
    return super.subscribe(after, give, onEnd);
  }
  override async append(stream: string, event: NewEvent, expected: number): Promise<Appended> {
    await this.gates.get(stream);
    return super.append(stream, event, expected);
  }
  readOn(): void {
    this.isRead = true;
    for (const give of this.unread.splice(0)) give();
  }
}
/** A log whose answers to appends can be kept back; what was appended is read at once. */
class HeldAnswers extends MemoryEventLog {
  gate: PromiseWithResolvers<void> | undefined;

  override async append(stream: string, event: NewEvent, expected: number): Promise<Appended> {
    const { gate } = this;
    const appended = await super.append(stream, event, expected);
    await gate?.promise;
    return appended;
  }
}
class CountedClock extends VirtualClock {
  looks = 0;
  override now(): number {
    this.look();
    return super.now();
  }
  override monotonic(): number {
    this.look();
    return super.monotonic();
  }
  private look(): void {
    if (++this.looks > 100_000) throw new Error('somebody looks at the clock again and again');
  }
}
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

async function started() {
  const log = new HeldLog();
  const clock = new CountedClock(1_800_000_000_000);
  const plane = testPlane(log, kinds, { clock });
  await plane.start();
  const writer = await plane.becomeWriter('test-cluster');
  await writer.submit(testCreate('core.namespaces', { metadata: { name: 'team' } }));
  return { log, clock, plane, writer };
}

describe('a writer whose view lags far behind', () => {
  it('answers an unchanged write once the view has caught up, and lets others have the thread meanwhile', async () => {
    const { log, clock, plane, writer } = await started();
    log.isRead = false;
    const late = writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    await turns();
    clock.advance(COMMAND_TIMEOUT_MS);
    expect(await late).toMatchObject({ code: 504 });
    const same = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: '1' } }));
    await turns();
    log.readOn();
    await turns();
    expect(await same).toMatchObject({ changed: false, object: { data: { a: '1' } } });
    await plane.stop();
  });

  it('does not keep a command waiting longer than it may take', async () => {
    const { log, clock, plane, writer } = await started();
    log.isRead = false;
    const late = writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    await turns();
    clock.advance(COMMAND_TIMEOUT_MS);
    await late;
    const next = writer.submit(testCreate(CONFIG_MAPS, configMap('two')));
    await turns();
    for (let i = 0; i <= COMMAND_TIMEOUT_MS / 1000; i++) {
      clock.advance(1000);
      await turns();
    }
    expect(await next).toMatchObject({ code: 504 });
    await plane.stop();
  });
});

describe('a writer that decides anew after a failed append', () => {
  it('waits for the appends that are still on their way: they may have been taken', async () => {
    const { log, plane, writer } = await started();
    await writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    const gate = Promise.withResolvers<void>();
    log.gates.set('core.namespaces/_/team', gate.promise);
    const deleted = writer.submit({
      ...testCreate('core.namespaces', { metadata: { name: 'team' } }),
      verb: 'delete',
      body: {},
    });
    // Somebody else writes: the next append to that stream fails, and the state is built anew.
    const foreign = log.store.stream('core.configmaps/team/one').at(-1) as StoredEvent;
    log.store.add('core.configmaps/team/one', {
      ...foreign,
      id: 'foreign',
      type: 'MetadataChanged',
      data: { uid: 'x' },
    });
    const patched = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: '2' } }));
    await turns();
    const created = writer.submit(testCreate(CONFIG_MAPS, configMap('two')));
    await turns();
    gate.resolve();
    expect(isRefusal(await deleted)).toBe(false);
    await patched;
    expect(await created).toMatchObject({ refused: true, code: 403 });
    await plane.stop();
  });
});

describe('a write of which one try was not answered and the next came too early', () => {
  it('is answered as done when the first try lands after all, not as one that changes nothing', async () => {
    let late: (() => void) | undefined;
    const tries: string[] = [];
    // A log that is this process's alone keeps the order: it takes nothing that was sent behind what it did not.
    const log = new MemoryEventLog({
      shared: true,
      faults: {
        beforeAppend: ({ event }) => {
          const value = JSON.stringify(event.data).includes('second') ? 'second' : 'first';
          if (event.type !== 'SpecChanged') return 'go-on';
          const nth = tries.push(value) && tries.filter((one) => one === value).length;
          if (value === 'first') return nth < 3 ? 'fail' : 'go-on';
          return nth === 1 ? 'late' : 'go-on';
        },
        later: (work) => (late = work),
        afterAppendBeforeAck: ({ event }) => {
          if (event.type === 'SpecChanged') late?.();
          return 'go-on';
        },
      },
    });
    const clock = new VirtualClock(1_800_000_000_000);
    const plane = testPlane(log, kinds, { clock });
    await plane.start();
    const writer = await plane.becomeWriter('test-cluster');
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'team' } }));
    await writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    const first = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: 'first' } }));
    const second = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: 'second' } }));
    for (let i = 0; i < 40; i++) {
      await turns();
      clock.advance(5);
    }
    expect(await first).toMatchObject({ changed: true });
    const [, , last] = log.store.stream('core.configmaps/team/one');
    expect(await second).toMatchObject({ changed: true, position: last?.position });
    expect(tries).toEqual(['first', 'second', 'first', 'second', 'first']);
    await plane.stop();
  });
});

describe('what is created in a namespace whose creation is not answered yet', () => {
  it.each([
    ['waits for it: the log has nothing in a namespace that may never come to be', false],
    ['waits for it too when there was a namespace of that name before', true],
  ])('%s', async (_what, isAgain) => {
    let tries = 9;
    const log = new MemoryEventLog({
      faults: { beforeAppend: ({ stream }) => (stream === 'core.namespaces/_/team' && ++tries < 3 ? 'fail' : 'go-on') },
    });
    const clock = new VirtualClock(1_800_000_000_000);
    const plane = testPlane(log, kinds, { clock });
    await plane.start();
    const writer = await plane.becomeWriter('test-cluster');
    const team = testCreate('core.namespaces', { metadata: { name: 'team' } });
    if (isAgain) {
      await writer.submit(team);
      const end = { ...team, verb: 'delete' as const, body: {} };
      await writer.submit(end);
      await writer.submit({
        ...team,
        verb: 'update',
        subresource: 'finalize',
        body: { metadata: { name: 'team' }, spec: {} },
      });
    }
    const seen = log.store.head;
    tries = 0;
    const namespace = writer.submit(team);
    const inside = writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    const changed = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: '2' } }));
    for (let i = 0; i < 20; i++) {
      await turns();
      clock.advance(5);
    }
    for (const answer of await Promise.all([namespace, inside, changed]))
      expect(answer).toMatchObject({ changed: true });
    const written = log.store.events.filter(({ position, stream }) => position > seen && stream.includes('team'));
    const streams = written.map(({ stream }) => stream);
    expect(streams).toEqual(['core.namespaces/_/team', 'core.configmaps/team/one', 'core.configmaps/team/one']);
    await plane.stop();
  });
});

describe('a write that readers elsewhere see before this one does', () => {
  it('has its version: who states it is not refused', async () => {
    const { log, plane, writer } = await started();
    await writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    log.isRead = false;
    const first = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: '2' } }));
    await turns();
    const body = { metadata: { resourceVersion: String(log.store.head) }, data: { a: '3' } };
    const second = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', body));
    const old = { metadata: { resourceVersion: String(log.store.head - 1) }, data: { a: '4' } };
    const third = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', old));
    await turns();
    log.isRead = true;
    log.readOn();
    await turns();
    expect(await first).toMatchObject({ changed: true });
    expect(await second).toMatchObject({ changed: true, object: { data: { a: '3' } } });
    expect(await third).toMatchObject({ refused: true, reason: 'Conflict' });
    await plane.stop();
  });
});

describe('a write that readers see before its append is answered', () => {
  it('has its version: who states it is not refused', async () => {
    const log = new HeldAnswers();
    const plane = testPlane(log, kinds, { clock: new VirtualClock(1_800_000_000_000) });
    await plane.start();
    const writer = await plane.becomeWriter('test-cluster');
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'team' } }));
    await writer.submit(testCreate(CONFIG_MAPS, configMap('one')));
    const gate = (log.gate = Promise.withResolvers<void>());
    const first = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: '2' } }));
    await turns();
    log.gate = undefined;
    const seen = plane.reads.projection.get({ id: CONFIG_MAPS }, 'team', 'one')?.metadata.resourceVersion;
    const body = { metadata: { resourceVersion: seen }, data: { a: '3' } };
    const second = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', body as never));
    await turns();
    gate.resolve();
    expect(await first).toMatchObject({ changed: true });
    expect(await second).toMatchObject({ changed: true, object: { data: { a: '3' } } });
    await plane.stop();
  });
});

import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '#adapters';
import { builtinAdmission, configMapKind, createRegistry, namespaceKind } from '#kinds';
import type { NewEvent } from '#model';
import { AppendVoid, type Appended } from '#ports';
import { OutstandingAppends } from './outstanding-appends.js';
import { testCreate, testPatch, testPlane } from './testing.js';

const kinds = createRegistry([namespaceKind, configMapKind], builtinAdmission);
const CONFIG_MAPS = 'core.configmaps';
const configMap = (data: string): object => ({ metadata: { name: 'one', namespace: 'team' }, data: { a: data } });
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A log whose next append waits for a verdict. */
class JudgedLog extends MemoryEventLog {
  verdict: Promise<'take' | 'fail'> | undefined;
  override async append(stream: string, event: NewEvent, expected: number): Promise<Appended> {
    const { verdict } = this;
    this.verdict = undefined;
    if ((await verdict) === 'fail') throw new AppendVoid();
    return super.append(stream, event, expected);
  }
}

async function started() {
  const log = new JudgedLog();
  const plane = testPlane(log, kinds);
  await plane.start();
  const writer = await plane.becomeWriter('test-cluster');
  await writer.submit(testCreate('core.namespaces', { metadata: { name: 'team' } }));
  const { promise, resolve } = Promise.withResolvers<'take' | 'fail'>();
  log.verdict = promise;
  const first = writer.submit(testCreate(CONFIG_MAPS, configMap('first')));
  let answered = false;
  const second = writer.submit(testCreate(CONFIG_MAPS, configMap('second'))).finally(() => (answered = true));
  await turns();
  return { plane, first, second, judge: resolve, isAnswered: () => answered };
}

describe('a refusal because of a write that is not durable yet', () => {
  it('is answered once a read would show that write', async () => {
    const { plane, first, second, judge, isAnswered } = await started();
    expect(isAnswered()).toBe(false);
    judge('take');
    expect(await second).toMatchObject({ code: 409, reason: 'AlreadyExists' });
    expect(plane.reads.projection.get({ id: CONFIG_MAPS }, 'team', 'one')).toMatchObject({ data: { a: 'first' } });
    await first;
    await plane.stop();
  });

  it('is not answered when that write never came to be: the command is decided again', async () => {
    const { plane, first, second, judge } = await started();
    judge('fail');
    const answers = await Promise.all([first, second]);
    expect(answers.filter((answer) => 'object' in answer)).toHaveLength(1);
    const taken = answers.find((answer) => 'object' in answer);
    expect(plane.reads.projection.get({ id: CONFIG_MAPS }, 'team', 'one')).toEqual(
      expect.objectContaining({ metadata: expect.objectContaining({ uid: taken?.object.metadata.uid }) }),
    );
    await plane.stop();
  });
});

/** A log on which the second append overtakes the first, as calls of their own may. */
class OvertakenLog extends MemoryEventLog {
  gate: Promise<void> | undefined;
  override async append(stream: string, event: NewEvent, expected: number): Promise<Appended> {
    const { gate } = this;
    this.gate = undefined;
    await gate;
    return super.append(stream, event, expected);
  }
}

describe('an append that overtakes an earlier one of its stream, and fails', () => {
  it('has nothing decided on a state without the earlier one, which is still under way', async () => {
    const log = new OvertakenLog();
    const plane = testPlane(log, kinds);
    await plane.start();
    const writer = await plane.becomeWriter('test-cluster');
    await writer.submit(testCreate('core.namespaces', { metadata: { name: 'team' } }));
    const { promise, resolve } = Promise.withResolvers<void>();
    log.gate = promise;
    const created = writer.submit(testCreate(CONFIG_MAPS, configMap('first')));
    const changed = writer.submit(testPatch(CONFIG_MAPS, 'team', 'one', { data: { a: 'second' } }));
    await turns();
    let answered = false;
    const later = writer
      .submit(testPatch(CONFIG_MAPS, 'team', 'one', { data: { b: 'third' } }))
      .finally(() => (answered = true));
    await turns();
    expect(answered).toBe(false);
    resolve();
    for (const answer of [created, changed, later]) expect(await answer).toMatchObject({ changed: true });
    const shown = plane.reads.projection.get({ id: CONFIG_MAPS }, 'team', 'one');
    expect(shown).toMatchObject({ data: { a: 'second', b: 'third' } });
    await plane.stop();
  });
});

describe('outstanding appends', () => {
  it('are waited for up to the last that was there, in whatever order they settle', async () => {
    const outstanding = new OutstandingAppends();
    expect(outstanding.settled()).toBeUndefined();
    const appends = [0, 1, 2].map(() => Promise.withResolvers<void>());
    const tracked = appends.map(({ promise }) => outstanding.track(promise).catch(() => undefined));
    const seen: string[] = [];
    void outstanding.settled()?.then(() => seen.push('three'));
    const fourth = Promise.withResolvers<void>();
    void outstanding.track(fourth.promise);
    void outstanding.settled()?.then(() => seen.push('four'));
    appends[2]?.resolve();
    appends[0]?.reject(new Error('void'));
    await turns();
    expect(seen).toEqual([]);
    appends[1]?.resolve();
    await Promise.all(tracked);
    await turns();
    expect(seen).toEqual(['three']);
    fourth.resolve();
    await turns();
    expect(seen).toEqual(['three', 'four']);
  });
});

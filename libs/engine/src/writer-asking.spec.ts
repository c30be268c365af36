import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog, VirtualClock } from '#adapters';
import { configMapKind, createRegistry, namespaceKind } from '#kinds';
import { isRefusal, type AdmissionPlugin, type HttpsAnswer, type KubeObject, type HttpsQuestion } from '#model';
import type { Asker } from '#ports';
import { COMMAND_TIMEOUT_MS } from './writer.js';
import { testCreate, testPatch, testPlane } from './testing.js';

const CONFIG_MAPS = 'core.configmaps';

/** Asks about each ConfigMap that wants it, with what the object would be; what is answered becomes a value of it. */
const asking: AdmissionPlugin = {
  name: 'Asking',
  mutate({ object, answers }) {
    const data = (object as { data?: Record<string, string> }).data ?? {};
    if (data['ask'] === undefined) return object;
    const question: HttpsQuestion = {
      asks: 'https',
      name: 'a webhook',
      to: { url: 'https://hook.test/' },
      body: { data },
      timeoutMs: Number(data['ask']),
    };
    const answer = answers.to(question);
    if (answer === undefined) return { questions: [question] };
    const said = answer.is === 'answered' ? JSON.stringify(answer.body) : answer.why;
    return {
      mutated: { ...object, data: { ...data, said } } as KubeObject,
      answers: [{ from: question.name, outcome: answer.is === 'answered' ? 'allowed' : 'failed' }],
    };
  },
};
const kinds = createRegistry([namespaceKind, configMapKind], [asking]);

/** Answers when it is told to. */
class HeldAsker implements Asker {
  readonly asked: HttpsQuestion[] = [];
  private open: ((answer: HttpsAnswer) => void)[] = [];
  ask(question: HttpsQuestion): Promise<HttpsAnswer> {
    this.asked.push(question);
    return new Promise((resolve) => this.open.push(resolve));
  }
  answer(body: { readonly [key: string]: string } = { a: 'b' }): void {
    for (const resolve of this.open.splice(0)) resolve({ is: 'answered', status: 200, body });
  }
}
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};
async function started() {
  const log = new MemoryEventLog();
  const clock = new VirtualClock(1_800_000_000_000);
  const asker = new HeldAsker();
  const plane = testPlane(log, kinds, { clock, askers: { https: asker } });
  await plane.start();
  const writer = await plane.becomeWriter('test');
  const create = (name: string, data: object, more: object = {}) =>
    writer.submit({ ...testCreate(CONFIG_MAPS, { metadata: { name, namespace: 'team' }, data }), ...more });
  const patch = (name: string, data: Record<string, string>) =>
    writer.submit(testPatch(CONFIG_MAPS, 'team', name, { data }));
  return { log, clock, asker, plane, create, patch };
}
const person = { request: { auditId: 'a', verb: 'POST', path: '/' } };

describe('a writer whose decision has to ask', () => {
  it('lets the others go on meanwhile, and appends with the answer, which the event records', async () => {
    const { log, asker, plane, create } = await started();
    const slow = create('slow', { ask: '10000' }, { uid: 'its uid' });
    await turns();
    expect(asker.asked).toMatchObject([{ name: 'a webhook', body: { data: { ask: '10000' } } }]);
    for (let i = 0; i < 50; i++) expect(isRefusal(await create(`other-${i}`, {}))).toBe(false);
    expect(log.store.stream('core.configmaps/team/slow')).toHaveLength(0);
    asker.answer();
    expect(await slow).toMatchObject({ object: { metadata: { uid: 'its uid' }, data: { said: '{"a":"b"}' } } });
    expect(log.store.stream('core.configmaps/team/slow')[0]?.metadata.answers).toEqual([
      { from: 'a webhook', outcome: 'allowed' },
    ]);
    expect(log.store.stream('core.configmaps/team/other-0')[0]?.metadata).not.toHaveProperty('answers');
    expect(asker.asked).toHaveLength(1);
    await plane.stop();
  });

  it('asks again when state has moved so that the question is another one, and not when it is the same', async () => {
    const { asker, plane, create, patch } = await started();
    await create('one', {});
    const asks = patch('one', { ask: '10000' });
    await turns();
    await create('two', {});
    const between = patch('one', { b: '2' });
    await between;
    asker.answer({ first: 'answer' });
    await turns();
    expect(asker.asked.map(({ body }) => body['data'])).toEqual([{ ask: '10000' }, { ask: '10000', b: '2' }]);
    asker.answer({ second: 'answer' });
    expect(await asks).toMatchObject({ object: { data: { b: '2', said: '{"second":"answer"}' } } });
    await plane.stop();
  });

  it('gives up on an asker that never answers, and on a person after all that asking may take', async () => {
    const { clock, plane, create } = await started();
    const late = create('late', { ask: '3000' }, person);
    await turns();
    clock.advance(3_999);
    await turns();
    clock.advance(1);
    expect(await late).toMatchObject({ object: { data: { said: 'context deadline exceeded' } } });
    const longer = create('longer', { ask: '3600000' }, person);
    await turns();
    clock.advance(31_000);
    expect(await longer).toMatchObject({ object: { data: { said: 'context deadline exceeded' } } });
    const loop = create('loop', { ask: '3600000' });
    await turns();
    clock.advance(COMMAND_TIMEOUT_MS - 1_000);
    expect(await loop).toMatchObject({ object: { data: { said: 'context deadline exceeded' } } });
    await plane.stop();
  });

  it('that cannot ask answers with that', async () => {
    const plane = testPlane(new MemoryEventLog(), kinds, { clock: new VirtualClock(0) });
    await plane.start();
    const writer = await plane.becomeWriter('test');
    const one = testCreate(CONFIG_MAPS, { metadata: { name: 'one', namespace: 'team' }, data: { ask: '1000' } });
    const said = 'this process cannot connect to servers outside of the cluster';
    expect(await writer.submit(one)).toMatchObject({ object: { data: { said } } });
    await plane.stop();
  });

  it('refuses a decision that asks something else again and again', async () => {
    const webhook = { asks: 'https', to: { url: 'https://hook.test/' } } as const;
    const restless: AdmissionPlugin = {
      name: 'Restless',
      mutate: ({ object, answers }) => {
        for (let i = 0; ; i++) {
          const question = { ...webhook, name: `question ${i}`, body: {}, timeoutMs: 1 };
          if (answers.to(question) === undefined) return { questions: [question] };
          if (i > 1000) return object;
        }
      },
    };
    const answer: Asker = { ask: () => Promise.resolve({ is: 'answered', status: 200, body: {} }) };
    const registry = createRegistry([namespaceKind, configMapKind], [restless]);
    const plane = testPlane(new MemoryEventLog(), registry, { clock: new VirtualClock(0), askers: { https: answer } });
    await plane.start();
    const writer = await plane.becomeWriter('test');
    const one = testCreate(CONFIG_MAPS, { metadata: { name: 'one', namespace: 'team' } });
    expect(await writer.submit(one)).toMatchObject({ refused: true, code: 503 });
    await plane.stop();
  });
});

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryBusHub, MemoryEventLog, VirtualClock } from '#adapters';
import { createRegistry, namespaceKind, selfSubjectAccessReviewKind, tokenReviewKind } from '#kinds';
import {
  isRefusal,
  type AdmissionPlugin,
  type Answer,
  type Command,
  type CommandResult,
  type HttpsAnswer,
  type HttpsQuestion,
} from '#model';
import type { Askers } from '#ports';
import type { JsonObject } from '#std';
import { ClusterBackend, type ControlPlane } from './index.js';
import { testCreate, testPlane } from './testing.js';

const TOKEN_REVIEWS = 'authentication.k8s.io.tokenreviews';
const ACCESS_REVIEWS = 'authorization.k8s.io.selfsubjectaccessreviews';

/** Asks servers outside about each TokenReview: the next one when the one before has answered. */
const webhooks = (count: number): AdmissionPlugin => ({
  name: 'Webhooks',
  validate({ kind, answers }) {
    for (let n = 0; kind.id === TOKEN_REVIEWS && n < count; n++) {
      const to = { url: `https://hook-${n}.test/` };
      const question = { asks: 'https', name: `webhook ${n}`, to, body: {}, timeoutMs: 10_000 } as const;
      const answer = answers.to(question);
      if (answer === undefined) return { questions: [question] };
      if (answer.is === 'failed')
        return { refused: true, code: 500, reason: 'InternalError', message: `${to.url}: ${answer.why}` };
    }
    return undefined;
  },
});

/** A server outside that answers when it is told to. */
class HeldServer {
  readonly asked: HttpsQuestion[] = [];
  private open: ((answer: HttpsAnswer) => void)[] = [];
  ask(question: HttpsQuestion): Promise<HttpsAnswer> {
    this.asked.push(question);
    return new Promise((resolve) => this.open.push(resolve));
  }
  answer(): void {
    for (const resolve of this.open.splice(0)) resolve({ is: 'answered', status: 200, body: {} });
  }
}
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

const askers: Askers = {
  authorizer: { atOnce: () => ({ is: 'answered', verdict: { allowed: true, reason: 'r' } }) },
  authenticator: {
    ask: ({ token }) =>
      Promise.resolve({ is: 'answered', identity: { user: { name: token, groups: [] }, audiences: [] } }),
  },
};
const request = { auditId: 'a', verb: 'POST', path: '/' };
const create = (kind: string, body: JsonObject): Command => ({
  ...testCreate(kind, { metadata: { name: '' } }),
  ...{ apiVersion: `${kind.slice(0, kind.lastIndexOf('.'))}/v1`, body, request },
});
const tokenReview = create(TOKEN_REVIEWS, { spec: { token: 'ann' } });
const accessReview = create(ACCESS_REVIEWS, { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } });

describe('a process without the writer', () => {
  let log: MemoryEventLog;
  let clock: VirtualClock;
  let outside: HeldServer;
  let plane: ControlPlane;
  let backend: ClusterBackend;
  const start = async (webhookCount: number): Promise<void> => {
    log = new MemoryEventLog();
    clock = new VirtualClock(1_800_000_000_000);
    outside = new HeldServer();
    const kinds = createRegistry(
      [namespaceKind, selfSubjectAccessReviewKind, tokenReviewKind],
      [webhooks(webhookCount)],
    );
    plane = testPlane(log, kinds, { clock, askers: { https: outside } });
    await plane.start();
    const writer = { submit: (): Promise<never> => Promise.reject(new Error('the writer is asked')) };
    backend = new ClusterBackend(plane, writer, new MemoryBusHub(clock).connect('api'));
  };
  beforeEach(() => start(1));
  afterEach(() => plane.stop());
  const serve = (command: Command): Promise<CommandResult> => backend.serve(command, askers);

  it('answers what is never stored, and nothing of it is in the log', async () => {
    const head = await log.head();
    const review = serve(tokenReview);
    await turns();
    outside.answer();
    expect(await review).toMatchObject({
      ...{ created: true, changed: false, position: plane.reads.projection.position },
      object: { kind: 'TokenReview', status: { authenticated: true, user: { username: 'ann' } } },
    });
    expect(await log.head()).toEqual(head);
  });

  it('answers others while a server outside does not, however many wait for it', async () => {
    let answered = 0;
    const held = Array.from({ length: 4_096 }, () => serve(tokenReview).then(() => answered++));
    await turns();
    expect(outside.asked).toHaveLength(4_096);
    expect(await serve(tokenReview)).toMatchObject({ refused: true, code: 429 });
    expect(await serve(accessReview)).toMatchObject({ object: { status: { allowed: true } } });
    expect(answered).toBe(0);
    outside.answer();
    await Promise.all(held);
    const again = serve(tokenReview);
    await turns();
    outside.answer();
    expect(isRefusal(await again)).toBe(false);
  });

  it('asks for thirty seconds in all, and at most 64 times', async () => {
    await plane.stop();
    await start(5);
    const slow = serve(tokenReview);
    for (let n = 0; n < 3; n++) {
      await turns();
      clock.advance(9_900);
      outside.answer();
    }
    await turns();
    expect(outside.asked.map(({ timeoutMs }) => timeoutMs)).toEqual([10_000, 10_000, 10_000, 300]);
    clock.advance(1_300);
    expect(await slow).toMatchObject({ code: 500, message: 'https://hook-3.test/: context deadline exceeded' });
    await plane.stop();
    await start(65);
    const restless = serve(tokenReview);
    for (let n = 0; n < 65; n++) {
      await turns();
      outside.answer();
    }
    expect(await restless).toMatchObject({ refused: true, code: 503 });
    expect(outside.asked).toHaveLength(64);
  });

  it('that cannot ask somebody says so', async () => {
    expect(await backend.serve(accessReview, {})).toMatchObject({
      code: 500,
      message: 'Internal error occurred: this process cannot answer that',
    });
  });

  it('is asked nothing that it does not know', async () => {
    expect(await serve(create('example.com.reviews', {}))).toMatchObject({ refused: true, code: 404 });
    const failing: Answer = { is: 'failed', why: 'the keys are away' };
    const away: Askers = { authenticator: { ask: () => Promise.resolve(failing) } };
    const review = backend.serve(tokenReview, away);
    await turns();
    outside.answer();
    expect(await review).toMatchObject({ code: 500, message: 'Internal error occurred: the keys are away' });
  });
});

describe('a writer', () => {
  it('serves what is never stored too, where it can, and appends nothing', async () => {
    const log = new MemoryEventLog();
    const kinds = createRegistry([namespaceKind, selfSubjectAccessReviewKind]);
    const plane = testPlane(log, kinds, { askers });
    await plane.start();
    const writer = await plane.becomeWriter('test');
    const head = await log.head();
    expect(await writer.submit(accessReview)).toMatchObject({ changed: false, object: { status: { allowed: true } } });
    expect(await log.head()).toEqual(head);
    await plane.stop();
  });
});

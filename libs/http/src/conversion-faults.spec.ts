import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { testCommand } from '#model/testing';
import {
  at,
  converted,
  Converting,
  DEFINITION,
  server1,
  server2,
  startHook,
  until,
  type Hook,
} from './testing/conversion-hook.js';
import type { Reply, TestServer } from './testing/test-server.js';

let server: TestServer;
let hook: Hook;
beforeAll(async () => void (hook = await startHook()));
afterAll(() => hook.stop());
beforeEach(async () => ({ server } = await Converting.start(hook)));
afterEach(() => server.stop());

const patch = (path: string, body: unknown, type = 'application/merge-patch+json'): Promise<Reply> =>
  server.ask({ method: 'PATCH', path, type, body });

describe('a conversion webhook', () => {
  it('refuses what needs a webhook that fails, with the words of the genuine server, and nothing else', async () => {
    await server.create(at('v2'), server2('a', 'local', '80'));
    const failure = (why: string): unknown => [500, `conversion webhook for example.com/v2, Kind=Server ${why}`];
    const answered = async (path: string): Promise<unknown> => {
      const { code, json } = await server.get(path);
      return [code, json?.['message']];
    };
    hook.say = () => 'garbage';
    expect(await answered(`${at('v1')}/a`)).toEqual(
      failure("failed: couldn't get version/kind; json parse error: the answer is no JSON object"),
    );
    expect(await answered(at('v1'))).toEqual(
      failure("failed: couldn't get version/kind; json parse error: the answer is no JSON object"),
    );
    hook.say = (review) => ({
      ...converted(review),
      response: { uid: review.request.uid, result: { status: 'Failure', message: 'no!' } },
    });
    expect(await answered(`${at('v1')}/a`)).toEqual(failure('failed: no!'));
    hook.say = () => 'x'.repeat(5 * 1024 * 1024);
    expect(await answered(`${at('v1')}/a`)).toEqual(
      failure(`failed: Post "${hook.url}?timeout=30s": the answer has more than 4194304 bytes`),
    );
    hook.say = (review) => converted(review, (one) => ({ ...one, metadata: { name: 'b', namespace: 'default' } }));
    expect(await answered(`${at('v1')}/a`)).toEqual(
      failure('returned invalid object: must have the same name: a != b'),
    );
    const created = await server.ask({ method: 'POST', path: at('v1'), body: server1('n', 'n:1') });
    expect([created.code, created.json?.['message']]).toEqual([
      500,
      'conversion webhook for example.com/v1, Kind=Server returned invalid object: must have the same name: n != b',
    ]);
    const watched = await server.ask({ path: `${at('v1')}?watch=1&resourceVersion=0`, lines: 1 });
    expect(JSON.parse(watched.text)).toMatchObject({
      type: 'ERROR',
      object: {
        code: 500,
        message: expect.stringContaining('conversion webhook for example.com/v2, Kind=Server returned'),
      },
    });
    expect((await server.get(`${at('v2')}/a`)).code).toBe(200);
    expect((await server.get(`${at('v2')}/n`)).code).toBe(404);
    // Nothing of what goes has to be seen in another version.
    expect((await server.ask({ method: 'DELETE', path: `${at('v1')}/a` })).code).toBe(200);
  });

  it('keeps nobody waiting but those who need its webhook, however slow that is', async () => {
    await server.create(at('v2'), server2('a', 'local', '80'));
    hook.say = () => 'nothing';
    const path = `${at('v1')}/a`;
    let answered = 0;
    const slow = [server.get(path), patch(path, { spec: { zone: 'c' } }), server.get(at('v1'))];
    for (const one of slow)
      void one.then(
        () => answered++,
        () => answered++,
      );
    await until(async () => hook.seen.length >= 3);
    for (let i = 0; i < 20; i++)
      expect((await server.ask({ method: 'POST', path: at('v2'), body: server2(`n${i}`, 'x', '1') })).code).toBe(201);
    expect(answered).toBe(0);
    hook.say = (review) => converted(review);
    await hook.stop();
    expect((await Promise.all(slow)).map(({ code }) => code)).toEqual([500, 500, 500]);
    hook = await startHook();
  });

  it('that is slower than objects change leaves nothing out of a watch, and nothing of it waits in memory', async () => {
    let release = (): void => undefined;
    hook.held = new Promise((resolve) => (release = resolve));
    const since = server.backend.current().position;
    const watching = server.ask({ path: `${at('v1')}?watch=1&resourceVersion=${since}`, lines: 701 });
    const create = (i: number) =>
      server.backend.submit(
        testCommand({
          ...{ verb: 'create', kind: 'example.com.servers', namespace: 'default' },
          body: server2(`n${i}`, 'x', `${i}`),
        }),
      );
    await create(0);
    await until(async () => hook.seen.length > 0);
    for (let i = 1; i <= 700; i += 50) await Promise.all(Array.from({ length: 50 }, (_, more) => create(i + more)));
    expect(hook.seen).toHaveLength(1);
    release();
    const addresses = (await watching).text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { object: { spec: { address: string } } }).object.spec.address);
    expect(addresses).toEqual(Array.from({ length: 701 }, (_, i) => `x:${i}`));
  });

  it('asks in the older form when the webhook knows no other', async () => {
    const older = { conversionReviewVersions: ['v2', 'v1beta1', 'v1'] };
    expect((await patch(DEFINITION, { spec: { conversion: { webhook: older } } })).code).toBe(200);
    await server.create(at('v1'), server1('a', 'local:80'));
    expect(hook.seen.map(({ apiVersion }) => apiVersion)).toEqual([
      'apiextensions.k8s.io/v1beta1',
      'apiextensions.k8s.io/v1beta1',
    ]);
  });

  it('is called at the endpoints of a service, whose absence is said', async () => {
    const clientConfig = { url: null, service: { namespace: 'default', name: 'hook', path: '/convert' } };
    expect((await patch(DEFINITION, { spec: { conversion: { webhook: { clientConfig } } } })).code).toBe(200);
    const { code, json } = await server.ask({ method: 'POST', path: at('v1'), body: server1('a', 'local:80') });
    expect([code, json?.['message']]).toEqual([
      500,
      'conversion webhook for example.com/v1, Kind=Server failed: Post "https://hook.default.svc:443/convert?timeout=30s": service "hook" not found',
    ]);
  });
});

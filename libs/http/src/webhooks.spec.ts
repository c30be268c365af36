import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openMemoryKeys } from '#adapters';
import type { JsonObject } from '#std';
import { TestServer, type Reply } from './testing/test-server.js';
import { WebhookServer } from './testing/webhook-server.js';

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

type Review = { readonly request: JsonObject & { readonly uid: string } };

/** An admission webhook: what it says of a review is told by the test. */
function startHook() {
  return WebhookServer.start<Review, JsonObject>({
    path: '/review',
    say: () => ({ allowed: true }),
    body: (said, { request }) => ({
      ...{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
      response: { uid: request.uid, ...said },
    }),
  });
}

describe('admission webhooks', () => {
  let server: TestServer;
  let hook: Awaited<ReturnType<typeof startHook>>;
  beforeAll(async () => {
    server = await TestServer.start();
    hook = await startHook();
  });
  afterAll(async () => {
    await server.stop();
    await hook.stop();
  });
  afterEach(async () => {
    for (const plural of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'])
      await server.ask({ method: 'DELETE', path: `${CONFIGURATIONS}/${plural}` });
    hook.say = () => ({ allowed: true });
    hook.seen.length = 0;
  });
  const register = (role: 'mutating' | 'validating', more: JsonObject = {}): Promise<JsonObject> =>
    server.create(`${CONFIGURATIONS}/${role}webhookconfigurations`, {
      metadata: { name: 'hooks' },
      webhooks: [
        {
          name: 'a.hooks.test',
          clientConfig: { url: hook.url, caBundle: hook.caBundle },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }],
          objectSelector: { matchLabels: { hooked: 'yes' } },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          ...more,
        },
      ],
    });
  const post = (name: string, data: JsonObject = {}, hooked = 'yes', query = ''): Promise<Reply> =>
    server.ask({
      ...{ method: 'POST', path: `${CONFIG_MAPS}${query}` },
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels: { hooked } }, data },
    });

  it('change what is written, once, and the change is what is answered and stored', async () => {
    await register('mutating');
    const patch = btoa(JSON.stringify([{ op: 'add', path: '/data', value: { by: 'hook' } }]));
    hook.say = () => ({ allowed: true, patchType: 'JSONPatch', patch, warnings: ['changed'] });
    const reply = await post('changed');
    expect(reply).toMatchObject({ code: 201, json: { data: { by: 'hook' } } });
    expect(reply.headers['warning']).toBe('299 - "changed"');
    expect(await server.ask({ path: `${CONFIG_MAPS}/changed` })).toMatchObject({ json: { data: { by: 'hook' } } });
    expect(hook.seen).toHaveLength(1);
    expect(hook.seen[0]).toMatchObject({
      request: { name: 'changed', namespace: 'default', userInfo: { username: expect.any(String) }, dryRun: false },
    });
  });
  it('refuse writes, patches, deletions and dry runs with their own words', async () => {
    await post('there');
    await register('validating');
    hook.say = () => ({ allowed: false, status: { code: 403, message: 'not today', reason: 'Forbidden' } });
    const refused = {
      code: 403,
      json: { reason: 'Forbidden', message: 'admission webhook "a.hooks.test" denied the request: not today' },
    };
    expect(await post('new')).toMatchObject(refused);
    expect(await post('dry', {}, 'yes', '?dryRun=All')).toMatchObject(refused);
    expect(hook.seen.at(-1)).toMatchObject({ request: { dryRun: true } });
    const path = `${CONFIG_MAPS}/there`;
    const type = 'application/merge-patch+json';
    expect(await server.ask({ method: 'PATCH', path, type, body: { data: { a: '2' } } })).toMatchObject(refused);
    expect(hook.seen.at(-1)).toMatchObject({
      request: { operation: 'UPDATE', object: { data: { a: '2' } }, oldObject: { metadata: { name: 'there' } } },
    });
    expect(await server.ask({ method: 'DELETE', path })).toMatchObject(refused);
    expect(hook.seen.at(-1)).toMatchObject({ request: { operation: 'DELETE', object: null } });
    expect(await server.ask({ method: 'DELETE', path: CONFIG_MAPS })).toMatchObject(refused);
    expect(await server.ask({ path })).toMatchObject({ code: 200 });
  });
  it('that do not answer in time refuse what concerns them, or are ignored, and delay nobody else', async () => {
    await register('validating', { timeoutSeconds: 2 });
    hook.say = () => 'nothing';
    const began = performance.now();
    const slow = post('slow');
    let others = 0;
    for (let isOver = false; !isOver && others < 30; others++) {
      expect((await post(`bystander-${others}`, {}, 'no')).code).toBe(201);
      isOver = performance.now() - began > 1_500;
    }
    expect(hook.seen).toHaveLength(1);
    expect(others).toBeGreaterThan(1);
    expect(await slow).toMatchObject({
      code: 500,
      json: {
        reason: 'InternalError',
        message: `Internal error occurred: failed calling webhook "a.hooks.test": failed to call webhook: Post "${hook.url}?timeout=2s": context deadline exceeded`,
      },
    });
    const path = `${CONFIGURATIONS}/validatingwebhookconfigurations/hooks`;
    const lenient = [{ op: 'replace', path: '/webhooks/0/failurePolicy', value: 'Ignore' }];
    await server.ask({ method: 'PATCH', path, type: 'application/json-patch+json', body: lenient });
    expect(await post('ignored')).toMatchObject({ code: 201 });
  });
  it('refuse connections to a pod, whose options they see', async () => {
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    const pods = '/api/v1/namespaces/default/pods';
    await server.create(pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
    const exec = (): Promise<Reply> =>
      server.ask({ path: `${pods}/p/exec?command=sh&command=-c&stdin=true&container=c` });
    expect((await exec()).json?.['message']).toBe('pod p does not have a host assigned');
    await register('validating', {
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CONNECT'], resources: ['pods/exec'] }],
      objectSelector: {},
    });
    hook.say = () => ({ allowed: false, status: { message: 'nobody gets in' } });
    expect(await exec()).toMatchObject({
      code: 400,
      json: { message: 'admission webhook "a.hooks.test" denied the request: nobody gets in' },
    });
    expect(hook.seen).toMatchObject([
      {
        request: {
          ...{ operation: 'CONNECT', name: 'p', namespace: 'default', subResource: 'exec', oldObject: null },
          kind: { group: '', version: 'v1', kind: 'PodExecOptions' },
          resource: { group: '', version: 'v1', resource: 'pods' },
          object: { kind: 'PodExecOptions', command: ['sh', '-c'], stdin: true, container: 'c' },
        },
      },
    ]);
    expect(hook.seen[0]?.request['object']).not.toHaveProperty('metadata');
  });
  it('change and refuse token requests, of which nothing is kept', async () => {
    const robot = '/api/v1/namespaces/default/serviceaccounts/robot';
    await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });
    const tokens = {
      apiGroups: [''],
      apiVersions: ['v1'],
      operations: ['CREATE'],
      resources: ['serviceaccounts/token'],
    };
    await register('mutating', { rules: [tokens], objectSelector: {} });
    const patch = btoa(JSON.stringify([{ op: 'add', path: '/spec/audiences', value: ['vault'] }]));
    hook.say = () => ({ allowed: true, patchType: 'JSONPatch', patch, warnings: ['for the vault'] });
    const ask = (query = ''): Promise<Reply> =>
      server.ask({ method: 'POST', path: `${robot}/token${query}`, body: { spec: {} } });
    const head = await server.plane.options.log.head();
    const reply = await ask();
    expect(reply).toMatchObject({ code: 201, json: { kind: 'TokenRequest', spec: { audiences: ['vault'] } } });
    expect(reply.headers['warning']).toBe('299 - "for the vault"');
    const { token } = reply.json?.['status'] as { readonly token: string };
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as JsonObject;
    expect(claims).toMatchObject({ aud: ['vault'], sub: 'system:serviceaccount:default:robot' });
    expect(await ask('?dryRun=All')).toMatchObject({ code: 201 });
    expect(hook.seen.map(({ request }) => request['dryRun'])).toEqual([false, true]);
    expect(JSON.stringify(hook.seen)).not.toContain(token);
    hook.say = () => ({ allowed: false, status: { code: 403, message: 'no tokens today' } });
    expect((await ask()).json?.['message']).toBe(
      'admission webhook "a.hooks.test" denied the request: no tokens today',
    );
    expect(await server.plane.options.log.head()).toEqual(head);
  });
  it('that are dead delay the reviews that they are asked about, and no others', async () => {
    const reviews = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['tokenreviews'] };
    await register('validating', { rules: [reviews], objectSelector: {}, timeoutSeconds: 4 });
    hook.say = () => 'nothing';
    const ask = (path: string, body: JsonObject): Promise<Reply> => server.ask({ method: 'POST', path, body });
    const tokenReviews = '/apis/authentication.k8s.io/v1/tokenreviews';
    let answered = 0;
    const slow = Array.from({ length: 20 }, async () => {
      const reply = await ask(tokenReviews, { spec: { token: 'hunter2' } });
      answered++;
      return reply;
    });
    while (hook.seen.length < slow.length) await new Promise((resolve) => setTimeout(resolve, 5));
    const resourceAttributes = { verb: 'get', resource: 'pods' };
    for (let n = 0; n < 5; n++) {
      const may = await ask('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec: { resourceAttributes } });
      expect(may).toMatchObject({ code: 201, json: { status: { allowed: true } } });
      expect((await ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', {})).code).toBe(201);
      expect((await post(`beside-${n}`)).code).toBe(201);
    }
    expect(answered).toBe(0);
    for (const reply of await Promise.all(slow)) {
      expect(reply.code).toBe(500);
      expect(reply.json?.['message']).toMatch(/^Internal error occurred: failed calling webhook "a.hooks.test": /);
      expect(reply.text).not.toContain('hunter2');
    }
  });
  it('whose certificate is not of their authority are not asked', async () => {
    const other = await openMemoryKeys();
    const caBundle = Buffer.from(other.caCertificate).toString('base64');
    await register('validating', { clientConfig: { url: hook.url, caBundle } });
    const reply = await post('untrusted');
    expect(reply.code).toBe(500);
    expect(reply.json?.['message']).toContain(
      'tls: failed to verify certificate: x509: certificate signed by unknown authority',
    );
    expect(hook.seen).toHaveLength(0);
  });
  it('can be removed when all that they do is refuse everything', async () => {
    await register('validating', {
      rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }],
      objectSelector: {},
    });
    hook.say = () => ({ allowed: false });
    expect((await post('anything')).code).toBe(400);
    const path = `${CONFIGURATIONS}/validatingwebhookconfigurations/hooks`;
    expect(await server.ask({ method: 'DELETE', path })).toMatchObject({ code: 200 });
    expect((await post('anything')).code).toBe(201);
  });
});

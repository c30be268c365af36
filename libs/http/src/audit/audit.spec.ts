import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accessPolicy } from '#kinds';
import type { AuditLog, AuditSeries } from '#ports';
import { isJsonObject, type JsonObject } from '#std';
import { TestServer } from '../testing/test-server.js';
import { AuditPolicy } from './policy.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const SECRETS = '/api/v1/namespaces/default/secrets';
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';

/** Keeps what it is given. */
class Kept implements AuditLog {
  readonly lost = 0;
  readonly events: (JsonObject & { series: AuditSeries })[] = [];
  get written(): number {
    return this.events.length;
  }
  write(series: AuditSeries, event: JsonObject): void {
    this.events.push({ ...(JSON.parse(JSON.stringify(event)) as JsonObject), series });
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('what is kept of a request', () => {
  const kept = new Kept();
  let server: TestServer;
  let isOpen = true;
  let token: string;
  const as = (user: string, more: Readonly<Record<string, string>> = {}) => ({
    authorization: `Bearer ${token}`,
    'impersonate-user': user,
    ...more,
  });
  const ask = async (method: string, path: string, headers: Readonly<Record<string, string>>, body?: JsonObject) => {
    kept.events.length = 0;
    const reply = await server.ask({ method, path, headers, ...(body && { body }) });
    return { reply, events: [...kept.events] };
  };
  const metadataOf = async (reply: { json: JsonObject | undefined }): Promise<JsonObject> => {
    const { resourceVersion } = reply.json?.['metadata'] as { resourceVersion: string };
    for await (const events of server.plane.options.log.readAll(Number(resourceVersion) - 1))
      for (const event of events) return event.open().metadata as unknown as JsonObject;
    throw new Error('no such event');
  };

  beforeAll(async () => {
    // The robot may do everything; people who are impersonated have what the bootstrap policy gives them.
    const isRobot = (name: string): boolean => name === 'system:serviceaccount:default:robot';
    server = await TestServer.start({
      audit: kept,
      authorizer: {
        ...accessPolicy,
        authorize: (user, asked, view) =>
          isOpen || isRobot(user.name) || user.name === 'ann'
            ? { allowed: true, reason: 'as the test says' }
            : accessPolicy.authorize(user, asked, view),
      },
    });
    await server.makeRoles();
    await server.create(ACCOUNTS, { metadata: { name: 'robot' } });
    const answer = await server.create(`${ACCOUNTS}/robot/token`, {});
    token = String((answer['status'] as JsonObject)['token']);
    await server.create(SECRETS, { metadata: { name: 's' }, stringData: { password: 'hunter2' } });
    isOpen = false;
  });
  afterAll(() => server.stop());

  it('a write: who, as whom, through what, from where; in the event and in the audit', async () => {
    const agent = { 'user-agent': 'kubectl/v1.35', 'audit-id': 'my-own-id', 'impersonate-group': 'testers' };
    const { reply, events } = await ask('POST', `${MAPS}?fieldManager=me&access_token=hunter2`, as('ann', agent), {
      metadata: { name: 'm' },
    });
    expect(reply.code).toBe(201);
    expect(reply.headers['audit-id']).toBe('my-own-id');
    expect(await metadataOf(reply)).toMatchObject({
      actor: 'ann',
      user: { groups: ['testers', 'system:authenticated'] },
      impersonator: {
        name: 'system:serviceaccount:default:robot',
        uid: expect.any(String) as unknown,
        groups: expect.arrayContaining(['system:serviceaccounts']) as unknown,
        extra: { 'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=/)] },
      },
      via: 'kubectl/v1.35',
      fieldManager: 'me',
      request: { auditId: 'my-own-id', verb: 'POST', path: MAPS, source: '127.0.0.1' },
    });
    expect(events).toEqual([
      expect.objectContaining({
        kind: 'Event',
        apiVersion: 'audit.k8s.io/v1',
        level: 'Metadata',
        auditID: 'my-own-id',
        stage: 'ResponseComplete',
        requestURI: `${MAPS}?fieldManager=me&access_token=…`,
        verb: 'create',
        user: expect.objectContaining({ username: 'system:serviceaccount:default:robot' }) as unknown,
        impersonatedUser: { username: 'ann', groups: ['testers', 'system:authenticated'] },
        sourceIPs: ['127.0.0.1'],
        userAgent: 'kubectl/v1.35',
        objectRef: expect.objectContaining({ resource: 'configmaps', namespace: 'default', name: 'm' }) as unknown,
        responseStatus: { metadata: {}, code: 201 },
        requestReceivedTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as unknown,
        annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': 'as the test says' },
        series: 'audit',
      }),
    ]);
  });

  it.each<[string, string, string, JsonObject | undefined, number, AuditSeries]>([
    ['a read of a Secret', 'GET', `${SECRETS}/s`, undefined, 200, 'audit'],
    ['a list of Secrets', 'GET', SECRETS, undefined, 200, 'audit'],
    ['a token', 'POST', `${ACCOUNTS}/robot/token`, {}, 201, 'audit'],
    [
      'an exec that comes to nothing',
      'GET',
      '/api/v1/namespaces/default/pods/p/exec?command=x',
      undefined,
      404,
      'audit',
    ],
    ['a proxied request', 'GET', '/api/v1/namespaces/default/services/s/proxy/x?token=y', undefined, 404, 'audit'],
    ['a deletion', 'DELETE', `${MAPS}/none`, undefined, 404, 'audit'],
  ])('%s', async (_title, method, path, body, code, series) => {
    const { reply, events } = await ask(method, path, { authorization: `Bearer ${token}` }, body);
    expect(reply.code).toBe(code);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ series, responseStatus: { code } });
    expect(JSON.stringify(events)).not.toContain('hunter2');
    expect(JSON.stringify(events)).not.toContain(token);
    expect(JSON.stringify(events)).not.toContain('token=y');
  });

  it('what the pod security of a namespace says, of a pod that is refused too', async () => {
    const level = 'pod-security.kubernetes.io';
    const namespace = { metadata: { name: 'strict', labels: { [`${level}/enforce`]: 'baseline' } } };
    await ask('POST', '/api/v1/namespaces', as('ann'), namespace);
    const spec = { hostPID: true, automountServiceAccountToken: false, containers: [{ name: 'c', image: 'i' }] };
    await ask('POST', '/api/v1/namespaces/strict/serviceaccounts', as('ann'), { metadata: { name: 'default' } });
    const pod = { metadata: { name: 'p' }, spec };
    const { reply, events } = await ask('POST', '/api/v1/namespaces/strict/pods', as('ann'), pod);
    expect(reply.code).toBe(403);
    expect(events).toMatchObject([{ annotations: { [`${level}/enforce-policy`]: 'baseline:latest' } }]);
  });

  it('refusals, in a file of their own', async () => {
    const nobody = await ask('GET', MAPS, {});
    expect(nobody.events).toMatchObject([
      {
        series: 'refused',
        user: { username: 'system:anonymous' },
        responseStatus: { code: 403, reason: 'Forbidden' },
        annotations: { 'authorization.k8s.io/decision': 'forbid' },
      },
    ]);
    const unknown = await ask('GET', MAPS, { authorization: 'Bearer of.bad.news' });
    expect(unknown.events).toMatchObject([{ series: 'refused', responseStatus: { code: 401 } }]);
    expect(JSON.stringify(unknown.events)).not.toContain('of.bad.news');
    const other = await ask('GET', MAPS, as('bob'));
    expect(other.events).toMatchObject([{ series: 'refused', impersonatedUser: { username: 'bob' } }]);
  });

  it('nothing of a plain read, which has an audit id all the same', async () => {
    const { reply, events } = await ask('GET', MAPS, { authorization: `Bearer ${token}` });
    expect(events).toEqual([]);
    expect(reply.headers['audit-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('the start and the end of a watch of Secrets', async () => {
    const path = `${SECRETS}?watch=true&timeoutSeconds=1`;
    const { events } = await ask('GET', path, { authorization: `Bearer ${token}` });
    while (kept.events.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    expect([...events, ...kept.events].at(0)).toMatchObject({
      stage: 'ResponseStarted',
      responseStatus: { code: 200 },
    });
    expect(kept.events.at(-1)).toMatchObject({ stage: 'ResponseComplete', verb: 'watch' });
  });

  it('a bounded number of bytes, whatever is sent', async () => {
    const long = 'x'.repeat(3000);
    const hostile = as(`ann`, {
      'user-agent': long.slice(0, 1500),
      'audit-id': long.slice(0, 500),
      'x-forwarded-for': Array.from({ length: 100 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join(','),
    });
    for (let i = 0; i < 10; i++) hostile[`impersonate-extra-k${i}` as keyof typeof hostile] = long.slice(0, 300);
    const groups = Array.from({ length: 100 }, (_, i) => `group-${i}-${'g'.repeat(20)}`).join(', ');
    const { reply, events } = await ask(
      'POST',
      `${MAPS}?x=${long}`,
      { ...hostile, 'impersonate-group': groups },
      {
        metadata: { generateName: 'm-' },
      },
    );
    expect(reply.code).toBe(201);
    const metadata = await metadataOf(reply);
    expect(metadata).toMatchObject({ user: { isCut: true }, via: expect.stringMatching(/^x+…$/) as unknown });
    expect(Buffer.byteLength(JSON.stringify(metadata))).toBeLessThan(12_000);
    expect(Buffer.byteLength(JSON.stringify(events))).toBeLessThan(16_000);
    expect(String(reply.headers['audit-id'])).toHaveLength(64);
    expect(events[0]).toMatchObject({ impersonatedUser: { extra: { 'shiplog.io/cut': ['true'] } } });
    const sources = (events[0] as JsonObject)['sourceIPs'];
    expect(Array.isArray(sources) && sources.length).toBeLessThan(20);
    expect(isJsonObject(metadata['user'])).toBe(true);
  });
});

describe('what is kept of a request under a policy', () => {
  const kept = new Kept();
  let server: TestServer;
  const policy = AuditPolicy.parse(`
    apiVersion: audit.k8s.io/v1
    kind: Policy
    omitManagedFields: true
    rules:
      - { level: None, resources: [{ group: "", resources: [endpoints] }] }
      - { level: RequestResponse, namespaces: [default] }
      - { level: Request, namespaces: [other], omitStages: [RequestReceived] }
      - { level: Metadata }`);
  const ask = async (method: string, path: string, body?: JsonObject): Promise<readonly JsonObject[]> => {
    kept.events.length = 0;
    await server.ask({ method, path, ...(body && { body }) });
    return [...kept.events];
  };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { k: 'v' } };

  beforeAll(async () => {
    server = await TestServer.start({ audit: kept, auditPolicy: policy });
    await server.create(ACCOUNTS, { metadata: { name: 'robot' } });
  });
  afterAll(() => server.stop());

  it('the stages, the body and the answer', async () => {
    const [received, complete, ...more] = await ask('POST', MAPS, map);
    expect(more).toEqual([]);
    expect(received).toMatchObject({ stage: 'RequestReceived', level: 'RequestResponse', verb: 'create' });
    expect(received).not.toHaveProperty('responseStatus');
    expect(received).not.toHaveProperty('requestObject');
    expect(complete).toMatchObject({
      stage: 'ResponseComplete',
      auditID: received?.['auditID'],
      requestObject: map,
      responseObject: { kind: 'ConfigMap', metadata: { name: 'm', resourceVersion: expect.any(String) as unknown } },
    });
    expect(JSON.stringify(complete)).not.toContain('managedFields');
  });

  it('a patch, a deletion, a list, a refusal', async () => {
    expect((await ask('PATCH', `${MAPS}/m`, { data: { k: 'w' } })).at(-1)).toMatchObject({
      responseStatus: { code: 415 },
    });
    expect((await ask('DELETE', `${MAPS}/none`, { gracePeriodSeconds: 0 })).at(-1)).toMatchObject({
      requestObject: { gracePeriodSeconds: 0 },
      responseObject: { kind: 'Status', code: 404 },
    });
    expect((await ask('GET', MAPS)).at(-1)).toMatchObject({
      responseObject: { kind: 'ConfigMapList', items: [{ metadata: { name: 'm' } }] },
    });
  });

  it('only as much as its rule says', async () => {
    const other = await ask('POST', MAPS.replace('default', 'other'), map);
    expect(other).toMatchObject([{ stage: 'ResponseComplete', level: 'Request', requestObject: map }]);
    expect(other[0]).not.toHaveProperty('responseObject');
    expect(await ask('GET', '/api/v1/namespaces/default/endpoints')).toEqual([]);
    const [page] = await ask('GET', '/version');
    expect(page).toMatchObject({ level: 'Metadata', requestURI: '/version' });
  });

  it('of what holds secrets no body and no answer, whatever it says', async () => {
    const review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: {},
      spec: { token: 'hunter2' },
    };
    const lines = [
      ...(await ask('POST', SECRETS, { metadata: { name: 's' }, stringData: { password: 'hunter2' } })),
      ...(await ask('GET', `${SECRETS}/s`)),
      ...(await ask('POST', `${ACCOUNTS}/robot/token`, {})),
      ...(await ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review)),
    ];
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line).toMatchObject({ level: 'Metadata' });
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|aHVudGVyMg|eyJ|responseObject|requestObject/);
  });

  it('no body and no answer that is large, and says so', async () => {
    const big = { ...map, metadata: { name: 'big' }, data: { k: 'x'.repeat(200_000) } };
    const complete = (await ask('POST', MAPS, big)).at(-1);
    expect(complete).toMatchObject({
      annotations: { 'audit.k8s.io/truncated': 'true' },
      responseStatus: { code: 201 },
    });
    expect(JSON.stringify(complete).length).toBeLessThan(2_000);
  });
});

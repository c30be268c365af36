import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeEnvelope, encodeProtobuf, type UserInfo } from '#model';
import { accessPolicy, selfSubjectAccessReview } from '#kinds';
import type { JsonObject } from '#std';
import { TestServer, type Reply } from './testing/test-server.js';

const AUTHORIZATION = '/apis/authorization.k8s.io/v1';
const AUTHENTICATION = '/apis/authentication.k8s.io/v1';
const SELF = `${AUTHORIZATION}/selfsubjectaccessreviews`;
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';
const may = (verb: string, resource: string): JsonObject => ({
  spec: { resourceAttributes: { verb, resource, namespace: 'default' } },
});

describe('reviews', () => {
  let server: TestServer;
  let isOpen = true;
  let robot: string;
  let chief: string;
  const headers = (token: string, as?: string) => ({
    authorization: `Bearer ${token}`,
    ...(as && { 'impersonate-user': as }),
  });
  const post = (path: string, body: unknown, more: Readonly<Record<string, string>>): Promise<Reply> =>
    server.ask({ method: 'POST', path, body, headers: more });
  const status = async (path: string, body: JsonObject, more: Readonly<Record<string, string>>) =>
    (await post(path, body, more)).json?.['status'] as JsonObject;
  const tokenOf = async (path: string, body: JsonObject = {}): Promise<string> =>
    String(((await server.create(`${path}/token`, body))['status'] as JsonObject)['token']);

  beforeAll(async () => {
    const isChief = (name: string): boolean => name === 'system:serviceaccount:kube-system:chief';
    const authorize: typeof accessPolicy.authorize = (user, asked, view) =>
      isOpen || isChief(user.name) ? { allowed: true, reason: '' } : accessPolicy.authorize(user, asked, view);
    server = await TestServer.start({ authorizer: { ...accessPolicy, authorize } });
    await server.makeRoles();
    await server.create('/api/v1/namespaces', { metadata: { name: 'kube-system' } });
    await server.create(ACCOUNTS, { metadata: { name: 'robot' } });
    const system = ACCOUNTS.replace('default', 'kube-system');
    await server.create(system, { metadata: { name: 'chief' } });
    robot = await tokenOf(`${ACCOUNTS}/robot`);
    chief = await tokenOf(`${system}/chief`);
    isOpen = false;
  });
  afterAll(() => server.stop());

  it('say what the same sender then may do', async () => {
    const pairs = [chief, robot].flatMap((token) => ['', 'ann'].map((as) => headers(token, as)));
    for (const sender of pairs) {
      const asked = await post(SELF, may('list', 'configmaps'), sender);
      const done = await server.get('/api/v1/namespaces/default/configmaps', sender);
      const isAllowed = (asked.json?.['status'] as JsonObject | undefined)?.['allowed'] === true;
      // Who may not even ask as somebody else is refused both times.
      expect([asked.code === 201, isAllowed]).toEqual([asked.code !== 403, done.code === 200]);
    }
    expect(await status(SELF, may('list', 'configmaps'), headers(chief))).toMatchObject({ allowed: true });
    expect(await status(SELF, may('list', 'configmaps'), headers(chief, 'ann'))).toEqual({ allowed: false });
  });

  it('say it of others, and by which right', async () => {
    const spec = { user: 'ann', groups: ['system:authenticated'] };
    const path = { nonResourceAttributes: { path: '/api/v1', verb: 'get' } };
    expect(
      await status(`${AUTHORIZATION}/subjectaccessreviews`, { spec: { ...spec, ...path } }, headers(chief)),
    ).toEqual({
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:discovery" of ClusterRole "system:discovery" to Group "system:authenticated"',
    });
    const local = `${AUTHORIZATION}/namespaces/nowhere/localsubjectaccessreviews`;
    const attributes = { verb: 'get', resource: 'pods', namespace: 'nowhere' };
    const answer = await post(local, { spec: { ...spec, resourceAttributes: attributes } }, headers(chief));
    expect(answer.json).toMatchObject({ metadata: { namespace: 'nowhere' }, status: { allowed: false } });
    expect((await post(local, {}, headers(robot))).json).toMatchObject({
      code: 403,
      message: expect.stringMatching(/ cannot create resource "localsubjectaccessreviews" .* namespace "nowhere"$/),
    });
  });

  it('list rules that allow exactly what is allowed', async () => {
    const rules = await status(
      `${AUTHORIZATION}/selfsubjectrulesreviews`,
      { spec: { namespace: 'default' } },
      headers(robot),
    );
    expect(rules['resourceRules']).toContainEqual({
      verbs: ['create'],
      apiGroups: ['authentication.k8s.io'],
      resources: ['selfsubjectreviews'],
    });
    const paths = (rules['nonResourceRules'] as { nonResourceURLs: string[] }[]).flatMap((one) => one.nonResourceURLs);
    for (const one of paths.filter((path) => !path.endsWith('*')))
      expect([one, (await server.get(one, headers(robot))).code]).not.toEqual([one, 403]);
    expect((await server.get('/metrics', headers(robot))).code).toBe(403);
  });

  it('tell a sender who they are', async () => {
    const name = 'system:serviceaccount:default:robot';
    const who = await post(`${AUTHENTICATION}/selfsubjectreviews`, {}, headers(robot));
    expect(who.json).toEqual({
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { creationTimestamp: expect.any(String) },
      status: { userInfo: expect.objectContaining({ username: name }) },
    });
    const as = await status(`${AUTHENTICATION}/selfsubjectreviews`, {}, headers(chief, 'ann'));
    expect(as).toEqual({ userInfo: { username: 'ann', groups: ['system:authenticated'] } });
  });

  it('tell of a token what a request with it is told', async () => {
    const review = (token: string, ...audiences: string[]): Promise<JsonObject> =>
      status(`${AUTHENTICATION}/tokenreviews`, { spec: { token, audiences } }, headers(chief));
    const { userInfo } = (await status(`${AUTHENTICATION}/selfsubjectreviews`, {}, headers(robot))) as {
      userInfo: UserInfo & JsonObject;
    };
    const issuer = 'https://kubernetes.default.svc.cluster.local';
    expect(await review(robot)).toEqual({ authenticated: true, user: userInfo, audiences: [issuer] });
    expect(await review('garbage')).toEqual({ user: {}, error: 'invalid bearer token' });
    const spoiled = `${robot.slice(0, -6)}AAAAAA`;
    expect(await review(spoiled)).toMatchObject({ error: expect.stringMatching(/^\[invalid bearer token, go-jose/) });
    expect((await server.get('/version', headers(spoiled))).code).toBe(401);
    expect(await review(robot, 'vault')).toEqual({
      user: {},
      error: `[invalid bearer token, token audiences ["${issuer}"] is invalid for the target audiences ["vault"]]`,
    });
    isOpen = true;
    const vault = await tokenOf(`${ACCOUNTS}/robot`, { spec: { audiences: ['vault', issuer] } });
    isOpen = false;
    expect(await review(vault, 'x', 'vault')).toMatchObject({ authenticated: true, audiences: ['vault'] });
  });

  it('are no good token any more once what it is bound to is gone', async () => {
    isOpen = true;
    const secrets = '/api/v1/namespaces/default/secrets';
    const made = await server.create(secrets, { metadata: { name: 's' } });
    const { uid } = made['metadata'] as { uid: string };
    const bound = { spec: { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 's' } } };
    const token = await tokenOf(`${ACCOUNTS}/robot`, bound);
    const review = (): Promise<JsonObject> =>
      status(`${AUTHENTICATION}/tokenreviews`, { spec: { token } }, headers(chief));
    expect(await review()).toMatchObject({ authenticated: true });
    await server.ask({ method: 'DELETE', path: `${secrets}/s` });
    expect((await review())['error']).toBe('[invalid bearer token, service account token has been invalidated]');
    const again = (await server.create(secrets, { metadata: { name: 's' } }))['metadata'] as { uid: string };
    expect((await review())['error']).toBe(
      `[invalid bearer token, secret UID (${again.uid}) does not match service account secret ref claim (${uid})]`,
    );
    isOpen = false;
    expect((await server.get('/version', headers(token))).code).toBe(401);
  });

  it('read protobuf, as kubectl sends it', async () => {
    const raw = encodeProtobuf(selfSubjectAccessReview, may('create', 'pods'));
    const body = Buffer.from(encodeEnvelope('authorization.k8s.io/v1', 'SelfSubjectAccessReview', raw));
    const type = 'application/vnd.kubernetes.protobuf';
    const answer = await server.ask({ method: 'POST', path: SELF, body, type, headers: headers(chief) });
    expect(answer.json).toMatchObject({ spec: { resourceAttributes: { verb: 'create' } }, status: { allowed: true } });
  });

  it('have no table', async () => {
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const sent = { ...headers(chief), accept: table };
    expect((await post(SELF, may('get', 'pods'), sent)).json).toMatchObject({ code: 406, reason: 'NotAcceptable' });
    const either = { ...sent, accept: `${table},application/json` };
    expect((await post(SELF, may('get', 'pods'), either)).json).toMatchObject({ kind: 'SelfSubjectAccessReview' });
  });

  it('are created and nothing else, and leave no trace', async () => {
    const before = server.backend.current().position;
    expect((await post(SELF, may('get', 'pods'), headers(chief))).code).toBe(201);
    expect((await post(`${SELF}?dryRun=All`, may('get', 'pods'), headers(chief))).code).toBe(201);
    expect(server.backend.current().position).toBe(before);
    expect((await server.get(SELF, headers(chief))).code).toBe(405);
    expect((await server.get(`${SELF}/x`, headers(chief))).code).toBe(404);
    expect((await server.get(`${AUTHORIZATION}/localsubjectaccessreviews`, headers(chief))).code).toBe(404);
  });

  it('are in discovery and OpenAPI, with no more verbs and types than they have', async () => {
    const list = (await server.get(AUTHENTICATION, headers(chief))).json?.['resources'];
    expect(list).toEqual([
      {
        name: 'selfsubjectreviews',
        singularName: 'selfsubjectreview',
        namespaced: false,
        kind: 'SelfSubjectReview',
        verbs: ['create'],
      },
      {
        name: 'tokenreviews',
        singularName: 'tokenreview',
        namespaced: false,
        kind: 'TokenReview',
        verbs: ['create'],
      },
    ]);
    const document = (await server.get(`/openapi/v3${AUTHORIZATION}`, headers(chief))).json as {
      paths: Record<string, JsonObject>;
      components: { schemas: JsonObject };
    };
    expect(Object.keys(document.paths[`${AUTHORIZATION}/subjectaccessreviews`] ?? {})).toEqual(['parameters', 'post']);
    expect(Object.keys(document.components.schemas).filter((name) => /authorization.*List$/.test(name))).toEqual([]);
  });
});

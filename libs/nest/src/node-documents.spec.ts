import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MemoryBus } from '#adapters';
import { busRules, decodeMessage, encodeMessage, subjects } from '#engine';
import { accessPolicy, clusterRoleBindings, clusterRoles } from '#kinds';
import type { NodeDocumentQuestion } from '#model';
import { testCommand, type TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { gunzipSync } from 'node:zlib';
import { TestServer } from '../../http/src/testing/test-server.js';
import { NodeBackend } from './node-backend.js';

const NODES = '/api/v1/nodes';
const TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const MANY = `# HELP a b\n${'container_cpu_usage_seconds_total{container="c"} 1\n'.repeat(20_000)}`;

/** Plays an agent: what it answers by path, of what type. */
const documents: Readonly<Record<string, readonly [number, string, string]>> = {
  '/metrics/cadvisor': [200, TYPE, MANY],
  '/stats/summary': [200, 'application/json', '{"node":{}}'],
  '/healthz': [200, 'text/plain; charset=utf-8', 'ok'],
  '/page': [200, 'text/html', '<script>'],
  '/moved': [302, TYPE, ''],
};

describe('what a kubelet serves, through the API', () => {
  let server: TestServer;
  let agent: MemoryBus;
  const asked: NodeDocumentQuestion[] = [];
  let user: { readonly name: string; readonly groups: readonly string[] } = {
    name: 'root',
    groups: ['system:masters'],
  };

  beforeAll(async () => {
    server = await TestServer.start({
      authorizer: {
        authorize: (_user, info, view) => accessPolicy.authorize(user, info, view),
        rules: () => ({ rules: [], incomplete: true }),
      },
    });
    const bus = server.hub.connect('api-of-nodes');
    const commands = { submit: server.backend.submit.bind(server.backend) };
    const nodes = new NodeBackend({ plane: server.plane, commands, bus, streamBus: bus });
    Object.assign(server.backend, { nodeDocument: nodes.nodeDocument.bind(nodes) });
    agent = server.hub.connect('agent');
    agent.subscribe(subjects.node('n1', 'metrics'), (data) => {
      const question = decodeMessage(data) as unknown as NodeDocumentQuestion;
      asked.push(question);
      const [code, type, text] = documents[question.path] ?? [404, 'text/plain; charset=utf-8', '404 page not found\n'];
      return encodeMessage({ code, type, text });
    });
    for (const name of ['n1', 'away']) await server.create(NODES, { metadata: { name } });
  });
  afterAll(() => server.stop());

  it('is what the agent of the node answers, with its type', async () => {
    const reply = await server.get(`${NODES}/n1/proxy/metrics/cadvisor`);
    expect([reply.code, reply.headers['content-type'], reply.text.length]).toEqual([200, TYPE, MANY.length]);
    expect((await server.get(`${NODES}/n1:10250/proxy/stats/summary?only_cpu_and_memory=true`)).json).toEqual({
      node: {},
    });
    expect((await server.get(`${NODES}/https:n1:10250/proxy/healthz`)).text).toBe('ok');
    expect(asked.map(({ path }) => path)).toEqual(['/metrics/cadvisor', '/stats/summary', '/healthz']);
    expect(busRules(subjects.node('n1', 'metrics')).answerBytesMax).toBeGreaterThan(MANY.length);
  });

  it('is compressed for those who take that, as Prometheus does', async () => {
    const url = `http://127.0.0.1:${server.port}${NODES}/n1/proxy/metrics/cadvisor`;
    const { createConnection } = await import('node:net');
    const { port } = new URL(url);
    const raw = await new Promise<Buffer>((resolve) => {
      const parts: Buffer[] = [];
      const socket = createConnection(Number(port), '127.0.0.1');
      socket.on('data', (part: Buffer) => parts.push(part));
      socket.once('close', () => resolve(Buffer.concat(parts)));
      const path = new URL(url).pathname;
      socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n`);
    });
    const end = raw.indexOf('\r\n\r\n');
    expect(raw.subarray(0, end).toString()).toMatch(/content-encoding: gzip/i);
    expect(gunzipSync(raw.subarray(end + 4)).toString()).toBe(MANY);
  });

  it('is 404 in the words of a kubelet for what it does not have', async () => {
    const reply = await server.get(`${NODES}/n1/proxy/nothing/here`);
    expect([reply.code, reply.text]).toEqual([404, '404 page not found\n']);
    expect((await server.get(`${NODES}/n1/proxy`)).code).toBe(301);
    expect((await server.get(`${NODES}/n1/proxy/`)).code).toBe(404);
    expect((await server.ask({ method: 'POST', path: `${NODES}/n1/proxy/run/x`, body: {} })).code).toBe(405);
  });

  it('is 503 in a sentence where the node is away, 404 where there is none', async () => {
    expect((await server.get(`${NODES}/away/proxy/metrics`)).json).toMatchObject({
      code: 503,
      reason: 'ServiceUnavailable',
      message: 'error trying to reach service: the agent of node away cannot be reached',
    });
    expect((await server.get(`${NODES}/nobody/proxy/metrics`)).json).toMatchObject({
      ...{ code: 404, message: 'nodes "nobody" not found' },
    });
    expect((await server.get(`${NODES}/n1:22/proxy/`)).json).toMatchObject({
      ...{ code: 503, message: 'error trying to reach service: node "n1" serves nothing of its own on port 22' },
    });
  });

  it('is no page for browsers, and leads nowhere else, whatever an agent says', async () => {
    for (const path of ['page', 'moved'])
      expect((await server.get(`${NODES}/n1/proxy/${path}`)).json).toMatchObject({
        ...{ code: 503, message: 'error trying to reach service: the agent of node n1 answered nonsense' },
      });
  });

  it('takes the right to nodes/proxy, and is not had from the past', async () => {
    const past = `/at/position:${server.plane.reads.projection.position}`;
    expect((await server.get(`${past}${NODES}/n1/proxy/metrics`)).code).toBe(400);
    const submit = (command: TestCommand): Promise<unknown> => server.backend.submit(testCommand(command));
    const rules = (...resources: readonly string[]): JsonObject => ({
      rules: [{ apiGroups: [''], resources, verbs: ['get'] }],
    });
    const role = { metadata: { name: 'scrape' }, ...rules('nodes', 'nodes/metrics') };
    await submit({ verb: 'create', kind: clusterRoles.id, body: role });
    const body = {
      metadata: { name: 'scrape' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'scrape' },
      subjects: [{ kind: 'User', name: 'prometheus', apiGroup: 'rbac.authorization.k8s.io' }],
    };
    await submit({ verb: 'create', kind: clusterRoleBindings.id, body });
    const scrape = (): ReturnType<TestServer['get']> => server.get(`${NODES}/n1/proxy/stats/summary`);
    user = { name: 'prometheus', groups: [] };
    const refused = await scrape();
    user = { name: 'root', groups: ['system:masters'] };
    expect(refused.json).toMatchObject({ code: 403, message: expect.stringContaining('resource "nodes/proxy"') });
    await submit({
      verb: 'patch',
      patchType: 'merge',
      kind: clusterRoles.id,
      name: 'scrape',
      body: rules('nodes/proxy'),
    });
    user = { name: 'prometheus', groups: [] };
    expect((await scrape()).code).toBe(200);
  });
});

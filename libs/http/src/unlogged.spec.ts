import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RandomIds, SystemClock, type MemoryBus } from '#adapters';
import { subjects } from '#engine';
import { Health, Heartbeats, serveHealth } from '#node-gateway';
import type { JsonObject } from '#std';
import { eventsOf, TestServer, type Reply } from './testing/test-server.js';

const ALL = '/apis/coordination.k8s.io/v1/leases';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
const NODES = '/api/v1/nodes';
interface Lease {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly ownerReferences?: readonly JsonObject[];
  };
  readonly spec: { readonly holderIdentity?: string; readonly renewTime?: string };
}

/** Runs with the machine's clock, and can be put ahead of it. */
class AheadClock extends SystemClock {
  aheadMs = 0;
  override now(): number {
    return super.now() + this.aheadMs;
  }
  override monotonic(): number {
    return super.monotonic() + this.aheadMs;
  }
}
const clock = new AheadClock();

/** The health app as it stands on the bus, over the log of the server. */
function startHealth(server: TestServer): () => void {
  const { plane, hub } = server;
  const health = new Health({
    reads: plane.reads,
    commands: server.backend,
    heartbeats: new Heartbeats(clock),
    clock,
    ids: new RandomIds(),
    publish: () => undefined,
    signToken: () => Promise.reject(new Error('no pod asks here')),
  });
  const stop = serveHealth(hub.connect('health'), health);
  return () => (stop(), health.stop());
}

describe('leases of nodes, which are no events', () => {
  let server: TestServer;
  let agents: MemoryBus;
  let stopHealth: () => void = () => undefined;
  let sequence = 0;

  const beat = async (node: string): Promise<void> => {
    // A lease is renewed by one heartbeat of many.
    clock.aheadMs += 10_000;
    const message = JSON.stringify({ node, boot: 'b', sequence: ++sequence });
    agents.publish(subjects.heartbeat(node), new TextEncoder().encode(message));
    // Messages of the bus take a turn of the clock.
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const names = ({ json }: Reply): readonly string[] =>
    ((json?.['items'] ?? []) as unknown as readonly Lease[]).map(({ metadata }) => metadata.name);
  const lease = (reply: Reply): Lease => reply.json as unknown as Lease;
  const head = (): number => server.plane.reads.projection.position;
  const patch = (name: string): Promise<Reply> =>
    server.ask({ method: 'PATCH', path: `${LEASES}/${name}`, type: 'application/merge-patch+json', body: {} });

  beforeAll(async () => {
    server = await TestServer.start();
    agents = server.hub.connect('agents');
    await server.create('/api/v1/namespaces', { metadata: { name: 'kube-node-lease' } });
    for (const name of ['a', 'b', 'silent']) await server.create(NODES, { metadata: { name } });
    await server.create('/apis/coordination.k8s.io/v1/namespaces/default/leases', { metadata: { name: 'turn' } });
  });
  afterAll(async () => {
    stopHealth();
    await server.stop();
  });

  it('are not there where no health app runs', async () => {
    expect((await server.get(`${LEASES}/a`)).code).toBe(404);
    expect(names(await server.get(ALL))).toEqual(['turn']);
  });

  it('are not there before the agent is heard', async () => {
    stopHealth = startHealth(server);
    expect((await server.get(`${LEASES}/a`)).json).toMatchObject({
      reason: 'NotFound',
      message: 'leases.coordination.k8s.io "a" not found',
    });
  });

  it('are read, listed and drawn like all others once it is, without an event', async () => {
    const before = head();
    await beat('b');
    await beat('a');
    await beat('unknown');
    const { uid } = ((await server.get(`${NODES}/a`)).json as unknown as Lease).metadata;
    const read = lease(await server.get(`${LEASES}/a`));
    expect(read).toMatchObject({
      kind: 'Lease',
      metadata: { name: 'a', namespace: 'kube-node-lease', ownerReferences: [{ apiVersion: 'v1', kind: 'Node', uid }] },
      spec: { holderIdentity: 'a', leaseDurationSeconds: 40 },
    });
    expect(read.spec.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(names(await server.get(LEASES))).toEqual(['a', 'b']);
    expect(names(await server.get(`${LEASES}?fieldSelector=metadata.name%3Db`))).toEqual(['b']);
    expect(names(await server.get(`${LEASES}?labelSelector=x`))).toEqual([]);
    expect(names(await server.get(ALL))).toEqual(['turn', 'a', 'b']);
    expect((await server.get('/apis/coordination.k8s.io/v1/namespaces/default/leases')).json?.['items']).toHaveLength(
      1,
    );
    const table = await server.get(LEASES, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table.json?.['rows']).toMatchObject([
      { cells: ['a', 'a', expect.any(String)] },
      { cells: ['b', 'b', expect.any(String)] },
    ]);
    expect(head()).toBe(before);
  });

  it('come page by page', async () => {
    const first = await server.get(`${ALL}?limit=2`);
    expect(names(first)).toEqual(['turn', 'a']);
    const { continue: token } = first.json?.['metadata'] as { continue: string };
    expect(names(await server.get(`${ALL}?limit=2&continue=${token}`))).toEqual(['b']);
  });

  it('are renewed by the next heartbeat and stay the same lease', async () => {
    const before = lease(await server.get(`${LEASES}/a`));
    await beat('a');
    const after = lease(await server.get(`${LEASES}/a`));
    expect(Date.parse(after.spec.renewTime ?? '')).toBeGreaterThan(Date.parse(before.spec.renewTime ?? ''));
    expect(after.metadata.uid).toBe(before.metadata.uid);
  });

  it('are watched: first what is there, then each renewal', async () => {
    const watching = server.ask({
      path: `${LEASES}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      lines: 5,
      ms: 5000,
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await beat('b');
    await new Promise((resolve) => setTimeout(resolve, 800));
    await beat('a');
    const seen = eventsOf(await watching).map(({ type, object }) => [type, (object as unknown as Lease).metadata.name]);
    expect(seen).toEqual([
      ['ADDED', 'a'],
      ['ADDED', 'b'],
      ['BOOKMARK', undefined],
      ['MODIFIED', 'b'],
      ['MODIFIED', 'a'],
    ]);
  });

  it('are watched from a version on, and go with their node', async () => {
    await server.create(NODES, { metadata: { name: 'c' } });
    await beat('c');
    const version = (await server.get(LEASES)).json?.['metadata'] as { resourceVersion: string };
    const watching = server.ask({
      path: `${LEASES}?watch=true&resourceVersion=${version.resourceVersion}`,
      lines: 2,
      ms: 5000,
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await beat('c');
    await new Promise((resolve) => setTimeout(resolve, 800));
    await server.ask({ method: 'DELETE', path: `${NODES}/c` });
    const seen = eventsOf(await watching);
    expect(seen.map(({ type, object }) => [type, (object as unknown as Lease).metadata.name])).toEqual([
      ['MODIFIED', 'c'],
      ['DELETED', 'c'],
    ]);
    expect(seen.map(({ object }) => Number((object as unknown as Lease).metadata.resourceVersion))).toEqual([
      Number(version.resourceVersion),
      head(),
    ]);
    expect((await server.get(`${LEASES}/c`)).code).toBe(404);
  });

  it('cannot be written, and nobody is told otherwise', async () => {
    const body = { metadata: { name: 'a' }, spec: { holderIdentity: 'me' } };
    expect((await server.ask({ method: 'POST', path: LEASES, body })).json).toMatchObject({
      code: 409,
      reason: 'AlreadyExists',
    });
    const refused = { code: 405, reason: 'MethodNotAllowed', message: expect.stringContaining('which are no events') };
    expect((await server.ask({ method: 'PUT', path: `${LEASES}/a`, body })).json).toMatchObject(refused);
    expect((await patch('a')).json).toMatchObject(refused);
    expect((await server.ask({ method: 'DELETE', path: `${LEASES}/a` })).json).toMatchObject(refused);
    expect((await server.ask({ method: 'DELETE', path: LEASES })).json).toMatchObject({ items: [] });
    expect((await server.get(`${LEASES}/a`)).code).toBe(200);
  });

  it('stand beside those that clients write there: a node without an agent of ours renews its own', async () => {
    const body = { metadata: { name: 'silent' }, spec: { holderIdentity: 'kubelet', leaseDurationSeconds: 40 } };
    const made = await server.create(LEASES, body);
    const { resourceVersion } = (made as unknown as Lease).metadata;
    const renewed = { ...body, metadata: { name: 'silent', resourceVersion } };
    expect((await server.ask({ method: 'PUT', path: `${LEASES}/silent`, body: renewed })).code).toBe(200);
    await server.create(LEASES, { metadata: { name: 'elected' } });
    expect(names(await server.get(LEASES))).toEqual(['a', 'b', 'elected', 'silent']);
    // The logged one is shown, whoever beats.
    await beat('silent');
    expect(lease(await server.get(`${LEASES}/silent`)).spec.holderIdentity).toBe('kubelet');
    expect(names(await server.get(LEASES))).toEqual(['a', 'b', 'elected', 'silent']);
    expect((await server.ask({ method: 'DELETE', path: `${LEASES}/silent` })).code).toBe(200);
    expect(lease(await server.get(`${LEASES}/silent`)).spec.holderIdentity).toBe('silent');
  });

  it('are not had from the past, which says so', async () => {
    const past = `/at/position:${head()}`;
    const one = await server.get(`${past}${LEASES}/a`);
    expect(one.json).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message: 'the leases of nodes are heartbeats, which are no events: they cannot be had from the past',
    });
    expect((await server.get(`${past}${LEASES}/nobody`)).code).toBe(404);
    const list = await server.get(`${past}${LEASES}`);
    expect(names(list)).toEqual(['elected']);
    expect(list.headers['warning']).toBe(
      '299 - "the leases of nodes are heartbeats, which are no events: the past is shown without them"',
    );
    const watched = await server.ask({ path: `${past}${ALL}?watch=true`, lines: 3 });
    expect(watched.headers['warning']).toContain('the past is shown without them');
    expect(eventsOf(watched).map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'BOOKMARK']);
    const others = await server.get(`${past}/apis/coordination.k8s.io/v1/namespaces/default/leases`);
    expect(others.headers['warning']).toBeUndefined();
  });

  it('are said to be out of reach when the health app does not answer', async () => {
    const real = server.hub.fate;
    server.hub.fate = ({ to }) => (to === 'health' ? [] : [0]);
    const [one, all] = await Promise.all([server.get(`${LEASES}/a`), server.get(ALL)]);
    const elsewhere = await server.get('/apis/coordination.k8s.io/v1/namespaces/default/leases/turn');
    server.hub.fate = real;
    expect([one.code, all.code, elsewhere.code]).toEqual([503, 503, 200]);
    expect(one.json?.['message']).toContain('health, which hears them, cannot be asked');
  });
});

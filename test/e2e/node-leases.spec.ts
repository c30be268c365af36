import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { kubectl } from '../../tools/clients.mjs';
import type { StoredEvent } from '#model';
import type { ApiObject } from '../support/api-client.js';
import { eventsOf } from '../support/event-log.js';
import { TestCluster, until } from '../support/test-cluster.js';

/** A whole cluster: the agent beats, the health app hears it, the API shows it, and the log knows nothing of it. */
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';
interface Lease extends ApiObject {
  readonly spec: { readonly holderIdentity: string; readonly leaseDurationSeconds: number; readonly renewTime: string };
}
let cluster: TestCluster;

beforeAll(async () => {
  cluster = new TestCluster('tenant');
  await cluster.start();
});
afterAll(() => cluster?.remove(), 90_000);

const read = async (): Promise<Lease> => (await cluster.api.get(`${LEASES}/${cluster.node}`)).json<Lease>();
const isRenewed =
  (before: Lease) =>
  ({ spec }: Lease): boolean =>
    spec !== undefined && spec.renewTime > before.spec.renewTime;
const isReportOfImages = ({ type, data }: StoredEvent): boolean => {
  const { set = [] } = data as { readonly set?: readonly (readonly [path: readonly string[], value: unknown])[] };
  return type === 'StatusReported' && set.some(([[part, field]]) => part === 'status' && field === 'images');
};
/** Of the node's events those that say that another cluster of this machine answers at the address of cluster DNS. */
const isOfOtherDns = ({ data }: StoredEvent): boolean =>
  (data as { readonly object?: { readonly reason?: string } }).object?.reason === 'ClusterDNSFailed';
/**
 * Other suites use the same engine and the same machine: when its images change, the node reports them, and an anchor follows; while one of them
 * has a name server, this node's has another address, which it says again now and then.
 */
const writtenAfter = async (position: string): Promise<readonly unknown[]> => {
  const events = await eventsOf(cluster.home);
  const ofOtherDns = new Set(events.filter(isOfOtherDns).map(({ stream }) => stream));
  return events.filter(
    (event) =>
      event.position > Number(position) &&
      !isReportOfImages(event) &&
      !ofOtherDns.has(event.stream) &&
      event.type !== 'CheckpointMade',
  );
};
const head = async (): Promise<string> =>
  (await cluster.api.get('/api/v1/configmaps')).json<ApiObject>().metadata.resourceVersion;
const client = (...words: readonly string[]): string =>
  execFileSync(kubectl(), ['--kubeconfig', cluster.kubeconfig, ...words], { encoding: 'utf8' });

describe('the lease of a node', () => {
  it('is held by the agent', async () => {
    const lease = await until('a lease', read, ({ kind }) => kind === 'Lease', 20);
    const node = (await cluster.api.get(`/api/v1/nodes/${cluster.node}`)).json<ApiObject>();
    expect(lease).toMatchObject({
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: cluster.node, uid: node.metadata.uid }] },
      spec: { holderIdentity: cluster.node, leaseDurationSeconds: 40 },
    });
  });

  it('is what kubectl shows of a node', () => {
    expect(client('get', 'leases', '-n', 'kube-node-lease', '--no-headers')).toMatch(/^tenant +tenant +\d+s\n$/);
    expect(client('describe', 'node', cluster.node)).toMatch(
      /^Lease:\n +HolderIdentity: +tenant\n +AcquireTime: +<unset>\n +RenewTime: +\w{3}, /m,
    );
  });

  it('is renewed every ten seconds without an event', async () => {
    // The last things of a start are done: what is written from now on would be written for the lease.
    const pause = async (): Promise<readonly unknown[]> => {
      const from = await head();
      await sleep(12_000);
      return writtenAfter(from);
    };
    await until('a quiet log', pause, (written) => written.length === 0);
    const before = await head();
    const path = `${LEASES}?watch=true&resourceVersion=${before}&timeoutSeconds=23`;
    const lines = (await cluster.api.call('GET', path, { timeoutMs: 40_000 })).body.toString().trim().split('\n');
    const events = lines.map((line) => JSON.parse(line) as { readonly type: string; readonly object: Lease });
    expect(events.map(({ type }) => type)).toEqual(Array.from({ length: events.length }, () => 'MODIFIED'));
    const [first = 0, second = 0] = events.map(({ object }) => Date.parse(object.spec.renewTime));
    expect(second - first).toBeGreaterThan(9_000);
    expect(second - first).toBeLessThan(15_000);
    expect(await writtenAfter(before)).toEqual([]);
  });

  it('comes back after the control plane was killed, with the uid it had', async () => {
    const before = await read();
    await cluster.killControlPlane();
    await cluster.start();
    const after = await until('a lease', read, isRenewed(before), 30);
    expect(after.metadata.uid).toBe(before.metadata.uid);
  });

  it('is renewed by the agent that takes the place of a killed one', async () => {
    const before = await until('a lease', read, ({ kind }) => kind === 'Lease', 20);
    await cluster.killAgent();
    await until('a renewal by the next agent', read, isRenewed(before), 30);
  });

  it('is told apart from what the past knows', async () => {
    const past = `/at/position:${await head()}`;
    const one = await cluster.api.get(`${past}${LEASES}/${cluster.node}`);
    expect(one.status).toBe(400);
    expect(one.json().message).toContain('which are no events');
    const list = await cluster.api.get(`${past}${LEASES}`);
    expect([list.json().items, list.headers['warning']]).toEqual([[], expect.stringContaining('without them')]);
  });

  it('goes with the node and comes with it', async () => {
    const before = await read();
    await cluster.stop();
    await cluster.start({ SHIPLOG_APPS: 'api,controllers,scheduler,health' });
    await cluster.api.call('DELETE', `/api/v1/nodes/${cluster.node}`);
    expect((await cluster.api.get(`${LEASES}/${cluster.node}`)).status).toBe(404);
    await cluster.stop();
    await cluster.start();
    const after = await until('a lease', read, ({ kind }) => kind === 'Lease', 30);
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
  });

  it('is not there in a cluster whose nodes are only objects, where clients keep leases of their own', async () => {
    await cluster.stop();
    await cluster.start({ SHIPLOG_APPS: 'api,controllers,scheduler' });
    const path = `${LEASES}/${cluster.node}`;
    expect((await cluster.api.get(path)).status).toBe(404);
    const body = { metadata: { name: cluster.node }, spec: { holderIdentity: 'kubelet', leaseDurationSeconds: 40 } };
    expect((await cluster.api.call('POST', LEASES, { body })).status).toBe(201);
    expect((await read()).spec.holderIdentity).toBe('kubelet');
    expect((await cluster.api.call('DELETE', path)).status).toBe(200);
  });
});

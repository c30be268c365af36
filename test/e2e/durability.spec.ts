import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ApiObject } from '../support/api-client.js';
import { engine, importBusybox, processesWith, TestCluster, until } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, podsOf, PODS, rolledOut, scale, type ContainerStatus } from '../support/workloads.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
let cluster: TestCluster;

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('durable');
  await cluster.start();
  await cluster.api.call('POST', DEPLOYMENTS, { body: deployment('steady', 3) });
  await rolledOut(cluster, 'steady');
});

afterAll(() => cluster?.remove(), 90_000);

const statusOf = async (app: string): Promise<ContainerStatus | undefined> =>
  (await podsOf(cluster, app))[0]?.status.containerStatuses?.[0];
const killContainer = async (status: ContainerStatus | undefined): Promise<void> => {
  const id = status?.containerID?.replace('docker://', '') ?? '';
  expect((await engine('POST', `/containers/${id}/kill?signal=KILL`)).status).toBe(204);
};

describe('what dies is replaced', () => {
  it('a killed container is started again, the second time after a back-off', async () => {
    await cluster.api.call('POST', DEPLOYMENTS, { body: deployment('mortal', 1) });
    await rolledOut(cluster, 'mortal');
    const first = await statusOf('mortal');
    await killContainer(first);
    const second = await until(
      'the first restart',
      () => statusOf('mortal'),
      (s) => s?.restartCount === 1 && s.ready,
      20,
    );
    expect(second?.containerID).not.toBe(first?.containerID);

    await killContainer(second);
    const killedAt = Date.now();
    const waiting = await until(
      'the back-off',
      () => statusOf('mortal'),
      (s) => s?.state.waiting !== undefined,
      15,
    );
    expect(waiting?.state.waiting?.reason).toBe('CrashLoopBackOff');
    expect(waiting?.state.waiting?.message).toMatch(/^back-off 10s restarting failed container=main pod=mortal-/);
    await until(
      'the second restart',
      () => statusOf('mortal'),
      (s) => s?.restartCount === 2 && s.ready,
      30,
    );
    expect(Date.now() - killedAt).toBeGreaterThan(9_000);
    await cluster.api.call('DELETE', `${DEPLOYMENTS}/mortal`);
  });

  it('a deleted pod is replaced by another', async () => {
    const before = await podsOf(cluster, 'steady');
    const [victim] = before;
    await cluster.api.call('DELETE', `${PODS}/${victim?.metadata.name}`);
    const after = await until(
      'another pod',
      () => podsOf(cluster, 'steady'),
      (pods) => pods.length === 3 && pods.every((pod) => pod.metadata.uid !== victim?.metadata.uid),
      30,
    );
    expect(after.map((pod) => pod.metadata.name)).not.toContain(victim?.metadata.name);
    await rolledOut(cluster, 'steady');
    const uids = (await cluster.containers({ infra: true, stopped: true })).map((c) => c.Labels['io.shiplog.pod.uid']);
    expect(uids).not.toContain(victim?.metadata.uid);
  });
});

/** Writes that a client was told of, and what it was told. */
class Ledger {
  readonly created = new Map<string, ApiObject>();
  readonly updated = new Map<string, string>();
  readonly deleted = new Set<string>();
  private going = true;
  private work: Promise<unknown> = Promise.resolve();

  begin(prefix: string, writers: number): void {
    this.going = true;
    this.work = Promise.all(Array.from({ length: writers }, (_, i) => this.write(`${prefix}-${i}`)));
  }
  /** Waits until so many creations are known to be acknowledged: how long that takes is the machine's matter. */
  async has(count: number): Promise<void> {
    await until(
      `${count} creations are acknowledged`,
      () => Promise.resolve(this.created.size),
      (size) => size >= count,
      120,
    );
  }
  async end(): Promise<void> {
    this.going = false;
    await this.work;
  }

  private async write(prefix: string): Promise<void> {
    const { api } = cluster;
    for (let i = 0; this.going; i++) {
      const name = `${prefix}-${i}`;
      try {
        const made = await api.call('POST', MAPS, { body: { metadata: { name }, data: { n: '0' } }, timeoutMs: 5_000 });
        if (made.status !== 201) continue;
        this.created.set(name, made.json());
        if (i % 3 === 1) {
          const body = { data: { n: String(i) } };
          const contentType = 'application/merge-patch+json';
          // Until it is answered the old value may stand as well as the new one.
          const patched = await api.call('PATCH', `${MAPS}/${name}`, { body, contentType, timeoutMs: 5_000 });
          if (patched.status === 200) this.updated.set(name, String(i));
        }
        if (i % 3 === 2) {
          this.created.delete(name);
          const gone = await api.call('DELETE', `${MAPS}/${name}`, { timeoutMs: 5_000 });
          if (gone.status === 200) this.deleted.add(name);
        }
      } catch {
        // Nobody answers, or the connection broke: what was not acknowledged may be there or not.
        await sleep(20);
      }
    }
  }
}

/** Nothing runs for this cluster but what the pid files name. */
function areOneOfEach(pids: readonly number[]): boolean {
  const named = [cluster.controlPlanePid, cluster.agentPid, cluster.busPid];
  return pids.length === 3 && named.every((pid) => pids.includes(pid));
}

describe('the control plane is killed while it is written to', () => {
  it('again and again: no acknowledged write is lost, no container stops, rollouts go on', async () => {
    const before = await cluster.containerIds();
    const ledger = new Ledger();
    for (const life of [1, 2, 3, 4]) {
      ledger.begin(`life-${life}`, 8);
      await ledger.has(life * 20);
      const left = [cluster.agentPid, cluster.busPid];
      await cluster.killControlPlane();
      await ledger.end();
      expect(await cluster.containerIds()).toEqual(before);
      await cluster.start();
      // What the killed one left behind is gone, and there is one of each.
      for (const pid of left) expect([cluster.agentPid, cluster.busPid]).not.toContain(pid);
      await until('one of each', () => Promise.resolve(processesWith(cluster.home)), areOneOfEach, 10);
    }
    const list = (await cluster.api.get(MAPS)).json<{ items: readonly (ApiObject & { data?: { n: string } })[] }>();
    const found = new Map(list.items.map((item) => [item.metadata.name, item]));
    expect(ledger.created.size).toBeGreaterThan(50);
    for (const [name, made] of ledger.created)
      expect([name, found.get(name)?.metadata.uid]).toEqual([name, made.metadata.uid]);
    for (const [name, n] of ledger.updated) expect([name, found.get(name)?.data?.n]).toEqual([name, n]);
    for (const name of ledger.deleted) expect(found.has(name)).toBe(false);
    for (const [name, made] of [...ledger.created].slice(0, 20)) {
      const then = await cluster.api.get(`/at/position:${made.metadata.resourceVersion}${MAPS}/${name}`);
      expect(then.json()).toEqual(made);
    }
    expect(await cluster.containerIds()).toEqual(before);
    await scale(cluster, 'steady', 4);
    await rolledOut(cluster, 'steady');
    expect(await cluster.containerIds()).toEqual(expect.arrayContaining([...before]));
  });
});

describe('its children are killed while they work', () => {
  /** Every pod has its containers once, and there are no others. */
  async function expectNoStrays(): Promise<void> {
    const wanted = (await cluster.api.get(PODS))
      .json<{ items: readonly ApiObject[] }>()
      .items.map((pod) => pod.metadata.uid);
    await until(
      'two containers for each pod and no other',
      async () => (await cluster.containers({ infra: true })).map(({ Labels }) => Labels['io.shiplog.pod.uid']).sort(),
      (uids) => JSON.stringify(uids) === JSON.stringify([...wanted, ...wanted].sort()),
      40,
    );
  }

  it('the agent in the middle of starting and stopping pods', async () => {
    const before = await cluster.containerIds();
    await scale(cluster, 'steady', 8);
    for (const pause of [250, 900, 400]) {
      await sleep(pause);
      await cluster.killAgent();
    }
    await rolledOut(cluster, 'steady');
    expect(await cluster.containerIds()).toEqual(expect.arrayContaining([...before]));
    await expectNoStrays();
    await scale(cluster, 'steady', 2);
    await sleep(400);
    await cluster.killAgent();
    await rolledOut(cluster, 'steady');
    await until(
      'only the two are left',
      () => podsOf(cluster, 'steady'),
      (pods) => pods.length === 2,
      40,
    );
    await expectNoStrays();
  });

  it('nats-server in the middle of a rollout', async () => {
    const body = deployment('steady', 4, {}, { env: [{ name: 'VERSION', value: '2' }] });
    const path = `${DEPLOYMENTS}/steady?fieldManager=test&force=true`;
    const applied = await cluster.api.call('PATCH', path, { body, contentType: 'application/apply-patch+yaml' });
    expect(applied.status).toBe(200);
    for (const pause of [300, 1200, 700]) {
      await sleep(pause);
      await cluster.killBus();
    }
    await rolledOut(cluster, 'steady');
    await until(
      'the old ones are gone',
      () => podsOf(cluster, 'steady'),
      (pods) => pods.length === 4,
      40,
    );
    await expectNoStrays();
  });
});

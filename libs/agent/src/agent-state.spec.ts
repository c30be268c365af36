import { describe, expect, it } from '@jest/globals';
import { decodeMessage } from '#engine';
import type { JsonObject } from '#std';
import { TestNode, testPod } from './test-node.js';

describe('what an agent remembers over a restart', () => {
  it('may be damaged: then it learns everything anew', async () => {
    for (const text of ['{"version":1,"clu', '', 'null', '{"version":1,"cluster":"c1","position":3}']) {
      const node = new TestNode();
      await node.volumes.saveState(text);
      node.assign(testPod('web'), undefined, true);
      await node.start();
      await node.run(3000);
      expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    }
  });

  it('is written by one at a time, the newest last', async () => {
    const node = new TestNode();
    let writing = 0;
    let most = 0;
    let last = '';
    node.volumes.saveState = async (text) => {
      most = Math.max(most, ++writing);
      await new Promise<void>((resolve) => node.clock.after(1000, resolve));
      last = text;
      writing--;
    };
    await node.start();
    for (const name of ['a', 'b', 'c', 'd']) {
      node.assign(testPod(name));
      await node.run(400);
    }
    await node.run(5000);
    expect(most).toBe(1);
    expect((JSON.parse(last) as { pods: readonly unknown[] }).pods).toHaveLength(4);
  });
});

describe('what an agent remembers of the cluster', () => {
  it('has no Secret, and is bounded in how often it is written', async () => {
    const node = new TestNode();
    const written: string[] = [];
    node.volumes.saveKnown = (text) => Promise.resolve(void written.push(text));
    const object = (kind: string, name: string, more: object) => ({
      ...{ apiVersion: 'v1', kind, ...more },
      metadata: { name, namespace: 'default', uid: `${kind}-${name}` },
    });
    node.assign(testPod('web', { volumes: [{ name: 's', secret: { secretName: 'pass' } }] }), undefined, true);
    node.assign(object('Secret', 'pass', { data: { word: 'aHVudGVyMg==' } }), undefined, true);
    await node.start();
    for (let i = 0; i < 100; i++) {
      node.assign(object('Service', `s${i}`, { spec: { clusterIP: `10.96.1.${i}`, ports: [] } }));
      await node.run(100);
    }
    await node.run(10_000);
    expect(written.length).toBeGreaterThan(1);
    expect(written.length).toBeLessThan(6);
    expect(written.at(-1)).toContain('core.services/default/s99');
    expect(written.join()).not.toContain('aHVudGVyMg');
  });
});

describe('an agent that is cut off', () => {
  it('asks about once a second for what it should run, and says so ever more seldom', async () => {
    const node = new TestNode();
    await node.start();
    let asked = 0;
    const { request } = node.bus;
    node.bus.request = (subject, ...rest) => {
      if (subject === 'report.n1.sync') asked++;
      return request.call(node.bus, subject, ...rest);
    };
    node.bus.connected = false;
    await node.run(600_000);
    expect(asked).toBeGreaterThan(500);
    expect(asked).toBeLessThan(700);
    expect(node.log.filter((line) => line.startsWith('asking for assignments')).length).toBeLessThan(12);
    node.bus.connected = true;
    node.assign(testPod('web'));
    await node.run(3000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
  });
});

describe('an agent that starts while it is cut off', () => {
  it('starts a container again whose volumes hold a token and a Secret, which it does not know', async () => {
    const node = new TestNode();
    const sources = [{ serviceAccountToken: { path: 'token', expirationSeconds: 3600 } }];
    const volumes = [
      { name: 'access', projected: { sources } },
      { name: 'pass', secret: { secretName: 'pass' } },
      { name: 'room', emptyDir: {} },
    ];
    const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }));
    const containers = [{ name: 'c', image: 'img:1', imagePullPolicy: 'IfNotPresent', volumeMounts }];
    const metadata = { name: 'pass', namespace: 'default', uid: 'pass' };
    node.assign({ apiVersion: 'v1', kind: 'Secret', metadata, data: { word: 'aHVzaA==' } }, undefined, true);
    node.assign(testPod('web', { volumes, containers }), undefined, true);
    await node.start();
    await node.run(5000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    node.bus.connected = false;
    const taken = new Set<string>();
    const { earlier } = node.volumes;
    node.volumes.earlier = (uid, volume) => (taken.add(volume), earlier.call(node.volumes, uid, volume));
    await node.restartAgent();
    const files = [...node.volumes.volumes].filter(([path]) => path.endsWith('/pass'));
    const running = node.runtime.list().find(({ labels, state }) => labels.container === 'c' && state === 'running');
    node.runtime.crash(running?.id ?? '', 1);
    await node.run(5000);
    expect(node.running('web')).toEqual(['POD/0', 'c/1']);
    // Containers can make an empty volume look like one of files, which is trusted.
    expect([...taken]).toEqual(['access', 'pass']);
    expect([...node.volumes.volumes].filter(([path]) => path.endsWith('/pass'))).toEqual(files);
    node.bus.connected = true;
    await node.run(20_000);
    expect(node.status('web').containerStatuses?.[0]).toMatchObject({ restartCount: 1, ready: true });
  });
});

describe('an agent that asks for its assignment again', () => {
  it('is sent nothing while it holds what it is to hold, and everything once it does not', async () => {
    const node = new TestNode();
    const web = testPod('web');
    const metadata = { name: 's', namespace: 'default', uid: 's' };
    const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: '10.96.0.9', ports: [] } };
    node.assign(web);
    node.assign(service, undefined, true);
    await node.start();
    await node.run(100_000);
    expect(node.syncs).toEqual(['whole', 'same', 'same', 'same']);
    // A change that was lost, and a pod that is gone: it takes two sets without it.
    node.assign(testPod('late'), undefined, true);
    node.delete(web, true);
    await node.run(120_000);
    expect(node.running('late')).toEqual(['POD/0', 'c/0']);
    expect(node.running('web')).toEqual([]);
    expect(node.syncs.slice(4)).toEqual(['whole', 'whole', 'same', 'same']);
  });
});

describe('an agent that is handed what is not its own', () => {
  it('runs no pod that is bound to another node or to none, be it in a change, a set or its own memory', async () => {
    const node = new TestNode();
    const foreign = testPod('foreign', { nodeName: 'n2' });
    const unbound = testPod('unbound', { nodeName: undefined });
    node.assign(foreign, undefined, true);
    await node.volumes.saveState(
      JSON.stringify({
        version: 1,
        cluster: 'c1',
        position: 3,
        pods: [
          {
            pod: testPod('remembered', { nodeName: 'n2' }),
            stream: 'core.pods/default/remembered',
            position: 2,
            omitted: 0,
          },
        ],
      }),
    );
    await node.start();
    node.assign(unbound);
    node.assign(testPod('web'));
    await node.run(5000);
    expect(node.runtime.list().map((c) => c.labels.pod)).toEqual(['web', 'web']);
    expect(node.log).toContainEqual('pod core.pods/default/foreign is refused: it is bound to n2, not to n1');
    // The node's own pods go on.
    await node.run(60_000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
  });
});

describe('a node whose data are of another cluster', () => {
  it('registers as not ready, says so at its start, and is ready again when its data are gone', async () => {
    const node = new TestNode();
    const registered: JsonObject[] = [];
    const { request } = node.bus;
    node.bus.request = (subject, data, timeoutMs) => {
      if (subject === 'report.n1.register') registered.push(decodeMessage(data) as JsonObject);
      return request.call(node.bus, subject, data, timeoutMs);
    };
    const ready = (): unknown => {
      const { conditions } = (registered.at(-1)?.['node'] as JsonObject)['status'] as { conditions: JsonObject[] };
      return conditions.find((one) => one['type'] === 'Ready');
    };
    await node.start();
    node.assign(testPod('web'));
    await node.run(5000);
    expect(ready()).toMatchObject({ status: 'True' });
    node.cluster = 'c2';
    await node.restartAgent();
    await node.run(5000);
    const why = "this node's data are of cluster c1, and the control plane is cluster c2";
    expect(ready()).toMatchObject({ status: 'False', reason: 'KubeletNotReady', message: why });
    expect(node.log).toContain(`${why}: the node is not ready and runs no pods of it`);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    node.cluster = 'c1';
    await node.restartAgent();
    await node.run(5000);
    expect(ready()).toMatchObject({ status: 'True' });
  });
  it('says that it is not ready when its control plane is replaced while it runs', async () => {
    const node = new TestNode();
    await node.start();
    await node.run(5000);
    node.cluster = 'c2';
    await node.run(40_000);
    const conditions = node.nodeReports.at(-1)?.['conditions'] as readonly JsonObject[];
    expect(conditions.find((one) => one['type'] === 'Ready')).toMatchObject({ status: 'False' });
  });
});

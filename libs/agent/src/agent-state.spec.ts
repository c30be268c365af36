import { describe, expect, it } from '@jest/globals';
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

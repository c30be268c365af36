import { describe, expect, it } from '@jest/globals';
import type { NameServer, NameService, PodNetwork, ServedNames } from '#ports';
import { TestNode, testPod } from './test-node.js';

/** A name server that listens nowhere: what it would answer. */
class Listener implements NameServer {
  service: NameService | undefined;
  refusal: string | undefined;
  /** Where it listens while another agent has the wished address. */
  instead: string | undefined;
  serve(service: NameService): Promise<ServedNames> {
    if (this.refusal !== undefined) return Promise.reject(new Error(this.refusal));
    this.service = service;
    const { instead } = this;
    return Promise.resolve(
      instead === undefined ? { address: service.address } : { address: instead, problem: 'taken' },
    );
  }
  stop(): Promise<void> {
    this.service = undefined;
    return Promise.resolve();
  }
  ask(name: string, type = 'A'): unknown {
    const reply = this.service?.answer({ name, type });
    if (typeof reply !== 'object') return reply;
    return reply.answers.length > 0
      ? reply.answers.map((record) => ('address' in record ? record.address : record.type))
      : reply.rcode;
  }
}
const web = (clusterIP: string): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', uid: 'uid-web' },
  spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ port: 80 }] },
});
const NAME = 'web.default.svc.cluster.local';
const pods: PodNetwork = { bridge: 'br-0', cidr: '10.244.3.0/24' };

function nodeWith(listener: Listener): TestNode {
  const node = new TestNode({ podNetwork: pods }, undefined, undefined, listener);
  node.assign(web('10.96.0.7'), 'core.services/default/web', true);
  return node;
}
/** `resolv.conf` of a pod. */
const resolverOf = (node: TestNode, uid: string): string | undefined =>
  node.volumes.files.get(`/pods/${uid}/resolv.conf`);

describe("a node's DNS", () => {
  it('answers what the node was told of last, while the control plane is away too', async () => {
    const listener = new Listener();
    const node = nodeWith(listener);
    await node.start();
    expect(listener.service).toMatchObject({ address: '10.96.0.10', pods });
    expect(listener.ask(NAME)).toEqual(['10.96.0.7']);
    expect(listener.ask('nobody.default.svc.cluster.local')).toBe('NXDOMAIN');
    expect(listener.ask('example.com')).toBeUndefined();
    node.assign(web('10.96.0.8'), 'core.services/default/web');
    await node.run(100);
    expect(listener.ask(NAME)).toEqual(['10.96.0.8']);
    node.bus.connected = false;
    await node.run(120_000);
    expect(listener.ask(NAME)).toEqual(['10.96.0.8']);
    node.bus.connected = true;
    node.delete(web('10.96.0.8'));
    await node.run(60_000);
    expect(listener.ask(NAME)).toBe('NXDOMAIN');
    await node.agent.stop();
  });
  it('is back after a restart of the agent, and says nothing of names before it knows them', async () => {
    const listener = new Listener();
    const node = nodeWith(listener);
    await node.start();
    await node.agent.stop();
    expect(listener.service).toBeUndefined();
    await node.restartAgent();
    await node.run(1000);
    expect(listener.ask(NAME)).toEqual(['10.96.0.7']);
    await node.agent.stop();
  });
  it('answers what the node was told of last when the agent starts while the control plane is away', async () => {
    const listener = new Listener();
    const node = nodeWith(listener);
    await node.start();
    node.assign({ ...web('10.96.0.8') }, 'core.services/default/web');
    await node.run(15_000);
    node.bus.connected = false;
    await node.restartAgent();
    await node.run(1000);
    expect(listener.ask(NAME)).toEqual(['10.96.0.8']);
    expect(listener.ask('nobody.default.svc.cluster.local')).toBe('NXDOMAIN');
    node.assign(web('10.96.0.9'), 'core.services/default/web');
    node.bus.connected = true;
    await node.run(2000);
    expect(listener.ask(NAME)).toEqual(['10.96.0.9']);
    await node.agent.stop();
  });
  it('says nothing of names when nothing is remembered of them, or what is there is damaged', async () => {
    for (const known of [undefined, '', '{"version":1', '{"version":1,"cluster":"c1","objects":[1,{"stream":"x"}]}']) {
      const listener = new Listener();
      const node = nodeWith(listener);
      node.assign(testPod('p'), undefined, true);
      await node.start();
      await node.run(15_000);
      node.bus.connected = false;
      await node.agent.stop();
      node.volumes.loadKnown = () => Promise.resolve(known);
      await node.restartAgent();
      await node.run(1000);
      expect(listener.ask(NAME)).toBe('unknown');
      expect(node.running('p')).toEqual(['POD/0', 'c/0']);
      await node.agent.stop();
    }
  });
  it('is where pods look at the address of their bridge while another agent of the machine has the other', async () => {
    const listener = new Listener();
    listener.instead = '10.244.3.1';
    const node = nodeWith(listener);
    await node.start();
    node.assign(testPod('p'));
    await node.run(2000);
    expect(resolverOf(node, 'uid-p')).toContain('nameserver 10.244.3.1\n');
    expect(node.log).toContain('cluster DNS is served at 10.244.3.1 and not at 10.96.0.10: taken');
    await node.agent.stop();
  });
  it('is where pods look, unless it cannot be served: then that is said once, and tried again', async () => {
    const listener = new Listener();
    listener.refusal = '10.96.0.10 cannot be given to br-0: the agent is not allowed to';
    const node = nodeWith(listener);
    await node.start();
    node.assign(testPod('before'));
    await node.run(2000);
    expect(resolverOf(node, 'uid-before')).not.toContain('10.96.0.10');
    await node.run(60_000);
    const said = node.log.filter((line) => line.includes('cluster DNS is not served'));
    expect(said[0]).toBe(
      "cluster DNS is not served on this node, pods that start get the node's own resolver: 10.96.0.10 cannot be given to br-0: the agent is not allowed to",
    );
    listener.refusal = undefined;
    await node.run(31_000);
    expect(listener.ask(NAME)).toEqual(['10.96.0.7']);
    node.assign(testPod('after'));
    await node.run(2000);
    expect(resolverOf(node, 'uid-after')).toBe(
      'search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
    );
    await node.agent.stop();
  });
});

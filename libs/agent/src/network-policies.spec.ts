import { describe, expect, it } from '@jest/globals';
import { MemoryPolicies } from '#adapters';
import { networkPolicy } from '#loops';
import { TestNode, testPod } from './test-node.js';

const FROM_CLIENTS = { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }] }] };
const policy = (name: string, spec: Record<string, unknown>): Record<string, unknown> => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace: 'default', uid: `uid-${name}` },
  spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'], ...spec },
});
const web = (name: string): Record<string, unknown> => testPod(name, {}, { labels: { app: 'web' } });

/** What the control plane makes of a policy. */
function peersOf(spec: Record<string, unknown>, ...members: readonly string[]): Record<string, unknown> {
  const groups = new networkPolicy.PeerGroups({ namespaces: () => [], pods: () => [] });
  groups.putPolicy('default', 'any', policy('any', spec) as never);
  const [slice] = groups.changes();
  if (!slice) throw new Error('the policy names no peers');
  const metadata = { name: slice.slice, namespace: slice.group, uid: slice.group };
  return { apiVersion: 'v1', kind: 'PolicyPeers', metadata, members };
}
const BRIDGE = { bridge: 'pods0', cidr: '10.244.3.0/24' };
const nodeWith = (policies: MemoryPolicies): TestNode => new TestNode({ policies, podNetwork: BRIDGE });
/** A node whose agent has started and was told all of these. */
async function given(
  objects: readonly Record<string, unknown>[],
  more: Partial<Pick<MemoryPolicies, 'failure' | 'refusal' | 'gap'>> = {},
): Promise<{ readonly policies: MemoryPolicies; readonly node: TestNode }> {
  const policies = Object.assign(new MemoryPolicies(), more);
  const node = nodeWith(policies);
  for (const object of objects) node.assign(object, undefined, true);
  await node.start();
  return { policies, node };
}
const membersIn = ({ groups }: MemoryPolicies): readonly string[] => [...groups.values()].flatMap((all) => [...all]);

describe('NetworkPolicies on a node', () => {
  it('isolate its pods as they say, follow what changes, and leave nothing when they go', async () => {
    const { policies, node } = await given([
      peersOf(FROM_CLIENTS, '10.244.9.9'),
      policy('clients', FROM_CLIENTS),
      web('web'),
      testPod('other'),
    ]);
    await node.run(1000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    const [address] = node.runtime.list().flatMap(({ labels, ips = [] }) => (labels.pod === 'web' ? ips : []));
    expect(policies.place).toMatchObject({ cluster: 'c1', node: 'n1' });
    expect([...policies.pods.keys()]).toEqual([address]);
    expect(policies.pods.get(address ?? '')).toMatchObject({ egress: undefined, ingress: [{ peers: { blocks: [] } }] });
    expect(membersIn(policies)).toEqual(['10.244.9.9']);
    node.assign(peersOf(FROM_CLIENTS, '10.244.9.9', '10.244.9.10'));
    await node.run(100);
    expect(membersIn(policies)).toEqual(['10.244.9.9', '10.244.9.10']);
    expect(policies.calls.filter((call) => call === 'replace')).toHaveLength(1);
    node.delete(policy('clients', FROM_CLIENTS));
    await node.run(100);
    expect([policies.pods.size, policies.calls.at(-1)]).toEqual([0, 'remove']);
    await node.agent.stop();
  });
  it('go with the pod', async () => {
    const { policies, node } = await given([policy('none', {}), web('web')]);
    await node.run(1000);
    expect(policies.pods.size).toBe(1);
    node.requestDeletion(web('web'), 0);
    await node.run(2000);
    node.delete(web('web'));
    await node.run(2000);
    expect([policies.pods.size, policies.calls.at(-1)]).toEqual([0, 'remove']);
    await node.agent.stop();
  });
  it('are in force before a container of the pod starts, or it does not start, and says why', async () => {
    const { policies, node } = await given([policy('none', {}), web('web'), testPod('other')], {
      failure: 'nft is busy',
    });
    await node.run(3000);
    expect([node.running('web'), node.running('other')]).toEqual([['POD/0'], ['POD/0', 'c/0']]);
    const waiting = node.status('web').containerStatuses?.[0]?.state?.waiting;
    expect(waiting).toEqual({
      reason: 'CreateContainerError',
      message: 'the rules of its NetworkPolicies are not in force yet: nft is busy',
    });
    policies.failure = undefined;
    await node.run(70_000);
    expect([node.running('web'), policies.pods.size]).toEqual([['POD/0', 'c/0'], 1]);
    await node.agent.stop();
  });
  it('are in force before the container of a pod starts that came while they were tried again', async () => {
    const { policies, node } = await given([policy('none', {}), web('a')], { failure: 'nft is busy' });
    await node.run(300);
    const { replace } = policies;
    let goOn: (() => void) | undefined;
    policies.replace = async (all) => {
      policies.failure = undefined;
      await new Promise<void>((resolve) => (goOn = resolve));
      await replace.call(policies, all);
    };
    while (!goOn) await node.run(100);
    node.assign(web('b'));
    await node.run(500);
    expect(node.running('b')).toEqual(['POD/0']);
    goOn();
    await node.run(40_000);
    expect([node.running('b'), policies.pods.size]).toEqual([['POD/0', 'c/0'], 2]);
    await node.agent.stop();
  });
  it('isolate a pod all the time that moves from one policy to another', async () => {
    const policies = new MemoryPolicies();
    const node = nodeWith(policies);
    const toDb = { podSelector: { matchLabels: { app: 'db' } } };
    node.assign(policy('of-web', {}), undefined, true);
    node.assign(web('a'), undefined, true);
    await node.start();
    await node.run(1000);
    const [apply, before] = [policies.apply.bind(policies), policies.calls.length];
    policies.apply = async (changes) => {
      await new Promise((resolve) => setImmediate(resolve));
      await apply(changes);
    };
    node.inOneMessage(() => {
      node.delete(policy('of-web', {}));
      node.assign(policy('of-db', toDb));
      node.assign(testPod('a', {}, { labels: { app: 'db' } }));
    });
    await node.run(1000);
    expect(policies.pods.size).toBe(1);
    expect(policies.calls.slice(before)).not.toContain('remove');
    await node.agent.stop();
  });
  it('that the node cannot enforce keep no pod from starting, and events of node and pod say so', async () => {
    const { policies, node } = await given([policy('none', {}), web('web')], { refusal: 'nft is not installed' });
    await node.run(3000);
    expect(node.running('web')).toEqual(['POD/0', 'c/0']);
    const told = (name: string): readonly string[] => [...new Set(node.said(name, 'NetworkPolicyNotEnforced'))];
    expect(told('n1')).toEqual(['NetworkPolicies are not enforced on this node: nft is not installed']);
    expect(told('web')).toEqual(['a NetworkPolicy selects the pod, and its node enforces none: nft is not installed']);
    policies.refusal = undefined;
    await node.run(70_000);
    expect(policies.pods.size).toBe(1);
    await node.agent.stop();
  });
  it('say where a part of the traffic is not seen', async () => {
    const { policies, node } = await given([policy('none', {}), web('web')], {
      gap: 'packets between pods of this node are not seen',
    });
    await node.run(3000);
    expect(node.said('n1', 'NetworkPolicyNotEnforced')).toEqual([
      'NetworkPolicies are enforced in part on this node: packets between pods of this node are not seen',
    ]);
    expect(policies.pods.size).toBe(1);
    await node.agent.stop();
  });
  it('stay as they were while the agent is away, and are never fewer when it is back', async () => {
    const { policies, node } = await given([policy('none', {}), web('a'), web('b')]);
    await node.run(1000);
    const before = [...policies.pods.keys()].sort();
    expect(before).toHaveLength(2);
    const taken: (readonly string[])[] = [];
    const { replace, remove } = policies;
    policies.replace = (all) => {
      taken.push(all.pods.map(({ address }) => address).sort());
      return replace.call(policies, all);
    };
    policies.remove = (owner) => {
      taken.push([]);
      return remove.call(policies, owner);
    };
    await node.restartAgent();
    await node.run(40_000);
    expect(taken).toEqual([before]);
    await node.agent.stop();
  });
  it('are only added to, until the control plane spoke to an agent that knows too little', async () => {
    const policies = new MemoryPolicies();
    const node = nodeWith(policies);
    node.assign({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: 'default', uid: 's' },
      spec: {},
    });
    node.assign(policy('none', {}), undefined, true);
    node.assign(web('a'), undefined, true);
    node.assign(web('b'), undefined, true);
    await node.start();
    await node.run(20_000);
    const [first = '', second = ''] = [...policies.pods.keys()];
    // A kernel that has newer rules than the disk, a pod that nobody knows, and lacks one.
    const newer = { address: first, ingress: [{}], egress: [] };
    policies.pods.set(first, newer);
    policies.pods.set('10.244.3.250', newer);
    policies.pods.delete(second);
    const since = policies.calls.length;
    node.isAway = true;
    await node.restartAgent();
    await node.run(2000);
    expect([...policies.pods.keys()].sort()).toEqual([first, second, '10.244.3.250'].sort());
    expect([policies.pods.get(first), policies.calls.slice(since)]).toEqual([newer, ['open', 'add']]);
    node.isAway = false;
    await node.run(70_000);
    expect([...policies.pods.keys()].sort()).toEqual([first, second].sort());
    expect(policies.pods.get(first)).toMatchObject({ ingress: [], egress: undefined });
    await node.agent.stop();
  });
});

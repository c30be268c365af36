import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AllowRule, Frontend, PodRules, PolicyChanges } from '#model';
import { NftablesDataplane } from '../service-dataplane/index.js';
import { TestNetwork, type Part } from '../service-dataplane/test-network.js';
import { NftablesPolicies } from './nftables-policies.js';

const OWNER = { cluster: 'policy-cluster', node: 'node-1' };
const [POD1, POD2] = ['10.244.9.2', '10.244.9.3'] as const;
const NONE: PolicyChanges = { pods: [], gonePods: [], fresh: [], groups: [], goneGroups: [] };

let network: TestNetwork;
let policies: NftablesPolicies;
beforeAll(async () => {
  network = TestNetwork.make('pol');
  for (const part of ['host', 'pod1', 'pod2', 'outside'] as const) {
    await network.serve(part, { port: 8080, address: '::' });
    await network.serve(part, { port: 8081 });
  }
}, 60_000);
afterAll(() => network?.remove());
beforeEach(async () => {
  policies = new NftablesPolicies({ within: network.within('host') });
  expect(await policies.open({ ...OWNER, pods: network.pods })).toBeUndefined();
});
afterEach(async () => {
  await policies.remove(OWNER);
  expect(network.run('host', 'nft', 'list', 'tables')).not.toContain('shiplogpol');
});

const rules = (address: string, given: Partial<PodRules>): PodRules => ({
  address,
  ingress: undefined,
  egress: undefined,
  ...given,
});
const group = (id: string, ...added: readonly string[]): PolicyChanges['groups'][number] => ({
  id,
  hasPorts: added.some((one) => /:\d{4}$/.test(one)),
  added,
  removed: [],
});
const replace = (pods: readonly PodRules[], ...groups: PolicyChanges['groups']): Promise<void> =>
  policies.replace({ ...NONE, pods, groups });
/** Whether each of these is answered: `pod1 10.244.9.3:8080`, with `/udp` behind it by datagrams. */
async function passes(...asked: readonly string[]): Promise<readonly boolean[]> {
  const answers = await Promise.all(
    asked.map((one) => {
      const [, part = '', target = '', udp] = /^(\S+) ([^/]+)(\/udp)?$/.exec(one) ?? [];
      return network.ask(part as Part, target, 1, { udp: udp !== undefined });
    }),
  );
  return answers.map(([answer = '']) => / [12f]/.test(answer));
}

describe('pods that are isolated', () => {
  test('are reached by what a rule allows and by nobody else, on their bridge and from outside', async () => {
    await replace([rules(POD2, { ingress: [] })]);
    expect(await passes(`pod1 ${POD2}:8080`, `outside ${POD2}:8080`, `pod1 ${POD2}:8080/udp`)).toEqual([
      false,
      false,
      false,
    ]);
    expect(await passes(`pod2 ${POD1}:8080`, 'pod2 192.0.2.20:8080', `outside ${POD1}:8080`)).toEqual([
      true,
      true,
      true,
    ]);
    await replace([rules(POD2, { ingress: [{ peers: { groups: ['a1'], blocks: [] } }] })], group('a1', POD1));
    expect(await passes(`pod1 ${POD2}:8080`, `pod1 ${POD2}:8080/udp`, `outside ${POD2}:8080`)).toEqual([
      true,
      true,
      false,
    ]);
  });
  test('reach what a rule allows and nothing else', async () => {
    const peers = { groups: ['b2'], blocks: [] };
    await replace([rules(POD1, { egress: [{ peers }] })], group('b2'));
    expect(await passes(`pod1 ${POD2}:8080`, 'pod1 192.0.2.20:8080', `pod2 ${POD1}:8080`)).toEqual([
      false,
      false,
      true,
    ]);
    await policies.apply({ ...NONE, groups: [group('b2', POD2)] });
    expect(await passes(`pod1 ${POD2}:8080`, 'pod1 192.0.2.20:8080')).toEqual([true, false]);
  });
  test('are always reached by their node and by themselves, and reach their node', async () => {
    const none = { ingress: [], egress: [] };
    await replace([rules(POD1, none), rules(POD2, none)]);
    expect(await passes(`host ${POD2}:8080`, `host ${POD2}:8080/udp`)).toEqual([true, true]);
    expect(await passes('pod1 10.244.9.1:8080', 'pod1 192.0.2.10:8080', `pod1 ${POD1}:8080`)).toEqual([
      true,
      true,
      true,
    ]);
  });
  test('have ports by number, range and protocol', async () => {
    const at = async (...ports: NonNullable<AllowRule['ports']>): Promise<readonly boolean[]> => {
      await replace([rules(POD2, { ingress: [{ ports }] })]);
      return passes(`pod1 ${POD2}:8080`, `pod1 ${POD2}:8081`, `pod1 ${POD2}:8080/udp`);
    };
    expect(await at({ protocol: 'TCP', first: 8080, last: 8080 })).toEqual([true, false, false]);
    expect(
      await at({ protocol: 'TCP', first: 8000, last: 8080 }, { protocol: 'TCP', first: 8081, last: 8090 }),
    ).toEqual([true, true, false]);
    expect(await at({ protocol: 'UDP', first: 0, last: 65_535 })).toEqual([false, false, true]);
    expect(await at({ protocol: 'SCTP', first: 1, last: 8080 })).toEqual([false, false, false]);
  });
  test('reach endpoints by address and port', async () => {
    await replace(
      [rules(POD1, { egress: [{ endpoints: { protocol: 'TCP', group: 'c3' } }] })],
      group('c3', `${POD2}:8081`),
    );
    expect(await passes(`pod1 ${POD2}:8080`, `pod1 ${POD2}:8081`, `pod1 ${POD2}:8081/udp`)).toEqual([
      false,
      true,
      false,
    ]);
  });
  test('have blocks of addresses without their exceptions', async () => {
    const from = async (...blocks: NonNullable<AllowRule['peers']>['blocks']): Promise<readonly boolean[]> => {
      await replace([rules(POD2, { ingress: [{ peers: { groups: [], blocks } }] })]);
      return passes(`pod1 ${POD2}:8080`, `outside ${POD2}:8080`);
    };
    expect(await from({ cidr: '192.0.2.0/24', except: [] })).toEqual([false, true]);
    expect(await from({ cidr: '192.0.2.0/24', except: ['192.0.2.16/28', '192.0.2.20/32'] })).toEqual([false, false]);
    expect(await from({ cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '10.244.9.0/24'] })).toEqual([false, true]);
    expect(await from({ cidr: '0.0.0.0/0', except: [] }, { cidr: '10.0.0.0/8', except: [] })).toEqual([true, true]);
    expect(await from({ cidr: '10.244.9.2/32', except: [] }, { cidr: '10.0.0.0/8', except: [] })).toEqual([
      true,
      false,
    ]);
    expect(await from({ cidr: 'fd00::/8', except: [] })).toEqual([false, false]);
  });
});

describe('connections', () => {
  test('that have begun go on when rules no longer allow another one', async () => {
    await replace([rules(POD2, { ingress: [{}] })]);
    const held = network.hold('pod1', `${POD2}:8080`);
    const said = (): Promise<string> =>
      new Promise((resolve) => held.stdout?.once('data', (data) => resolve(String(data))));
    expect(await said()).toContain(POD1);
    await policies.apply({ ...NONE, pods: [rules(POD2, { ingress: [] })] });
    expect(await passes(`pod1 ${POD2}:8080`)).toEqual([false]);
    held.stdin?.write('still');
    expect(await said()).toBe('still');
    held.kill('SIGKILL');
  });
  test('of datagrams are judged anew when a policy is the first of a pod, or the pod is another one', async () => {
    const ask = async (): Promise<string | undefined> =>
      (await network.ask('pod1', `${POD2}:8080`, 1, { udp: true, localPort: 4242 }))[0];
    await replace([]);
    expect(await ask()).toContain(POD1);
    await policies.apply({ ...NONE, pods: [rules(POD2, { ingress: [] })] });
    expect(await ask()).toContain(POD1);
    await policies.apply({ ...NONE, fresh: [POD2] });
    expect(await ask()).toBe('timeout');
    await replace([]);
    expect(await ask()).toContain(POD1);
    await policies.replace({ ...NONE, pods: [rules(POD1, { egress: [] })], fresh: [POD1] });
    expect(await ask()).toBe('timeout');
  });
  test('to a service are judged by the pod that they are led to and its port, and a pod reaches itself through one', async () => {
    const services = new NftablesDataplane({ within: network.within('host') });
    await services.open({ ...OWNER, pods: network.pods });
    const backend = { address: POD2, port: 8080, isLocal: true };
    await services.replace([frontend(backend)]);
    const ports = [{ protocol: 'TCP', first: 8080, last: 8080 }] as const;
    await replace([rules(POD2, { ingress: [{ peers: { groups: ['d4'], blocks: [] }, ports }] })], group('d4', POD1));
    expect(await passes('pod1 10.96.0.7:80', 'outside 10.96.0.7:80')).toEqual([true, false]);
    expect(await passes('host 10.96.0.7:80', 'pod2 10.96.0.7:80')).toEqual([true, true]);
    await policies.apply({ ...NONE, groups: [{ id: 'd4', hasPorts: false, added: [], removed: [POD1] }] });
    expect(await passes('pod1 10.96.0.7:80', 'pod2 10.96.0.7:80')).toEqual([false, true]);
    await replace([rules(POD1, { egress: [{ peers: { groups: [], blocks: [{ cidr: `${POD2}/32`, except: [] }] } }] })]);
    expect(await passes('pod1 10.96.0.7:80')).toEqual([true]);
    await replace([
      rules(POD1, { egress: [{ peers: { groups: [], blocks: [{ cidr: '10.96.0.0/16', except: [] }] } }] }),
    ]);
    expect(await passes('pod1 10.96.0.7:80')).toEqual([false]);
    await services.remove(OWNER);
  });
});

describe('rules', () => {
  const shown = (): string => network.run('host', 'nft', 'list', 'ruleset');
  test('change by what is different, are shared by pods, and leave nothing behind', async () => {
    const allowed = { ingress: [{ peers: { groups: ['e5'], blocks: [] } }] };
    await replace([rules(POD1, allowed), rules(POD2, allowed)], group('e5', POD1));
    expect(shown().match(/chain ingress_/g)).toHaveLength(1);
    await policies.apply({ ...NONE, pods: [rules(POD1, { ingress: [], egress: [{}] })] });
    expect(shown().match(/chain (in|e)gress_/g)).toHaveLength(3);
    await policies.apply({ ...NONE, gonePods: [POD2], goneGroups: ['e5'] });
    expect(shown().match(/chain (in|e)gress_/g)).toHaveLength(2);
    expect(shown()).not.toMatch(/set g_|10\.244\.9\.3/);
    await policies.apply({ ...NONE, gonePods: [POD1] });
    expect(shown()).not.toMatch(/chain (in|e)gress_|10\.244\.9/);
  });
  test('are taken over by the next process, which takes away what is left over', async () => {
    await replace([rules(POD1, { ingress: [] }), rules(POD2, { ingress: [] })], group('f6', POD1));
    const next = new NftablesPolicies({ within: network.within('host') });
    expect(await passes(`outside ${POD1}:8080`)).toEqual([false]);
    await next.open({ ...OWNER, pods: network.pods });
    await next.replace({ ...NONE, pods: [rules(POD2, { ingress: [] })] });
    expect(await passes(`outside ${POD1}:8080`, `outside ${POD2}:8080`)).toEqual([true, false]);
    expect(shown()).not.toContain('g_f6');
    expect(await next.check()).toBe(true);
    network.run('host', 'sh', '-c', 'nft delete table ip $(nft list tables | grep -o "shiplogpol.*")');
    expect(await next.check()).toBe(false);
  });
  test('of an earlier process stay until they are replaced, and what they lack is added', async () => {
    const of = (...groups: readonly string[]): Partial<PodRules> => ({ ingress: [{ peers: { groups, blocks: [] } }] });
    const next = new NftablesPolicies({ within: network.within('host') });
    await next.open({ ...OWNER, pods: network.pods });
    const old = { ...NONE, pods: [rules(POD2, of('a8'))], groups: [group('a8', '10.9.9.9'), group('b8', POD1)] };
    await next.add(old, new Set());
    expect(await passes(`pod1 ${POD2}:8080`)).toEqual([false]);
    const known = { ...NONE, pods: [rules(POD1, of('c8')), rules(POD2, of('b8'))] };
    const groups = [group('a8', POD1), group('b8', POD1), group('c8', POD2)];
    await next.add({ ...known, groups }, new Set());
    const asked = [`pod1 ${POD2}:8080`, `pod2 ${POD1}:8080`, `outside ${POD1}:8080`];
    expect(await passes(...asked)).toEqual([false, true, false]);
    await next.add({ ...known, groups }, new Set([POD2]));
    expect(await passes(...asked)).toEqual([true, true, false]);
    await next.replace({ ...known, groups });
    await next.apply({ ...NONE, gonePods: [POD1] });
    expect(await passes(...asked)).toEqual([true, true, true]);
  });
  test('of a group of 20,000 change by one member at a time', async () => {
    const members = Array.from({ length: 20_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    await replace([rules(POD2, { ingress: [{ peers: { groups: ['a7'], blocks: [] } }] })], group('a7', ...members));
    const begun = performance.now();
    await policies.apply({ ...NONE, groups: [{ id: 'a7', hasPorts: false, added: [POD1], removed: ['10.1.0.0'] }] });
    process.stdout.write(`policies: one change of a group of 20,000 in ${Math.round(performance.now() - begun)} ms\n`);
    expect(await passes(`pod1 ${POD2}:8080`, `outside ${POD2}:8080`)).toEqual([true, false]);
  });
  test('see what passes the bridge also where the host shows bridges to nobody: this bridge alone is shown', async () => {
    const set = (value: number): string =>
      network.run('host', 'sysctl', '-w', `net.bridge.bridge-nf-call-iptables=${value}`);
    set(0);
    const fresh = new NftablesPolicies({ within: network.within('host') });
    expect(await fresh.open({ ...OWNER, pods: network.pods })).toBeUndefined();
    await fresh.replace({ ...NONE, pods: [rules(POD2, { ingress: [] })] });
    expect(await passes(`pod1 ${POD2}:8080`, `pod2 ${POD1}:8080`)).toEqual([false, true]);
    expect(network.run('host', 'sysctl', '-n', 'net.bridge.bridge-nf-call-iptables').trim()).toBe('0');
    expect(await fresh.check()).toBe(true);
    network.run('host', 'ip', 'link', 'set', 'dev', network.pods.bridge, 'type', 'bridge', 'nf_call_iptables', '0');
    expect(await fresh.check()).toBe(false);
    set(1);
  });
  test('cannot be where there is no nft, and says so', async () => {
    const without = new NftablesPolicies({ within: ['/nowhere/nsenter'] });
    await expect(without.open({ ...OWNER, pods: network.pods })).rejects.toThrow(
      'nft is not installed (Debian: apt-get install nftables)',
    );
    const elsewhere = new NftablesPolicies({ within: network.within('pod1') });
    await expect(elsewhere.open({ ...OWNER, pods: network.pods })).rejects.toThrow(
      "the pods' bridge pods0 is not in this process's network namespace",
    );
  });
});

function frontend(...backends: Frontend['backends']): Frontend {
  return {
    ...{ key: '10.96.0.7/TCP/80', address: '10.96.0.7', protocol: 'TCP', port: 80, service: 'default/web:http' },
    ...{ isExternal: false, backends, affinitySeconds: undefined, hidesClient: false, whenEmpty: 'reject' },
    ...{ sourceRanges: undefined, answeredBy: undefined },
  };
}

describe('pods with addresses of both families', () => {
  const [SIX1, SIX2] = ['fd00:244:9::2', 'fd00:244:9::3'] as const;
  beforeEach(async () => {
    policies = new NftablesPolicies({ within: network.within('host') });
    expect(await policies.open({ ...OWNER, pods: network.bothPods })).toBeUndefined();
  });
  const isolated = (allowed: readonly AllowRule[]): readonly PodRules[] =>
    [POD2, SIX2].map((address) => rules(address, { ingress: allowed }));
  const at2 = (part: string): string => `${part} [${SIX2}]:8080`;

  test('are isolated in both, and reached in both by what a rule allows', async () => {
    await replace(isolated([]));
    expect(await passes(at2('pod1'), `${at2('pod1')}/udp`, at2('outside'), `pod1 ${POD2}:8080`)).toEqual([
      ...[false, false, false, false],
    ]);
    expect(await passes(at2('host'), at2('pod2'), `pod2 [${SIX1}]:8080`)).toEqual([true, true, true]);
    await replace(isolated([{ peers: { groups: ['a1'], blocks: [] } }]), group('a1', POD1, SIX1));
    expect(await passes(at2('pod1'), `${at2('pod1')}/udp`, at2('outside'), `pod1 ${POD2}:8080`)).toEqual([
      ...[true, true, false, true],
    ]);
    await policies.apply({ ...NONE, groups: [{ ...group('a1'), removed: [SIX1] }] });
    expect(await passes(at2('pod1'), `pod1 ${POD2}:8080`)).toEqual([false, true]);
  });
  test('reach nobody where nothing is allowed, but their neighbours are found', async () => {
    await replace(
      [POD1, SIX1].map((address) => rules(address, { egress: [{ peers: { groups: ['b2'], blocks: [] } }] })),
      group('b2', SIX2),
    );
    network.run('pod1', 'ip', 'neigh', 'flush', 'all');
    expect(await passes(at2('pod1'), `pod1 ${POD2}:8080`, 'pod1 [2001:db8::20]:8080')).toEqual([true, false, false]);
  });
  test('have blocks of each family, with exceptions, and endpoints by address and port', async () => {
    const from = async (...blocks: NonNullable<AllowRule['peers']>['blocks']): Promise<readonly boolean[]> => {
      await replace(isolated([{ peers: { groups: [], blocks } }]));
      return passes(at2('pod1'), at2('outside'), `pod1 ${POD2}:8080`, `outside ${POD2}:8080`);
    };
    expect(await from({ cidr: '2001:db8::/64', except: [] })).toEqual([false, true, false, false]);
    expect(await from({ cidr: '::/0', except: ['2001:db8::/64'] })).toEqual([true, false, false, false]);
    expect(await from({ cidr: '::/0', except: [] })).toEqual([true, true, false, false]);
    expect(await from({ cidr: '0.0.0.0/0', except: [] })).toEqual([false, false, true, true]);
    const endpoints = { protocol: 'TCP', group: 'c3' } as const;
    await replace([rules(SIX1, { egress: [{ endpoints }] })], group('c3', `${SIX2}:8080`));
    expect(await passes(at2('pod1'), 'pod1 [2001:db8::20]:8080')).toEqual([true, false]);
  });
  test('keep what an earlier process made, and lose it with the addresses of IPv6', async () => {
    await replace(isolated([]));
    const later = new NftablesPolicies({ within: network.within('host') });
    await later.open({ ...OWNER, pods: network.bothPods });
    await later.add({ ...NONE, pods: [rules(SIX1, { ingress: [] })] }, new Set());
    expect(await passes(at2('pod1'), `pod2 [${SIX1}]:8080`)).toEqual([false, false]);
    await later.open({ ...OWNER, pods: network.pods });
    await later.replace({ ...NONE, pods: isolated([]) });
    expect(network.run('host', 'nft', 'list', 'tables')).not.toContain('ip6 shiplogpol');
    expect(await passes(at2('pod1'), `pod1 ${POD2}:8080`)).toEqual([true, false]);
  });
});

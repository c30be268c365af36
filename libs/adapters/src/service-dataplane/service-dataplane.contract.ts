import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Backend, Frontend } from '#model';
import type { ServiceDataplane } from '#ports';
import { staleFlowsContract } from './stale-flows.contract.js';
import { frontendAt, namesIn } from './test-frontends.js';
import { TestNetwork, type Part } from './test-network.js';

const OWNER = { cluster: 'contract-cluster', node: 'n1' };
const PORT = 8080;
const VIP = '10.96.3.4';

export interface DataplaneUnderTest {
  /** Keeps networks of tests apart that run at once. */
  readonly mark: string;
  readonly make: (network: TestNetwork) => ServiceDataplane;
  /** Packets are led on as they are: backends see who called, and packets may be dropped. */
  readonly isTransparent: boolean;
  /** What of the data plane is still on the host; '' when nothing is. */
  readonly leftOn: (network: TestNetwork) => string;
}

/** What each data plane does for clients in pods, on the node and outside. */
export function serviceDataplaneContract({ mark, make, isTransparent, leftOn }: DataplaneUnderTest): void {
  let network: TestNetwork;
  let dataplane: ServiceDataplane;
  const backend = (part: Part, port = PORT): Backend => ({
    address: network.addressOf(part),
    port,
    isLocal: part !== 'outside',
  });
  const frontend = (more: Partial<Frontend> & Pick<Frontend, 'backends'>): Frontend =>
    frontendAt({ address: VIP, ...more });

  beforeAll(async () => {
    network = TestNetwork.make(mark);
    for (const part of ['pod1', 'pod2', 'outside'] as const) await network.serve(part, { port: PORT });
    await network.serve('host', { port: 6443, address: '127.0.0.1' });
    dataplane = make(network);
    await dataplane.open({ ...OWNER, pods: network.pods });
  });
  afterAll(() => network.remove());

  describe('a service with two endpoints', () => {
    test('is reached from a pod and from the node, over TCP and UDP; both get their share', async () => {
      const backends = [backend('pod1'), backend('pod2')];
      await dataplane.replace([frontend({ backends }), frontend({ backends, protocol: 'UDP' })]);
      for (const udp of [false, true]) {
        for (const part of ['pod1', 'host'] as const) {
          const answers = await network.ask(part, `${VIP}:80`, 60, { udp });
          const ofFirst = answers.filter((answer) => answer.startsWith('pod1')).length;
          expect(answers.filter((answer) => answer.startsWith('pod'))).toHaveLength(60);
          // One in a billion is outside of this by chance.
          expect(ofFirst).toBeGreaterThan(7);
          expect(ofFirst).toBeLessThan(53);
        }
      }
    });
    test('shows who calls, as far as it can, and a pod that calls itself is answered', async () => {
      await dataplane.replace([frontend({ backends: [backend('pod2')] })]);
      expect(await network.ask('pod1', `${VIP}:80`)).toEqual([isTransparent ? 'pod2 10.244.9.2' : 'pod2 10.244.9.1']);
      await dataplane.replace([frontend({ backends: [backend('pod1')] })]);
      expect(namesIn(await network.ask('pod1', `${VIP}:80`, 3))).toEqual(['pod1']);
    });
  });

  describe('a service without endpoints', () => {
    test('refuses at once, TCP and UDP, from a pod and from the node', async () => {
      await dataplane.replace([frontend({ backends: [] }), frontend({ backends: [], protocol: 'UDP' })]);
      for (const part of ['pod1', 'host'] as const) {
        // A client whose first packet is dropped sends it again after a second: ten of them would take ten seconds.
        const before = performance.now();
        expect(namesIn(await network.ask(part, `${VIP}:80`, 10))).toEqual(['ECONNREFUSED']);
        expect(performance.now() - before).toBeLessThan(10_000);
        expect(await network.ask(part, `${VIP}:80`, 1, { udp: true })).toEqual(['ECONNREFUSED']);
      }
    });
    test('drops where its endpoints are on other nodes and traffic is to stay', async () => {
      await dataplane.replace([frontend({ backends: [], whenEmpty: 'drop' })]);
      expect(await network.ask('pod1', `${VIP}:80`)).toEqual([isTransparent ? 'timeout' : 'ECONNREFUSED']);
    });
  });

  describe('a port that a service does not have', () => {
    const udp = (backends: readonly Backend[]): Frontend => frontend({ protocol: 'UDP', backends });
    const asked = async (): Promise<readonly string[]> => {
      const answers = [];
      for (const part of ['pod1', 'host'] as const) {
        answers.push(await network.ask(part, `${VIP}:80`));
        answers.push(await network.ask(part, `${VIP}:81`, 1, { udp: true }));
      }
      return answers.flat();
    };
    const refused = Array.from({ length: 4 }, () => 'ECONNREFUSED');

    test('is refused, another protocol of one that it has too, as ports come and go', async () => {
      await dataplane.replace([udp([backend('pod2')])]);
      expect(await asked()).toEqual(refused);
      await dataplane.apply({ changed: [frontend({ backends: [backend('pod2')] })], gone: [] });
      expect(namesIn(await network.ask('pod1', `${VIP}:80`))).toEqual(['pod2']);
      await dataplane.apply({ changed: [], gone: [frontend({ backends: [] }).key] });
      expect(await asked()).toEqual(refused);
      expect(namesIn(await network.ask('pod1', `${VIP}:80`, 1, { udp: true }))).toEqual(['pod2']);
    });
  });

  describe('changes', () => {
    test('lose no new connection, also of a pod to itself', async () => {
      const all = (['pod1', 'pod2', 'outside'] as const).map((part) => backend(part));
      const some = (i: number): readonly Backend[] => all.filter((_, at) => i % 3 !== at);
      const both = (i: number): readonly Frontend[] => [
        frontend({ backends: some(i) }),
        frontend({ backends: some(i), address: undefined, port: 30_080, isExternal: true, hidesClient: true }),
      ];
      await dataplane.replace(both(0));
      let isOver = false;
      const changing = (async () => {
        for (let i = 1; !isOver; i++) await dataplane.apply({ changed: both(i), gone: [] });
      })();
      const answers = await Promise.all([
        network.ask('pod1', `${VIP}:80`, 1500),
        network.ask('host', `${VIP}:80`, 1500),
        network.ask('outside', `${TestNetwork.hostAddress}:30080`, 1500),
      ]);
      isOver = true;
      await changing;
      const known = new Set<string>(['pod1', 'pod2', 'outside']);
      expect(answers.flat().filter((answer) => !known.has(answer.split(' ')[0] ?? ''))).toEqual([]);
      await dataplane.replace([]);
    }, 60_000);
    test('lead new connections elsewhere, and leave those under way to end', async () => {
      await dataplane.replace([frontend({ backends: [backend('pod2')] })]);
      const held = network.hold('pod1', `${VIP}:80`);
      const said: string[] = [];
      const heard = (wanted: string): Promise<void> =>
        new Promise((resolve) => {
          const look = (): void => (said.join('').includes(wanted) ? resolve() : void setTimeout(look, 20));
          look();
        });
      held.stdout?.on('data', (data: Buffer) => said.push(data.toString()));
      await heard('pod2');
      await dataplane.apply({ changed: [frontend({ backends: [backend('outside')] })], gone: [] });
      expect(namesIn(await network.ask('pod1', `${VIP}:80`, 10))).toEqual(['outside']);
      held.stdin?.write('still here');
      await heard('still here');
      held.kill('SIGKILL');
      await dataplane.apply({ changed: [], gone: [frontend({ backends: [] }).key] });
      expect(namesIn(await network.ask('pod1', `${VIP}:80`))).not.toEqual(['outside']);
    });
    test('one after the other lead where a whole new set would', async () => {
      await dataplane.replace([]);
      for (const parts of [['pod1'], ['pod1', 'pod2'], ['pod2'], [], ['pod2', 'outside'], ['outside']] as const) {
        await dataplane.apply({ changed: [frontend({ backends: parts.map((part) => backend(part)) })], gone: [] });
        const expected = parts.length === 0 ? ['ECONNREFUSED'] : [...parts].sort();
        expect(namesIn(await network.ask('host', `${VIP}:80`, 30))).toEqual(expected);
      }
    });
  });

  describe('a client with affinity', () => {
    test('stays with its endpoint while others come and go, and gets another when it goes', async () => {
      const sticky = (...parts: readonly Part[]): Frontend =>
        frontend({ affinitySeconds: 100, backends: parts.map((part) => backend(part)) });
      await dataplane.replace([sticky('pod1', 'pod2')]);
      const [mine = '', ...others] = namesIn(await network.ask('pod1', `${VIP}:80`, 20));
      expect(others).toEqual([]);
      await dataplane.apply({ changed: [sticky('outside', 'pod1', 'pod2')], gone: [] });
      expect(namesIn(await network.ask('pod1', `${VIP}:80`, 20))).toEqual([mine]);
      await dataplane.apply({ changed: [sticky('outside', mine as Part)], gone: [] });
      expect(namesIn(await network.ask('pod1', `${VIP}:80`, 20))).toEqual([mine]);
      await dataplane.apply({ changed: [sticky('outside')], gone: [] });
      expect(namesIn(await network.ask('pod1', `${VIP}:80`, 20))).toEqual(['outside']);
    });
    test('is free again when it was away for the time-out', async () => {
      const backends = [backend('pod1'), backend('pod2'), backend('outside')];
      await dataplane.replace([frontend({ affinitySeconds: 1, backends })]);
      const found = new Set<string>();
      for (let i = 0; i < 12 && found.size < 2; i++) {
        for (const name of namesIn(await network.ask('pod1', `${VIP}:80`, 3))) found.add(name);
        await new Promise((resolve) => setTimeout(resolve, 1600));
      }
      expect(found.size).toBeGreaterThan(1);
    }, 40_000);
  });

  describe('ways in from outside', () => {
    test('a node port is reached from outside, from a pod and from the node, with the node as the client', async () => {
      const backends = [backend('pod1')];
      await dataplane.replace([
        frontend({ address: undefined, port: 30_080, isExternal: true, hidesClient: true, backends }),
      ]);
      const at = `${TestNetwork.hostAddress}:30080`;
      expect(await network.ask('outside', at)).toEqual(['pod1 10.244.9.1']);
      expect(namesIn(await network.ask('pod2', at))).toEqual(['pod1']);
      expect(namesIn(await network.ask('host', at))).toEqual(['pod1']);
      await dataplane.apply({
        changed: [frontend({ address: undefined, port: 30_080, isExternal: true, backends: [] })],
        gone: [],
      });
      for (const part of ['outside', 'pod2', 'host'] as const)
        expect(await network.ask(part, at)).toEqual(['ECONNREFUSED']);
    });
    test('a client outside is shown as it is where traffic stays on the node', async () => {
      const backends = [backend('pod1')];
      await dataplane.replace([frontend({ address: undefined, port: 30_080, isExternal: true, backends })]);
      expect(await network.ask('outside', `${TestNetwork.hostAddress}:30080`)).toEqual([
        isTransparent ? 'pod1 192.0.2.20' : 'pod1 10.244.9.1',
      ]);
    });
    test.each(['TCP', 'UDP'] as const)(
      'what has to stay on the node is what comes from outside: its own pods and programs are led to any endpoint, over %s',
      async (protocol) => {
        const udp = protocol === 'UDP';
        const ways = [
          { address: undefined, port: 30_080, target: `${TestNetwork.hostAddress}:30080` },
          { address: '203.0.113.8', port: 81, target: '203.0.113.8:81' },
        ] as const;
        const both = (...local: readonly Part[]): readonly Frontend[] =>
          ways.map(({ address, port }) =>
            frontend({
              ...{ address, port, protocol, isExternal: true, whenEmpty: 'drop' },
              ...{ backends: local.map((part) => backend(part)), inside: [backend('pod2'), backend('outside')] },
            }),
          );
        const from = async (part: Part, target: string, times = 1): Promise<readonly string[]> =>
          namesIn(await network.ask(part, target, times, { udp }));
        const insideIsLedToAny = async (): Promise<void> => {
          for (const { address, target } of ways)
            for (const part of ['pod1', 'host'] as const) {
              // A relay answers datagrams of pods from the address of the node that is nearest to them.
              if (!isTransparent && udp && address === undefined && part === 'pod1') continue;
              // One in a million is answered by the same one each time.
              expect([part, target, ...(await from(part, target, 21))]).toEqual([part, target, 'outside', 'pod2']);
            }
        };
        await dataplane.replace(both());
        for (const { target } of ways) expect((await from('outside', target))[0]).toMatch(/^(timeout|ECONN)/);
        await insideIsLedToAny();
        await dataplane.apply({ changed: both('pod1'), gone: [] });
        for (const { target } of ways) expect(await from('outside', target, 3)).toEqual(['pod1']);
        await insideIsLedToAny();
        const [ports, address] = both('pod1') as [Frontend, Frontend];
        const { inside: _, ...same } = ports;
        await dataplane.apply({ changed: [same], gone: [address.key] });
        expect(await from('host', ways[0].target, 3)).toEqual(['pod1']);
        expect((await from('host', ways[1].target))[0]).not.toMatch(/^(pod|outside)/);
      },
      30_000,
    );
    test('an external address lets in whom it may, and a cluster IP nobody', async () => {
      const backends = [backend('pod1')];
      const external = { address: '203.0.113.7', isExternal: true, hidesClient: true, backends };
      await dataplane.replace([frontend({ backends }), frontend(external)]);
      expect(namesIn(await network.ask('outside', '203.0.113.7:80'))).toEqual(['pod1']);
      expect(namesIn(await network.ask('outside', `${VIP}:80`))).not.toEqual(['pod1']);
      const sourceRanges = ['198.51.100.0/24', '10.244.0.0/16', '10.244.9.0/24'];
      await dataplane.apply({ changed: [frontend({ ...external, sourceRanges })], gone: [] });
      expect(await network.ask('outside', '203.0.113.7:80')).toEqual([isTransparent ? 'timeout' : 'ECONNRESET']);
      expect(namesIn(await network.ask('pod2', '203.0.113.7:80'))).toEqual(['pod1']);
    });
  });

  staleFlowsContract({ network: () => network, dataplane: () => dataplane, backend, frontend });

  describe('an address of a load balancer', () => {
    const balanced = (answeredBy: Frontend['answeredBy']): Frontend =>
      frontend({ address: '192.0.2.77', isExternal: true, hidesClient: true, backends: [backend('pod1')], answeredBy });

    test('is found on the network of the node that answers for it, which may change', async () => {
      await dataplane.replace([balanced('this node')]);
      expect(namesIn(await network.ask('outside', '192.0.2.77:80'))).toEqual(['pod1']);
      await dataplane.apply({ changed: [balanced('other node')], gone: [] });
      network.run('outside', 'ip', 'neigh', 'flush', 'all');
      expect(namesIn(await network.ask('outside', '192.0.2.77:80'))).not.toEqual(['pod1']);
      if (isTransparent) expect(namesIn(await network.ask('pod2', '192.0.2.77:80'))).toEqual(['pod1']);
      // Whoever knew it at another machine hears of the new one; for a second after each change a kernel believes no other.
      network.run('outside', 'sh', '-c', 'echo 0 > /proc/sys/net/ipv4/neigh/eth0/locktime');
      const stale = ['192.0.2.77', 'lladdr', '02:00:00:00:00:77', 'dev', 'eth0', 'nud', 'stale'];
      network.run('outside', 'ip', 'neigh', 'replace', ...stale);
      await dataplane.apply({ changed: [balanced('this node')], gone: [] });
      const known = (): string => network.run('outside', 'ip', 'neigh', 'show', '192.0.2.77');
      for (const end = performance.now() + 30_000; known().includes('02:00:00:00:00:77');) {
        if (performance.now() > end) throw new Error(known());
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(namesIn(await network.ask('outside', '192.0.2.77:80'))).toEqual(['pod1']);
    });
    test('opens nothing else of its node', async () => {
      await network.serve('host', { port: 2222 });
      await dataplane.replace([balanced('this node')]);
      expect(namesIn(await network.ask('outside', `${TestNetwork.hostAddress}:2222`))).toEqual(['host']);
      if (isTransparent) expect(await network.ask('outside', '192.0.2.77:2222')).toEqual(['ECONNREFUSED']);
    });
    test('is not held twice, and goes with its service', async () => {
      await dataplane.replace([
        balanced('this node'),
        { ...balanced('this node'), port: 81, key: '192.0.2.77/TCP/81' },
      ]);
      await dataplane.apply({ changed: [], gone: ['192.0.2.77/TCP/81'] });
      expect(namesIn(await network.ask('outside', '192.0.2.77:80'))).toEqual(['pod1']);
      network.run('host', 'sh', '-c', 'ip -4 addr del 192.0.2.77/32 dev lo');
      expect(await dataplane.check()).toBe(false);
      await dataplane.open({ ...OWNER, pods: network.pods });
      await dataplane.replace([balanced('this node')]);
      expect(namesIn(await network.ask('outside', '192.0.2.77:80'))).toEqual(['pod1']);
      await dataplane.apply({ changed: [], gone: [balanced('this node').key] });
      expect(network.run('host', 'ip', '-4', 'addr', 'show', 'dev', 'lo')).not.toContain('192.0.2.77');
    });
  });

  describe('a health-check node port', () => {
    const check = (localEndpoints: number) => ({ port: 30_500, namespace: 'default', name: 'web', localEndpoints });
    const body = (localEndpoints: number, serviceProxyHealthy = true) => ({
      service: { namespace: 'default', name: 'web' },
      localEndpoints,
      serviceProxyHealthy,
    });

    test('says from everywhere how many endpoints the node has, beside its node ports', async () => {
      const health = network.healthServer();
      const external = { address: undefined, port: 30_080, isExternal: true, hidesClient: true };
      await dataplane.replace([frontend({ ...external, backends: [backend('pod1')] })]);
      const at = `${TestNetwork.hostAddress}:30500`;
      expect(await health.serve([check(2)], true)).toEqual([]);
      for (const part of ['outside', 'pod1', 'host'] as const) {
        const { status, headers, text } = await network.get(part, `http://${at}/healthz`);
        expect([status, headers['content-type'], headers['x-load-balancing-endpoint-weight']]).toEqual([
          ...[200, 'application/json', '2'],
        ]);
        expect(JSON.parse(text)).toEqual(body(2));
      }
      expect(namesIn(await network.ask('outside', `${TestNetwork.hostAddress}:30080`))).toEqual(['pod1']);
      for (const [checks, isHealthy] of [
        [[check(0)], true],
        [[check(1)], false],
      ] as const) {
        await health.serve(checks, isHealthy);
        const { status, text } = await network.get('outside', `http://${at}/`);
        expect([status, JSON.parse(text)]).toEqual([503, body(checks[0].localEndpoints, isHealthy)]);
      }
      await network.serve('host', { port: 30_501 });
      const taken = await health.serve([check(1), { ...check(1), port: 30_501, name: 'other' }], true);
      expect(taken).toEqual([{ port: 30_501, service: 'default/other', why: expect.stringContaining('EADDRINUSE') }]);
      expect((await network.get('outside', `http://${at}/`)).status).toBe(200);
      await health.stop();
      expect(await network.ask('outside', at)).toEqual(['ECONNREFUSED']);
    });
    test('is given back at once, also under a client that says nothing', async () => {
      const health = network.healthServer();
      await health.serve([check(1)], true);
      const silent = network.hold('outside', `${TestNetwork.hostAddress}:30500`);
      expect((await network.get('outside', `http://${TestNetwork.hostAddress}:30500/`)).status).toBe(200);
      await health.serve([], true);
      expect(await network.ask('outside', `${TestNetwork.hostAddress}:30500`)).toEqual(['ECONNREFUSED']);
      silent.kill('SIGKILL');
      await health.stop();
    });
  });

  describe("a server on the node's loopback", () => {
    test('is reached through its service from pods and from the node, and in no other way', async () => {
      const api = { address: '127.0.0.1', port: 6443, isLocal: true };
      await dataplane.replace([frontend({ address: '10.96.0.1', port: 443, backends: [api] })]);
      expect(await network.ask('pod1', '10.96.0.1:443')).toEqual([
        isTransparent ? 'host 10.244.9.2' : 'host 127.0.0.1',
      ]);
      expect(namesIn(await network.ask('host', '10.96.0.1:443'))).toEqual(['host']);
      // With a route to the node's loopback by way of the bridge, as a hostile pod would set it.
      network.run('pod1', 'ip', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo');
      network.run('pod1', 'ip', 'route', 'add', '127.0.0.1/32', 'via', '10.244.9.1', 'src', '10.244.9.2');
      network.run('pod1', 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet');
      expect(namesIn(await network.ask('pod1', '127.0.0.1:6443'))).not.toEqual(['host']);
      expect(namesIn(await network.ask('outside', '10.96.0.1:443'))).not.toEqual(['host']);
    });
  });

  test('leaves nothing when it is removed', async () => {
    await dataplane.replace([frontend({ backends: [backend('pod1')] })]);
    expect(await dataplane.check()).toBe(true);
    await dataplane.remove(OWNER);
    expect(await dataplane.check()).toBe(false);
    expect(leftOn(network)).toBe('');
    expect(namesIn(await network.ask('pod2', `${VIP}:80`))).not.toEqual(['pod1']);
    await dataplane.remove(OWNER);
  });
}

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Backend, Frontend } from '#model';
import type { ServiceDataplane } from '#ports';
import type { DataplaneUnderTest } from './service-dataplane.contract.js';
import { frontendAt, namesIn } from './test-frontends.js';
import { TestNetwork, type Part } from './test-network.js';

const OWNER = { cluster: 'families-cluster', node: 'n1' };
const [VIP, VIP6] = ['10.96.3.4', 'fd00:96::34'];
const PORT = 8080;
const NODE_PORT = 30_090;
/** The node's address on the bridge of its pods. */
const GATEWAY = 'fd00:244:9::1';

/** What each data plane does for services of IPv4 and IPv6 where pods have addresses of both. */
export function twoFamiliesContract({ mark, make, isTransparent, leftOn }: DataplaneUnderTest): void {
  let network: TestNetwork;
  let dataplane: ServiceDataplane;
  const six = (...parts: readonly Part[]): readonly Backend[] =>
    parts.map((part) => ({ address: network.ipv6Of(part), port: PORT, isLocal: part !== 'outside' }));
  const four = (...parts: readonly Part[]): readonly Backend[] =>
    parts.map((part) => ({ address: network.addressOf(part), port: PORT, isLocal: part !== 'outside' }));
  const frontend = (backends: readonly Backend[], more: Partial<Frontend> = {}): Frontend =>
    frontendAt({ address: VIP6, ...more, backends });
  const nodePort = (backends: readonly Backend[], family?: 'IPv6'): Frontend =>
    frontend(backends, {
      ...{ address: undefined, port: NODE_PORT, isExternal: true, hidesClient: true },
      ...(family && { family }),
    });
  const ask = (part: Part, target: string, udp = false, times = 1): Promise<readonly string[]> =>
    network.ask(part, target, times, { udp });

  beforeAll(async () => {
    network = TestNetwork.make(mark);
    for (const part of ['pod1', 'pod2', 'outside'] as const) await network.serve(part, { port: PORT, address: '::' });
    dataplane = make(network);
    await dataplane.open({ ...OWNER, pods: network.bothPods });
  }, 60_000);
  afterAll(() => network?.remove());

  describe('a service of both families', () => {
    test('is reached at its address of IPv6 from a pod and from the node, over TCP and UDP, as at that of IPv4', async () => {
      const [all6, all4] = [six('pod1', 'pod2'), four('pod1', 'pod2')];
      await dataplane.replace([
        ...[frontend(all6), frontend(all6, { protocol: 'UDP' })],
        ...[frontend(all4, { address: VIP }), frontend(all4, { address: VIP, protocol: 'UDP' })],
      ]);
      for (const udp of [false, true])
        for (const part of ['pod1', 'host'] as const)
          for (const target of [`[${VIP6}]:80`, `${VIP}:80`])
            // One in a million is answered by the same one each time.
            expect([part, target, udp, ...namesIn(await ask(part, target, udp, 21))]).toEqual([
              ...[part, target, udp],
              ...['pod1', 'pod2'],
            ]);
    });
    test('shows who calls, as far as it can, and a pod that calls itself is answered', async () => {
      await dataplane.apply({ changed: [frontend(six('pod2'))], gone: [] });
      expect(await ask('pod1', `[${VIP6}]:80`)).toEqual([`pod2 ${isTransparent ? network.ipv6Of('pod1') : GATEWAY}`]);
      await dataplane.apply({ changed: [frontend(six('pod1'))], gone: [] });
      expect(namesIn(await ask('pod1', `[${VIP6}]:80`, false, 3))).toEqual(['pod1']);
    });
    test('has a node port in each family, which leads to endpoints of it and hides clients from other nodes', async () => {
      await dataplane.replace([nodePort(six('pod1'), 'IPv6'), nodePort(four('pod2'))]);
      expect(await ask('outside', `[${network.ipv6Of('host')}]:${NODE_PORT}`)).toEqual([`pod1 ${GATEWAY}`]);
      expect(namesIn(await ask('outside', `${network.addressOf('host')}:${NODE_PORT}`))).toEqual(['pod2']);
      if (isTransparent) expect(await ask('host', `[::1]:${NODE_PORT}`)).toEqual(['ECONNREFUSED']);
    });
    test('refuses at once where it has no endpoint, or no such port', async () => {
      await dataplane.replace([frontend([]), frontend(six('pod1'), { port: 81 }), nodePort([], 'IPv6')]);
      for (const part of ['pod1', 'host'] as const)
        for (const port of [80, 82]) expect(await ask(part, `[${VIP6}]:${port}`)).toEqual(['ECONNREFUSED']);
      expect(await ask('outside', `[${network.ipv6Of('host')}]:${NODE_PORT}`)).toEqual(['ECONNREFUSED']);
      expect(namesIn(await ask('pod1', `[${VIP6}]:81`))).toEqual(['pod1']);
    });
    test('keeps a client with its endpoint, and lets in only whom it allows', async () => {
      await dataplane.replace([frontend(six('pod1', 'pod2'), { affinitySeconds: 60 })]);
      expect(namesIn(await ask('host', `[${VIP6}]:80`, false, 20))).toHaveLength(1);
      const at = (sourceRanges: readonly string[]): Promise<void> =>
        dataplane.replace([frontend(six('pod1'), { isExternal: true, sourceRanges })]);
      const refused = [isTransparent ? 'timeout' : 'ECONNRESET'];
      await at(['10.0.0.0/8', '2001:db8::/64']);
      expect(namesIn(await ask('outside', `[${VIP6}]:80`))).toEqual(['pod1']);
      expect(namesIn(await ask('pod2', `[${VIP6}]:80`))).toEqual(refused);
      await at(['fd00:244::/32']);
      expect(namesIn(await ask('outside', `[${VIP6}]:80`))).toEqual(refused);
      expect(namesIn(await ask('pod2', `[${VIP6}]:80`))).toEqual(['pod1']);
      await at(['::/0']);
      expect(namesIn(await ask('pod2', `[${VIP6}]:80`))).toEqual(['pod1']);
    });
    test('forgets a flow of UDP whose endpoint is gone', async () => {
      const udp = (...parts: readonly Part[]): Frontend => frontend(six(...parts), { protocol: 'UDP' });
      const again = (): Promise<readonly string[]> =>
        network.ask('host', `[${VIP6}]:80`, 1, { udp: true, localPort: 5300 });
      await dataplane.replace([udp('pod1')]);
      expect(namesIn(await again())).toEqual(['pod1']);
      await dataplane.apply({ changed: [udp('pod2')], gone: [] });
      for (const end = performance.now() + 20_000; performance.now() < end && namesIn(await again())[0] !== 'pod2';);
      expect(namesIn(await again())).toEqual(['pod2']);
    });
    test('goes where pods have no addresses of IPv6 any more, and with all else', async () => {
      const all = [frontend(six('pod1')), frontend(four('pod1'), { address: VIP }), nodePort(six('pod1'), 'IPv6')];
      const atNode = `[${network.ipv6Of('host')}]:${NODE_PORT}`;
      await dataplane.replace(all);
      expect(namesIn(await ask('outside', atNode))).toEqual(['pod1']);
      await dataplane.open({ ...OWNER, pods: network.pods });
      await dataplane.replace(all);
      expect(namesIn(await ask('outside', atNode))).not.toEqual(['pod1']);
      expect(namesIn(await ask('pod2', `[${VIP6}]:80`))).not.toEqual(['pod1']);
      expect(namesIn(await ask('pod2', `${VIP}:80`))).toEqual(['pod1']);
      await dataplane.open({ ...OWNER, pods: network.bothPods });
      await dataplane.replace([frontend(six('pod1'))]);
      expect(namesIn(await ask('pod2', `[${VIP6}]:80`))).toEqual(['pod1']);
      expect(await dataplane.check()).toBe(true);
      await dataplane.remove(OWNER);
      expect(await dataplane.check()).toBe(false);
      expect(leftOn(network)).toBe('');
    });
  });
}

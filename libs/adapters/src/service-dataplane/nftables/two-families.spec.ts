import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { frontendAt } from '../test-frontends.js';
import { TestNetwork } from '../test-network.js';
import { twoFamiliesContract } from '../two-families.contract.js';
import { NftablesDataplane } from './nftables-dataplane.js';

const make = (network: TestNetwork): NftablesDataplane => new NftablesDataplane({ within: network.within('host') });
const tables = (network: TestNetwork): string => network.run('host', 'nft', 'list', 'tables');

twoFamiliesContract({ mark: 'n6', make, isTransparent: true, leftOn: tables });

describe('the table of IPv6', () => {
  const OWNER = { cluster: 'families-cluster', node: 'n2' };
  const FRONTEND = frontendAt({
    address: 'fd00:96::34',
    backends: [{ address: 'fd00:244:9::2', port: 8080, isLocal: true }],
  });
  let network: TestNetwork;
  let dataplane: NftablesDataplane;
  beforeAll(async () => {
    network = TestNetwork.make('t6');
    dataplane = make(network);
    await dataplane.open({ ...OWNER, pods: network.bothPods });
  }, 60_000);
  afterAll(() => network?.remove());

  test('is looked after with the other one', async () => {
    await dataplane.replace([FRONTEND]);
    expect(await dataplane.check()).toBe(true);
    network.run('host', 'sh', '-c', 'nft delete table ip6 $(nft list tables ip6 | grep -o "shiplog_.*")');
    expect(await dataplane.check()).toBe(false);
    await dataplane.replace([FRONTEND]);
    expect(await dataplane.check()).toBe(true);
  });
  test('goes where pods have no addresses of IPv6 any more, also that of an earlier life', async () => {
    expect(tables(network)).toContain('ip6 shiplog_');
    const later = make(network);
    await later.open({ ...OWNER, pods: network.pods });
    await later.replace([FRONTEND]);
    expect(tables(network)).not.toContain('ip6 shiplog_');
    expect(tables(network)).toContain('ip shiplog_');
  });
});

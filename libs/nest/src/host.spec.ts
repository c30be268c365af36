import { expect, it } from '@jest/globals';
import type { NetworkInterfaceInfo } from 'node:os';
import { globalIpv6, ownAddresses, shownInterfaces } from './host.js';

const at = (address: string, internal = false): NetworkInterfaceInfo[] => [
  { address, internal, family: 'IPv4', netmask: '255.255.255.0', mac: '0e:00:00:00:00:01', cidr: `${address}/24` },
];

it("this machine's addresses are those that others reach it by: none of container engines, nor of the network of pods", () => {
  const interfaces = {
    wlan0: at('192.0.2.7'),
    slx0123456789a: at('10.244.3.1'),
    'br-0123456789ab': at('172.18.0.1'),
    docker0: at('172.17.0.1'),
    lo: at('127.0.0.1', true),
    slxnet: at('198.51.100.7'),
  };
  expect(ownAddresses(interfaces)).toEqual(['198.51.100.7', '192.0.2.7']);
});

it('the address of IPv6 is one that others reach, on the device with the address of IPv4', () => {
  const at = (address: string, bits: number, internal = false) => ({
    ...{ address, internal, cidr: `${address}/${bits}` },
    family: address.includes(':') ? ('IPv6' as const) : ('IPv4' as const),
  });
  const eth0 = [at('192.0.2.7', 24), at('fe80::1', 64), at('2001:db8::7', 64)];
  const interfaces = { lo: [at('::1', 128, true)], docker0: [at('172.17.0.1', 16), at('fd00::1', 64)], eth0 };
  expect(globalIpv6(interfaces)).toEqual({ address: '2001:db8::7', bits: 64 });
  expect(globalIpv6({ ...interfaces, eth0: eth0.slice(0, 2) })).toBeUndefined();
  expect(globalIpv6({})).toBeUndefined();
});

it('a machine whose cable is out has the address that it had', () => {
  const shown = [
    { ifname: 'lo', flags: ['LOOPBACK', 'UP'], addr_info: [{ family: 'inet', local: '127.0.0.1', scope: 'host' }] },
    { ifname: 'docker0', flags: ['UP'], addr_info: [{ family: 'inet', local: '172.17.0.1', scope: 'global' }] },
    {
      ifname: 'eth0',
      flags: ['NO-CARRIER', 'UP'],
      addr_info: [{ family: 'inet', local: '192.0.2.7', scope: 'global' }],
    },
    { ifname: 'eth1', flags: ['NO-CARRIER', 'UP'] },
  ];
  expect(ownAddresses(shownInterfaces(JSON.stringify(shown)))).toEqual(['192.0.2.7']);
});

import { describe, expect, test } from '@jest/globals';
import type { EndpointSlice, Service } from '#kinds';
import { ServiceTable } from './index.js';

const ports = Array.from({ length: 1000 }, (_, i) => ({ name: `p${i}`, port: 1000 + i }));
const slices = Array.from(
  { length: 10 },
  (_, s) =>
    ({
      metadata: { name: `big-${s}`, namespace: 'default', labels: { 'kubernetes.io/service-name': 'big' } },
      addressType: 'IPv4',
      endpoints: Array.from({ length: 100 }, (_, i) => endpoint(s * 100 + i)),
      ports: ports.map(({ name, port }) => ({ name, port: port + 1000 })),
    }) as unknown as EndpointSlice,
);
function endpoint(i: number): object {
  return { addresses: [`10.244.${i >> 8}.${i & 255}`], nodeName: `n${i % 50}`, conditions: { ready: true } };
}
function service(spec: object): Service {
  const metadata = { name: 'big', namespace: 'default' };
  return {
    metadata,
    spec: { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports, ...spec },
  } as unknown as Service;
}
function tableOf(node: string, spec: object): ServiceTable {
  const table = new ServiceTable({ node, zone: undefined, redirect: undefined });
  table.putService('default', 'big', service(spec));
  for (const one of slices) table.putSlice('default', one.metadata.name, one);
  return table;
}

describe('a service of 1,000 ports with 1,000 endpoints', () => {
  test('has each port led to some of them, those of the node first, and says so', () => {
    const table = tableOf('n1', {});
    const { changed } = table.changes();
    expect(changed).toHaveLength(1000);
    expect(new Set(changed.map(({ backends }) => backends.length))).toEqual(new Set([100]));
    expect(changed[0]?.backends.filter(({ isLocal }) => isLocal)).toHaveLength(20);
    expect(table.limits).toEqual([
      'service default/big has 1000 ports with 1000 endpoints: 1000 ports lead to 100 of them',
    ]);
    const elsewhere = tableOf('n2', {})
      .changes()
      .changed[0]?.backends.map(({ address }) => address);
    expect(elsewhere).not.toEqual(changed[0]?.backends.map(({ address }) => address));
    table.putService('default', 'big', service({ ports: ports.slice(0, 10) }));
    expect(table.changes().changed[0]?.backends).toHaveLength(1000);
    expect(table.limits).toEqual([]);
  });
  test('and many addresses is led by the first of its ports', () => {
    const externalIPs = Array.from({ length: 98 }, (_, i) => `192.0.2.${i}`);
    const table = tableOf('n1', { externalIPs });
    expect(table.changes().changed).toHaveLength(101 * 99);
    expect(table.limits).toEqual([
      'service default/big has 1000 ports with 1000 endpoints: 101 ports lead to 10 of them',
    ]);
  });
});

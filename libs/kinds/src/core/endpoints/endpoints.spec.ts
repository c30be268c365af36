import { describe, expect, it } from '@jest/globals';
import { specification } from '#model/testing';
import type { JsonObject } from '#std';
import { endpointsKind, registry } from '../../index.js';

const kind = 'core.endpoints';
const namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'default', uid: 'ns' },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
};
const body = (subsets: readonly JsonObject[]): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'e' },
  subsets,
});
const write = (verb: 'create' | 'update', subsets: readonly JsonObject[]) =>
  specification(registry)
    .given([namespace])
    .when({ verb, kind, apiVersion: 'v1', namespace: 'default', name: 'e', body: body(subsets) });

describe('endpoints', () => {
  it('stay as they were sent, with protocols', () => {
    write('create', [
      { addresses: [{ ip: '10.1.2.9' }, { ip: '10.1.2.3' }, { ip: '10.1.2.9' }], ports: [{ port: 80 }] },
      { addresses: [{ ip: '10.1.2.9' }], ports: [{ port: 80 }] },
    ]).thenObject({
      subsets: [
        {
          addresses: [{ ip: '10.1.2.9' }, { ip: '10.1.2.3' }, { ip: '10.1.2.9' }],
          ports: [{ port: 80, protocol: 'TCP' }],
        },
        { addresses: [{ ip: '10.1.2.9' }], ports: [{ port: 80, protocol: 'TCP' }] },
      ],
    });
  });
  it('are made by a PUT', () => {
    write('update', []).thenObject({ kind: 'Endpoints' });
  });
  it.each([
    [{}, 'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`'],
    [
      { addresses: [{ ip: '127.0.0.1' }] },
      'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
    [
      { notReadyAddresses: [{ ip: '10.1.2.3' }], ports: [{ port: 0 }] },
      'subsets[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
    [
      { addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }, { port: 81, name: 'b' }] },
      'subsets[0].ports[0].name: Required value',
    ],
  ])('%j is refused', (subset, problem) => {
    write('create', [subset]).thenRefused(422, `Endpoints "e" is invalid: ${problem}`);
  });
  it('show at most three places', () => {
    const cell = endpointsKind.columns[1]?.cell(
      {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name: 'e', uid: 'e' },
        subsets: [
          { addresses: [{ ip: '10.1.0.4' }, { ip: '10.1.0.5' }], ports: [{ port: 80 }, { port: 53 }] },
          { addresses: [{ ip: '2001:db8::4' }], ports: [{ port: 90 }] },
        ],
      },
      0,
    );
    expect(cell).toBe('10.1.0.4:80,10.1.0.5:80,10.1.0.4:53 + 2 more...');
  });
});

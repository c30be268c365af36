import { describe, it } from '@jest/globals';
import { specification } from '#model/testing';
import type { JsonObject } from '#std';
import { registry } from '../../index.js';

const kind = 'discovery.k8s.io.endpointslices';
const namespace = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'default', uid: 'ns' },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
};
const create = (parts: JsonObject) =>
  specification(registry)
    .given([namespace])
    .when({
      verb: 'create',
      kind,
      apiVersion: 'discovery.k8s.io/v1',
      namespace: 'default',
      body: {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: 's' },
        addressType: 'IPv4',
        endpoints: [],
        ...parts,
      },
    });

describe('an endpoint slice', () => {
  it('shows empty lists as none and completes its ports', () => {
    create({ ports: [{ port: 80 }] }).thenObject({ endpoints: null, ports: [{ name: '', port: 80, protocol: 'TCP' }] });
  });
  it('drops the topology of the beta version', () => {
    create({ endpoints: [{ addresses: ['10.1.0.4'], deprecatedTopology: { x: 'y' } }] }).thenObject({
      endpoints: [{ addresses: ['10.1.0.4'], conditions: {} }],
    });
  });
  it.each([
    [{ addressType: 'IPX' }, 'addressType: Unsupported value: "IPX": supported values: "FQDN", "IPv4", "IPv6"'],
    [{ endpoints: [{ addresses: [] }] }, 'endpoints[0].addresses: Required value: must contain at least 1 address'],
    [
      { endpoints: [{ addresses: ['2001:db8::4'] }] },
      'endpoints[0].addresses: Invalid value: "2001:db8::4": must be an IPv4 address',
    ],
    [{ ports: [{ name: 'web' }, { name: 'web' }] }, 'ports[1].name: Duplicate value: "web"'],
  ])('%j is refused', (parts, problem) => {
    create(parts).thenRefused(422, `EndpointSlice.discovery.k8s.io "s" is invalid: ${problem}`);
  });
});

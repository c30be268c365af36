import { describe, expect, it } from '@jest/globals';
import { TestView } from '#model/testing';
import type { JsonObject } from '#std';
import { registry, serviceEndpoints } from './index.js';

const service = (spec: JsonObject) => ({ apiVersion: 'v1', kind: 'Service', metadata: named('web'), spec });
const slice = (name: string, parts: JsonObject, serviceName = 'web') => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { ...named(name), labels: { 'kubernetes.io/service-name': serviceName } },
  addressType: 'IPv4',
  ...parts,
});
const named = (name: string) => ({ name, namespace: 'team', uid: name });
const at = (address: string, conditions: JsonObject = {}) => ({ addresses: [address], conditions });
const PORTS = [{ name: 'tls', port: 8443, protocol: 'TCP' }];
const TLS = service({ type: 'ClusterIP', ports: [{ name: 'tls', port: 443, protocol: 'TCP', targetPort: 8443 }] });
const resolve = (objects: readonly object[], port = 443, seed = '') => {
  const view = new TestView(registry);
  for (const object of objects) view.put(object as never);
  return serviceEndpoints(view, { namespace: 'team', name: 'web', port }, seed);
};

describe('the endpoints of a service', () => {
  it('are those of its slices that are ready, on the port that has the name of the service port', () => {
    const ports = [{ name: 'other', port: 1, protocol: 'TCP' }, ...PORTS];
    const endpoints = [at('10.0.0.1', { ready: false }), at('10.0.0.2', { ready: true }), at('10.0.0.3')];
    const found = resolve([TLS, slice('a', { ports, endpoints })]);
    expect(found).toHaveLength(2);
    expect(found).toEqual(
      expect.arrayContaining([
        { host: '10.0.0.2', port: 8443 },
        { host: '10.0.0.3', port: 8443 },
      ]),
    );
  });
  it('are few, and begin at another one with another seed', () => {
    const endpoints = Array.from({ length: 200 }, (_, i) => at(`10.0.0.${i}`));
    const objects = [TLS, slice('a', { ports: PORTS, endpoints })];
    const firsts = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const found = resolve(objects, 443, `request ${i}`);
      if (!('length' in found)) throw new Error(found.problem);
      expect(found).toHaveLength(3);
      firsts.add(found[0].host);
    }
    expect(firsts.size).toBeGreaterThan(10);
    expect(resolve(objects, 443, 'x')).toEqual(resolve(objects, 443, 'x'));
  });
  it('are the name of a service that stands for one', () => {
    expect(resolve([service({ type: 'ExternalName', externalName: 'hooks.example.com' })])).toEqual([
      { host: 'hooks.example.com', port: 443 },
    ]);
  });
  it.each([
    [[], 443, 'service "web" not found'],
    [[TLS], 444, 'no service port 444 found for service "web"'],
    [[TLS], 443, 'no endpoints available for service "web"'],
    [
      [TLS, slice('a', { ports: PORTS, endpoints: [at('10.0.0.1')] }, 'db')],
      443,
      'no endpoints available for service "web"',
    ],
    [
      [TLS, slice('a', { ports: PORTS, endpoints: [at('127.0.0.1')] })],
      443,
      'no endpoints available for service "web"',
    ],
    [[TLS, slice('a', { ports: null, endpoints: null })], 443, 'no endpoints available for service "web"'],
  ])('%#: a service without any says why', (objects, port, problem) => {
    expect(resolve(objects, port)).toMatchObject({ problem });
  });
});

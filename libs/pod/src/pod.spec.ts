import { describe, expect, it } from '@jest/globals';
import { hostPortsOf, portsConflict } from './host-ports.js';
import { matchesNode } from './node-affinity.js';
import { qosClass } from './qos.js';
import { podRequests } from './requests.js';
import type { Container, Pod, PodSpec } from './schema/index.js';

type Amounts = { readonly [resource: string]: string };
const asking = (name: string, requests?: Amounts, more: Partial<Container> = {}): Container => ({
  name,
  ...more,
  ...((requests ?? more.resources) && { resources: { ...(requests && { requests }), ...more.resources } }),
});
const podOf = (spec: Partial<PodSpec>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u' },
  spec: { containers: [asking('app')], ...spec },
});

describe('what a pod asks of a node', () => {
  const asked = (spec: Partial<PodSpec>): object => Object.fromEntries(podRequests(podOf(spec)));

  it('is the sum of its containers and sidecars, or what it needs at most while it starts', () => {
    const containers = [asking('a', { cpu: '100m', memory: '1Ki' }), asking('b', { cpu: '0.2' })];
    expect(asked({ containers })).toEqual({ cpu: 300, memory: 1024 });
    const sidecar = asking('s', { cpu: '50m' }, { restartPolicy: 'Always' });
    expect(asked({ containers, initContainers: [sidecar] })).toEqual({ cpu: 350, memory: 1024 });
    const init = asking('i', { cpu: '1' });
    expect(asked({ containers, initContainers: [init, sidecar] })).toEqual({ cpu: 1000, memory: 1024 });
    expect(asked({ containers, initContainers: [sidecar, init] })).toEqual({ cpu: 1050, memory: 1024 });
  });

  it('is what a container limits where it does not say what it asks for', () => {
    expect(asked({ containers: [asking('a', undefined, { resources: { limits: { cpu: '2' } } })] })).toEqual({
      cpu: 2000,
    });
  });

  it('is what the pod asks for as a whole where it says so, and its overhead on top', () => {
    const containers = [asking('a', { cpu: '1', memory: '1Ki' })];
    const resources = { requests: { cpu: '300m' }, limits: { cpu: '2', memory: '4Ki' } };
    expect(asked({ containers, resources })).toEqual({ cpu: 300, memory: 1024 });
    expect(asked({ containers, resources, overhead: { cpu: '10m' } })).toEqual({ cpu: 310, memory: 1024 });
  });
});

describe('the class of service', () => {
  const both = { cpu: '1', memory: '1Gi' };
  it.each<[string, Partial<PodSpec>]>([
    ['BestEffort', {}],
    ['BestEffort', { containers: [asking('a', { cpu: '0', 'example.com/device': '1' })] }],
    ['Burstable', { containers: [asking('a', { cpu: '1' })] }],
    ['Guaranteed', { containers: [asking('a', both, { resources: { limits: both } })] }],
    ['Burstable', { containers: [asking('a', both, { resources: { limits: both } }), asking('b')] }],
    // What the pod says of itself as a whole counts alone.
    ['Guaranteed', { containers: [asking('a')], resources: { requests: both, limits: both } }],
    ['BestEffort', { containers: [asking('a', both)], resources: {} }],
  ])('is %s', (expected, spec) => {
    expect(qosClass(podOf(spec))).toBe(expected);
  });
});

describe('ports of the node', () => {
  const ports = [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }];
  it('are those of containers and sidecars', () => {
    const init = [
      { name: 'i', ports },
      { name: 's', ports: [{ containerPort: 1, hostPort: 1, protocol: 'UDP' }], restartPolicy: 'Always' },
    ];
    expect(hostPortsOf(podOf({ containers: [{ name: 'a', ports }], initContainers: init }))).toEqual([
      { ip: '0.0.0.0', protocol: 'TCP', port: 8080 },
      { ip: '0.0.0.0', protocol: 'UDP', port: 1 },
    ]);
  });

  it('conflict on the same address, or when one of them is on all', () => {
    const at = (ip: string, protocol = 'TCP') => ({ ip, protocol, port: 80 });
    expect(portsConflict(at('10.0.0.1'), at('10.0.0.2'))).toBe(false);
    expect(portsConflict(at('10.0.0.1'), at('0.0.0.0'))).toBe(true);
    expect(portsConflict(at('10.0.0.1'), at('10.0.0.1', 'UDP'))).toBe(false);
  });
});

describe('the nodes that a pod may be on', () => {
  it('have the labels of its selector, and match one of its terms', () => {
    const matches = matchesNode(
      podOf({
        nodeSelector: { disk: 'ssd' },
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['8'] }] },
                { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] },
                {},
              ],
            },
          },
        },
      }),
    );
    expect(matches({ name: 'n1', labels: { disk: 'ssd' } })).toBe(true);
    expect(matches({ name: 'n1', labels: {} })).toBe(false);
    expect(matches({ name: 'n2', labels: { disk: 'ssd', cores: '16' } })).toBe(true);
    expect(matches({ name: 'n2', labels: { disk: 'ssd', cores: '8' } })).toBe(false);
  });
});

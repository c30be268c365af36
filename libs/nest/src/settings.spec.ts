import { describe, expect, it } from '@jest/globals';
import { apiUrl, readSettings } from './settings.js';

const read = (env: Record<string, string>, apps: Parameters<typeof readSettings>[1] = ['api']) =>
  readSettings('test', apps, { SHIPLOG_HOME: '/data', ...env });

describe('what the environment says', () => {
  it.each([
    ['10.300.0.0/16', 'it must be a range of IPv4 addresses'],
    ['10.244.1.0/16', 'it must be a range of IPv4 addresses'],
    ['fd00::/16', 'it must be a range of IPv4 addresses'],
    ['10.244.0.0', 'it must be a range of IPv4 addresses'],
    ['10.64.0.0/10', 'it overlaps 10.96.0.0/16, where Services have their addresses'],
    ['127.0.0.0/16', 'it has addresses that no pod may have'],
    ['10.244.0.0/16,10.9.0.0/16', 'behind the range of IPv4 may be one of IPv6'],
    ['10.244.0.0/16,fd00::/56,fd01::/56', 'behind the range of IPv4 may be one of IPv6'],
    ['10.244.0.0/16,fe80::/64', 'it has addresses that no pod may have'],
    ['10.244.0.0/16,fd00::1/56', 'behind the range of IPv4 may be one of IPv6'],
    ['10.244.0.0/29', 'it is too small: at least a /28 is needed for each node'],
  ])('the network of pods is a range that can be one: %s is none', (podCidr, why) =>
    expect(() => read({ SHIPLOG_POD_CIDR: podCidr })).toThrow(`SHIPLOG_POD_CIDR is "${podCidr}": ${why}`),
  );

  it('the port of the bus is one that there can be', () => {
    expect(read({}).busPort).toBeUndefined();
    expect(read({ SHIPLOG_BUS_PORT: '4222' }).busPort).toBe(4222);
    for (const port of ['0', '65536', 'x']) expect(() => read({ SHIPLOG_BUS_PORT: port })).toThrow('SHIPLOG_BUS_PORT');
  });

  it('the part of each node is within the network of pods, and there are at most 65,536', () => {
    expect(read({})).toMatchObject({ podCidr: '10.244.0.0/16', nodeCidrMask: 24 });
    expect(read({ SHIPLOG_POD_CIDR: '10.128.0.0/9', SHIPLOG_NODE_CIDR_MASK: '25' }).nodeCidrMask).toBe(25);
    for (const mask of ['15', '29', 'x', '24.0', '-1'])
      expect(() => read({ SHIPLOG_NODE_CIDR_MASK: mask })).toThrow(
        `SHIPLOG_NODE_CIDR_MASK is "${mask}": the part of SHIPLOG_POD_CIDR (10.244.0.0/16) for each node must be from /16 to /28`,
      );
    expect(() => read({ SHIPLOG_POD_CIDR: '11.0.0.0/8', SHIPLOG_NODE_CIDR_MASK: '25' })).toThrow('from /8 to /24');
    expect(() => read({ SHIPLOG_POD_NETWORK: 'ipip' })).toThrow('choose from auto, routes, vxlan, off');
  });

  it('there may be a second network of pods and of services, of IPv6', () => {
    expect(read({})).toMatchObject({ podCidrIpv6: undefined, serviceCidrIpv6: undefined });
    const pods = '10.244.0.0/16,fd00:10:244::/56';
    const both = { SHIPLOG_POD_CIDR: pods, SHIPLOG_SERVICE_CIDR: '10.96.0.0/16,fd00:10:96::/108' };
    expect(read(both)).toMatchObject({
      podCidr: '10.244.0.0/16',
      podCidrIpv6: 'fd00:10:244::/56',
      nodeCidrMaskIpv6: 64,
      serviceCidrIpv6: 'fd00:10:96::/108',
    });
    expect(read({ ...both, SHIPLOG_NODE_CIDR_MASK_IPV6: '72' }).nodeCidrMaskIpv6).toBe(72);
    expect(() => read({ ...both, SHIPLOG_NODE_CIDR_MASK_IPV6: '73' })).toThrow('must be from /56 to /72');
    for (const [services, why] of [
      ['10.97.0.0/16', 'its range of IPv4 is 10.96.0.0/16 in each cluster'],
      ['10.96.0.0/16,fd00::/48', 'its range of IPv6 must be from /64 to /120'],
    ] as const)
      expect(() => read({ ...both, SHIPLOG_SERVICE_CIDR: services })).toThrow(why);
    expect(() => read({ ...both, SHIPLOG_POD_CIDR: '10.244.0.0/16' })).toThrow('pods have no addresses of IPv6');
    expect(() => read({ ...both, SHIPLOG_POD_CIDR: '10.244.0.0/16,fd00:10:96::/64' })).toThrow(
      'it overlaps fd00:10:96::/108, where Services have their addresses',
    );
  });

  it('a node is measured as often as it says', () => {
    expect(read({}).metricsIntervalMs).toBe(1000);
    for (const [text, ms] of [
      ['0', 0],
      ['500ms', 500],
      ['2s', 2000],
      ['10m', 600_000],
    ] as const)
      expect(read({ SHIPLOG_METRICS_INTERVAL: text }).metricsIntervalMs).toBe(ms);
    for (const text of ['1', '-1s', '1h', '99ms', '11m', 'often', '0s', '1.5s'])
      expect(() => read({ SHIPLOG_METRICS_INTERVAL: text })).toThrow(
        `SHIPLOG_METRICS_INTERVAL is "${text}": write a duration from 100ms to 10m`,
      );
  });

  it('ingresses are served at two ports, or not at all', () => {
    expect(read({}).ingressPorts).toEqual({ http: 80, https: 443 });
    expect(read({ SHIPLOG_INGRESS_PORTS: '8080,8443' }).ingressPorts).toEqual({ http: 8080, https: 8443 });
    expect(read({ SHIPLOG_INGRESS_PORTS: 'off' }).ingressPorts).toBeUndefined();
    for (const text of ['80', '80,80', '0,443', '80,65536', 'a,b', '80,443,1', 'on'])
      expect(() => read({ SHIPLOG_INGRESS_PORTS: text })).toThrow(
        `SHIPLOG_INGRESS_PORTS is "${text}": give a port for HTTP and one for HTTPS`,
      );
  });

  it('a node has a name that the API takes', () => {
    expect(read({ SHIPLOG_NODE: 'Node-1.example' }, ['agent']).node).toBe('node-1.example');
    for (const name of ['my_box', '-a', 'a..b', 'x'.repeat(254)])
      expect(() => read({ SHIPLOG_NODE: name }, ['agent'])).toThrow(/cannot be the name of a node: .*SHIPLOG_NODE/);
    // Who runs no node need not have a name for one.
    expect(read({ SHIPLOG_NODE: 'my_box' }).process).toBe('test');
  });

  it.each([
    ['127.0.0.1:7000', 'https://127.0.0.1:7000'],
    [':7000', 'https://127.0.0.1:7000'],
    ['0.0.0.0:7000', 'https://127.0.0.1:7000'],
    ['[::1]:7000', 'https://[::1]:7000'],
    ['[::]:7000', 'https://127.0.0.1:7000'],
  ])('the API on %s is reached at %s', (address, url) =>
    expect(apiUrl(read({ SHIPLOG_API_ADDRESS: address }))).toBe(url),
  );

  it.each(['7000', 'a:0', 'a:65536', '::1:70', 'a:b'])('%s is no address', (address) =>
    expect(() => read({ SHIPLOG_API_ADDRESS: address })).toThrow('which is no host and port'),
  );

  it('a part of the node is kept from pods, and it is short of something where it says', () => {
    expect(read({})).toMatchObject({ reserved: [{}, {}], evictionHard: undefined });
    const kept = { SHIPLOG_SYSTEM_RESERVED: 'cpu=500m,memory=1Gi', SHIPLOG_KUBE_RESERVED: 'memory=512Mi' };
    expect(read({ ...kept, SHIPLOG_EVICTION_HARD: 'nodefs.available<1Gi' })).toMatchObject({
      reserved: [{ cpu: '500m', memory: '1Gi' }, { memory: '512Mi' }],
      evictionHard: { 'nodefs.available': { amount: 2 ** 30 } },
    });
    expect(() => read({ SHIPLOG_KUBE_RESERVED: 'cpu=much' })).toThrow(
      'SHIPLOG_KUBE_RESERVED is "cpu=much": "much" is no amount: write it like 500m or 1Gi',
    );
    expect(() => read({ SHIPLOG_SYSTEM_RESERVED: 'pods=3' })).toThrow('SHIPLOG_SYSTEM_RESERVED is "pods=3"');
    expect(() => read({ SHIPLOG_EVICTION_HARD: 'disk<1' })).toThrow(
      'SHIPLOG_EVICTION_HARD is "disk<1": "disk<1" is no threshold',
    );
  });
});

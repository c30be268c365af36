import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Endpoint, EndpointSlice, Node, Service } from '#kinds';
import { addressPool, type AddressPool } from '../service-load-balancer/pool.js';
import { BalancerNodes } from './balancer-nodes.js';
import { frontendsOf, ServiceTable, type ProxyPlace } from './index.js';

const POOL = addressPool('192.0.2.0/24') as AddressPool;
const HERE: ProxyPlace = { node: 'n1', zone: 'z1', redirect: undefined, pool: POOL };

function service(spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ name: 'http', port: 80 }], ...spec },
  } as unknown as Service;
}
function slice(endpoints: readonly Record<string, unknown>[], name = 'web-1', of = 'web'): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    endpoints,
    ports: [{ name: 'http', port: 8080 }],
  } as unknown as EndpointSlice;
}
const at = (address: string, more: Partial<Endpoint> = {}): Record<string, unknown> => ({
  addresses: [address],
  nodeName: 'n1',
  ...more,
});
const READY = { ready: true, serving: true, terminating: false };
const UNREADY = { ready: false, serving: false, terminating: false };
const LEAVING = { ready: false, serving: true, terminating: true };
const ENDED = { ready: false, serving: false, terminating: true };

const summary = (one: Service, slices: readonly EndpointSlice[], place = HERE): Record<string, string> =>
  Object.fromEntries(
    frontendsOf(one, slices, place).map(({ key, backends, whenEmpty }) => [
      key,
      backends.map(({ address, port }) => `${address}:${port}`).join(' ') || whenEmpty,
    ]),
  );

describe('ways into a service', () => {
  test('lead to ready endpoints by the name of the port', () => {
    const endpoints = slice([at('10.244.0.3', { conditions: READY }), at('10.244.0.4', { conditions: UNREADY })]);
    expect(summary(service(), [endpoints])).toEqual({ '10.96.0.7/TCP/80': '10.244.0.3:8080' });
    const other = service({ ports: [{ name: 'other', port: 80 }] });
    expect(summary(other, [endpoints])).toEqual({ '10.96.0.7/TCP/80': 'reject' });
    const udp = service({ ports: [{ name: 'http', port: 80, protocol: 'UDP' }] });
    expect(summary(udp, [endpoints])).toEqual({ '10.96.0.7/UDP/80': 'reject' });
  });
  test('are those of each family that the service has, with endpoints of the same one', () => {
    const slices = [
      slice([at('10.244.0.3', { conditions: READY })]),
      { ...slice([at('fd00::3', { conditions: READY })], 'web-2'), addressType: 'IPv6' },
    ];
    const dual = service({
      ...{ type: 'NodePort', clusterIPs: ['10.96.0.7', 'fd00:96:0::7'] },
      ports: [{ name: 'http', port: 80, nodePort: 30_080 }],
    });
    expect(summary(dual, slices)).toEqual({
      '10.96.0.7/TCP/80': '10.244.0.3:8080',
      'fd00:96::7/TCP/80': 'fd00::3:8080',
      'node/TCP/30080': '10.244.0.3:8080',
      'node6/TCP/30080': 'fd00::3:8080',
    });
    const six = { ...dual, spec: { ...dual.spec, clusterIP: 'fd00:96::7', clusterIPs: ['fd00:96::7'] } };
    expect(Object.keys(summary(six, slices))).toEqual(['fd00:96::7/TCP/80', 'node6/TCP/30080']);
    const ofNodes = frontendsOf(dual, slices, HERE).filter(({ address }) => address === undefined);
    expect(ofNodes.map(({ family }) => family)).toEqual([undefined, 'IPv6']);
  });
  test('are none for a headless service and an ExternalName', () => {
    expect(summary(service({ clusterIP: 'None', clusterIPs: ['None'] }), [slice([at('10.244.0.3')])])).toEqual({});
    expect(summary(service({ type: 'ExternalName', externalName: 'example.org' }), [])).toEqual({});
  });
  test('lead to endpoints on their way out only when no other is left', () => {
    const leaving = [at('10.244.0.3', { conditions: LEAVING }), at('10.244.0.4', { conditions: ENDED })];
    expect(summary(service(), [slice(leaving)])).toEqual({ '10.96.0.7/TCP/80': '10.244.0.3:8080' });
    const both = [...leaving, at('10.244.0.5', { conditions: READY })];
    expect(summary(service(), [slice(both)])).toEqual({ '10.96.0.7/TCP/80': '10.244.0.5:8080' });
    expect(summary(service(), [slice([at('10.244.0.4', { conditions: ENDED })])])).toEqual({
      '10.96.0.7/TCP/80': 'reject',
    });
  });
  test('name an endpoint once that is in two slices', () => {
    const slices = [slice([at('10.244.0.3')]), slice([at('10.244.0.3')], 'web-2')];
    expect(summary(service(), slices)).toEqual({ '10.96.0.7/TCP/80': '10.244.0.3:8080' });
  });
  test('are the cluster IP, external IPs, addresses of a load balancer and the node port', () => {
    const one = {
      ...service({
        type: 'LoadBalancer',
        externalIPs: ['192.0.2.9'],
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        ports: [{ name: 'http', port: 80, nodePort: 30_080 }],
      }),
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.50' }, { ip: '192.0.2.51', ipMode: 'Proxy' }] } },
    } as unknown as Service;
    const frontends = frontendsOf(one, [slice([at('10.244.0.3')])], HERE);
    expect(frontends.map(({ key, isExternal, hidesClient }) => ({ key, isExternal, hidesClient }))).toEqual([
      { key: '10.96.0.7/TCP/80', isExternal: false, hidesClient: false },
      { key: '192.0.2.9/TCP/80', isExternal: true, hidesClient: true },
      { key: '192.0.2.50/TCP/80', isExternal: true, hidesClient: true },
      { key: 'node/TCP/30080', isExternal: true, hidesClient: true },
    ]);
    expect(frontends.map(({ sourceRanges }) => sourceRanges)).toEqual([
      undefined,
      undefined,
      ['10.0.0.0/8'],
      undefined,
    ]);
  });
  test('stay on the node where the policy is Local: inside, outside, each by itself', () => {
    const ports = [{ name: 'http', port: 80, nodePort: 30_080 }];
    const slices = [slice([at('10.244.0.3'), at('10.244.1.3', { nodeName: 'n2' })])];
    const elsewhere = [slice([at('10.244.1.3', { nodeName: 'n2' })])];
    const inside = service({ ports, internalTrafficPolicy: 'Local' });
    expect(summary(inside, slices)).toEqual({
      '10.96.0.7/TCP/80': '10.244.0.3:8080',
      'node/TCP/30080': '10.244.0.3:8080 10.244.1.3:8080',
    });
    expect(summary(inside, elsewhere)['10.96.0.7/TCP/80']).toBe('drop');
    expect(summary(inside, [])['10.96.0.7/TCP/80']).toBe('reject');
    const outside = service({ ports, externalTrafficPolicy: 'Local' });
    expect(summary(outside, slices)['node/TCP/30080']).toBe('10.244.0.3:8080');
    expect(summary(outside, elsewhere)).toEqual({ '10.96.0.7/TCP/80': '10.244.1.3:8080', 'node/TCP/30080': 'drop' });
    expect(frontendsOf(outside, slices, HERE).map((one) => one.hidesClient)).toEqual([false, false]);
    const insideOf = (some: readonly EndpointSlice[]) =>
      frontendsOf(outside, some, HERE).map((one) => one.inside?.map(({ address }) => address));
    expect(insideOf(slices)).toEqual([undefined, ['10.244.0.3', '10.244.1.3']]);
    expect(insideOf(elsewhere)).toEqual([undefined, ['10.244.1.3']]);
    expect(insideOf([slice([at('10.244.0.3', { nodeName: 'n1' })])])).toEqual([undefined, undefined]);
    expect(frontendsOf(inside, slices, HERE).map((one) => one.inside)).toEqual([undefined, undefined]);
  });
  test('prefer what is meant for the node, then for the zone, if every endpoint is meant for somebody', () => {
    const forZone = (name: string) => ({ hints: { forZones: [{ name }] } });
    const zoned = [at('10.244.0.3', forZone('z1')), at('10.244.1.3', forZone('z2'))];
    expect(summary(service(), [slice(zoned)])).toEqual({ '10.96.0.7/TCP/80': '10.244.0.3:8080' });
    const somewhere = [...zoned, at('10.244.2.3')];
    expect(summary(service(), [slice(somewhere)])['10.96.0.7/TCP/80']?.split(' ')).toHaveLength(3);
    expect(summary(service(), [slice(zoned)], { ...HERE, zone: 'z3' })['10.96.0.7/TCP/80']?.split(' ')).toHaveLength(2);
    const forNode = (node: string) => ({ hints: { forNodes: [{ name: node }], forZones: [{ name: 'z1' }] } });
    const noded = [at('10.244.0.3', forNode('n1')), at('10.244.1.3', forNode('n2'))];
    expect(summary(service(), [slice(noded)])).toEqual({ '10.96.0.7/TCP/80': '10.244.0.3:8080' });
    expect(summary(service(), [slice(noded)], { ...HERE, node: 'n3' })['10.96.0.7/TCP/80']?.split(' ')).toHaveLength(2);
  });
  test('keep a client with its pod: three hours, or as long as is said', () => {
    const seconds = (spec: Record<string, unknown>) => frontendsOf(service(spec), [], HERE)[0]?.affinitySeconds;
    expect(seconds({})).toBeUndefined();
    expect(seconds({ sessionAffinity: 'ClientIP' })).toBe(10_800);
    expect(seconds({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } })).toBe(
      5,
    );
  });
  test('lead to what an endpoint is on this node, where others know it by another address', () => {
    const to = { address: '127.0.0.1', port: 6443 };
    const place = { ...HERE, redirect: { from: { address: '192.0.2.2', port: 8080 }, to } };
    expect(summary(service(), [slice([at('192.0.2.2')])], place)).toEqual({ '10.96.0.7/TCP/80': '127.0.0.1:6443' });
  });
});

const BALANCED = { loadBalancer: { ingress: [{ ip: '192.0.2.50' }] } };
function nodeThatIs(name: string, is: 'ready' | 'silent' | 'excluded' | 'gone'): Node | undefined {
  if (is === 'gone') return undefined;
  const labels = is === 'excluded' ? { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } : {};
  const status = { conditions: [{ type: 'Ready', status: is === 'silent' ? 'Unknown' : 'True' }] };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {}, status } as unknown as Node;
}

describe('an address of a load balancer', () => {
  const ADDRESSES = Array.from({ length: 300 }, (_, i) => `192.0.2.${i}`);
  const NODES = Array.from({ length: 20 }, (_, i) => `n${i}`);
  const clusterOf = (names: readonly string[]): BalancerNodes => {
    const nodes = new BalancerNodes();
    for (const name of names) nodes.put(name, nodeThatIs(name, 'ready'));
    return nodes;
  };
  const answersIn = (nodes: BalancerNodes, spec = {}, slices: readonly EndpointSlice[] = []) =>
    ADDRESSES.map((address) => nodes.nodeFor(address, service(spec), slices));

  test('is answered for by the same node for everybody, whatever they heard first', () => {
    expect(answersIn(clusterOf(NODES))).toEqual(answersIn(clusterOf([...NODES].reverse())));
    expect(new Set(answersIn(clusterOf(NODES))).size).toBeGreaterThan(10);
    expect(answersIn(new BalancerNodes())).toEqual(ADDRESSES.map(() => undefined));
  });
  test.each(['gone', 'silent', 'excluded'] as const)('moves when its node is %s, and no other does', (is) => {
    const nodes = clusterOf(NODES);
    const before = answersIn(nodes);
    expect(nodes.put('n7', nodeThatIs('n7', is))).toBe(true);
    expect(nodes.put('n7', nodeThatIs('n7', is))).toBe(false);
    const after = answersIn(nodes);
    expect(before).toContain('n7');
    expect(after).not.toContain('n7');
    expect(after.map((name, i) => (before[i] === 'n7' ? 'n7' : name))).toEqual(before);
    nodes.put('n7', nodeThatIs('n7', 'ready'));
    expect(answersIn(nodes)).toEqual(before);
  });
  test('stays where it was asked for while no node is well', () => {
    const nodes = clusterOf(['n1']);
    nodes.put('n1', nodeThatIs('n1', 'silent'));
    expect(new Set(answersIn(nodes))).toEqual(new Set(['n1']));
    nodes.put('n1', nodeThatIs('n1', 'excluded'));
    expect(new Set(answersIn(nodes))).toEqual(new Set([undefined]));
  });
  test('is answered for where an endpoint is when traffic is to stay on the node', () => {
    const nodes = clusterOf(NODES);
    const local = { externalTrafficPolicy: 'Local' };
    const endpoints = [at('10.244.0.3', { nodeName: 'n2', conditions: LEAVING }), at('10.244.0.4', { nodeName: 'n4' })];
    expect(new Set(answersIn(nodes, local, [slice(endpoints)]))).toEqual(new Set(['n4']));
    expect(new Set(answersIn(nodes, local, [slice(endpoints.slice(0, 1))]))).toEqual(new Set(['n2']));
    nodes.put('n2', nodeThatIs('n2', 'silent'));
    expect(new Set(answersIn(nodes, local, [slice(endpoints.slice(0, 1))]))).toEqual(new Set([undefined]));
  });
  test('is left to whoever gave it: another class, and what is not in the pool', () => {
    const nodes = clusterOf(['n1']);
    const answered = (spec: object, place: ProxyPlace): unknown => {
      const one = { ...service({ type: 'LoadBalancer', ...spec }), status: BALANCED } as unknown as Service;
      return frontendsOf(one, [], place, nodes).find(({ key }) => key.startsWith('192.0.2.50'))?.answeredBy;
    };
    expect(answered({}, HERE)).toBe('this node');
    expect(answered({ loadBalancerClass: 'shiplog.io/pool' }, HERE)).toBe('this node');
    expect(answered({ loadBalancerClass: 'example.com/other' }, HERE)).toBe('other node');
    expect(answered({}, { ...HERE, pool: undefined })).toBe('other node');
    expect(answered({}, { ...HERE, pool: addressPool('192.0.2.51') as AddressPool })).toBe('other node');
  });
  test('has one text, however it is written', () => {
    const one = service({ externalIPs: ['192.0.2.9', '192.0.2.009', '::ffff:192.0.2.9'] });
    expect(Object.keys(summary(one, []))).toEqual(['10.96.0.7/TCP/80', '192.0.2.9/TCP/80']);
  });
  test('is told to the node that has it, and to the others as one that another has', () => {
    const balanced = { ...service({ type: 'LoadBalancer' }), status: BALANCED } as unknown as Service;
    const table = new ServiceTable(HERE);
    table.putService('default', 'web', balanced);
    table.putNode('n1', nodeThatIs('n1', 'ready'));
    const said = () => table.changes().changed.map(({ key, answeredBy }) => [key, answeredBy]);
    expect(said()).toEqual([
      ['10.96.0.7/TCP/80', undefined],
      ['192.0.2.50/TCP/80', 'this node'],
    ]);
    table.putNode('n2', nodeThatIs('n2', 'ready'));
    table.putNode('n1', nodeThatIs('n1', 'silent'));
    expect(said()).toEqual([['192.0.2.50/TCP/80', 'other node']]);
  });
});

describe('health checks of load balancers', () => {
  const local = (more = {}) =>
    service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 30_500, ...more });
  test('count the ready endpoints of this node, each once, and follow them', () => {
    const table = new ServiceTable(HERE);
    const counts = () => table.healthChecks().map(({ port, localEndpoints }) => [port, localEndpoints]);
    const there = { nodeName: 'n2', conditions: READY };
    table.putService('default', 'web', local());
    table.putService('default', 'other', service({ clusterIP: '10.96.0.8' }, { name: 'other' }));
    expect(table.healthChecks()).toEqual([{ port: 30_500, namespace: 'default', name: 'web', localEndpoints: 0 }]);
    table.putSlice('default', 'web-1', slice([at('10.244.0.3', { conditions: READY }), at('10.244.1.3', there)]));
    table.putSlice(
      'default',
      'web-2',
      slice([at('10.244.0.3'), at('10.244.0.4'), at('10.244.0.5', { conditions: UNREADY })], 'web-2'),
    );
    expect(counts()).toEqual([[30_500, 2]]);
    // Whoever is on its way out gets no new clients from outside.
    table.putSlice('default', 'web-2', slice([at('10.244.0.4', { conditions: LEAVING })], 'web-2'));
    expect(counts()).toEqual([[30_500, 1]]);
    table.move({ ...HERE, node: 'n2' });
    expect(counts()).toEqual([[30_500, 1]]);
    table.putSlice('default', 'web-1', undefined);
    expect(counts()).toEqual([[30_500, 0]]);
    table.putService('default', 'web', local({ healthCheckNodePort: 30_501 }));
    expect(counts()).toEqual([[30_501, 0]]);
    table.putService('default', 'web', service());
    expect(counts()).toEqual([]);
    table.putService('default', 'web', local());
    table.changes();
    table.putService('default', 'web', undefined);
    expect(counts()).toEqual([]);
  });
});

describe('a table of services', () => {
  test('tells what is different, and nothing when nothing is', () => {
    const table = new ServiceTable(HERE);
    table.putSlice('default', 'web-1', slice([at('10.244.0.3')]));
    expect(table.changes()).toEqual({ changed: [], gone: [] });
    table.putService('default', 'web', service());
    expect(table.changes().changed.map(({ key, backends }) => [key, backends.length])).toEqual([
      ['10.96.0.7/TCP/80', 1],
    ]);
    table.putService('default', 'web', service({}, { labels: { a: 'b' } }));
    expect(table.changes()).toEqual({ changed: [], gone: [] });
    table.putSlice('default', 'web-1', undefined);
    expect(table.changes().changed.map(({ backends }) => backends)).toEqual([[]]);
    table.putService('default', 'web', undefined);
    expect(table.changes()).toEqual({ changed: [], gone: ['10.96.0.7/TCP/80'] });
    expect(table.all()).toEqual([]);
  });
  test('gives an address that two services claim to the older one, and to the other when that goes', () => {
    const table = new ServiceTable(HERE);
    const claim = (name: string, clusterIP: string, creationTimestamp: string) =>
      table.putService(
        'default',
        name,
        service({ clusterIP, clusterIPs: [clusterIP], externalIPs: ['192.0.2.9'] }, { name, creationTimestamp }),
      );
    claim('young', '10.96.0.8', '2026-01-02T00:00:00Z');
    claim('old', '10.96.0.9', '2026-01-01T00:00:00Z');
    const owner = () => table.all().find(({ key }) => key === '192.0.2.9/TCP/80')?.service;
    table.changes();
    expect(owner()).toBe('default/old:http');
    table.putService('default', 'old', undefined);
    table.changes();
    expect(owner()).toBe('default/young:http');
  });

  const endpoint = fc
    .record({
      n: fc.integer({ min: 1, max: 4 }),
      conditions: fc.constantFrom(READY, UNREADY, LEAVING, ENDED),
      node: fc.constantFrom('n1', 'n2'),
    })
    .map(({ n, conditions, node }) => at(`10.244.0.${n}`, { conditions, nodeName: node }));
  const step = fc.oneof(
    fc.record({
      what: fc.constant('service' as const),
      name: fc.constantFrom('a', 'b', 'c'),
      spec: fc.option(
        fc.record({
          externalIPs: fc.subarray(['192.0.2.9', '192.0.2.10']),
          externalTrafficPolicy: fc.constantFrom('Local', 'Cluster'),
          type: fc.constantFrom('ClusterIP', 'ExternalName', 'LoadBalancer'),
        }),
      ),
    }),
    fc.record({
      what: fc.constant('slice' as const),
      name: fc.constantFrom('s1', 's2', 's3'),
      of: fc.constantFrom('a', 'b', 'c'),
      endpoints: fc.option(fc.array(endpoint, { maxLength: 3 })),
    }),
    fc.record({
      what: fc.constant('node' as const),
      name: fc.constantFrom('n1', 'n2', 'n3'),
      is: fc.constantFrom('ready', 'silent', 'excluded', 'gone'),
    }),
    fc.record({ what: fc.constant('zone' as const), zone: fc.constantFrom('z1', 'z2') }),
    fc.record({ what: fc.constant('look' as const) }),
  );
  test('that followed each change is the one that is built anew, and its changes lead there', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const table = new ServiceTable(HERE);
        const services = new Map<string, Service>();
        const slices = new Map<string, EndpointSlice>();
        const nodes = new Map<string, Node | undefined>();
        const followed = new Map<string, unknown>();
        let place = HERE;
        const look = (): void => {
          const { changed, gone } = table.changes();
          for (const one of changed) followed.set(one.key, one);
          for (const key of gone) expect(followed.delete(key)).toBe(true);
        };
        for (const one of steps) {
          if (one.what === 'service') {
            const ip = `10.96.0.${one.name.charCodeAt(0)}`;
            const spec = one.spec && { ...one.spec, clusterIP: ip, clusterIPs: [ip] };
            const made = spec && { ...service(spec, { name: one.name }), status: BALANCED };
            if (made) services.set(one.name, made);
            else services.delete(one.name);
            table.putService('default', one.name, made ?? undefined);
          } else if (one.what === 'slice') {
            const made = one.endpoints && slice(one.endpoints, one.name, one.of);
            if (made) slices.set(one.name, made);
            else slices.delete(one.name);
            table.putSlice('default', one.name, made ?? undefined);
          } else if (one.what === 'node') {
            nodes.set(one.name, nodeThatIs(one.name, one.is));
            table.putNode(one.name, nodes.get(one.name));
          } else if (one.what === 'zone') table.move((place = { ...HERE, zone: one.zone }));
          else look();
        }
        look();
        const anew = new ServiceTable(place);
        for (const [name, made] of nodes) anew.putNode(name, made);
        for (const [name, made] of slices) anew.putSlice('default', name, made);
        for (const [name, made] of services) anew.putService('default', name, made);
        anew.changes();
        const byKey = (all: Iterable<unknown>) =>
          [...(all as Iterable<{ key: string }>)].sort((a, b) => (a.key < b.key ? -1 : 1));
        expect(byKey(table.all())).toEqual(byKey(anew.all()));
        expect(byKey(followed.values())).toEqual(byKey(anew.all()));
      }),
      { numRuns: 300 },
    );
  });
});

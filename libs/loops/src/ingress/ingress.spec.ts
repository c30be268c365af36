import { describe, expect, it } from '@jest/globals';
import { registry } from '#kinds';
import { EXCLUDED_FROM_LOAD_BALANCERS, isRefusal, SERVES_INGRESS, type KubeObject, type Loop } from '#model';
import { submit, testCommand, TEST_NOW, TestView, type TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { IngressTable } from './index.js';
import { ingressRegistration } from './registration.js';
import { ingressStatus } from './status.js';

const path = (text: string | undefined, service: string, pathType = 'Prefix'): JsonObject => ({
  ...(text !== undefined && { path: text }),
  pathType,
  backend: { service: { name: service, port: { number: 80 } } },
});
const rule = (host: string | undefined, ...paths: readonly JsonObject[]): JsonObject => ({
  ...(host !== undefined && { host }),
  http: { paths },
});
const NAMES = ['a', 'b', 'c', 'd', 'e', 'fallback'];

/** A table with services a to e, each with one ready endpoint. */
function table(...ingresses: readonly [string, JsonObject][]): IngressTable {
  const made = new IngressTable({ node: 'n', zone: undefined, redirect: undefined });
  for (const [i, name] of NAMES.entries()) {
    made.take(`core.services/default/${name}`, { metadata: { name }, spec: { ports: [{ port: 80 }] } });
    made.take(`discovery.k8s.io.endpointslices/default/${name}`, slice(name, `10.0.0.${i + 1}`));
  }
  made.take('networking.k8s.io.ingressclasses/_/shiplog', classOf('shiplog.io/ingress'));
  ingresses.forEach(([name, spec], i) =>
    made.take(`networking.k8s.io.ingresses/default/${name}`, ingress(name, spec, i)),
  );
  return made;
}
const classOf = (controller: string): JsonObject => ({ metadata: { name: 'shiplog' }, spec: { controller } });
const slice = (service: string, address: string, conditions: JsonObject = { ready: true }): JsonObject => ({
  metadata: { labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  ports: [{ port: 8080 }],
  endpoints: [{ addresses: [address], conditions }],
});
const ingress = (name: string, spec: JsonObject, age = 0): JsonObject => ({
  metadata: { name, namespace: 'default', creationTimestamp: `2026-01-01T00:00:0${age}Z` },
  spec: { ingressClassName: 'shiplog', ...spec },
});
/** The service that a request gets to, or the status with which it is refused. */
function goes(made: IngressTable, host: string | undefined, at: string): string | number {
  const found = made.route(host, at);
  return found.is === 'refused' ? found.status : (/\/(\w+):/.exec(found.service)?.[1] ?? '');
}

describe('paths', () => {
  const made = table([
    'web',
    {
      rules: [
        rule('h', path('/foo', 'a'), path('/foo/bar', 'b'), path('/foo', 'c', 'Exact'), path('/slash/', 'd')),
        rule('any', path(undefined, 'e', 'ImplementationSpecific')),
        rule('root', path('/', 'a')),
      ],
    },
  ]);
  it('of any depth are matched by their first elements', () => {
    const deep = '/x'.repeat(8000);
    expect(
      ['/foo', '/foo/', `/foo${deep}`, `/foo/bar${deep}/`, `/foo${'/'.repeat(8000)}`].map((at) => goes(made, 'h', at)),
    ).toEqual(['c', 'a', 'a', 'b', 'a']);
    expect([`${deep}`, '', '/', '//', `//foo`].map((at) => goes(made, 'root', at))).toEqual(['a', 'a', 'a', 'a', 'a']);
  });
  it.each<[string, string | number]>([
    ['/foo', 'c'],
    ['/foo/', 'a'],
    ['/foo/x', 'a'],
    ['/foobar', 404],
    ['/foo/bar', 'b'],
    ['/foo/bar/', 'b'],
    ['/foo/bar/x', 'b'],
    ['/foo/barx', 'a'],
    ['/slash', 'd'],
    ['/slash/x', 'd'],
    ['/Foo', 404],
    ['/', 404],
    ['*', 404],
  ])('%s goes to %s', (at, service) => expect(goes(made, 'h', at)).toBe(service));
  it('all, and of the controller s own kind', () => {
    expect(goes(made, 'root', '/x/y')).toBe('a');
    expect(goes(made, 'root', '/')).toBe('a');
    expect(goes(made, 'any', '/x')).toBe('e');
  });
});

describe('hosts', () => {
  const made = table(
    ['exact', { rules: [rule('a.example.com', path('/own', 'a'))] }],
    ['wild', { rules: [rule('*.example.com', path('/', 'b'))] }],
    ['every', { rules: [rule(undefined, path('/all', 'c'))] }],
    ['rest', { defaultBackend: { service: { name: 'fallback', port: { number: 80 } } } }],
  );
  it.each<[string | undefined, string, string | number]>([
    ['a.example.com', '/own', 'a'],
    ['a.example.com', '/x', 'b'],
    ['b.example.com', '/own', 'b'],
    ['x.b.example.com', '/own', 'fallback'],
    ['example.com', '/x', 'fallback'],
    ['other', '/all/x', 'c'],
    [undefined, '/all', 'c'],
    [undefined, '/x', 'fallback'],
    ['10.0.0.1', '/x', 'fallback'],
  ])('%s%s goes to %s', (host, at, service) => expect(goes(made, host, at)).toBe(service));
  it('without a rule go to the default backend of an ingress that has rules for others', () => {
    const backend = { service: { name: 'fallback', port: { number: 80 } } };
    const one = table(['web', { rules: [rule('h', path('/a', 'a'))], defaultBackend: backend }]);
    expect([goes(one, 'h', '/a'), goes(one, 'h', '/b'), goes(one, 'other', '/a')]).toEqual([
      'a',
      'fallback',
      'fallback',
    ]);
  });
  it('have the rules of the older ingress where two differ, whichever came first', () => {
    const both: readonly [string, JsonObject][] = [
      ['first', { rules: [rule('h', path('/', 'a'))] }],
      ['second', { rules: [rule('h', path('/', 'b'), path('/b', 'b'))] }],
    ];
    const two = table(...both);
    expect([goes(two, 'h', '/'), goes(two, 'h', '/b')]).toEqual(['a', 'b']);
    two.take('networking.k8s.io.ingresses/default/first', undefined);
    expect(goes(two, 'h', '/')).toBe('b');
    two.take('networking.k8s.io.ingresses/default/first', ingress('first', both[0]?.[1] ?? {}));
    expect(goes(two, 'h', '/')).toBe('a');
  });
});

describe('a change', () => {
  it('of a status makes no routes or certificates anew, one of the rules does', () => {
    const tls = [{ hosts: ['h'], secretName: 's' }];
    const spec = { rules: [rule('h', path('/', 'a'))], tls };
    const made = table(['web', spec]);
    const data = { 'tls.crt': btoa('c'), 'tls.key': btoa('k') };
    made.take('core.secrets/default/s', { type: 'kubernetes.io/tls', data });
    expect([goes(made, 'h', '/'), made.certificate('h')?.certificate]).toEqual(['a', 'c']);
    const routes = (): unknown =>
      (made as unknown as { readonly routes: ReadonlyMap<string, unknown> }).routes.get('h');
    const before = routes();
    expect(before).toBeDefined();
    const web = 'networking.k8s.io.ingresses/default/web';
    made.take(web, { ...ingress('web', spec), status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } });
    expect([goes(made, 'h', '/'), routes() === before]).toEqual(['a', true]);
    made.take(web, ingress('web', { ...spec, rules: [rule('h', path('/', 'b'))] }));
    expect(goes(made, 'h', '/')).toBe('b');
    made.take(web, ingress('web', { ...spec, ingressClassName: 'nginx' }));
    expect([goes(made, 'h', '/'), made.isEmpty]).toEqual([404, true]);
    made.take(web, ingress('web', spec));
    made.take(web, undefined);
    expect(made.isEmpty).toBe(true);
  });
});

describe('what is not served', () => {
  it('ingresses of other classes, and none once the class has another controller', () => {
    const made = table(['web', { ingressClassName: 'nginx', rules: [rule('h', path('/', 'a'))] }]);
    expect([made.isEmpty, goes(made, 'h', '/')]).toEqual([true, 404]);
    const own = table(['web', { rules: [rule('h', path('/', 'a'))] }]);
    expect([own.isEmpty, goes(own, 'h', '/')]).toEqual([false, 'a']);
    own.take('networking.k8s.io.ingressclasses/_/shiplog', classOf('example.com/other'));
    expect([own.isEmpty, goes(own, 'h', '/')]).toEqual([true, 404]);
  });
  it('a resource, a service or port that is not there, one without ready endpoints: each is said', () => {
    const backend = (service: JsonObject): JsonObject => ({ path: '/', pathType: 'Prefix', backend: { service } });
    const made = table([
      'web',
      {
        rules: [
          rule('resource', { path: '/', pathType: 'Prefix', backend: { resource: { kind: 'K', name: 'n' } } }),
          rule('service', backend({ name: 'none', port: { number: 80 } })),
          rule('port', backend({ name: 'a', port: { name: 'http' } })),
          rule('endpoints', backend({ name: 'b', port: { number: 80 } })),
        ],
      },
    ]);
    made.take('discovery.k8s.io.endpointslices/default/b', slice('b', '10.0.0.2', { ready: false }));
    const said = (host: string): string => {
      const found = made.route(host, '/');
      return found.is === 'refused' ? `${found.status} ${found.message}` : found.service;
    };
    expect(said('resource')).toBe('503 the backend is a resource, and only services are served');
    expect(said('service')).toBe('503 there is no service default/none');
    expect(said('port')).toBe('503 service default/a has no port http');
    expect(said('endpoints')).toBe('503 service default/b has no endpoint that is ready');
    made.take('discovery.k8s.io.endpointslices/default/b', slice('b', '10.0.0.9'));
    expect(made.route('endpoints', '/')).toMatchObject({ backends: [{ address: '10.0.0.9', port: 8080 }] });
  });
});

describe('certificates', () => {
  const secret = (text: string, type = 'kubernetes.io/tls'): JsonObject => ({
    type,
    data: { 'tls.crt': btoa(text), 'tls.key': btoa(`${text} key`) },
  });
  it('are those of the host, then of the wildcard, as long as they are there', () => {
    const made = table([
      'web',
      {
        rules: [rule('a.example.com', path('/', 'a'))],
        tls: [
          { hosts: ['a.example.com'], secretName: 'own' },
          { hosts: ['*.example.com'], secretName: 'wild' },
        ],
      },
    ]);
    expect(made.certificate('a.example.com')).toBeUndefined();
    made.take('core.secrets/default/wild', secret('wild'));
    expect(made.certificate('a.example.com')?.certificate).toBe('wild');
    made.take('core.secrets/default/own', secret('own'));
    const found = made.certificate('a.example.com');
    expect(found).toEqual({ certificate: 'own', key: 'own key', secret: 'default/own' });
    expect(made.certificate('a.example.com')).toBe(found);
    expect(made.certificate('b.example.com')?.certificate).toBe('wild');
    expect(made.certificate('x.b.example.com')).toBeUndefined();
    made.take('core.secrets/default/own', secret('own', 'Opaque'));
    expect(made.certificate('a.example.com')?.certificate).toBe('wild');
    made.take(
      'networking.k8s.io.ingresses/default/bare',
      ingress('bare', { rules: [rule('bare.org', path('/', 'a'))], tls: [{ secretName: 'wild' }] }),
    );
    expect([made.certificate('bare.org')?.certificate, made.certificate('x.org')]).toEqual(['wild', undefined]);
    made.take('core.secrets/other/own', secret('of another namespace'));
    expect(made.certificate('a.example.com')?.certificate).toBe('wild');
  });
});

describe('the class and the status', () => {
  const carry = (view: TestView, command: TestCommand): void => {
    const result = submit(registry, view, testCommand(command), TEST_NOW);
    if (isRefusal(result)) throw new Error(result.message);
  };
  const run = (view: TestView, loop: Loop): void => {
    for (const key of loop.keysAtStart(view))
      for (const one of loop.reconcile(view, key, TEST_NOW))
        if (one.is === 'submit') carry(view, one.command as TestCommand);
  };
  const node = (name: string, address: string, ready: string, labels: JsonObject = {}): KubeObject =>
    ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, uid: name, labels: { [SERVES_INGRESS]: 'true', ...labels } },
      status: { addresses: [{ type: 'InternalIP', address }], conditions: [{ type: 'Ready', status: ready }] },
    }) as unknown as KubeObject;
  const create = (body: JsonObject): TestCommand => ({
    verb: 'create',
    kind: 'networking.k8s.io.ingresses',
    body: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', ...body },
  });

  const nameOfClass = { id: 'networking.k8s.io.ingressclasses' };
  const IS_DEFAULT = 'ingressclass.kubernetes.io/is-default-class';
  it('the class is the default where there is no other default', () => {
    const [alone, beside] = [new TestView(registry), new TestView(registry)];
    beside.put({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: 'nginx', uid: 'n', annotations: { [IS_DEFAULT]: 'true' } },
      spec: { controller: 'k8s.io/ingress-nginx' },
    } as unknown as KubeObject);
    for (const view of [alone, beside]) run(view, ingressRegistration);
    const annotations = [alone, beside].map(
      (view) => view.get(nameOfClass, undefined, 'shiplog')?.metadata.annotations?.[IS_DEFAULT],
    );
    expect(annotations).toEqual(['true', undefined]);
    expect(beside.get(nameOfClass, undefined, 'shiplog')).toBeDefined();
  });
  it('the class is not made again when it was deleted', () => {
    const view = new TestView(registry);
    run(view, ingressRegistration);
    carry(view, { verb: 'delete', kind: nameOfClass.id, name: 'shiplog' });
    run(view, ingressRegistration);
    expect(view.get(nameOfClass, undefined, 'shiplog')).toBeUndefined();
  });

  it('an ingress that names no class is of ours, and names the nodes that are ready, serve and are not excluded', () => {
    const view = new TestView(registry);
    view.put({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'default', uid: 'd' },
      status: { phase: 'Active' },
    });
    view.put(node('a', '10.0.0.2', 'True'));
    view.put(node('b', '10.0.0.1', 'True'));
    view.put(node('c', '10.0.0.3', 'False'));
    view.put(node('d', '10.0.0.4', 'True', { [EXCLUDED_FROM_LOAD_BALANCERS]: '' }));
    view.put(node('e', '10.0.0.5', 'True', { [SERVES_INGRESS]: 'false' }));
    run(view, ingressRegistration);
    run(view, ingressRegistration);
    const spec = { defaultBackend: { service: { name: 's', port: { number: 80 } } } };
    carry(view, create({ metadata: { name: 'i', namespace: 'default' }, spec }));
    carry(
      view,
      create({ metadata: { name: 'other', namespace: 'default' }, spec: { ...spec, ingressClassName: 'x' } }),
    );
    run(view, ingressStatus);
    const statusOf = (name: string): unknown =>
      (view.get({ id: 'networking.k8s.io.ingresses' }, 'default', name) as unknown as JsonObject)['status'];
    expect(statusOf('i')).toEqual({ loadBalancer: { ingress: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] } });
    expect(statusOf('other')).toEqual({ loadBalancer: {} });
    const beat = { ...node('a', '10.0.0.2', 'True', { x: 'y' }) };
    const change = { kind: 'core.nodes', position: 1, before: node('a', '10.0.0.2', 'True'), after: beat };
    expect(ingressStatus.keysOf(change, view)).toEqual([]);
    const down = { ...change, after: node('a', '10.0.0.2', 'False') };
    expect(ingressStatus.keysOf(down, view)).toEqual(['default/i']);
    const off = { ...change, after: node('a', '10.0.0.2', 'True', { [SERVES_INGRESS]: 'false' }) };
    expect(ingressStatus.keysOf(off, view)).toEqual(['default/i']);
  });
});

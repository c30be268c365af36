import { describe, expect, it } from '@jest/globals';
import { apiServices, configMaps, customResourceDefinitions, registry, type ApiService } from '#kinds';
import { findCondition } from '#meta';
import { isRefusal, RecordedOutside, type Command, type KubeObject, type Loop, type OutsideFacts } from '#model';
import { submit, testCommand, TEST_NOW, TestView, type TestCommand } from '#model/testing';
import { canonical, type JsonObject } from '#std';
import { apiServiceAvailability, apiServiceRegistration, authenticationTrust } from './index.js';

const registration = apiServiceRegistration(registry);
const AUTOMANAGED = 'kube-aggregator.kubernetes.io/automanaged';

function write(view: TestView, command: TestCommand): void {
  const result = submit(registry, view, testCommand(command), TEST_NOW);
  if (isRefusal(result)) throw new Error(result.message);
}
const put = (view: TestView, object: KubeObject): void => view.put(canonical(object));

/** Carries out what a loop decides about these keys, until nothing is left. */
function run(loop: Loop, view: TestView, options: { keys?: readonly string[]; outside?: OutsideFacts } = {}) {
  const carried: Pick<Command, 'verb' | 'name'>[] = [];
  for (let round = 0; round < 5; round++) {
    const outside = new RecordedOutside(options.outside ?? {});
    const keys = options.keys ?? loop.keysAtStart(view);
    const wanted = keys.flatMap((key) => loop.reconcile(view, key, TEST_NOW, outside));
    const commands = wanted.flatMap((one) => (one.is === 'submit' ? [one.command] : []));
    if (commands.length === 0) return carried;
    for (const one of commands) {
      write(view, one as TestCommand);
      carried.push({ verb: one.verb, name: one.name });
    }
  }
  throw new Error(`${loop.name} does not come to rest`);
}

const definition = (versions: readonly string[]): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.example.com', uid: 'd' },
  spec: {
    ...{ group: 'example.com', scope: 'Namespaced', names: { plural: 'boats', kind: 'Boat' } },
    versions: versions.map((name) => ({ name, served: name !== 'v0', storage: name === 'v1' })),
  },
});
const remote = (more: object = {}): KubeObject => ({
  ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService' },
  metadata: { name: 'v1.agg.example.com', uid: 'u' },
  spec: {
    ...{ group: 'agg.example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 },
    ...{ service: { namespace: 'agg', name: 'api', port: 443 }, ...more },
  },
});
const names = (view: TestView): readonly string[] => view.list(apiServices).map(({ metadata }) => metadata.name);
const remove = (view: TestView, kind: { id: string }, name: string): void =>
  write(view, { verb: 'delete', kind: kind.id, name });

describe('the APIServices of this server', () => {
  it('are made at the first start with the priorities of Kubernetes, and a second start finds nothing to do', () => {
    const view = new TestView(registry);
    run(registration, view);
    expect(view.get(apiServices, undefined, 'v1.')?.spec).toEqual({
      ...{ version: 'v1', groupPriorityMinimum: 18_000, versionPriority: 1 },
    });
    const apps = view.get(apiServices, undefined, 'v1.apps');
    expect(apps?.metadata.labels).toEqual({ [AUTOMANAGED]: 'onstart' });
    expect(apps?.spec).toEqual({ group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 });
    expect(names(view)).not.toContain('v1.apiregistration.k8s.io');
    expect(run(registration, view)).toEqual([]);
  });

  it('stay deleted until the next start', () => {
    const view = new TestView(registry);
    run(registration, view);
    const before = view.get(apiServices, undefined, 'v1.apps') as ApiService;
    remove(view, apiServices, 'v1.apps');
    const change = { kind: apiServices.id, position: view.position, before, after: undefined };
    expect(registration.keysOf(change, view)).toEqual([]);
    expect(run(registration, view)).toEqual([{ verb: 'create', name: 'v1.apps' }]);
  });

  it('follow the served versions of definitions', () => {
    const view = new TestView(registry);
    const before = definition(['v0', 'v1', 'v2']);
    put(view, before);
    run(registration, view);
    expect(view.get(apiServices, undefined, 'v2.example.com')).toMatchObject({
      metadata: { labels: { [AUTOMANAGED]: 'true' } },
      spec: { group: 'example.com', version: 'v2', groupPriorityMinimum: 1000, versionPriority: 100 },
    });
    expect(names(view)).not.toContain('v0.example.com');
    const after = definition(['v1']);
    put(view, after);
    const keys = registration.keysOf({ kind: customResourceDefinitions.id, position: 1, before, after }, view);
    expect(run(registration, view, { keys })).toEqual([{ verb: 'delete', name: 'v2.example.com' }]);
    const gone = view.get(apiServices, undefined, 'v1.example.com') as ApiService;
    remove(view, apiServices, 'v1.example.com');
    const again = registration.keysOf({ kind: apiServices.id, position: 1, before: gone, after: undefined }, view);
    expect(run(registration, view, { keys: again })).toEqual([{ verb: 'create', name: 'v1.example.com' }]);
  });

  it('are left alone where a user registered the group version', () => {
    const view = new TestView(registry);
    put(view, { ...remote(), metadata: { name: 'v1.example.com', uid: 'u' } });
    put(view, definition(['v1']));
    run(registration, view);
    expect(view.get(apiServices, undefined, 'v1.example.com')?.metadata.labels).toBeUndefined();
  });
});

const service = (port: number, type = 'ClusterIP'): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'agg', name: 'api', uid: 's' } },
  spec: { type, ports: [{ port, name: 'https', protocol: 'TCP' }] },
});
const slice = (ready: boolean, name = 'https'): KubeObject => ({
  ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
  metadata: { namespace: 'agg', name: 'api-1', uid: 'e', labels: { 'kubernetes.io/service-name': 'api' } },
  endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready } }],
  ports: [{ name, port: 8443, protocol: 'TCP' }],
});
function conditionWith(objects: readonly KubeObject[], outside: OutsideFacts = {}): JsonObject | undefined {
  const view = new TestView(registry);
  for (const object of objects) put(view, object);
  run(apiServiceAvailability, view, { outside });
  const [apiService] = view.list(apiServices);
  return findCondition(apiService?.status?.conditions, 'Available') as unknown as JsonObject | undefined;
}
const check = (problem: string, of = 'u agg/api:443') => ({
  apiServiceChecks: { 'v1.agg.example.com': { of, problem } },
});

describe('the availability of an APIService', () => {
  it.each<[string, readonly KubeObject[], string]>([
    ['ServiceNotFound', [], 'service/api in "agg" is not present'],
    ['ServicePortError', [service(80)], 'service/api in "agg" is not listening on port 443'],
    ['EndpointsNotFound', [service(443)], 'cannot find endpointslices for service/api in "agg"'],
    [
      'MissingEndpoints',
      [service(443), slice(false)],
      'endpointslices for service/api in "agg" have no addresses with port name "https"',
    ],
    [
      'MissingEndpoints',
      [service(443), slice(true, 'other')],
      'endpointslices for service/api in "agg" have no addresses with port name "https"',
    ],
  ])('is %s as the view shows', (reason, objects, message) => {
    const condition = conditionWith([remote(), ...objects], check(''));
    expect(condition).toMatchObject({ status: 'False', reason, message });
  });

  it('follows the measurement of the present target alone', () => {
    const objects = [remote(), service(443), slice(true)];
    expect(conditionWith(objects)).toBeUndefined();
    expect(conditionWith(objects, check('', 'u agg/other:443'))).toBeUndefined();
    expect(conditionWith(objects, check(''))).toMatchObject({
      ...{ status: 'True', reason: 'Passed', message: 'all checks passed' },
    });
    expect(conditionWith(objects, check('bad status from u: 500'))).toMatchObject({
      ...{ status: 'False', reason: 'FailedDiscoveryCheck', message: 'bad status from u: 500' },
    });
  });

  it('is local once the APIService has no service any more', () => {
    expect(conditionWith([remote({ service: undefined })])).toMatchObject({ status: 'True', reason: 'Local' });
  });

  it('is looked at again when the service or its endpoints change', () => {
    const view = new TestView(registry);
    put(view, remote());
    const keysOf = (kind: string, after: KubeObject) =>
      apiServiceAvailability.keysOf({ kind, position: 1, before: undefined, after }, view);
    expect(keysOf('core.services', service(443))).toEqual(['v1.agg.example.com']);
    expect(keysOf('discovery.k8s.io.endpointslices', slice(true))).toEqual(['v1.agg.example.com']);
    const other = { ...service(443), metadata: { namespace: 'agg', name: 'other', uid: 'o' } };
    expect(keysOf('core.services', other)).toEqual([]);
  });
});

describe('how clients are authenticated', () => {
  const outside = { caCertificate: 'CA', frontProxy: { ca: 'PROXY CA', name: 'front-proxy-client' } };
  const home: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'n' } };
  const data = (view: TestView) => view.get(configMaps, 'kube-system', 'extension-apiserver-authentication')?.data;

  it('is published for aggregated servers, and what others write there does not stay', () => {
    const view = new TestView(registry);
    expect(run(authenticationTrust, view, { outside })).toEqual([]);
    put(view, home);
    expect(run(authenticationTrust, view)).toEqual([]);
    run(authenticationTrust, view, { outside });
    const published = {
      'client-ca-file': 'CA',
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-client-ca-file': 'PROXY CA',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    };
    expect(data(view)).toEqual(published);
    write(view, {
      ...{ verb: 'patch', patchType: 'merge', kind: configMaps.id, namespace: 'kube-system' },
      ...{ name: 'extension-apiserver-authentication', body: { data: { 'client-ca-file': 'MINE', more: 'x' } } },
    });
    run(authenticationTrust, view, { outside });
    expect(data(view)).toEqual(published);
  });
});

import { apiServiceAvailability } from '#loops';
import { accessPolicy, clusterRoles } from '#kinds';
import type { MetricAnswer, MetricQuestion } from '#model';
import { testCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CUSTOM, EXTERNAL, MetricsAdapter } from '../../../../test/support/metrics-adapter.js';
import { TestServer } from '../testing/test-server.js';
import { Aggregator, MetricSource } from './index.js';

const APISERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const ofPods: MetricQuestion = {
  ...{ of: 'pod', metric: 'hits', namespace: 'default' },
  ...{ selector: 'app=web', metricSelector: '' },
};
const external: MetricQuestion = { of: 'external', metric: 'queue', namespace: 'default', metricSelector: 'q=a' };
const ofObject = (apiVersion: string, kind: string, name: string): MetricQuestion => ({
  ...{ of: 'object', metric: 'hits', namespace: 'default', metricSelector: '' },
  object: { apiVersion, kind, name },
});

let server: TestServer;
let adapter: MetricsAdapter;
let other: MetricsAdapter;
let aggregator: Aggregator;
let source: MetricSource;

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`it did not come about: ${what}`);
}
async function register(version: string, group: string, to: MetricsAdapter): Promise<void> {
  await server.create(APISERVICES, {
    metadata: { name: `${version}.${group}` },
    spec: {
      ...{ group, version, groupPriorityMinimum: 100, versionPriority: 100 },
      service: { namespace: 'other', name: 'adapter', port: to.port },
      caBundle: Buffer.from(server.keys.caCertificate).toString('base64'),
    },
  });
  await until(`${version}.${group} is available`, async () =>
    (await server.get(`${APISERVICES}/${version}.${group}`)).text.includes('"Passed"'),
  );
}
const errorOf = (answer: MetricAnswer): string =>
  'error' in answer ? answer.error : `no error: ${JSON.stringify(answer)}`;
const CUSTOM_FAILS = 'unable to fetch metrics from custom metrics API: ';
const EXTERNAL_FAILS = 'unable to fetch metrics from external metrics API: ';

beforeAll(async () => {
  server = await TestServer.start({
    aggregatorOf({ backend, keys, plane, clock }) {
      const onChecked = (name: string): void => availability?.poke(name);
      aggregator = new Aggregator({ backend, keys, clock, onChecked });
      const commands = { submit: backend.submit.bind(backend) };
      const [availability] = plane.run([apiServiceAvailability], commands, () => aggregator.outside());
      aggregator.start();
      return aggregator;
    },
  });
  await server.makeRoles();
  source = new MetricSource({ backend: server.backend, aggregator, authorizer: accessPolicy });
  const names = { commonName: 'adapter', dnsNames: ['adapter.other.svc'], usage: 'server' as const };
  const issued = await server.keys.issueCertificate(names);
  const options = { ...issued, frontProxyCa: server.keys.frontProxyCa };
  [adapter, other] = [await MetricsAdapter.start(options), await MetricsAdapter.start(options)];
  const spec = { type: 'ExternalName', externalName: 'localhost' };
  await server.create('/api/v1/namespaces/other/services', { metadata: { name: 'adapter' }, spec });
  await server.create('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  for (const [name, app] of [
    ['a', 'web'],
    ['b', 'web'],
    ['x', 'other'],
  ]) {
    const spec: JsonObject = { containers: [{ name: 'c', image: 'i' }] };
    await server.create('/api/v1/namespaces/default/pods', {
      metadata: { name: name ?? '', labels: { app: app ?? '' } },
      spec,
    });
  }
});
afterAll(async () => {
  aggregator.stop();
  for (const one of [adapter, other]) await one.stop();
  await server.stop();
});
beforeEach(() => {
  adapter.manner = 'well';
  adapter.asked.length = 0;
  for (const figures of [adapter.pods, adapter.objects, adapter.external]) figures.clear();
});

describe('custom and external metrics', () => {
  it('that nobody serves are refused in the words of Kubernetes', async () => {
    expect(errorOf(await source.answer(ofPods))).toBe(
      'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered',
    );
    expect(errorOf(await source.answer(external))).toBe(
      'unable to fetch metrics from external metrics API: the server could not find the requested resource (get queue.external.metrics.k8s.io)',
    );
  });

  it('come from v1beta1 where that alone is registered, and from v1beta2 as soon as that is', async () => {
    adapter.pods.set('hits default/a', '1500m');
    await register('v1beta1', CUSTOM, adapter);
    expect(await source.answer(ofPods)).toEqual({ pods: { a: [1500, expect.any(Number), 30_000] } });
    await register('v1beta2', CUSTOM, adapter);
    await register('v1beta1', EXTERNAL, other);
    expect(await source.answer(ofPods)).toEqual({ pods: { a: [1500, expect.any(Number), 30_000] } });
    const root = (version: string): string => `/apis/custom.metrics.k8s.io/${version}/namespaces/default/pods/*/hits`;
    expect(adapter.asked.map(({ url }) => url)).toEqual([
      `${root('v1beta1')}?labelSelector=app%3Dweb`,
      `${root('v1beta2')}?labelSelector=app%3Dweb`,
    ]);
    expect(adapter.asked[0]).toMatchObject({
      user: 'system:serviceaccount:kube-system:horizontal-pod-autoscaler',
      client: 'front-proxy-client',
    });
  });

  it('of objects are asked for where the client of Kubernetes asks', async () => {
    adapter.objects.set('hits default/deployments.apps/web', '2k');
    adapter.objects.set('hits default/services/web', '0');
    adapter.objects.set('hits default', '7');
    expect(await source.answer(ofObject('apps/v1', 'Deployment', 'web'))).toEqual({ values: [2_000_000] });
    expect(await source.answer(ofObject('v1', 'Service', 'web'))).toEqual({ values: [0] });
    // No autoscaler looks outside of its namespace.
    expect(await source.answer(ofObject('v1', 'Namespace', 'kube-system'))).toEqual({ values: [7000] });
    expect(adapter.asked.at(-1)?.url).toBe('/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/metrics/hits');
    expect(errorOf(await source.answer(ofObject('x.io/v1', 'Boat', 'b')))).toBe(
      `${CUSTOM_FAILS}unable to map kind Boat.x.io to resource: no matches for kind "Boat" in group "x.io"`,
    );
    expect(errorOf(await source.answer(ofObject('v1', 'Service', 'none')))).toBe(
      `${CUSTOM_FAILS}the server could not find hits`,
    );
  });

  it('of something outside have a value for each series', async () => {
    other.external.set('queue default', ['3', '500m']);
    expect(await source.answer(external)).toEqual({ values: [3000, 500] });
    expect(other.asked.at(-1)?.url).toBe(
      '/apis/external.metrics.k8s.io/v1beta1/namespaces/default/queue?labelSelector=q%3Da',
    );
    other.external.clear();
    expect(errorOf(await source.answer(external))).toBe('no metrics returned from external metrics API');
    other.manner = 'nan';
    other.external.set('queue default', ['3']);
    expect(errorOf(await source.answer(external))).toMatch(/^the answer has the value "NaN": quantities must match/);
    other.manner = 'well';
  });

  it.each<[string, string, RegExp]>([
    ['well', '-1', /^the answer has the value "-1", which is negative for "a"$/],
    ['well', '1e30', /which is too large for "a"$/],
    ['well', '', /^the answer has the value "": quantities must match/],
    ['nan', '1', /^the answer has the value "NaN": quantities must match.* for "a"$/],
    ['refuses', '1', /^unable to fetch metrics from custom metrics API: the backend of these figures is on fire$/],
    ['stammers', '1', /the answer, with the code 200, is no JSON: "<html>"$/],
  ])('of an adapter that answers %s, with the value %j, are refused in a sentence', async (manner, value, sentence) => {
    adapter.pods.set('hits default/a', value);
    adapter.manner = manner as MetricsAdapter['manner'];
    expect(errorOf(await source.answer(ofPods))).toMatch(sentence);
  });

  it('of pods that were not asked for are refused, and of those that are gone left out', async () => {
    adapter.pods.set('hits default/a', '1');
    adapter.pods.set('hits default/gone', '1');
    expect(await source.answer(ofPods)).toMatchObject({ pods: { a: [1000, expect.any(Number), 30_000] } });
    adapter.pods.set('hits default/x', '1');
    expect(errorOf(await source.answer(ofPods))).toMatch(
      /^the answer has a value of .*"x".*, which was not asked for$/,
    );
    adapter.pods.delete('hits default/x');
    adapter.pods.delete('hits default/a');
    expect(errorOf(await source.answer(ofPods))).toBe('no metrics returned from custom metrics API');
    adapter.objects.set('hits default/services/web', '1');
    adapter.manner = 'lies';
    expect(errorOf(await source.answer(ofObject('v1', 'Service', 'web')))).toMatch(/somebody-else.*not asked for$/);
  });

  it('of a time to come count as those of now', async () => {
    adapter.pods.set('hits default/a', '1');
    adapter.at = '2100-01-01T00:00:00Z';
    const answer = await source.answer(ofPods);
    adapter.at = 'yesterday';
    expect('pods' in answer && (answer.pods['a']?.[1] ?? Infinity)).toBeLessThanOrEqual(Date.now());
    expect(errorOf(await source.answer(ofPods))).toBe('the answer has the timestamp "yesterday" for "a"');
    adapter.at = undefined;
  });

  it('of ten megabytes are refused while they come', async () => {
    adapter.manner = 'huge';
    expect(errorOf(await source.answer(ofPods))).toMatch(
      /the APIService v1beta2\.custom\.metrics\.k8s\.io did not answer: the answer is larger than 133120 bytes$/,
    );
    expect(adapter.bytesTaken).toBeLessThan(8 * 1024 * 1024);
  });

  it('of a server that hangs hold nobody up, and are put once however often they are wanted', async () => {
    adapter.manner = 'hangs';
    other.external.set('queue default', ['3']);
    const began = performance.now();
    const hanging = [
      source.answer(ofPods),
      source.answer({ ...ofPods }),
      source.answer(ofObject('v1', 'Service', 'web')),
    ];
    expect(await source.answer(external)).toEqual({ values: [3000] });
    expect(performance.now() - began).toBeLessThan(1500);
    for (const answer of await Promise.all(hanging))
      expect(errorOf(answer)).toMatch(/v1beta2\.custom\.metrics\.k8s\.io did not answer: context deadline exceeded$/);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(adapter.asked).toHaveLength(2);
    adapter.manner = 'well';
    adapter.pods.set('hits default/a', '1');
    expect(await source.answer(ofPods)).toMatchObject({ pods: { a: [1000, expect.any(Number), 30_000] } });
  });

  it('are not asked for without the right to', async () => {
    const name = 'system:controller:horizontal-pod-autoscaler';
    const was = server.backend.current().get(clusterRoles, undefined, name)?.rules ?? [];
    const change = (rules: unknown): Promise<unknown> =>
      server.backend.submit(
        testCommand({ verb: 'patch', patchType: 'merge', kind: clusterRoles.id, name, body: { rules } as JsonObject }),
      );
    await change(was.filter(({ apiGroups }) => !apiGroups?.includes(EXTERNAL)));
    other.asked.length = 0;
    expect(errorOf(await source.answer(external))).toMatch(
      new RegExp(
        `^${EXTERNAL_FAILS}queue.external.metrics.k8s.io is forbidden: User ".*horizontal-pod-autoscaler" cannot`,
      ),
    );
    expect(other.asked).toEqual([]);
    await change(was);
  });

  it('of a server that has gone say so, and come again with it', async () => {
    const { port } = other;
    await other.stop();
    expect(errorOf(await source.answer(external))).toMatch(/did not answer: .*connection refused|is not available$/);
    const issued = await server.keys.issueCertificate({
      ...{ commonName: 'adapter', dnsNames: ['adapter.other.svc'], usage: 'server' as const },
    });
    other = await MetricsAdapter.start({ ...issued, frontProxyCa: server.keys.frontProxyCa, port });
    other.external.set('queue default', ['4']);
    await until('it answers again', async () => 'values' in (await source.answer(external)));
  });
});

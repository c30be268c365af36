import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openFileKeys } from '#adapters';
import { CUSTOM, EXTERNAL, MetricsAdapter } from '../support/metrics-adapter.js';
import { importBusybox, TestCluster, until } from '../support/test-cluster.js';
import { deployment, DEPLOYMENTS, podsOf, rolledOut } from '../support/workloads.js';

/** Metrics that others serve make replicas, of deployments and of custom resources. */
const AUTOSCALERS = '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers';
const PATIENCE_S = 120;
const GROUP = 'scaled.example.com';
const FLEETS = `/apis/${GROUP}/v1/namespaces/default/fleets`;
let cluster: TestCluster;
let adapter: MetricsAdapter;

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('metered');
  await cluster.start();
  const keys = await openFileKeys(cluster.home);
  const host = ownAddress();
  const issued = await keys.issueCertificate({ commonName: 'm', dnsNames: ['metrics.default.svc'], usage: 'server' });
  adapter = await MetricsAdapter.start({ ...issued, frontProxyCa: keys.frontProxyCa, host });
  const metadata = { name: 'metrics' };
  const ports = [{ port: 443, targetPort: adapter.port }];
  await post('/api/v1/namespaces/default/services', { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports } });
  await post('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
    metadata: { name: 'metrics-1', labels: { 'kubernetes.io/service-name': 'metrics' } },
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: '', port: adapter.port, protocol: 'TCP' }],
  });
  const caBundle = Buffer.from(keys.caCertificate).toString('base64');
  for (const [version, group] of [
    ['v1beta2', CUSTOM],
    ['v1beta1', EXTERNAL],
  ] as const)
    await post('/apis/apiregistration.k8s.io/v1/apiservices', {
      ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: `${version}.${group}` } },
      spec: {
        ...{ group, version, groupPriorityMinimum: 100, versionPriority: 100, caBundle },
        service: { namespace: 'default', name: 'metrics' },
      },
    });
});
afterAll(async () => {
  await adapter?.stop();
  await cluster?.remove();
}, 90_000);

function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!found) throw new Error('this machine has no address but loopback: the API does not connect to itself');
  return found.address;
}
async function post(path: string, body: object): Promise<void> {
  const answer = await cluster.api.call('POST', path, { body });
  expect([answer.status, answer.json().message]).toEqual([201, undefined]);
}
const rules = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }] };
async function autoscaler(name: string, metric: object, target: object): Promise<void> {
  await post(AUTOSCALERS, {
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name } },
    spec: {
      ...{ scaleTargetRef: target, minReplicas: 1, maxReplicas: 5, metrics: [metric] },
      behavior: { scaleUp: rules, scaleDown: rules },
    },
  });
}
const deploymentNamed = (name: string): object => ({ apiVersion: 'apps/v1', kind: 'Deployment', name });
const average = (averageValue: string): object => ({ type: 'AverageValue', averageValue });
async function reaches(path: string, replicas: number): Promise<void> {
  const name = path.split('/').at(-1) ?? '';
  await until(
    `${name} has ${replicas} replicas`,
    async () => ({
      size: (await cluster.api.get(path)).json<{ spec: { replicas: number } }>().spec.replicas,
      autoscaler: (await cluster.api.get(`${AUTOSCALERS}/${name}`)).json(),
    }),
    ({ size }) => size === replicas,
    PATIENCE_S,
  );
}
/** What a condition of an autoscaler says. */
async function says(name: string, type: string): Promise<string> {
  const found = (await cluster.api.get(`${AUTOSCALERS}/${name}`)).json<{
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly message: string }[] };
  }>();
  return found.status?.conditions?.find((one) => one.type === type)?.message ?? '';
}

describe('metrics that others serve', () => {
  it('scale a deployment by what they say of each of its pods', async () => {
    await post(DEPLOYMENTS, deployment('hits', 1));
    await rolledOut(cluster, 'hits');
    const all = async (value: string): Promise<void> => {
      for (const { metadata } of await podsOf(cluster, 'hits'))
        adapter.pods.set(`hits default/${metadata.name}`, value);
    };
    await all('30');
    await autoscaler(
      'hits',
      { type: 'Pods', pods: { metric: { name: 'hits' }, target: average('10') } },
      deploymentNamed('hits'),
    );
    await reaches(`${DEPLOYMENTS}/hits`, 3);
    await rolledOut(cluster, 'hits');
    await all('4');
    await reaches(`${DEPLOYMENTS}/hits`, 2);
  });

  it('scale it by the length of a queue outside, and hold nothing up while their server hangs', async () => {
    await post(DEPLOYMENTS, deployment('queue', 1));
    adapter.external.set('queue default', ['25', '5']);
    const external = { metric: { name: 'queue' }, target: average('10') };
    await autoscaler('queue', { type: 'External', external }, deploymentNamed('queue'));
    await reaches(`${DEPLOYMENTS}/queue`, 3);
    adapter.manner = 'hangs';
    await until(
      'the condition says that nothing is answered',
      () => says('queue', 'ScalingActive'),
      (message) => message.includes('unable to get external metric default/queue'),
      PATIENCE_S,
    );
    await reaches(`${DEPLOYMENTS}/queue`, 3);
    adapter.manner = 'well';
    adapter.external.set('queue default', ['9']);
    await reaches(`${DEPLOYMENTS}/queue`, 1);
  });

  it('scale a custom resource that has a scale', async () => {
    const number = { type: 'integer' };
    const part = (properties: object): object => ({ type: 'object', properties });
    await post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
      metadata: { name: `fleets.${GROUP}` },
      spec: {
        ...{ group: GROUP, scope: 'Namespaced', names: { plural: 'fleets', singular: 'fleet', kind: 'Fleet' } },
        versions: [
          {
            ...{ name: 'v1', served: true, storage: true },
            schema: {
              openAPIV3Schema: part({
                spec: part({ replicas: number }),
                status: part({ replicas: number, selector: { type: 'string' } }),
              }),
            },
            subresources: {
              status: {},
              scale: {
                ...{ specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
                labelSelectorPath: '.status.selector',
              },
            },
          },
        ],
      },
    });
    const fleet = { apiVersion: `${GROUP}/v1`, kind: 'Fleet', metadata: { name: 'fleet' }, spec: { replicas: 1 } };
    await until(
      'the kind is served',
      () => cluster.api.call('POST', FLEETS, { body: fleet }),
      ({ status }) => status === 201,
    );
    const status = { replicas: 1, selector: 'fleet=one' };
    const patched = await cluster.api.call('PATCH', `${FLEETS}/fleet/status`, {
      ...{ body: { status }, contentType: 'application/merge-patch+json' },
    });
    expect(patched.status).toBe(200);
    adapter.external.set('freight default', ['40']);
    const external = { metric: { name: 'freight' }, target: average('10') };
    const target = { apiVersion: `${GROUP}/v1`, kind: 'Fleet', name: 'fleet' };
    await autoscaler('fleet', { type: 'External', external }, target);
    await reaches(`${FLEETS}/fleet`, 4);
    adapter.external.set('freight default', ['20']);
    await reaches(`${FLEETS}/fleet`, 2);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeMessage, encodeMessage, subjects } from '#engine';
import { metricsRegistration } from '#loops';
import type { NodeMetrics, NodeMetricsQuestion, PodMetrics, PodMetricsQuestion, UsageHistoryQuestion } from '#model';
import { testCommand, type TestCommand } from '#model/testing';
import type { JsonObject } from '#std';
import { TestServer, type Reply } from './testing/test-server.js';

const ROOT = '/apis/metrics.k8s.io/v1beta1';
const AT = Date.UTC(2026, 11, 1, 2, 0, 5, 250);
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

/** Plays the scaler: answers out of what a test puts here. */
class Answerer {
  pods: Omit<PodMetrics, 'uid'>[] = [];
  nodes: NodeMetrics[] = [];
  readonly asked: (PodMetricsQuestion | NodeMetricsQuestion)[] = [];
  readonly uids = new Map<string, string>();

  constructor(server: TestServer) {
    const bus = server.hub.connect('scaler');
    bus.subscribe(subjects.query('scaler', 'pods'), (data) => {
      const question = decodeMessage(data) as PodMetricsQuestion;
      this.asked.push(question);
      const figures = this.pods
        .filter(
          ({ namespace, name }) => namespace === (question.namespace ?? namespace) && name === (question.name ?? name),
        )
        .map((one) => ({ ...one, uid: this.uids.get(`${one.namespace}/${one.name}`) ?? 'unknown' }));
      return encodeMessage({ position: 1, figures });
    });
    bus.subscribe(subjects.query('scaler', 'nodes'), (data) => {
      const question = decodeMessage(data) as NodeMetricsQuestion;
      this.asked.push(question);
      return encodeMessage({ position: 1, figures: this.nodes.filter(({ name }) => name === (question.name ?? name)) });
    });
  }
}

const pod = (namespace: string, name: string, labels: JsonObject = {}): JsonObject => ({
  metadata: { name, namespace, labels },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});
const figure = (namespace: string, name: string, ...uses: readonly (readonly [number, number])[]) => ({
  ...{ namespace, name, at: AT, windowMs: 10_123 },
  containers: uses.map(([cpuNanoCores, memoryBytes], i) => ({ name: `c${i}`, cpuNanoCores, memoryBytes })),
});
const items = ({ json }: Reply): readonly JsonObject[] => (json?.['items'] ?? []) as readonly JsonObject[];
const names = (reply: Reply): readonly unknown[] =>
  items(reply).map(
    ({ metadata }) => `${(metadata as JsonObject)['namespace'] ?? ''}/${(metadata as JsonObject)['name']}`,
  );

describe('metrics.k8s.io', () => {
  let server: TestServer;
  let scaler: Answerer;

  beforeAll(async () => {
    server = await TestServer.start();
    for (const namespace of ['default', 'other'])
      await server.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
    for (const name of ['n1', 'n2']) {
      await server.create('/api/v1/nodes', { metadata: { name, labels: { zone: name } } });
    }
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    if (scaler) [scaler.pods, scaler.nodes, scaler.asked.length] = [[], [], 0];
  });

  it('is no group of a cluster where nobody measures', async () => {
    expect((await server.get(`${ROOT}/pods`)).code).toBe(404);
    expect((await server.get('/apis')).text).not.toContain('metrics.k8s.io');
  });

  it('is one from the registration on, with the resources of metrics-server', async () => {
    const view = server.plane.reads.projection;
    for (const key of metricsRegistration.keysAtStart(view))
      for (const one of metricsRegistration.reconcile(view, key, AT))
        if (one.is === 'submit') await server.backend.submit(testCommand(one.command as unknown as TestCommand));
    expect((await server.get(ROOT)).json).toEqual({
      ...{ kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'metrics.k8s.io/v1beta1' },
      resources: [
        { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
        { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
      ],
    });
    const openApi = (await server.get('/openapi/v3/apis/metrics.k8s.io/v1beta1')).text;
    expect(openApi).toContain('io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetrics');
    expect((await server.get('/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io')).json).toMatchObject(
      {
        spec: { groupPriorityMinimum: 100, versionPriority: 100 },
        status: { conditions: [{ status: 'True', reason: 'Local' }] },
      },
    );
  });

  it('answers 503 and says why while the scaler cannot be asked', async () => {
    const message = expect.stringMatching(
      /^the figures of pods are measurements.*scaler, which hears them, cannot be asked/,
    );
    expect((await server.get(`${ROOT}/pods`)).json).toMatchObject({ code: 503, message });
    scaler = new Answerer(server);
    expect((await server.get(`${ROOT}/pods`)).json).toMatchObject({ kind: 'PodMetricsList', items: [] });
  });

  it('has pods with the labels of the pod, amounts as Kubernetes writes them, and the interval', async () => {
    for (const [namespace, name] of [
      ['default', 'a'],
      ['default', 'b'],
      ['other', 'a'],
    ] as const) {
      const made = await server.create(`/api/v1/namespaces/${namespace}/pods`, pod(namespace, name, { app: name }));
      scaler.uids.set(`${namespace}/${name}`, String((made['metadata'] as JsonObject)['uid']));
    }
    scaler.pods = [
      figure('other', 'a', [1_500_000_000, 4 * 2 ** 20]),
      figure('default', 'b', [12_345_678, 1234 * 1024], [1, 4096]),
      figure('default', 'gone', [1, 1]),
    ];
    const one = await server.get(`${ROOT}/namespaces/default/pods/b`);
    expect(one.json).toEqual({
      kind: 'PodMetrics',
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: {
        ...{ name: 'b', namespace: 'default', labels: { app: 'b' }, creationTimestamp: '2026-12-01T02:00:05Z' },
      },
      timestamp: '2026-12-01T02:00:05Z',
      window: '10.123s',
      containers: [
        { name: 'c0', usage: { cpu: '12345678n', memory: '1234Ki' } },
        { name: 'c1', usage: { cpu: '1n', memory: '4Ki' } },
      ],
    });
    expect(names(await server.get(`${ROOT}/pods`))).toEqual(['default/b', 'other/a']);
    expect(names(await server.get(`${ROOT}/namespaces/other/pods`))).toEqual(['other/a']);
    expect(names(await server.get(`${ROOT}/pods?labelSelector=app%3Da`))).toEqual(['other/a']);
    expect(names(await server.get(`${ROOT}/pods?fieldSelector=metadata.name%3Db`))).toEqual(['default/b']);
    expect(names(await server.get(`${ROOT}/pods?fieldSelector=metadata.namespace%3Dother`))).toEqual(['other/a']);
    // The scaler is asked for no more than is wanted.
    expect(scaler.asked.slice(0, 3)).toEqual([{ namespace: 'default', name: 'b' }, {}, { namespace: 'other' }]);
    const table = await server.get(`${ROOT}/namespaces/default/pods`, TABLE);
    expect(table.json?.['rows']).toMatchObject([{ cells: ['b', '12345679n', '1238Ki', '10.123s'] }]);
    expect((table.json?.['columnDefinitions'] as JsonObject[]).map(({ name }) => name)).toEqual([
      'Name',
      'cpu',
      'memory',
      'Window',
    ]);
  });

  it('says in the words of metrics-server of which pod there is nothing', async () => {
    scaler.pods = [figure('default', 'a')];
    for (const name of ['a', 'b']) {
      expect((await server.get(`${ROOT}/namespaces/default/pods/${name}`)).json).toMatchObject({
        ...{ code: 404, reason: 'NotFound', message: `podmetrics.metrics.k8s.io "default/${name}" not found` },
        details: { group: 'metrics.k8s.io', kind: 'podmetrics', name: `default/${name}` },
      });
    }
    expect((await server.get(`${ROOT}/namespaces/default/pods/x`)).json).toMatchObject({
      ...{ code: 404, message: 'pods "x" not found', details: { kind: 'pods', name: 'x' } },
    });
  });

  it('shows nothing of an earlier pod of the name, of a pod in part, or of figures that cannot be', async () => {
    scaler.uids.set('default/a', 'of-an-earlier-one');
    const nonsense = [
      [-1, 1],
      [Number.NaN, 1],
      [1, Infinity],
    ] as const;
    for (const use of nonsense) {
      scaler.pods = [figure('default', 'a', [1, 1]), figure('default', 'b', [1, 1], use)];
      expect(names(await server.get(`${ROOT}/pods`))).toEqual([]);
    }
    scaler.pods = [null, 7, { namespace: 'default' }] as unknown as Omit<PodMetrics, 'uid'>[];
  });

  it('has nodes, without those of which nothing is known', async () => {
    scaler.nodes = [
      { name: 'n2', at: AT, windowMs: 60_000, cpuNanoCores: 250_000_000, memoryBytes: 3 * 2 ** 30 },
      { name: 'gone', at: AT, windowMs: 1000, cpuNanoCores: 1, memoryBytes: 1 },
    ];
    expect((await server.get(`${ROOT}/nodes/n2`)).json).toMatchObject({
      ...{ kind: 'NodeMetrics', metadata: { name: 'n2', labels: { zone: 'n2' } } },
      ...{ window: '1m0s', usage: { cpu: '250m', memory: '3Gi' } },
    });
    expect(names(await server.get(`${ROOT}/nodes`))).toEqual(['/n2']);
    expect(names(await server.get(`${ROOT}/nodes?labelSelector=zone%3Dn1`))).toEqual([]);
    expect((await server.get(`${ROOT}/nodes`, TABLE)).json?.['rows']).toMatchObject([
      { cells: ['n2', '250m', '3Gi', '1m0s'] },
    ]);
    expect((await server.get(`${ROOT}/nodes/n1`)).json).toMatchObject({
      ...{ code: 404, message: 'nodemetrics.metrics.k8s.io "n1" not found' },
    });
    expect((await server.get(`${ROOT}/nodes/x`)).json).toMatchObject({ code: 404, message: 'nodes "x" not found' });
  });

  it('tells the last minutes of what there is, to shiplog top', async () => {
    const questions: UsageHistoryQuestion[] = [];
    const history = [
      { name: 'n1', cpuNanoCores: [-1, 5], memoryBytes: [-1, 6] },
      { name: 'gone', cpuNanoCores: [1], memoryBytes: [1] },
      'nonsense',
    ];
    server.hub.connect('scaler-history').subscribe(subjects.query('scaler', 'history'), (data) => {
      questions.push(decodeMessage(data) as unknown as UsageHistoryQuestion);
      return encodeMessage({ position: 1, figures: history });
    });
    expect((await server.get(`${ROOT}/nodes?historySeconds=120`)).json).toEqual({
      ...{ kind: 'UsageHistoryList', apiVersion: 'shiplog.io/v1', items: [history[0]] },
    });
    await server.get(`${ROOT}/namespaces/default/pods?historySeconds=5`);
    expect(questions).toEqual([
      { of: 'nodes', sinceMs: 120_000 },
      { of: 'pods', namespace: 'default', sinceMs: 5000 },
    ]);
    for (const wrong of ['0', '121', 'x', '']) {
      expect((await server.get(`${ROOT}/nodes?historySeconds=${wrong}`)).code).toBe(400);
    }
  });

  it('can be neither watched nor written, and of the past there is nothing', async () => {
    expect((await server.get(`${ROOT}/pods?watch=true`)).code).toBe(405);
    expect((await server.ask({ method: 'POST', path: `${ROOT}/nodes`, body: {} })).code).toBe(405);
    expect((await server.ask({ method: 'DELETE', path: `${ROOT}/nodes/n1` })).code).toBe(405);
    expect((await server.get(`${ROOT}/nodes/n1/history`)).code).toBe(404);
    const past = `/at/position:${server.plane.reads.projection.position}`;
    for (const path of ['pods', 'nodes', 'nodes/n1', 'namespaces/default/pods/a']) {
      expect((await server.get(`${past}${ROOT}/${path}`)).json).toMatchObject({
        ...{ code: 400, reason: 'BadRequest' },
        message: expect.stringMatching(/are measurements, which are no events: they cannot be had from the past$/),
      });
    }
  });

  it('is the group of another server once the APIService leads there', async () => {
    const path = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io';
    const body = { spec: { service: { namespace: 'default', name: 'metrics-server' } } };
    await server.ask({ method: 'PATCH', path, type: 'application/merge-patch+json', body });
    expect((await server.get(`${ROOT}/nodes`)).code).toBe(503);
    expect((await server.get(`${ROOT}/nodes`)).text).not.toContain('scaler');
  });
});

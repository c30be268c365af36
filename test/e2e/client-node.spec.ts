import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  Watch,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import { refusal } from '../support/client-library.js';
import { BUSYBOX, importBusybox, TestCluster, until } from '../support/test-cluster.js';
import { deployment } from '../support/workloads.js';

/** The JavaScript client library of Kubernetes, as it is on the registry, against a whole cluster on the real engine. */
const namespace = 'library';
let cluster: TestCluster;
let config: KubeConfig;
let core: CoreV1Api;
let apps: AppsV1Api;
let objects: KubernetesObjectApi;

beforeAll(async () => {
  importBusybox();
  cluster = new TestCluster('library');
  await cluster.start();
  config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  core = config.makeApiClient(CoreV1Api);
  apps = config.makeApiClient(AppsV1Api);
  objects = KubernetesObjectApi.makeApiClient(config);
  const made = await core.createNamespace({ body: { metadata: { name: namespace } } });
  expect(made.status?.phase).toBe('Active');
  await apps.createNamespacedDeployment({
    namespace,
    body: deployment('web', 2),
  });
  await until(
    'two pods run',
    () => core.listNamespacedPod({ namespace, labelSelector: 'app=web', fieldSelector: 'status.phase=Running' }),
    (list) => list.items.length === 2,
  );
});

afterAll(() => cluster?.remove(), 90_000);

const marked = (name: string, data: Record<string, string> = {}): V1ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels: { part: name.split('-')[0] ?? '' } },
  data,
});
const create = (map: V1ConfigMap): Promise<V1ConfigMap> => core.createNamespacedConfigMap({ namespace, body: map });
const set = (name: string, data: object): Promise<V1ConfigMap> =>
  core.patchNamespacedConfigMap(
    { namespace, name, body: { data } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );

describe('typed calls', () => {
  it('read what the controllers and the agent made of a Deployment', async () => {
    const { status, metadata } = await until(
      'two are available',
      () => apps.readNamespacedDeploymentStatus({ namespace, name: 'web' }),
      (web) => web.status?.availableReplicas === 2,
      20,
    );
    expect(status).toMatchObject({ replicas: 2, readyReplicas: 2, updatedReplicas: 2, observedGeneration: 1 });
    expect(Math.abs(Date.now() - (metadata?.creationTimestamp?.getTime() ?? 0))).toBeLessThan(60_000);
    const { items } = await core.listPodForAllNamespaces({ fieldSelector: `metadata.namespace=${namespace}` });
    expect(items.map(({ spec }) => spec?.nodeName)).toEqual([cluster.node, cluster.node]);
  });

  it('patch with every content type', async () => {
    await apps.createNamespacedDeployment({ namespace, body: deployment('patched', 0) });
    const patch = (body: unknown, type: string, more: object = {}): ReturnType<typeof apps.patchNamespacedDeployment> =>
      apps.patchNamespacedDeployment(
        { namespace, name: 'patched', body, ...more },
        setHeaderOptions('Content-Type', type),
      );
    const env = [{ name: 'WHO', value: 'me' }];
    const ofMain = { spec: { template: { spec: { containers: [{ name: 'main', env }] } } } };

    // Strategic merge finds the container by its name; a plain merge puts the list in place of the old one.
    const strategic = await patch(ofMain, PatchStrategy.StrategicMergePatch);
    expect(strategic.spec?.template.spec?.containers).toMatchObject([{ name: 'main', image: BUSYBOX, env }]);
    const withoutImage = await refusal(patch(ofMain, PatchStrategy.MergePatch));
    expect(withoutImage).toMatchObject({ code: 422, status: { reason: 'Invalid' } });
    expect(withoutImage.status.details?.causes).toMatchObject([
      { reason: 'FieldValueRequired', field: 'spec.template.spec.containers[0].image' },
    ]);
    const merged = await patch({ metadata: { labels: { a: '1', b: '2' } } }, PatchStrategy.MergePatch);
    expect(merged.metadata?.labels).toEqual({ a: '1', b: '2' });

    // Without a header the library sends the first that the API offers, a JSON patch.
    const moved = await apps.patchNamespacedDeployment({
      namespace,
      name: 'patched',
      body: [
        { op: 'test', path: '/metadata/labels/a', value: '1' },
        { op: 'move', from: '/metadata/labels/b', path: '/metadata/labels/c' },
      ],
    });
    expect(moved.metadata?.labels).toEqual({ a: '1', c: '2' });
    const untrue = [{ op: 'test', path: '/metadata/labels/a', value: '9' }];
    expect((await refusal(patch(untrue, PatchStrategy.JsonPatch))).code).toBe(422);

    const applied = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { labels: { a: 'applied' } } };
    const conflict = await refusal(patch(applied, PatchStrategy.ServerSideApply, { fieldManager: 'applier' }));
    expect(conflict).toMatchObject({ code: 409, status: { reason: 'Conflict' } });
    expect(conflict.status.details?.causes).toMatchObject([
      { reason: 'FieldManagerConflict', field: '.metadata.labels.a' },
    ]);
    const forced = await patch(applied, PatchStrategy.ServerSideApply, { fieldManager: 'applier', force: true });
    expect(forced.metadata?.labels).toEqual({ a: 'applied', c: '2' });
    expect(forced.metadata?.managedFields).toContainEqual(
      expect.objectContaining({ manager: 'applier', operation: 'Apply' }),
    );
  });

  it('list by pages that show one moment', async () => {
    for (const n of [1, 2, 3, 4, 5]) await create(marked(`page-${n}`));
    const page = (_continue?: string): ReturnType<typeof core.listNamespacedConfigMap> =>
      core.listNamespacedConfigMap({ namespace, labelSelector: 'part=page', limit: 2, _continue });
    const first = await page();
    await core.deleteNamespacedConfigMap({ namespace, name: 'page-4' });
    const second = await page(first.metadata?._continue);
    const third = await page(second.metadata?._continue);
    const pages = [first, second, third];
    expect(pages.map(({ items }) => items.map(({ metadata }) => metadata?.name))).toEqual([
      ['page-1', 'page-2'],
      ['page-3', 'page-4'],
      ['page-5'],
    ]);
    expect(new Set(pages.map(({ metadata }) => metadata?.resourceVersion)).size).toBe(1);
    expect(third.metadata?._continue).toBeUndefined();
    expect((await page()).items).toHaveLength(2);
    expect((await refusal(page('nonsense'))).code).toBe(400);
  });

  it('throw what was refused with its Status', async () => {
    await create(marked('taken'));
    expect(await refusal(core.readNamespacedConfigMap({ namespace, name: 'nothing' }))).toMatchObject({
      code: 404,
      status: {
        kind: 'Status',
        status: 'Failure',
        reason: 'NotFound',
        message: 'configmaps "nothing" not found',
        details: { name: 'nothing', kind: 'configmaps' },
      },
    });
    expect(await refusal(create(marked('taken')))).toMatchObject({ code: 409, status: { reason: 'AlreadyExists' } });
    const stale = { ...marked('taken'), metadata: { name: 'taken', resourceVersion: '1' } };
    expect(await refusal(core.replaceNamespacedConfigMap({ namespace, name: 'taken', body: stale }))).toMatchObject({
      code: 409,
      status: { reason: 'Conflict' },
    });
    expect(await refusal(create(marked('Not_A_Name')))).toMatchObject({
      code: 422,
      status: { reason: 'Invalid', details: { causes: [{ field: 'metadata.name' }] } },
    });
  });

  it('know who is asking: a token that the library asked for, and one that nobody gave', async () => {
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'robot' } } });
    const { status } = await core.createNamespacedServiceAccountToken({
      namespace,
      name: 'robot',
      body: { spec: { audiences: [], expirationSeconds: 600 } },
    });
    expect(await refusal(as(status?.token ?? '').listNamespacedSecret({ namespace }))).toMatchObject({
      code: 403,
      status: { reason: 'Forbidden', message: expect.stringContaining(`system:serviceaccount:${namespace}:robot`) },
    });
    // For 401 the library drops the body, whatever it is.
    await expect(as('nobody gave this').listNamespacedSecret({ namespace })).rejects.toMatchObject({ code: 401 });
  });
});

function as(token: string): CoreV1Api {
  const other = new KubeConfig();
  const server = config.getCurrentCluster();
  if (!server) throw new Error('the kubeconfig names no cluster');
  other.loadFromClusterAndUser(server, { name: 'somebody', token });
  return other.makeApiClient(CoreV1Api);
}

describe('objects of any kind', () => {
  it('are created, applied, patched, read, listed, replaced and deleted', async () => {
    const made = await objects.create(marked('any', { a: '1' }));
    expect(made.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/);
    const applied = { ...marked('any-applied', { a: '1' }) };
    const apply = (map: V1ConfigMap, manager: string): Promise<V1ConfigMap> =>
      objects.patch(map, undefined, undefined, manager, undefined, PatchStrategy.ServerSideApply);
    expect((await apply(applied, 'one')).data).toEqual({ a: '1' });
    // What a manager leaves out the next time goes, what another one said stays.
    expect((await apply(marked('any-applied', { b: '2' }), 'two')).data).toEqual({ a: '1', b: '2' });
    expect((await apply(marked('any-applied', { c: '3' }), 'one')).data).toEqual({ b: '2', c: '3' });
    expect((await refusal(apply(marked('any-applied', { b: '9' }), 'one'))).code).toBe(409);

    const patch = (body: object, strategy: PatchStrategy): Promise<V1ConfigMap> =>
      objects.patch({ ...marked('any'), ...body }, undefined, undefined, undefined, undefined, strategy);
    expect((await patch({ data: { b: '2' } }, PatchStrategy.StrategicMergePatch)).data).toEqual({ a: '1', b: '2' });
    expect((await patch({ data: { c: '3' } }, PatchStrategy.MergePatch)).data).toEqual({ a: '1', b: '2', c: '3' });

    const header = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'any', namespace } };
    const read = await objects.read<V1ConfigMap>(header);
    await objects.replace({ ...read, data: { whole: 'new' } });
    expect((await refusal(objects.replace({ ...read, data: { whole: 'old' } }))).code).toBe(409);
    const labelled = ['v1', 'ConfigMap', namespace, undefined, undefined, undefined, undefined, 'part=any'] as const;
    const list = await objects.list<V1ConfigMap>(...labelled);
    expect(list.items.map(({ metadata, data }) => [metadata?.name, data])).toEqual([
      ['any', { whole: 'new' }],
      ['any-applied', { b: '2', c: '3' }],
    ]);
    expect((await objects.list(...labelled, 1)).items).toHaveLength(1);

    expect(await objects.delete(header)).toMatchObject({ status: 'Success' });
    expect(await refusal(objects.read(header))).toMatchObject({ code: 404, status: { reason: 'NotFound' } });
    await expect(objects.read({ ...header, kind: 'Unheard' })).rejects.toThrow(/Unheard/);
  });
});

const MAPS = `/api/v1/namespaces/${namespace}/configmaps`;

interface Heard {
  readonly type: string;
  readonly name: string;
  readonly version: string;
}
const heardOf = (type: string, { metadata }: V1ConfigMap): Heard => ({
  type,
  name: metadata?.name ?? '',
  version: metadata?.resourceVersion ?? '',
});

describe('across the death of the control plane', () => {
  it('an informer goes on where it was, and a watch from before is served', async () => {
    const heard: Heard[] = [];
    const errors: unknown[] = [];
    let lists = 0;
    const informer = makeInformer<V1ConfigMap>(
      config,
      MAPS,
      () => {
        lists++;
        return core.listNamespacedConfigMap({ namespace, labelSelector: 'part=seen' });
      },
      'part=seen',
    );
    for (const type of ['add', 'update', 'delete'] as const) informer.on(type, (map) => heard.push(heardOf(type, map)));
    informer.on('error', (error) => errors.push(error));
    const hears = (what: readonly string[]): Promise<unknown> =>
      until(
        `${what.join(', ')}`,
        () => Promise.resolve(heard.map(({ type, name }) => `${type} ${name}`)),
        (is) => is.join() === what.join(),
        20,
      );

    const first = await create(marked('seen-1'));
    await informer.start();
    await hears(['add seen-1']);
    await create(marked('seen-2'));
    await set('seen-1', { a: '1' });
    await core.deleteNamespacedConfigMap({ namespace, name: 'seen-2' });
    const before = ['add seen-1', 'add seen-2', 'update seen-1', 'delete seen-2'];
    await hears(before);
    expect(errors).toEqual([]);

    await cluster.killControlPlane();
    await until(
      'the informer knows',
      () => Promise.resolve(errors.length),
      (count) => count > 0,
      10,
    );
    await cluster.start();
    await set('seen-1', { a: '2' });
    await create(marked('seen-3'));
    await informer.start();
    await hears([...before, 'update seen-1', 'add seen-3']);
    await set('seen-3', { a: '3' });
    await hears([...before, 'update seen-1', 'add seen-3', 'update seen-3']);
    expect(lists).toBe(1);
    expect(informer.list().map(({ metadata, data }) => [metadata?.name, data])).toEqual([
      ['seen-1', { a: '2' }],
      ['seen-3', { a: '3' }],
    ]);
    const versions = heard.map(({ version }) => Number(version));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(versions.length);
    await informer.stop();

    const again = await watched(config, { resourceVersion: first.metadata?.resourceVersion }, heard.length - 1);
    const type = { add: 'ADDED', update: 'MODIFIED', delete: 'DELETED' } as Readonly<Record<string, string>>;
    expect(again).toEqual(heard.slice(1).map((one) => ({ ...one, type: type[one.type] })));
    const { status } = await apps.readNamespacedDeployment({ namespace, name: 'web' });
    expect(status?.availableReplicas).toBe(2);
  });

  async function watched(from: KubeConfig, query: object, count: number): Promise<readonly Heard[]> {
    const heard: Heard[] = [];
    const watching = await new Watch(from).watch(
      MAPS,
      { labelSelector: 'part=seen', ...query },
      (type, map: V1ConfigMap) => heard.push(heardOf(type, map)),
      () => undefined,
    );
    await until(
      `${count} changes are heard`,
      () => Promise.resolve(heard),
      ({ length }) => length >= count,
      10,
    );
    watching.abort();
    return heard;
  }

  it('the past is a server address', async () => {
    const kept = await create(marked('past-1', { state: 'then' }));
    const gone = await create(marked('past-2'));
    const position = gone.metadata?.resourceVersion ?? '';
    const time = new Date().toISOString();
    await sleep(5);
    await set('past-1', { state: 'now' });
    await core.deleteNamespacedConfigMap({ namespace, name: 'past-2' });
    for (const moment of [`position:${position}`, time]) {
      const list = await past(moment)
        .makeApiClient(CoreV1Api)
        .listNamespacedConfigMap({ namespace, labelSelector: 'part=past' });
      expect(list.items.map(({ metadata, data }) => [metadata?.name, data])).toEqual([
        ['past-1', { state: 'then' }],
        ['past-2', undefined],
      ]);
    }
    const address = past(`position:${position}`);
    const header = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'past-1', namespace } };
    expect(await KubernetesObjectApi.makeApiClient(address).read<V1ConfigMap>(header)).toEqual(kept);
    expect((await core.readNamespacedConfigMap({ namespace, name: 'past-1' })).data).toEqual({ state: 'now' });
    expect(await watched(address, { labelSelector: 'part=past' }, 3)).toEqual([
      { type: 'ADDED', name: 'past-1', version: kept.metadata?.resourceVersion },
      { type: 'ADDED', name: 'past-2', version: position },
      { type: 'BOOKMARK', name: '', version: position },
    ]);
    const then = address.makeApiClient(CoreV1Api);
    expect(await refusal(then.deleteNamespacedConfigMap({ namespace, name: 'past-1' }))).toMatchObject({
      code: 405,
      status: { message: expect.stringContaining('the past cannot be changed') },
    });
    const pods = await core.listNamespacedPod({ namespace, labelSelector: 'app=web', limit: 1 });
    const name = pods.items[0]?.metadata?.name ?? '';
    expect((await refusal(then.readNamespacedPodLog({ namespace, name }))).code).toBe(400);
  });

  function past(moment: string): KubeConfig {
    const [server, user] = [config.getCurrentCluster(), config.getCurrentUser()];
    if (!server || !user) throw new Error('the kubeconfig names nobody');
    const address = new KubeConfig();
    address.loadFromClusterAndUser({ ...server, server: `${server.server}/at/${moment}` }, user);
    return address;
  }
});

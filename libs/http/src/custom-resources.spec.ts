import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { customResourceDefinition, customResourceDefinitions } from '#kinds';
import { customResources } from '#loops';
import { decode, encodeEnvelope, encodeProtobuf, WireWriter } from '#model';
import type { JsonObject } from '#std';
import { TestServer } from './testing/test-server.js';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const BOATS = '/apis/example.com/v1/namespaces/default/boats';

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', pattern: '^[a-z]+$' },
        sails: { type: 'integer', minimum: 0, default: 2 },
        crew: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
        },
      },
    },
    status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};
function definition(more: object = {}, spec: object = {}): JsonObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'boats.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'boats', kind: 'Boat', shortNames: ['bt'] },
      versions: [
        {
          ...{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } },
          subresources: { status: {} },
          additionalPrinterColumns: [{ name: 'Sails', type: 'integer', jsonPath: '.spec.sails' }],
          ...more,
        },
      ],
      ...spec,
    },
  };
}
const boat = (name: string, spec: object = { name: 'anna' }): JsonObject => ({
  ...{ apiVersion: 'example.com/v1', kind: 'Boat', metadata: { name } },
  spec: spec as JsonObject,
});
const within = (tag: number, message: Uint8Array): Uint8Array => {
  const writer = new WireWriter();
  writer.blob(tag, message);
  return writer.done();
};

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
  server.plane.run([customResources], { submit: (command) => server.backend.submit(command) });
});
afterEach(() => server.stop());

async function until<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < 500; i++) {
    const found = await read();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come about');
}
const served = (path: string) => until(async () => ((await server.get(path)).code === 200 ? true : undefined));

describe('a custom kind', () => {
  it('is served once its names are accepted, with defaults, pruning, validation, status and columns', async () => {
    expect((await server.get(BOATS)).code).toBe(404);
    await server.create(DEFINITIONS, definition());
    await served(BOATS);
    const made = await server.create(BOATS, boat('a', { name: 'anna', colour: 'red', crew: [{ name: 'x' }] }));
    expect(made).toMatchObject({
      spec: { name: 'anna', sails: 2, crew: [{ name: 'x' }] },
      metadata: { generation: 1 },
    });
    expect(made['spec']).not.toHaveProperty('colour');
    const wrong = await server.ask({ method: 'POST', path: BOATS, body: boat('b', { name: 'A1', sails: -1 }) });
    expect([
      wrong.code,
      (wrong.json?.['details'] as { causes: { field: string }[] }).causes.map(({ field }) => field),
    ]).toEqual([422, ['spec.name', 'spec.sails']]);
    const patched = await server.ask({
      ...{ method: 'PATCH', path: `${BOATS}/a/status`, type: 'application/merge-patch+json' },
      body: { status: { afloat: true }, spec: { sails: 9 } },
    });
    expect(patched.json).toMatchObject({ spec: { sails: 2 }, status: { afloat: true } });
    const table = await server.get(BOATS, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' });
    expect(table.json).toMatchObject({
      columnDefinitions: [{ name: 'Name' }, { name: 'Sails' }],
      rows: [{ cells: ['a', 2] }],
    });
    const discovered = await server.get('/apis/example.com/v1');
    expect(discovered.json).toMatchObject({
      resources: [{ name: 'boats', shortNames: ['bt'] }, { name: 'boats/status' }],
    });
    const published = await server.get('/openapi/v3/apis/example.com/v1');
    const apiVersion = { type: 'string', description: expect.stringMatching(/^APIVersion defines /) };
    const metadata = { description: expect.stringMatching(/^Standard object's metadata/) };
    expect(published.json).toMatchObject({
      components: { schemas: { 'com.example.v1.Boat': { type: 'object', properties: { apiVersion, metadata } } } },
    });
  });

  it('is at a past moment what it was then', async () => {
    await server.create(DEFINITIONS, definition());
    await served(BOATS);
    const before = await server.create(BOATS, boat('a'));
    const at = String((before['metadata'] as JsonObject)['resourceVersion']);
    const changed = definition({
      additionalPrinterColumns: [{ name: 'Captain', type: 'string', jsonPath: '.spec.name' }],
    });
    const edited = await server.ask({
      ...{ method: 'PATCH', path: `${DEFINITIONS}/boats.example.com`, type: 'application/merge-patch+json' },
      body: { spec: changed['spec'] ?? null },
    });
    expect(edited.code).toBe(200);
    const columns = async (path: string) =>
      (await server.get(path, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' })).json?.['columnDefinitions'];
    expect(await columns(BOATS)).toMatchObject([{ name: 'Name' }, { name: 'Captain' }]);
    expect(await columns(`/at/position:${at}${BOATS}`)).toMatchObject([{ name: 'Name' }, { name: 'Sails' }]);
    const first = Number(at) - 1000 > 0 ? Number(at) - 1000 : 2;
    expect((await server.get(`/at/position:${first}/apis/example.com/v1`)).code).toBe(404);
  });

  it('goes with its objects when its definition is deleted', async () => {
    await server.create(DEFINITIONS, definition());
    await served(BOATS);
    await server.create(BOATS, boat('a'));
    const deleted = await server.ask({ method: 'DELETE', path: `${DEFINITIONS}/boats.example.com` });
    expect(deleted.json).toMatchObject({ metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'] } });
    await until(async () => ((await server.get(`${DEFINITIONS}/boats.example.com`)).code === 404 ? true : undefined));
    expect((await server.get(BOATS)).code).toBe(404);
    expect(server.backend.current().list(customResourceDefinitions)).toEqual([]);
    await server.create(DEFINITIONS, definition());
    await served(BOATS);
    expect((await server.get(BOATS)).json?.['items']).toEqual([]);
  });

  it('keeps its definition while the writer knows of objects that whoever lets it go has not seen', async () => {
    await server.create(DEFINITIONS, definition());
    await served(BOATS);
    const held = { ...boat('a'), metadata: { name: 'a', finalizers: ['example.com/hold'] } };
    await server.create(BOATS, held);
    const path = `${DEFINITIONS}/boats.example.com`;
    await server.ask({ method: 'DELETE', path });
    const letGo = () =>
      server.ask({
        ...{ method: 'PATCH', path: `${path}/status`, type: 'application/merge-patch+json' },
        body: { metadata: { finalizers: null } },
      });
    expect((await letGo()).code).toBe(409);
    await server.ask({
      ...{ method: 'PATCH', path: `${BOATS}/a`, type: 'application/merge-patch+json' },
      body: { metadata: { finalizers: null } },
    });
    await until(async () => ((await server.get(path)).code === 404 ? true : undefined));
  });

  it('is published in OpenAPI v2 as an object of any fields when it keeps all that it does not know', async () => {
    const open = { type: 'object', description: 'A boat.', 'x-kubernetes-preserve-unknown-fields': true };
    await server.create(DEFINITIONS, definition({ schema: { openAPIV3Schema: open } }));
    await served(BOATS);
    const { json } = await server.get('/openapi/v2');
    expect((json?.['definitions'] as JsonObject)['com.example.v1.Boat']).toEqual({
      type: 'object',
      'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Boat' }],
    });
  });

  it('may be sent as protobuf, as the typed clients do; its objects may not', async () => {
    const type = 'application/vnd.kubernetes.protobuf';
    const crd = definition();
    const raw = encodeProtobuf(customResourceDefinition, decode(customResourceDefinition, crd).value);
    const body = Buffer.from(encodeEnvelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', raw));
    const made = await server.ask({ method: 'POST', path: DEFINITIONS, body, type });
    expect([made.code, made.json?.['message']]).toEqual([201, undefined]);
    const asJson = decode(customResourceDefinition, crd).value;
    expect(made.json).toMatchObject({ spec: { versions: asJson.spec.versions } });
    await served(BOATS);
    expect((await server.ask({ method: 'POST', path: BOATS, body, type })).code).toBe(415);
  });

  it('is refused as protobuf when its schema lies in itself too often', async () => {
    const type = 'application/vnd.kubernetes.protobuf';
    let deep: Uint8Array = new Uint8Array();
    // Each is the `not` of the one around it.
    for (let i = 0; i < 5_000; i++) deep = within(28, deep);
    const raw = within(2, within(7, within(4, within(1, deep))));
    const body = Buffer.from(encodeEnvelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', raw));
    const refused = await server.ask({ method: 'POST', path: DEFINITIONS, body, type });
    expect([refused.code, String(refused.json?.['message'])]).toEqual([
      400,
      expect.stringContaining('exceeded max depth'),
    ]);
  });

  it('ends watches when it is defined in another way or goes, after all that they have to tell', async () => {
    await server.create(DEFINITIONS, definition());
    await served(BOATS);
    const one = `${DEFINITIONS}/boats.example.com`;
    const change = (body: JsonObject) =>
      server.ask({ method: 'PATCH', path: one, type: 'application/merge-patch+json', body });
    const watched = () => {
      const watch = { isOver: false, text: '' };
      const path = `${BOATS}?watch=1&resourceVersion=0`;
      void server.ask({ path, ms: 60_000 }).then(({ text }) => Object.assign(watch, { isOver: true, text }));
      return watch;
    };
    const first = watched();
    await server.create(BOATS, boat('a'));
    expect((await change({ metadata: { labels: { a: 'b' } } })).code).toBe(200);
    await server.create(BOATS, boat('b'));
    expect(first.isOver).toBe(false);
    const { spec = null } = definition({ additionalPrinterColumns: [] });
    expect((await change({ spec })).code).toBe(200);
    await until(() => Promise.resolve(first.isOver || undefined));
    expect(first.text.match(/"type":"\w+"/g)).toEqual(['"type":"ADDED"', '"type":"ADDED"']);
    const second = watched();
    await server.ask({ method: 'DELETE', path: one });
    await until(() => Promise.resolve(second.isOver || undefined));
    expect(second.text.match(/"type":"DELETED"/g)).toHaveLength(2);
  });

  it('is no workload to the pod security of its namespace, whatever its template holds', async () => {
    const labels = { 'pod-security.kubernetes.io/warn': 'restricted' };
    const [method, type] = ['PATCH', 'application/merge-patch+json'];
    await server.ask({ method, type, path: '/api/v1/namespaces/default', body: { metadata: { labels } } });
    const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    await server.create(DEFINITIONS, definition({ schema: { openAPIV3Schema: open } }));
    await served(BOATS);
    for (const containers of [5, [null], [{ name: 'c', image: 'i' }]]) {
      const body = boat('a', { template: { spec: { containers } } });
      const made = await server.ask({ method: 'POST', path: `${BOATS}?dryRun=All`, body });
      expect([made.code, made.headers['warning']]).toEqual([201, undefined]);
    }
  });
  it('takes no strategic merge patch, and says which patches it takes', async () => {
    await server.create(DEFINITIONS, definition());
    await served(BOATS);
    await server.create(BOATS, boat('a'));
    for (const path of [`${BOATS}/a`, `${BOATS}/a/status`])
      for (const type of ['application/strategic-merge-patch+json', 'application/json']) {
        const refused = await server.ask({ method: 'PATCH', path, type, body: { metadata: { labels: { a: 'b' } } } });
        expect(refused.json).toMatchObject({
          reason: 'UnsupportedMediaType',
          code: 415,
          message:
            'the body of the request was in an unknown format - accepted media types include: ' +
            'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
        });
      }
  });
  it('matches patterns in linear time', async () => {
    const evil = { ...schema.properties.spec, properties: { name: { type: 'string', pattern: '^(a+)+$' } } };
    const properties = { ...schema.properties, spec: evil };
    await server.create(DEFINITIONS, definition({ schema: { openAPIV3Schema: { ...schema, properties } } }));
    await served(BOATS);
    const asked = await server.ask({
      method: 'POST',
      path: BOATS,
      body: boat('a', { name: `${'a'.repeat(50_000)}!` }),
    });
    expect(asked.code).toBe(422);
  });
});

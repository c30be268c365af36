import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { customResources } from '#loops';
import type { JsonObject } from '#std';
import { TestServer, type Reply } from './testing/test-server.js';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const BOATS = '/apis/example.com/v1/namespaces/default/boats';
const BETA = '/apis/example.com/v1beta1/namespaces/default/boats';

const object = (properties: object) => ({ type: 'object', properties });
const text = { type: 'string' };
const versions = [
  {
    ...{ name: 'v1', served: true, storage: true, subresources: { status: {} } },
    schema: {
      openAPIV3Schema: object({
        spec: object({ name: text, sails: { type: 'integer', default: 2 } }),
        status: object({ afloat: { type: 'boolean' } }),
      }),
    },
    additionalPrinterColumns: [{ name: 'Sails', type: 'integer', jsonPath: '.spec.sails' }],
  },
  {
    ...{ name: 'v1beta1', served: true, storage: false, deprecated: true },
    schema: { openAPIV3Schema: object({ spec: object({ name: text, colour: { ...text, default: 'red' } }) }) },
  },
  { name: 'v2', served: false, storage: false, schema: { openAPIV3Schema: object({}) } },
];
const definition = {
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  metadata: { name: 'boats.example.com' },
  spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'boats', kind: 'Boat' }, versions },
} as unknown as JsonObject;
const boat = (version: string, spec: object): JsonObject => ({
  ...{ apiVersion: `example.com/${version}`, kind: 'Boat', metadata: { name: 'a' } },
  spec: spec as JsonObject,
});

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
  server.plane.run([customResources], { submit: (command) => server.backend.submit(command) });
  await server.create(DEFINITIONS, definition);
  await until(async () => (await server.get(BOATS)).code === 200);
});
afterEach(() => server.stop());

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; !(await isSo()); i++) {
    if (i === 500) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const merge = (path: string, body: object) =>
  server.ask({ method: 'PATCH', path, type: 'application/merge-patch+json', body: body as JsonObject });
const messageOf = ({ code, json }: Reply) => [code, json?.['message']];

describe('a custom kind in several versions', () => {
  it('stores what the stored version has: a field of another one is gone, also when the stored one gets it', async () => {
    const made = await server.create(BETA, boat('v1beta1', { name: 'anna', colour: 'blue' }));
    expect(made['spec']).toEqual({ name: 'anna' });
    const [v1, ...others] = versions;
    const withColour = { spec: object({ name: text, colour: text }) };
    const grown = { ...v1, schema: { openAPIV3Schema: object(withColour) } };
    const path = `${DEFINITIONS}/boats.example.com`;
    expect((await merge(path, { spec: { versions: [grown, ...others] } })).code).toBe(200);
    expect((await server.get(`${BOATS}/a`)).json?.['spec']).toEqual({ name: 'anna' });
  });

  it('answers 404 to a command in a version that is served no more', async () => {
    const [v1, beta, v2] = versions;
    const path = `${DEFINITIONS}/boats.example.com`;
    await merge(path, { spec: { versions: [v1, { ...beta, served: false }, v2] } });
    const refused = await server.backend.submit({
      ...{
        verb: 'create',
        kind: 'example.com.boats',
        apiVersion: 'example.com/v1beta1',
        namespace: 'default',
        name: 'a',
      },
      ...{ body: boat('v1beta1', { name: 'anna' }), options: {}, via: 'test', correlationId: 'test-1' },
      actor: { name: 'admin', groups: ['system:masters'] },
    });
    expect(refused).toMatchObject({ code: 404, reason: 'NotFound' });
  });

  it('is read with the fields of the version, and keeps what the stored version has', async () => {
    const made = await server.create(BETA, boat('v1beta1', { name: 'anna', colour: 'blue' }));
    // Nothing but the stored version's fields comes back, and defaults are for what is written.
    expect(made).toMatchObject({ apiVersion: 'example.com/v1beta1', spec: { name: 'anna' } });
    expect(made['spec']).toEqual({ name: 'anna' });
    expect((await server.get(`${BOATS}/a`)).json?.['spec']).toEqual({ name: 'anna', sails: 2 });
    const table = await server.get(BOATS, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' });
    expect(table.json).toMatchObject({ rows: [{ cells: ['a', 2] }] });
  });

  it('has a new generation when another version writes its own fields, and no owners that cannot be told', async () => {
    await server.create(BOATS, boat('v1', { name: 'anna', sails: 3 }));
    const renamed = await merge(`${BETA}/a`, { metadata: { labels: { a: 'b' } } });
    expect(renamed.json).toMatchObject({ metadata: { generation: 2, labels: { a: 'b' } }, spec: { name: 'anna' } });
    // The manager of v1 owns fields of an object that v1 has no type for any more: `colour` was set.
    expect(renamed.json?.['metadata']).not.toHaveProperty('managedFields');
    expect((await server.get(`${BOATS}/a`)).json?.['spec']).toEqual({ name: 'anna', sails: 2 });
  });

  it('has the subresources of the version', async () => {
    await server.create(BOATS, boat('v1', { name: 'anna' }));
    const names = async (version: string) =>
      ((await server.get(`/apis/example.com/${version}`)).json?.['resources'] as { name: string }[]).map(
        ({ name }) => name,
      );
    expect([await names('v1'), await names('v1beta1')]).toEqual([['boats', 'boats/status'], ['boats']]);
    expect((await merge(`${BOATS}/a/status`, { status: { afloat: true } })).json).toMatchObject({
      status: { afloat: true },
    });
    const absent = await merge(`${BETA}/a/status`, { status: { afloat: false } });
    expect(messageOf(absent)).toEqual([404, 'boats.example.com "a" not found']);
    expect((await merge(`${BOATS}/a/status`, { status: null })).json).not.toHaveProperty('status');
    const deleted = await server.ask({ method: 'DELETE', path: `${BOATS}/a/status` });
    expect(messageOf(deleted)).toEqual([405, 'delete is not supported on resources of kind "boats.example.com"']);
  });

  it('has no page for a version that is not served, and no patch moves an object to another version', async () => {
    expect((await server.get('/apis/example.com/v2')).text).toBe('404 page not found\n');
    await server.create(BOATS, boat('v1', { name: 'anna' }));
    const moved = await merge(`${BOATS}/a`, { apiVersion: 'example.com/v1beta1' });
    expect(messageOf(moved)).toEqual([422, expect.stringContaining('must be example.com/v1')]);
  });
});

describe('a null', () => {
  it('is dropped of what is written, and refused of what is applied, where there is no such value', async () => {
    const made = await server.create(BOATS, boat('v1', { name: null, sails: null }));
    expect(made['spec']).toEqual({ sails: 2 });
    const type = 'application/apply-patch+yaml';
    const path = `${BOATS}/a?fieldManager=me`;
    const applied = await server.ask({ method: 'PATCH', path, type, body: boat('v1', { name: null }) });
    expect(messageOf(applied)).toEqual([
      422,
      expect.stringMatching(/spec.name in body must be of type string: "null"$/),
    ]);
  });
});

describe('a definition', () => {
  it('takes any status, and goes in spite of it', async () => {
    const one = `${DEFINITIONS}/boats.example.com`;
    const written = await merge(`${one}/status`, { status: { storedVersions: ['v9'] } });
    expect(written.json).toMatchObject({ status: { storedVersions: ['v9'] } });
    expect((await merge(one, { metadata: { labels: { a: 'b' } } })).code).toBe(422);
    const deleted = await server.ask({ method: 'DELETE', path: one });
    expect(deleted.json?.['metadata']).not.toHaveProperty('deletionGracePeriodSeconds');
    await until(async () => (await server.get(one)).code === 404);
  });

  it('gives up the names that it does not want any more', async () => {
    const one = `${DEFINITIONS}/boats.example.com`;
    const accepted = async () =>
      ((await server.get(one)).json?.['status'] as JsonObject)['acceptedNames'] as JsonObject;
    await merge(one, { spec: { names: { shortNames: ['bt'], categories: ['all'] } } });
    await until(async () => 'shortNames' in (await accepted()));
    await merge(one, { spec: { names: { shortNames: null, categories: null } } });
    await until(async () => !('shortNames' in (await accepted())));
    expect(Object.keys(await accepted()).sort()).toEqual(['kind', 'listKind', 'plural', 'singular']);
  });
});

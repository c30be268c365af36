import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { registry } from '#kinds';
import type { Json, JsonObject } from '#std';
import { Routes, servedKinds } from '../routes.js';
import { OpenApi } from './documents.js';
import { partsOf } from './kind-parts.js';

const openApi = new OpenApi(new Routes(registry), 'v1.35.4');
const pathsIn = (name: string): JsonObject => {
  const { json } = openApi.v3(name) ?? { json: '{}' };
  return (JSON.parse(json) as { readonly paths: JsonObject }).paths;
};

/** What a genuine server publishes of policy/v1, with the names of a kind that is here and is shaped alike. */
function recorded(): JsonObject {
  const lines = gunzipSync(readFileSync('test/recorded/discovery-openapi.jsonl.gz')).toString('utf8');
  const line = lines.split('\n').find((one) => one.includes('"paths and one schema of policy/v1"')) ?? '{}';
  const renamed = [
    ['poddisruptionbudgets', 'deployments'],
    ['PodDisruptionBudget', 'Deployment'],
    ['apis/policy/v1', 'apis/apps/v1'],
    ['PolicyV1', 'AppsV1'],
    ['policy_v1', 'apps_v1'],
    ['api.policy.v1', 'api.apps.v1'],
    ['"policy"', '"apps"'],
  ].reduce((text, [from = '', to = '']) => text.replaceAll(from, to), line);
  return (JSON.parse(renamed) as { answer: { body: { paths: JsonObject } } }).answer.body.paths;
}
/** Parameters have descriptions of our own. */
function withoutTheirDescriptions(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutTheirDescriptions);
  if (typeof value !== 'object' || value === null) return value;
  const { description, ...others } = value as JsonObject;
  const kept = 'in' in value || description === undefined ? {} : { description };
  const entries = Object.entries(others).map(([key, inner]) => [key, withoutTheirDescriptions(inner ?? null)] as const);
  return { ...kept, ...Object.fromEntries(entries) };
}

describe('the names of the documents', () => {
  it('are worked out once, however many documents are asked for', () => {
    const routes = new Routes(registry);
    let looks = 0;
    const counted = Object.create(routes, {
      groups: { get: () => (looks++, routes.groups) },
    }) as Routes;
    const documents = new OpenApi(counted, 'v1.35.4');
    expect(Object.keys((JSON.parse(documents.index.json) as { paths: object }).paths)).toEqual(documents.names);
    expect(documents.v3('apis/nowhere/v1')).toBeUndefined();
    expect(documents.names).toEqual([...documents.names].sort());
    expect(looks).toBe(1);
  });
});

describe('the OpenAPI documents', () => {
  it('have the operations, parameters, bodies and answers of each path that a genuine server publishes', () => {
    const want = recorded();
    const got = pathsIn('apis/apps/v1');
    expect(Object.keys(want)).toHaveLength(8);
    for (const [path, item] of Object.entries(want))
      expect([path, withoutTheirDescriptions(got[path] ?? null)]).toEqual([
        path,
        withoutTheirDescriptions(item ?? null),
      ]);
  });
  it.each([
    ['version', 'getCodeVersion', 'version'],
    ['api', 'getCoreAPIVersions', 'core'],
    ['apis', 'getAPIVersions', 'apis'],
    ['apis/apps', 'getAppsAPIGroup', 'apps'],
    ['apis/rbac.authorization.k8s.io', 'getRbacAuthorizationAPIGroup', 'rbacAuthorization'],
    ['.well-known/openid-configuration', 'getServiceAccountIssuerOpenIDConfiguration', 'WellKnown'],
    ['openid/v1/jwks', 'getServiceAccountIssuerOpenIDKeyset', 'openid'],
  ])('have the page %s with its own name, in v3 and v2', (name, operationId, tag) => {
    const { paths } = JSON.parse(openApi.v2.json) as { readonly paths: JsonObject };
    for (const item of [pathsIn(name)[`/${name}/`], paths[`/${name}/`]])
      expect(item).toMatchObject({ get: { operationId, tags: [tag] } });
  });
  it('lead to a schema with every reference', () => {
    for (const text of [openApi.v2.json, ...openApi.names.map((name) => openApi.v3(name)?.json ?? '')]) {
      const document = JSON.parse(text) as { definitions?: JsonObject; components?: { schemas: JsonObject } };
      const schemas = new Set(Object.keys(document.definitions ?? document.components?.schemas ?? {}));
      const references = [...text.matchAll(/"\$ref":"#\/(?:definitions|components\/schemas)\/([^"]+)"/g)];
      const names = new Set(references.map(([, name = '']) => name));
      expect([...names].filter((name) => !schemas.has(name))).toEqual([]);
    }
  });
  it('are put together of the parts of each kind, which are made once', () => {
    for (const kind of registry.all)
      for (const [i, on] of servedKinds(kind).entries())
        for (const form of ['v2', 'v3'] as const) {
          const again = servedKinds(kind)[i];
          expect(again && partsOf(again, form)).toBe(partsOf(on, form));
        }
  });
});

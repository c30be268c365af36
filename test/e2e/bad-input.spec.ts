import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCluster, type StartedCluster } from '../../tools/cluster.mjs';
import { ApiClient, type ApiAnswer } from '../support/api-client.js';

/**
 * What a client can get wrong, sent to a whole API over its real port: each gets the code, the reason and the message that
 * a genuine 1.35 gives (test/recorded, by the names beside them), and the log does not move.
 */
const MAPS = '/api/v1/namespaces/default/configmaps';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const CONTAINERS = { containers: [{ name: 'c', image: 'i' }] };
const longName = 'a'.repeat(254);

interface Wrong {
  readonly what: string;
  readonly method?: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: unknown;
  readonly code: number;
  readonly reason?: string;
  readonly message: string | RegExp;
  readonly warnings?: readonly string[];
  readonly causes?: readonly { readonly reason: string; readonly field: string }[];
}

let cluster: StartedCluster;
let api: ApiClient;

beforeAll(async () => {
  cluster = await startCluster({ apps: 'api' });
  api = new ApiClient(cluster.kubeconfig);
  await created(MAPS, configMap('there', { data: { a: '1' } }));
  await created(MAPS, configMap('fixed', { immutable: true, data: { a: '1' } }));
  await created(DEPLOYMENTS, deployment('web'));
  // A version that is older than the newest of the object.
  await api.call('PATCH', `${MAPS}/there`, { body: { data: { a: '2' } }, contentType: MERGE });
});

afterAll(async () => {
  api?.close();
  await cluster?.stop();
});

const MERGE = 'application/merge-patch+json';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

describe('a body that cannot be read', () => {
  refuses([
    {
      what: 'an unknown field, strict (errors-http)',
      path: `${MAPS}?fieldValidation=Strict`,
      body: { ...configMap('x'), bogus: 1, other: { a: 1 } },
      code: 400,
      reason: 'BadRequest',
      message:
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "bogus", unknown field "other"',
    },
    {
      what: 'a duplicate key, strict (errors-http)',
      path: `${MAPS}?fieldValidation=Strict`,
      body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dup"},"data":{"a":"1","a":"2"}}',
      code: 400,
      reason: 'BadRequest',
      message:
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a"',
    },
    {
      what: 'a number where a text belongs',
      path: MAPS,
      body: { ...configMap('x'), data: { a: 1 } },
      code: 400,
      reason: 'BadRequest',
      message:
        /^ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap\.data of type string$/,
    },
    {
      what: 'JSON that ends too soon',
      path: MAPS,
      body: '{"apiVersion":"v1","kind":"ConfigMap"',
      code: 400,
      reason: 'BadRequest',
      message:
        /^the object provided is unrecognized \(must be of type ConfigMap\): couldn't get version\/kind; json parse error: unexpected end of JSON input \(.*\)$/,
    },
    {
      what: 'YAML that is none',
      path: MAPS,
      type: 'application/yaml',
      body: 'apiVersion: v1\nkind: [ConfigMap\n',
      code: 400,
      reason: 'BadRequest',
      message: /^the object provided is unrecognized \(must be of type ConfigMap\): .*yaml: line \d+: .*$/s,
    },
    {
      what: 'protobuf that is none',
      path: MAPS,
      type: PROTOBUF,
      body: Buffer.from('k8s\0\xff\xff\xff', 'latin1'),
      code: 400,
      reason: 'BadRequest',
      message: /^the object provided is unrecognized \(must be of type ConfigMap\): .+/,
    },
    {
      what: 'a body of a type that nobody reads',
      path: MAPS,
      type: 'text/csv',
      body: 'a,b',
      code: 415,
      reason: 'UnsupportedMediaType',
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    },
    {
      what: '4 MB',
      path: MAPS,
      body: configMap('big', { data: { a: 'x'.repeat(4_000_000) } }),
      code: 413,
      reason: 'RequestEntityTooLarge',
      message: 'Request entity too large: limit is 3145728',
    },
    {
      what: 'a kind in a version that it does not have',
      path: MAPS,
      body: { apiVersion: 'v2', kind: 'ConfigMap', metadata: { name: 'x' } },
      code: 400,
      reason: 'BadRequest',
      message:
        /^ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme/,
    },
  ]);
});

describe('what cannot be as it is said', () => {
  refuses([
    {
      what: 'an unknown kind',
      path: '/api/v1/namespaces/default/wishes',
      body: { apiVersion: 'v1', kind: 'Wish', metadata: { name: 'x' } },
      code: 404,
      reason: 'NotFound',
      message: 'the server could not find the requested resource',
    },
    {
      what: 'a name of 254 characters',
      path: MAPS,
      body: configMap(longName),
      code: 422,
      reason: 'Invalid',
      message: `ConfigMap "${longName}" is invalid: metadata.name: Invalid value: "${longName}": must be no more than 253 characters`,
      causes: [{ reason: 'FieldValueInvalid', field: 'metadata.name' }],
    },
    {
      what: 'a change of immutable data (apply-ownership)',
      method: 'PATCH',
      path: `${MAPS}/fixed`,
      type: MERGE,
      body: { data: { a: '2' } },
      code: 422,
      reason: 'Invalid',
      message: 'ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set',
      causes: [{ reason: 'FieldValueForbidden', field: 'data' }],
    },
    {
      what: 'a change of a selector',
      method: 'PATCH',
      path: `${DEPLOYMENTS}/web`,
      type: MERGE,
      body: {
        spec: { selector: { matchLabels: { app: 'other' } }, template: { metadata: { labels: { app: 'other' } } } },
      },
      code: 422,
      reason: 'Invalid',
      message:
        'Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable',
      causes: [{ reason: 'FieldValueInvalid', field: 'spec.selector' }],
    },
    {
      what: 'a selector that does not match its template',
      path: DEPLOYMENTS,
      body: deployment('other', { template: { metadata: { labels: { app: 'else' } }, spec: CONTAINERS } }),
      code: 422,
      reason: 'Invalid',
      message:
        'Deployment.apps "other" is invalid: spec.template.metadata.labels: Invalid value: {"app":"else"}: `selector` does not match template `labels`',
      causes: [{ reason: 'FieldValueInvalid', field: 'spec.template.metadata.labels' }],
    },
    {
      what: 'a version that is not the newest any more (errors-http)',
      method: 'PUT',
      path: `${MAPS}/there`,
      body: configMap('there', { metadata: { name: 'there', resourceVersion: '1' } }),
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on configmaps "there": the object has been modified; please apply your changes to the latest version and try again',
    },
    {
      what: 'a name that is taken',
      path: MAPS,
      body: configMap('there'),
      code: 409,
      reason: 'AlreadyExists',
      message: 'configmaps "there" already exists',
    },
    {
      what: 'a negative number of replicas',
      path: DEPLOYMENTS,
      body: deployment('minus', { replicas: -1 }),
      code: 422,
      reason: 'Invalid',
      message:
        'Deployment.apps "minus" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      causes: [{ reason: 'FieldValueInvalid', field: 'spec.replicas' }],
    },
  ]);
});

describe('a question that makes no sense', () => {
  refuses([
    {
      what: 'a broken label selector (apps-v1-deployments-live)',
      method: 'GET',
      path: `${MAPS}?labelSelector=a%20b%20c`,
      code: 400,
      reason: 'BadRequest',
      message: "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    },
    {
      what: 'a field that nothing can be selected by',
      method: 'GET',
      path: `${MAPS}?fieldSelector=data.a%3D1`,
      code: 400,
      reason: 'BadRequest',
      message: '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"',
    },
    {
      what: 'a limit that is no number',
      method: 'GET',
      path: `${MAPS}?limit=many`,
      code: 400,
      reason: 'BadRequest',
      message: 'strconv.ParseInt: parsing "many": invalid syntax',
    },
    {
      what: 'a token that nobody gave',
      method: 'GET',
      path: `${MAPS}?limit=1&continue=nonsense`,
      code: 400,
      reason: 'BadRequest',
      message: /^invalid continue token: continue key is not valid: .+/,
    },
  ]);
});

describe('what Kubernetes lets pass', () => {
  it('an unknown field, with a warning by default and silently on Ignore; a dry run stores nothing', async () => {
    const body = { ...configMap('w'), bogus: 1 };
    await untouched(async () => {
      const warned = await api.call('POST', `${MAPS}?dryRun=All`, { body });
      expect([warned.status, warned.headers['warning']]).toEqual([201, '299 - "unknown field \\"bogus\\""']);
      const silent = await api.call('POST', `${MAPS}?dryRun=All&fieldValidation=Ignore`, { body });
      expect([silent.status, silent.headers['warning']]).toEqual([201, undefined]);
    });
  });

  it('a negative limit means none (lists-configmaps)', async () => {
    await untouched(async () => {
      const answer = await api.get(`${MAPS}?limit=-1`);
      expect(answer.status).toBe(200);
      expect(answer.json().items?.map(({ metadata }) => metadata.name)).toEqual(['fixed', 'there']);
    });
  });
});

function refuses(all: readonly Wrong[]): void {
  it.each(all)('$what', async ({ method = 'POST', path, type, body, code, reason, message, causes }) => {
    await untouched(async () => {
      const contentType = type === undefined ? {} : { contentType: type };
      const answer = await api.call(method, path, { ...(body !== undefined && { body }), ...contentType });
      expectStatus(answer, code, reason);
      const status = answer.json<Status>();
      if (typeof message === 'string') expect(status.message).toBe(message);
      else expect(status.message).toMatch(message);
      if (causes) expect(status.details?.causes?.map(({ reason, field }) => ({ reason, field }))).toEqual(causes);
    });
  });
}

interface Status {
  readonly message: string;
  readonly details?: { readonly causes?: readonly { readonly reason: string; readonly field: string }[] };
}

/** A Status as Kubernetes writes it, whose code is the answer's own. */
function expectStatus(answer: ApiAnswer, code: number, reason: string | undefined): void {
  const shape = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code, ...(reason && { reason }) };
  expect([answer.status, answer.json()]).toEqual([code, expect.objectContaining(shape)]);
}

/** Does something and looks whether the log's head is where it was. */
async function untouched(act: () => Promise<void>): Promise<void> {
  const before = await head();
  await act();
  expect(await head()).toBe(before);
}
async function head(): Promise<string> {
  return (await api.get('/api/v1/namespaces?limit=1')).json().metadata.resourceVersion;
}

async function created(path: string, body: unknown): Promise<void> {
  const answer = await api.call('POST', path, { body });
  expect([answer.status, answer.json().message]).toEqual([201, undefined]);
}

function configMap(name: string, more: object = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...more };
}
function deployment(name: string, more: object = {}): object {
  const template = { metadata: { labels: { app: 'web' } }, spec: CONTAINERS };
  const spec = { selector: { matchLabels: { app: 'web' } }, template, ...more };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
}

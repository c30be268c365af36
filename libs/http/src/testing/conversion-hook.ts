import { customResources } from '#loops';
import type { JsonObject } from '#std';
import { TestServer } from './test-server.js';
import { WebhookServer } from './webhook-server.js';

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const DEFINITION = `${DEFINITIONS}/servers.example.com`;
export const at = (version: string, namespace = 'default'): string =>
  `/apis/example.com/${version}/namespaces/${namespace}/servers`;

export type Review = JsonObject & {
  readonly request: {
    readonly uid: string;
    readonly desiredAPIVersion: string;
    readonly objects: readonly JsonObject[];
  };
};
/** A conversion webhook: v1 has `spec.address` "host:port", v2 has `spec.host` and `spec.port`. */
export type Hook = WebhookServer<Review, JsonObject | string>;
export function startHook(): Promise<Hook> {
  const say = (review: Review): JsonObject => converted(review);
  return WebhookServer.start<Review, JsonObject | string>({ path: '/convert', say, body: (said) => said });
}
/** What a hook was asked for, since the last look. */
export function askedOf({ seen }: Hook): readonly string[] {
  return seen.splice(0).map(({ request }) => `${request.objects.length} to ${request.desiredAPIVersion}`);
}

/** What the webhook answers, with a change of each object. */
export function converted(
  { apiVersion, request }: Review,
  change: (object: JsonObject) => JsonObject = (one) => one,
): JsonObject {
  const objects = request.objects.map((object) => change(inVersion(object, request.desiredAPIVersion)));
  return {
    ...{ apiVersion: apiVersion ?? null, kind: 'ConversionReview' },
    response: { uid: request.uid, result: { status: 'Success' }, convertedObjects: objects },
  };
}
function inVersion(object: JsonObject, apiVersion: string): JsonObject {
  const { address, host, port, ...spec } = object['spec'] as Record<string, string>;
  const [ownHost = '', ownPort = ''] = address?.split(':') ?? [host ?? '', port ?? ''];
  const own = apiVersion.endsWith('/v1') ? { address: `${ownHost}:${ownPort}` } : { host: ownHost, port: ownPort };
  return { ...object, apiVersion, spec: { ...spec, ...own } };
}

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const text = { type: 'string' };
const status = object({ up: { type: 'boolean' }, ready: { type: 'integer' } });
const count = { type: 'integer' };
const scale = { specReplicasPath: '.spec.count', statusReplicasPath: '.status.ready' };
const v1 = {
  ...{
    name: 'v1',
    served: true,
    subresources: { status: {}, scale },
    selectableFields: [{ jsonPath: '.spec.address' }],
  },
  schema: {
    openAPIV3Schema: object({ spec: object({ address: text, count, zone: { ...text, default: 'a' } }), status }),
  },
  additionalPrinterColumns: [{ name: 'Address', type: 'string', jsonPath: '.spec.address' }],
};
const v2 = {
  ...{ name: 'v2', served: true, subresources: { status: {}, scale }, selectableFields: [{ jsonPath: '.spec.host' }] },
  schema: {
    openAPIV3Schema: object({
      spec: object({ host: text, port: text, count, zone: text, tier: { ...text, default: 'x' } }),
      status,
    }),
  },
};
export const versions = (storage: 'v1' | 'v2') =>
  [v1, v2].map((version) => ({ ...version, storage: version.name === storage }));
export const server1 = (name: string, address: string, more: object = {}): JsonObject => ({
  ...{ apiVersion: 'example.com/v1', kind: 'Server', metadata: { name }, spec: { address } },
  ...more,
});
export const server2 = (name: string, host: string, port: string): JsonObject => ({
  ...{ apiVersion: 'example.com/v2', kind: 'Server', metadata: { name }, spec: { host, port } },
});

/** A server of the API with the kind Server, whose objects a webhook converts. */
export class Converting {
  private constructor(
    readonly server: TestServer,
    readonly hook: Hook,
  ) {}
  static async start(hook: Hook): Promise<Converting> {
    hook.say = (review) => converted(review);
    const server = await TestServer.start();
    server.plane.run([customResources], { submit: (command) => server.backend.submit(command) });
    await server.create(DEFINITIONS, {
      ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
      metadata: { name: 'servers.example.com' },
      spec: {
        ...{ group: 'example.com', scope: 'Namespaced', names: { plural: 'servers', kind: 'Server' } },
        versions: versions('v2') as unknown as JsonObject[],
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: hook.url, caBundle: hook.caBundle }, conversionReviewVersions: ['v1'] },
        },
      },
    });
    await until(async () => (await server.get(at('v1'))).code === 200);
    hook.seen.length = 0;
    return new Converting(server, hook);
  }
}

export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; !(await isSo()); i++) {
    if (i === 500) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

import { deleteOptions, openApiSchemas } from '#model';
import type { ObjectType } from '#model';
import type { Json, JsonObject } from '#std';
import { createHash } from 'node:crypto';
import type { Routes, ServedKind } from '../routes.js';
import { groupName, pathsOf, type Operation, type Parameter, type PathItem } from './operations.js';
import { openApiV2Protobuf } from './protobuf.js';

/** A finished document with the hash that clients cache it by. */
export interface OpenApiDocument {
  readonly json: string;
  readonly hash: string;
}
export interface BinaryDocument {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const BEARER = { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' };

/** The OpenAPI documents of an API. */
export interface OpenApiDocuments {
  /** Names of the v3 documents: `api/v1`, `apis/apps/v1`, `version`, … */
  readonly names: readonly string[];
  /** The v3 documents with their addresses. */
  readonly index: OpenApiDocument;
  v3(name: string): OpenApiDocument | undefined;
  readonly v2: OpenApiDocument;
  /** The same document for clients that take it as protobuf only. */
  readonly v2Protobuf: BinaryDocument;
}

/** OpenAPI of everything that the server itself serves, made when first asked for. */
export class OpenApi implements OpenApiDocuments {
  private readonly made = new Map<string, OpenApiDocument>();
  private binary: BinaryDocument | undefined;

  constructor(
    private readonly routes: Routes,
    private readonly version: string,
  ) {}

  get names(): readonly string[] {
    const names = ['.well-known/openid-configuration', 'api', 'apis', 'openid/v1/jwks', 'version'];
    for (const { group, versions } of this.routes.groups) {
      if (group !== '') names.push(`apis/${group}`);
      for (const version of versions) names.push(group === '' ? `api/${version}` : `apis/${group}/${version}`);
    }
    return names.sort();
  }

  get index(): OpenApiDocument {
    return this.remember('', () => {
      const paths: Record<string, Json> = {};
      for (const name of this.names) {
        paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${this.v3(name)?.hash ?? ''}` };
      }
      return { paths };
    });
  }

  v3(name: string): OpenApiDocument | undefined {
    if (!this.names.includes(name)) return undefined;
    return this.remember(name, () => {
      const [root = '', first = '', second = ''] = name.split('/');
      const version = root === 'api' ? first : second;
      const group = root === 'apis' ? first : '';
      const resources = version ? this.routes.resources(group, version) : undefined;
      return resources ? this.groupDocument(group, version, [...resources.values()]) : this.pageDocument(name);
    });
  }

  get v2(): OpenApiDocument {
    return this.remember('v2', () => {
      const paths: Record<string, Json> = {};
      const all: ServedKind[] = [];
      for (const { group, versions } of this.routes.groups) {
        for (const version of versions) {
          const resources = [...(this.routes.resources(group, version)?.values() ?? [])];
          all.push(...resources);
          for (const item of itemsOf(group, version, resources)) paths[item.path] = v2Path(item);
        }
      }
      return {
        swagger: '2.0',
        info: { title: 'Kubernetes', version: this.version },
        paths: sorted(paths),
        definitions: sorted({ ...extraSchemas(all, '#/definitions/'), ...openApiSchemas(typesOf(all), 'v2') }),
        securityDefinitions: { BearerToken: BEARER },
        security: [{ BearerToken: [] }],
      };
    });
  }

  get v2Protobuf(): BinaryDocument {
    this.binary ??= binaryDocumentOf(JSON.parse(this.v2.json) as JsonObject);
    return this.binary;
  }

  private groupDocument(group: string, version: string, resources: readonly ServedKind[]): JsonObject {
    const paths: Record<string, Json> = {};
    for (const item of itemsOf(group, version, resources)) paths[item.path] = v3Path(item);
    const root = group === '' ? `/api/${version}/` : `/apis/${group}/${version}/`;
    paths[root] = page(
      `get${groupName(group)}${version.charAt(0).toUpperCase()}${version.slice(1)}APIResources`,
      'What this version serves.',
    );
    const extra = extraSchemas(resources, '#/components/schemas/');
    const schemas = { ...extra, ...openApiSchemas(typesOf(resources), 'v3') };
    return this.document(sorted(paths), sorted(schemas));
  }
  private pageDocument(name: string): JsonObject {
    return this.document(
      {
        [`/${name}/`]: page(
          `get${name.replace(/(^|[^A-Za-z0-9]+)([a-z0-9])/g, (_all, _gap, c: string) => c.toUpperCase())}`,
          'One document of the server.',
        ),
      },
      {},
    );
  }
  private document(paths: JsonObject, schemas: JsonObject): JsonObject {
    return {
      openapi: '3.0.0',
      info: { title: 'Kubernetes', version: this.version },
      paths,
      components: { schemas, securitySchemes: { BearerToken: BEARER } },
    };
  }

  private remember(name: string, make: () => JsonObject): OpenApiDocument {
    let document = this.made.get(name);
    if (!document) {
      document = documentOf(make());
      this.made.set(name, document);
    }
    return document;
  }
}

export function documentOf(content: JsonObject): OpenApiDocument {
  const json = JSON.stringify(content);
  return { json, hash: hashOf(json) };
}
export function binaryDocumentOf(content: JsonObject): BinaryDocument {
  const bytes = openApiV2Protobuf(content);
  return { bytes, hash: hashOf(bytes) };
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').toUpperCase();
}

function itemsOf(group: string, version: string, resources: readonly ServedKind[]): readonly PathItem[] {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return resources.flatMap((on) => pathsOf(on, root));
}

function typesOf(resources: readonly ServedKind[]): ObjectType<unknown>[] {
  return resources.flatMap((on) => [
    ownType(on),
    ...on.subresources.flatMap(({ schema, isOwn }) => (schema && !isOwn ? [schema] : [])),
  ]);
}

function ownType({ kind, served }: ServedKind): ObjectType<unknown> {
  return served?.schema ?? kind.schema;
}

/** Types that belong to no kind's schema: lists, patches, delete options and the plain answers. */
function extraSchemas(resources: readonly ServedKind[], reference: string): JsonObject {
  const lists: Record<string, Json> = {};
  for (const type of resources.filter(({ kind }) => kind.verbs.includes('list')).map(ownType)) {
    const gvk = type.options.gvk?.[0];
    if (gvk === undefined || gvk === '*') continue;
    const [groupVersion = '', kind = ''] = gvk.split(' ');
    const [version = '', group = ''] = groupVersion.split('/').reverse();
    lists[`${type.name}List`] = {
      description: `A list of ${kind} objects.`,
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string', description: 'Group and version of the schema that this list follows.' },
        items: {
          type: 'array',
          description: `The ${kind} objects of this page, in the order of their keys.`,
          items: { $ref: reference + type.name },
        },
        kind: { type: 'string', description: `Always ${kind}List.` },
        metadata: described('State of the collection that was listed.', `${META}.ListMeta`, reference),
      },
      'x-kubernetes-group-version-kind': [{ group, kind: `${kind}List`, version }],
    };
  }
  const version = reference === '#/definitions/' ? 'v2' : 'v3';
  return {
    ...lists,
    ...openApiSchemas([deleteOptions as ObjectType<unknown>], version),
    [`${META}.ListMeta`]: LIST_META,
    [`${META}.Patch`]: { description: 'A patch document.', type: 'object' },
    [`${META}.WatchEvent`]: watchEvent(resources, reference),
    [RAW_EXTENSION]: { description: 'An object of any kind.', type: 'object' },
  };
}

/** A reference with a description beside it, which OpenAPI 3.0 allows only around `allOf`. */
function described(description: string, name: string, reference: string): JsonObject {
  const target = { $ref: reference + name };
  return reference === '#/definitions/' ? { description, ...target } : { description, default: {}, allOf: [target] };
}

/** One line of a watch. It belongs to every group version that serves one. */
function watchEvent(resources: readonly ServedKind[], reference: string): JsonObject {
  const groupVersions = new Map(
    resources
      .filter(({ kind }) => kind.verbs.includes('watch'))
      .map(({ group, version, apiVersion }) => [apiVersion, { group, kind: 'WatchEvent', version }]),
  );
  const object = described(
    'The object after the change; after DELETED, its last state. Of a BOOKMARK only the resourceVersion is set. ERROR carries a Status.',
    RAW_EXTENSION,
    reference,
  );
  return {
    description: 'One change of a watched collection.',
    type: 'object',
    required: ['type', 'object'],
    properties: {
      object,
      type: { description: 'ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.', type: 'string', default: '' },
    },
    'x-kubernetes-group-version-kind': [...groupVersions.values()],
  };
}
const RAW_EXTENSION = 'io.k8s.apimachinery.pkg.runtime.RawExtension';
const LIST_META = {
  description: 'Metadata of a list.',
  type: 'object',
  properties: {
    continue: { description: 'Token for the next page; absent on the last one.', type: 'string' },
    remainingItemCount: {
      description: 'Number of objects after this page, when no selector was given.',
      type: 'integer',
      format: 'int64',
    },
    resourceVersion: { description: 'Version to watch from after this list.', type: 'string' },
    selfLink: { description: 'Never set.', type: 'string' },
  },
};

function v3Path({ parameters, operations }: PathItem): JsonObject {
  const out: Record<string, Json> = { parameters: parameters.map(v3Parameter) };
  for (const [method, operation] of Object.entries(operations)) out[method] = v3Operation(operation);
  return out;
}
function v3Operation(operation: Operation): JsonObject {
  const schema = (name: string): JsonObject => ({ schema: { $ref: `#/components/schemas/${name}` } });
  const content = (name: string | undefined): JsonObject =>
    Object.fromEntries(operation.produces.map((type) => [type, name ? schema(name) : { schema: { type: 'string' } }]));
  const responses: Record<string, Json> = { 401: { description: 'Unauthorized' } };
  for (const [code, name] of Object.entries(operation.answers))
    responses[code] = { description: WORDS[code] ?? 'OK', content: content(name) };
  const { body } = operation;
  return {
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.operationId,
    parameters: operation.parameters.map(v3Parameter),
    ...(body && {
      requestBody: {
        content: Object.fromEntries(body.types.map((type) => [type, schema(body.schema)])),
        required: true,
      },
    }),
    responses,
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': operation.kind,
  };
}
function v3Parameter({ name, in: place, type, description }: Parameter): JsonObject {
  return {
    name,
    in: place,
    description,
    ...(place === 'path' && { required: true }),
    schema: { type, uniqueItems: true },
  };
}
const WORDS: Readonly<Record<string, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

function v2Path({ parameters, operations }: PathItem): JsonObject {
  const out: Record<string, Json> = { parameters: parameters.map(v2Parameter) };
  for (const [method, operation] of Object.entries(operations)) out[method] = v2Operation(operation);
  return out;
}
function v2Operation(operation: Operation): JsonObject {
  const responses: Record<string, Json> = { 401: { description: 'Unauthorized' } };
  for (const [code, name] of Object.entries(operation.answers)) {
    responses[code] = {
      description: WORDS[code] ?? 'OK',
      schema: name ? { $ref: `#/definitions/${name}` } : { type: 'string' },
    };
  }
  const { body } = operation;
  const bodyParameter = body
    ? [{ name: 'body', in: 'body', required: true, schema: { $ref: `#/definitions/${body.schema}` } }]
    : [];
  return {
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.operationId,
    consumes: body?.types ?? ['*/*'],
    produces: operation.produces,
    schemes: ['https'],
    parameters: [...bodyParameter, ...operation.parameters.map(v2Parameter)],
    responses,
    'x-kubernetes-action': operation.action,
    'x-kubernetes-group-version-kind': operation.kind,
  };
}
function v2Parameter({ name, in: place, type, description }: Parameter): JsonObject {
  return { name, in: place, description, type, uniqueItems: true, ...(place === 'path' && { required: true }) };
}

function page(operationId: string, description: string): JsonObject {
  const responses = { 200: { description: 'OK' }, 401: { description: 'Unauthorized' } };
  return { get: { description, operationId, responses } };
}
function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((key) => [key, object[key]]),
  );
}

import { deleteOptions, openApiSchemas, status, type ObjectType, type OpenApiVersion } from '#model';
import type { JsonObject } from '#std';
import type { ServedKind } from '../routes.js';
import { apiResourceList } from './discovery-types.js';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const REFERENCES: Readonly<Record<OpenApiVersion, string>> = {
  v2: '#/definitions/',
  v3: '#/components/schemas/',
};

/** The schemas of a kind in one version, of its list and of what its subresources take. */
export function kindSchemas(on: ServedKind, form: OpenApiVersion): Readonly<Record<string, JsonObject>> {
  const own = on.served?.schema ?? on.kind.schema;
  const taken = on.subresources.flatMap(({ schema, isOwn }) => (schema && !isOwn ? [schema] : []));
  return { ...openApiSchemas([own, ...taken], form), ...(on.kind.verbs.includes('list') && listSchema(own, form)) };
}

function listSchema(type: ObjectType<unknown>, form: OpenApiVersion): Readonly<Record<string, JsonObject>> {
  const gvk = type.options.gvk?.[0];
  if (gvk === undefined || gvk === '*') return {};
  const [groupVersion = '', kind = ''] = gvk.split(' ');
  const [version = '', group = ''] = groupVersion.split('/').reverse();
  return {
    [`${type.name}List`]: {
      description: `A list of ${kind} objects.`,
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: { type: 'string', description: 'Group and version of the schema that this list follows.' },
        items: {
          type: 'array',
          description: `The ${kind} objects of this page, in the order of their keys.`,
          items: { $ref: REFERENCES[form] + type.name },
        },
        kind: { type: 'string', description: `Always ${kind}List.` },
        metadata: described('State of the collection that was listed.', `${META}.ListMeta`, form),
      },
      'x-kubernetes-group-version-kind': [{ group, kind: `${kind}List`, version }],
    },
  };
}

/** The schemas that belong to no kind: patches, delete options, lines of watches and discovery. */
export function sharedSchemas(resources: readonly ServedKind[], form: OpenApiVersion): JsonObject {
  return {
    ...openApiSchemas([deleteOptions, status, apiResourceList] as readonly ObjectType<unknown>[], form),
    [`${META}.ListMeta`]: LIST_META,
    [`${META}.Patch`]: { description: 'A patch document.', type: 'object' },
    [`${META}.WatchEvent`]: watchEvent(resources, form),
    [RAW_EXTENSION]: { description: 'An object of any kind.', type: 'object' },
  };
}

/** A reference with a description beside it, which OpenAPI 3.0 allows only around `allOf`. */
function described(description: string, name: string, form: OpenApiVersion): JsonObject {
  const target = { $ref: REFERENCES[form] + name };
  return form === 'v2' ? { description, ...target } : { description, default: {}, allOf: [target] };
}

/** One line of a watch. It belongs to every group version that serves one. */
function watchEvent(resources: readonly ServedKind[], form: OpenApiVersion): JsonObject {
  const groupVersions = new Map(
    resources
      .filter(({ kind }) => kind.verbs.includes('watch'))
      .map(({ group, version, apiVersion }) => [apiVersion, { group, kind: 'WatchEvent', version }]),
  );
  const object = described(
    'The object after the change; after DELETED, its last state. Of a BOOKMARK only the resourceVersion is set. ERROR carries a Status.',
    RAW_EXTENSION,
    form,
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

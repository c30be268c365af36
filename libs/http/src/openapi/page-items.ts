import type { ObjectType } from '#model';
import type { JsonObject } from '#std';
import { apiGroup, apiGroupList, apiResourceList, apiVersions, versionInfo } from './discovery-types.js';
import { capital, groupName, PLAIN, tagOf } from './operations.js';

/** A page that is not about one kind: discovery, the version, what verifies tokens. */
export interface PageItem {
  readonly path: string;
  readonly operationId: string;
  readonly description: string;
  readonly tag: string;
  readonly produces: readonly string[];
  /** Undefined for a text. */
  readonly type: ObjectType<unknown> | undefined;
}

const JSON_ONLY = ['application/json'];
const FIXED: Readonly<Record<string, Omit<PageItem, 'path'>>> = {
  api: {
    operationId: 'getCoreAPIVersions',
    description: 'get available API versions',
    ...{ tag: 'core', produces: PLAIN, type: apiVersions },
  },
  apis: {
    operationId: 'getAPIVersions',
    description: 'get available API versions',
    ...{ tag: 'apis', produces: PLAIN, type: apiGroupList },
  },
  version: {
    operationId: 'getCodeVersion',
    description: 'get the version information for this server',
    ...{ tag: 'version', produces: JSON_ONLY, type: versionInfo },
  },
  '.well-known/openid-configuration': {
    operationId: 'getServiceAccountIssuerOpenIDConfiguration',
    description: 'Where tokens of service accounts come from and how they are verified: OpenID Connect discovery.',
    ...{ tag: 'WellKnown', produces: JSON_ONLY, type: undefined },
  },
  'openid/v1/jwks': {
    operationId: 'getServiceAccountIssuerOpenIDKeyset',
    description: 'Public keys that verify tokens of service accounts.',
    ...{ tag: 'openid', produces: ['application/jwk-set+json'], type: undefined },
  },
};
/** The names of the v3 documents that have one page alone, but for those of groups. */
export const FIXED_PAGES: readonly string[] = Object.keys(FIXED);

/** The page that is behind the name of a v3 document: `version`, `apis/apps`. */
export function pageItem(name: string): PageItem {
  const group = name.replace(/^apis\//, '');
  const page = Object.hasOwn(FIXED, name) ? FIXED[name] : undefined;
  return {
    path: `/${name}/`,
    ...(page ?? {
      operationId: `get${groupName(group)}APIGroup`,
      description: 'get information of a group',
      ...{ tag: tagOf(group), produces: PLAIN, type: apiGroup },
    }),
  };
}

/** The list of the resources of a group version. */
export function resourcesItem(group: string, version: string): PageItem {
  return {
    path: group === '' ? `/api/${version}/` : `/apis/${group}/${version}/`,
    operationId: `get${groupName(group)}${capital(version)}APIResources`,
    description: 'get available resources',
    ...{ tag: tagOf(group, version), produces: PLAIN, type: apiResourceList },
  };
}

export function v3Page({ operationId, description, tag, produces, type }: PageItem): JsonObject {
  const schema = type ? { $ref: `#/components/schemas/${type.name}` } : { type: 'string' };
  const content = Object.fromEntries(produces.map((mediaType) => [mediaType, { schema }]));
  const responses = { 200: { description: 'OK', content }, 401: { description: 'Unauthorized' } };
  return { get: { tags: [tag], description, operationId, responses } };
}
export function v2Page({ operationId, description, tag, produces, type }: PageItem): JsonObject {
  const schema = type ? { $ref: `#/definitions/${type.name}` } : { type: 'string' };
  const responses = { 200: { description: 'OK', schema }, 401: { description: 'Unauthorized' } };
  const consumes = type && { consumes: produces };
  return { get: { tags: [tag], description, operationId, ...consumes, produces, schemes: ['https'], responses } };
}

import { openApiSchemas, type ObjectType, type OpenApiVersion } from '#model';
import type { Json, JsonObject } from '#std';
import { createHash } from 'node:crypto';
import type { Routes, ServedKind } from '../routes.js';
import { partsOf } from './kind-parts.js';
import { FIXED_PAGES, pageItem, resourcesItem, v2Page, v3Page, type PageItem } from './page-items.js';
import { openApiV2Protobuf } from './protobuf.js';
import { sharedSchemas } from './schemas.js';

/** A finished document with the hash that clients cache it by. */
export interface OpenApiDocument {
  readonly json: string;
  readonly hash: string;
}
export interface BinaryDocument {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

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

/** OpenAPI of everything that the server itself serves, made when first asked for out of the parts of each kind. */
export class OpenApi implements OpenApiDocuments {
  private readonly made = new Map<string, OpenApiDocument>();
  private binary: BinaryDocument | undefined;
  private knownNames: ReadonlySet<string> | undefined;

  constructor(
    private readonly routes: Routes,
    private readonly version: string,
  ) {}

  get names(): readonly string[] {
    return [...this.known()];
  }

  /** In order. Each look for a document asks, and the index looks for all of them. */
  private known(): ReadonlySet<string> {
    if (this.knownNames) return this.knownNames;
    const names = [...FIXED_PAGES];
    for (const { group, versions } of this.routes.groups) {
      if (group !== '') names.push(`apis/${group}`);
      for (const version of versions) names.push(group === '' ? `api/${version}` : `apis/${group}/${version}`);
    }
    return (this.knownNames = new Set(names.sort()));
  }

  get index(): OpenApiDocument {
    return this.remember('', () => {
      const paths: Record<string, Json> = {};
      for (const name of this.known()) {
        paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${this.v3(name)?.hash ?? ''}` };
      }
      return JSON.stringify({ paths });
    });
  }

  v3(name: string): OpenApiDocument | undefined {
    if (!this.known().has(name)) return undefined;
    return this.remember(name, () => {
      const [root = '', first = '', second = ''] = name.split('/');
      const version = root === 'api' ? first : second;
      const group = root === 'apis' ? first : '';
      const resources = version ? this.routes.resources(group, version) : undefined;
      const pages = [resources ? resourcesItem(group, version) : pageItem(name)];
      return this.v3Text(this.contents([...(resources?.values() ?? [])], pages, 'v3'));
    });
  }

  get v2(): OpenApiDocument {
    return this.remember('v2', () => {
      const all: ServedKind[] = [];
      const pages = FIXED_PAGES.map(pageItem);
      for (const { group, versions } of this.routes.groups) {
        if (group !== '') pages.push(pageItem(`apis/${group}`));
        for (const version of versions) {
          all.push(...(this.routes.resources(group, version)?.values() ?? []));
          pages.push(resourcesItem(group, version));
        }
      }
      const { paths, schemas } = this.contents(all, pages, 'v2');
      const info = JSON.stringify({ title: 'Kubernetes', version: this.version });
      const security = JSON.stringify({ BearerToken: BEARER });
      return (
        `{"swagger":"2.0","info":${info},"paths":${paths},"definitions":${schemas},` +
        `"securityDefinitions":${security},"security":[{"BearerToken":[]}]}`
      );
    });
  }

  get v2Protobuf(): BinaryDocument {
    this.binary ??= binaryDocumentOf(JSON.parse(this.v2.json) as JsonObject);
    return this.binary;
  }

  private v3Text({ paths, schemas }: Contents): string {
    const info = JSON.stringify({ title: 'Kubernetes', version: this.version });
    const security = JSON.stringify({ BearerToken: BEARER });
    return `{"openapi":"3.0.0","info":${info},"paths":${paths},"components":{"schemas":${schemas},"securitySchemes":${security}}}`;
  }

  /** What kinds and pages add to a document together. */
  private contents(resources: readonly ServedKind[], pages: readonly PageItem[], form: OpenApiVersion): Contents {
    const paths = new Map<string, string>();
    const schemas = new Map<string, string>();
    const pageOf = form === 'v2' ? v2Page : v3Page;
    for (const page of pages) paths.set(page.path, JSON.stringify(pageOf(page)));
    const types = pages.flatMap(({ type }) => (type ? [type] : []));
    const others: JsonObject = {
      ...openApiSchemas(types as readonly ObjectType<unknown>[], form),
      ...(resources.length > 0 && sharedSchemas(resources, form)),
    };
    for (const [name, schema] of Object.entries(others)) schemas.set(name, JSON.stringify(schema));
    for (const on of resources) {
      const parts = partsOf(on, form);
      for (const [path, text] of parts.paths) paths.set(path, text);
      for (const [name, text] of parts.schemas) schemas.set(name, text);
    }
    return { paths: objectText(paths), schemas: objectText(schemas) };
  }

  private remember(name: string, make: () => string): OpenApiDocument {
    let document = this.made.get(name);
    if (!document) {
      const json = make();
      this.made.set(name, (document = { json, hash: hashOf(json) }));
    }
    return document;
  }
}

/** The JSON texts of the paths and of the schemas of a document. */
interface Contents {
  readonly paths: string;
  readonly schemas: string;
}
function objectText(members: ReadonlyMap<string, string>): string {
  const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
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

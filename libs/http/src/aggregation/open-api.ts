import type { JsonObject } from '#std';
import {
  documentOf,
  binaryDocumentOf,
  type BinaryDocument,
  type OpenApiDocument,
  type OpenApiDocuments,
} from '../openapi/documents.js';
import { mergedOpenApi, type RemoteOpenApi } from './remote-open-api.js';

/** What aggregated servers add to the OpenAPI documents; another object after each change. */
export interface RemoteDocuments {
  /** Hashes of the v3 documents by their names, `apis/example.com/v1`. */
  readonly v3: ReadonlyMap<string, string>;
  readonly v2: readonly RemoteOpenApi[];
}

/** The OpenAPI documents of this server with those of aggregated ones. v3 documents of these are forwarded, not kept. */
export class AggregatedOpenApi implements OpenApiDocuments {
  private merged: OpenApiDocument | undefined;
  private binary: BinaryDocument | undefined;

  constructor(
    private readonly local: OpenApiDocuments,
    private readonly remote: RemoteDocuments,
  ) {}

  get names(): readonly string[] {
    return [...this.local.names, ...this.remote.v3.keys()].sort();
  }
  get index(): OpenApiDocument {
    const { paths } = JSON.parse(this.local.index.json) as { readonly paths: JsonObject };
    const all = new Map(Object.entries(paths));
    for (const [name, hash] of this.remote.v3)
      all.set(name, { serverRelativeURL: `/openapi/v3/${name}${hash === '' ? '' : `?hash=${hash}`}` });
    return documentOf({ paths: Object.fromEntries([...all].sort(([a], [b]) => (a < b ? -1 : 1))) });
  }
  v3(name: string): OpenApiDocument | undefined {
    return this.local.v3(name);
  }
  get v2(): OpenApiDocument {
    this.merged ??= documentOf(mergedOpenApi(JSON.parse(this.local.v2.json) as JsonObject, this.remote.v2));
    return this.merged;
  }
  get v2Protobuf(): BinaryDocument {
    this.binary ??= binaryDocumentOf(JSON.parse(this.v2.json) as JsonObject);
    return this.binary;
  }
}

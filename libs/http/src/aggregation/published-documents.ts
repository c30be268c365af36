import type { Json } from '#std';
import { createHash } from 'node:crypto';
import type { RemoteResources } from '../discovery/discovery.js';
import type { Fetched } from './bounded-fetch.js';
import type { DocumentBudget } from './document-budget.js';
import { openApiHash, resourcesOf, resourcesOfList } from './remote-discovery.js';
import { pathsOfVersion, type RemoteOpenApi } from './remote-open-api.js';

const DISCOVERY_BYTES_MAX = 2 * 1024 * 1024;
const OPEN_API_BYTES_MAX = 4 * 1024 * 1024;
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** A group version, and the name of its APIService. */
export interface PublishedVersion {
  readonly name: string;
  readonly group: string;
  readonly version: string;
}
type Fetch = (path: string, bytesMax: number, headers: Readonly<Record<string, string>>) => Promise<Fetched>;

/** What an aggregated server publishes about one group version: its resources and its OpenAPI documents. */
export class PublishedDocuments {
  resources: RemoteResources | undefined;
  /** Hash of its OpenAPI v3 document; undefined when it has none. */
  openApiV3: string | undefined;
  openApiV2: RemoteOpenApi | undefined;
  /** The documents that were taken in last, by their paths. */
  private readonly seen = new Map<string, { readonly etag: string; readonly hash: string }>();
  private isOver = false;

  constructor(private readonly budget: DocumentBudget) {}

  /** The server does not answer: what it published is kept as stale. Returns whether that changes anything. */
  markStale(): boolean {
    if (this.resources?.isCurrent !== true) return false;
    this.resources = { ...this.resources, isCurrent: false };
    return true;
  }

  /** Forgets everything, for good. */
  drop(name: string): void {
    this.isOver = true;
    this.budget.free(name);
  }

  /** Fetches what has changed; `list` is the server's APIResourceList. Returns whether anything has. */
  async fetch({ name, group, version }: PublishedVersion, list: Fetched, fetch: Fetch): Promise<boolean> {
    const wasStale = this.resources?.isCurrent === false;
    if (this.resources) this.resources = { ...this.resources, isCurrent: true };
    const discovery = await this.read(fetch, { path: '/apis', accept: AGGREGATED, beside: list.body }, (answer) => {
      const isAggregated = answer.code === 200 && answer.contentType.includes('apidiscovery.k8s.io');
      const found = isAggregated ? resourcesOf(parsed(answer), group, version) : resourcesOfList(parsed(list));
      if (found) this.resources = { resources: found, isCurrent: true };
    });
    const v3 = await this.read(fetch, { path: '/openapi/v3' }, (answer) => {
      this.openApiV3 = answer.code === 200 ? openApiHash(parsed(answer), group, version) : undefined;
    });
    const v2 = await this.read(fetch, { path: '/openapi/v2', bytesMax: OPEN_API_BYTES_MAX }, (answer) => {
      const isKept = answer.code === 200 && this.budget.keep(name, answer.body.length);
      this.openApiV2 = isKept ? pathsOfVersion(parsed(answer), group, version) : undefined;
    });
    return wasStale || discovery || v3 || v2;
  }

  /** Fetches a document and takes it in if it has changed; one that cannot be had or read leaves what is known. */
  private async read(fetch: Fetch, asked: Asked, take: (answer: Fetched) => void): Promise<boolean> {
    const { path, accept = 'application/json', bytesMax = DISCOVERY_BYTES_MAX, beside = '' } = asked;
    const known = this.seen.get(path);
    try {
      const answer = await fetch(path, bytesMax, { accept, ...(known?.etag && { 'if-none-match': known.etag }) });
      const head = `${answer.code} ${answer.contentType}\n`;
      const hash = createHash('sha256').update(head).update(answer.body).update(beside).digest('hex');
      if (answer.code === 304 || known?.hash === hash || this.isOver) return false;
      take(answer);
      this.seen.set(path, { etag: answer.etag, hash });
      return true;
    } catch {
      // It is fetched again at the next look. The condition of the APIService says what is wrong with the server.
      this.seen.delete(path);
      return false;
    }
  }
}

interface Asked {
  readonly path: string;
  readonly accept?: string;
  readonly bytesMax?: number;
  /** Content that the document is taken in with: a change of it counts as one of the document. */
  readonly beside?: Uint8Array;
}

function parsed({ body }: Fetched): Json {
  return JSON.parse(body.toString('utf8')) as Json;
}

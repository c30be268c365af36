import { apiServiceCheckOf, serviceEndpoints, type ApiService, type ServiceEndpoint } from '#kinds';
import type { UserInfo, View } from '#model';
import type { Clock } from '#ports';
import { jsonEquals, type Json } from '#std';
import type { SecureContext } from 'node:tls';
import { boundedFetch, type Fetched } from './bounded-fetch.js';
import type { DocumentBudget } from './document-budget.js';
import { clientContext, connectToAny, hostOf, type Peer } from './connection.js';
import { identityHeaders, type FrontProxy } from './front-proxy.js';
import { PublishedDocuments } from './published-documents.js';

/** How often a server is measured and its documents are fetched. */
const EVERY_MS = 30_000;
/** The pause before changes are followed by another measurement, and after a first failure; it doubles with each one in a row. */
const AGAIN_MS = 1000;
const CONNECT_MS = 5000;
const FETCH_MS = 5000;
const DOCUMENT_MS = 10_000;
const LIST_BYTES_MAX = 1024 * 1024;

const KUBE_AGGREGATOR: UserInfo = { name: 'system:kube-aggregator', groups: ['system:masters'] };

export interface AggregatedServerOptions {
  readonly view: () => View;
  readonly frontProxy: FrontProxy;
  readonly clock: Clock;
  readonly documents: DocumentBudget;
  /** A measurement of the server has another result than the one before. */
  readonly onChecked: (name: string) => void;
  /** What the server publishes has changed. */
  readonly onPublished: () => void;
}

/** Result of a measurement: of which target, and why it failed; empty where it passed. */
export interface ApiServiceCheck {
  readonly of: string;
  readonly problem: string;
}

/** The server behind one APIService: measures it, and keeps what it publishes. Never throws and never waits for another server. */
export class AggregatedServer {
  check: ApiServiceCheck | undefined;
  published: PublishedDocuments;
  private readonly contexts = new Map<string, { readonly by: object; readonly context: SecureContext }>();
  private readonly gone = new AbortController();
  private looking = false;
  private again = false;
  private failures = 0;
  private cancel: () => void = () => undefined;

  constructor(
    private apiService: ApiService,
    private readonly options: AggregatedServerOptions,
  ) {
    this.published = new PublishedDocuments(options.documents);
  }

  get service(): string {
    const { namespace = '', name = '' } = this.apiService.spec.service ?? {};
    return `${namespace}/${name}`;
  }

  /** Takes a newer state of the APIService; what was fetched of another target is dropped. */
  update(apiService: ApiService): void {
    const isSame = jsonEquals(this.apiService.spec as unknown as Json, apiService.spec as unknown as Json);
    const isSameObject = this.apiService.metadata.uid === apiService.metadata.uid;
    this.apiService = apiService;
    if (isSame && isSameObject) return;
    this.contexts.clear();
    this.forget();
    this.look();
  }

  /** Measures the server now, or once more after the measurement that is under way. */
  look(): void {
    this.again = true;
    if (this.looking || this.gone.signal.aborted) return;
    this.cancel();
    this.again = false;
    this.looking = true;
    const of = apiServiceCheckOf(this.apiService);
    const measured = this.measure(of).catch((cause: unknown) =>
      this.checked(of, `it cannot be measured: ${messageOf(cause)}`),
    );
    void measured.then(() => {
      this.looking = false;
      if (this.gone.signal.aborted) return;
      this.cancel = this.options.clock.after(this.again ? AGAIN_MS : this.pauseMs(), () => this.look());
    });
  }

  stop(): void {
    this.gone.abort();
    this.cancel();
    this.forget();
  }

  /** Addresses of the server, or why there are none. `seed` spreads the load over them. */
  endpoints(seed = ''): readonly [ServiceEndpoint, ...ServiceEndpoint[]] | { readonly problem: string } {
    const { namespace = '', name = '', port = 443 } = this.apiService.spec.service ?? {};
    return serviceEndpoints(this.options.view(), { namespace, name, port }, seed);
  }

  /** How the server is authenticated. Throws when the APIService's certificates cannot be read. */
  async peer(isVerified: boolean): Promise<Peer> {
    const { service, caBundle, insecureSkipTLSVerify } = this.apiService.spec;
    const strict = isVerified && insecureSkipTLSVerify !== true;
    const by = await this.options.frontProxy.current();
    const key = String(strict);
    let made = this.contexts.get(key);
    if (made === undefined || made.by !== by) {
      const ca = strict && caBundle ? Buffer.from(caBundle, 'base64').toString() : undefined;
      made = { by, context: clientContext(by, ca) };
      this.contexts.set(key, made);
    }
    const serverName = `${service?.name ?? ''}.${service?.namespace ?? ''}.svc`;
    return { context: made.context, serverName, isVerified: strict };
  }

  private pauseMs(): number {
    return this.failures === 0 ? EVERY_MS : Math.min(AGAIN_MS * 2 ** (this.failures - 1), EVERY_MS);
  }

  private async measure(of: string): Promise<void> {
    const { group = '', version = '' } = this.apiService.spec;
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const endpoints = this.endpoints();
    if ('problem' in endpoints) return this.checked(of, endpoints.problem);
    const url = `https://${hostOf(endpoints[0].host)}:${endpoints[0].port}${path}`;
    const answer = await this.fetch(path, {
      isVerified: false,
      bytesMax: LIST_BYTES_MAX,
      timeoutMs: FETCH_MS,
    }).catch((cause: unknown) => `Get "${url}": ${messageOf(cause)}`);
    if (typeof answer === 'string') return this.checked(of, `failing or missing response from ${url}: ${answer}`);
    if (answer.code < 200 || answer.code >= 300)
      return this.checked(of, `failing or missing response from ${url}: bad status from ${url}: ${answer.code}`);
    this.checked(of, '');
    const { published } = this;
    const { name } = this.apiService.metadata;
    const hasChanged = await published.fetch({ name, group, version }, answer, (at, bytesMax, headers) =>
      this.fetch(at, { isVerified: true, bytesMax, timeoutMs: DOCUMENT_MS, headers }),
    );
    if (hasChanged && published === this.published) this.options.onPublished();
  }

  private checked(of: string, problem: string): void {
    const before = this.check;
    this.check = { of, problem };
    this.failures = problem === '' ? 0 : this.failures + 1;
    if (problem !== '' && this.published.markStale()) this.options.onPublished();
    if (before?.of !== of || before.problem !== problem) this.options.onChecked(this.apiService.metadata.name);
  }

  /** Reads one document as a user; rejects what is too large or takes too long. */
  async ask(path: string, { user, bytesMax, timeoutMs }: AskAs): Promise<Fetched> {
    const late = AbortSignal.timeout(timeoutMs);
    try {
      return await this.fetch(path, { isVerified: true, user, bytesMax, timeoutMs, signal: late });
    } catch (cause) {
      if (late.aborted) throw new Error('context deadline exceeded', { cause });
      throw cause;
    }
  }

  private async fetch(path: string, options: FetchFrom): Promise<Fetched> {
    const endpoints = this.endpoints(path);
    if ('problem' in endpoints) throw new Error(endpoints.problem);
    const { isVerified, bytesMax, timeoutMs, headers = {}, user = KUBE_AGGREGATOR } = options;
    const began = performance.now();
    const peer = await this.peer(isVerified);
    const signal = options.signal ? AbortSignal.any([options.signal, this.gone.signal]) : this.gone.signal;
    const socket = await connectToAny(endpoints, peer, { timeoutMs: CONNECT_MS, signal });
    const all = { ...headers, ...identityHeaders(user), 'user-agent': 'kube-aggregator' };
    const leftMs = options.signal ? Math.max(timeoutMs - (performance.now() - began), 1) : timeoutMs;
    return boundedFetch(socket, { path, headers: all, host: peer.serverName, bytesMax, timeoutMs: leftMs });
  }

  private forget(): void {
    this.check = undefined;
    this.published.drop(this.apiService.metadata.name);
    this.published = new PublishedDocuments(this.options.documents);
    this.options.onPublished();
  }
}

interface AskAs {
  readonly user: UserInfo;
  readonly bytesMax: number;
  /** For connecting, the request and the whole answer. */
  readonly timeoutMs: number;
}
interface FetchFrom extends Partial<Pick<AskAs, 'user'>> {
  readonly isVerified: boolean;
  readonly bytesMax: number;
  readonly timeoutMs: number;
  /** Ends the attempt to connect. */
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

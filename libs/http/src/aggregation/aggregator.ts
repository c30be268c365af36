import { apiServices, endpointSlices, services, SERVICE_NAME, type ApiGroup, type ApiService } from '#kinds';
import type { Change, OutsideFacts } from '#model';
import type { Clock } from '#ports';
import type { JsonObject } from '#std';
import type { Backend } from '../backend.js';
import type { Call } from '../call.js';
import type { RemoteDiscovery } from '../discovery/discovery.js';
import type { OpenApiDocuments } from '../openapi/documents.js';
import { RequestsUnderWay, type RequestLimits } from '../request-limits.js';
import { unavailable, type HttpRefusal } from '../status.js';
import { AggregatedServer } from './aggregated-server.js';
import { DocumentBudget } from './document-budget.js';
import { forwardTo } from './forward.js';
import { FrontProxy, type FrontProxyKeys } from './front-proxy.js';
import { AggregatedOpenApi } from './open-api.js';
import type { RemoteOpenApi } from './remote-open-api.js';

export interface AggregatorOptions {
  readonly backend: Pick<Backend, 'current' | 'watch'>;
  readonly keys: FrontProxyKeys;
  readonly clock: Clock;
  /** The measurement of an aggregated server has another result: the loop that maintains its availability should look. */
  readonly onChecked: (apiService: string) => void;
  /** Requests that may be under way to one aggregated server; {@link REMOTE_LIMITS} by default. */
  readonly limits?: RequestLimits;
}

const REMOTE_LIMITS: RequestLimits = { lasting: 1000, short: 400 };
/** APIServices are looked through so often, whatever was heard of changes. */
const ROUND_MS = 30_000;

/**
 * The API servers that APIServices name. Each is measured and asked for its documents on its own, so that one that is slow or dead
 * delays nobody but the users of its group versions.
 */
export class Aggregator {
  private readonly servers = new Map<string, AggregatedServer>();
  private readonly documents = new DocumentBudget();
  private readonly underWay: RequestsUnderWay;
  private readonly frontProxy: FrontProxy;
  private readonly watches: { cancel(): void }[] = [];
  private cancelRound: () => void = () => undefined;
  private made: { readonly groups: readonly ApiGroup[]; readonly openApi: OpenApiDocuments } | undefined;

  constructor(private readonly options: AggregatorOptions) {
    this.underWay = new RequestsUnderWay(options.limits ?? REMOTE_LIMITS);
    this.frontProxy = new FrontProxy(options.keys, () => options.clock.monotonic());
  }

  start(): void {
    const { backend } = this.options;
    const { position } = backend.current();
    const follow = (kind: string, onChanges: (changes: readonly Change[]) => void): void => {
      const watch = backend.watch({ kind }, position, onChanges);
      if (watch) this.watches.push(watch);
    };
    follow(apiServices.id, () => this.sync());
    follow(services.id, (changes) => this.serviceChanged(changes, ({ namespace, name }) => `${namespace}/${name}`));
    follow(endpointSlices.id, (changes) =>
      this.serviceChanged(changes, ({ namespace, labels }) => `${namespace}/${labels?.[SERVICE_NAME] ?? ''}`),
    );
    this.round();
  }

  stop(): void {
    this.cancelRound();
    for (const watch of this.watches) watch.cancel();
    for (const server of this.servers.values()) server.stop();
    this.servers.clear();
  }

  /** The fact `apiServiceChecks`: the last measurement of the server of each APIService. */
  outside(): OutsideFacts {
    return { apiServiceChecks: (name) => this.servers.get(name)?.check as JsonObject | undefined };
  }

  readonly remote: RemoteDiscovery = ({ metadata }) => this.servers.get(metadata.name)?.published.resources;

  /** The OpenAPI documents of an API with these groups, of which this server has the given ones. */
  openApi(local: OpenApiDocuments, groups: readonly ApiGroup[]): OpenApiDocuments {
    if (this.servers.size === 0) return local;
    if (this.made?.groups === groups) return this.made.openApi;
    const v3 = new Map<string, string>();
    const v2: RemoteOpenApi[] = [];
    for (const { group, versions } of groups)
      for (const { version, remote } of versions) {
        const published = remote && this.servers.get(remote.metadata.name)?.published;
        if (published?.openApiV3 !== undefined) v3.set(`apis/${group}/${version}`, published.openApiV3);
        if (published?.openApiV2) v2.push(published.openApiV2);
      }
    this.made = { groups, openApi: new AggregatedOpenApi(local, { v3, v2 }) };
    return this.made.openApi;
  }

  /** Passes a request on to the server of an APIService, and its answer back. */
  forward(call: Call, { metadata: { name } }: ApiService): Promise<HttpRefusal | undefined> | HttpRefusal {
    const server = this.servers.get(name);
    if (!server) return unavailable('service unavailable');
    const { info, upgrade, response } = call;
    const tooMany = this.underWay.begin({ name }, info, {
      until: upgrade?.socket ?? response,
      of: `the APIService ${name}`,
    });
    return tooMany ?? forwardTo(server, call);
  }

  /** The server of an APIService that forwards to one. */
  server(name: string): Pick<AggregatedServer, 'ask'> | undefined {
    return this.servers.get(name);
  }

  private round(): void {
    this.sync();
    this.cancelRound = this.options.clock.after(ROUND_MS, () => this.round());
  }

  /** Brings the servers in line with the APIServices. */
  private sync(): void {
    const view = this.options.backend.current();
    const named = new Set<string>();
    for (const apiService of view.list(apiServices)) {
      if (!apiService.spec.service) continue;
      const { name } = apiService.metadata;
      named.add(name);
      const server = this.servers.get(name);
      if (server) server.update(apiService);
      else this.add(apiService);
    }
    for (const [name, server] of this.servers)
      if (!named.has(name)) {
        this.servers.delete(name);
        server.stop();
      }
  }

  private add(apiService: ApiService): void {
    const { backend, clock, onChecked } = this.options;
    const server = new AggregatedServer(apiService, {
      view: () => backend.current(),
      frontProxy: this.frontProxy,
      clock,
      documents: this.documents,
      onChecked,
      onPublished: () => (this.made = undefined),
    });
    this.servers.set(apiService.metadata.name, server);
    server.look();
  }

  private serviceChanged(changes: readonly Change[], keyOf: (metadata: Metadata) => string): void {
    if (this.servers.size === 0) return;
    const keys = new Set<string>();
    for (const { before, after } of changes)
      for (const side of [before, after]) if (side) keys.add(keyOf(side.metadata));
    for (const server of this.servers.values()) if (keys.has(server.service)) server.look();
  }
}

type Metadata = NonNullable<Change['after']>['metadata'];

import { apiGroups, apiServices, type ApiGroup, type ApiService } from '#kinds';
import type { KindRegistry, View } from '#model';
import { Discovery, type RemoteDiscovery } from './discovery/discovery.js';
import { OpenApi } from './openapi/documents.js';
import { Routes } from './routes.js';

/** What a server answers about the API of one view. */
export interface Served {
  readonly routes: Routes;
  readonly openApi: OpenApi;
  readonly groups: readonly ApiGroup[];
  readonly discovery: Discovery;
}
type OfKinds = Pick<Served, 'routes' | 'openApi'>;

/** Routes, discovery and OpenAPI of a view, made once for each registry: views with the same definitions share them. */
export class ServedKinds {
  private readonly made = new WeakMap<KindRegistry, OfKinds>();
  /** The groups of a view, by its list of APIServices, which is the same one while none changes. */
  private readonly groups = new WeakMap<
    readonly ApiService[],
    { readonly of: OfKinds; readonly groups: readonly ApiGroup[] }
  >();

  constructor(
    private readonly builtIn: KindRegistry,
    private readonly server: { readonly address: string; readonly version: string },
  ) {}

  /** `remote` gives what aggregated servers publish; of a past view nothing is known. */
  at(view: View, remote: RemoteDiscovery = () => undefined): Served {
    const of = this.of(this.builtIn.at(view));
    const groups = this.groupsOf(of, view);
    return { ...of, groups, discovery: new Discovery(of.routes, this.server.address, groups, remote) };
  }

  /** Whether a group is one that this build defines, whatever the view. */
  isBuiltIn(group: string): boolean {
    return this.of(this.builtIn).routes.hasGroup(group);
  }

  private groupsOf(of: OfKinds, view: View): readonly ApiGroup[] {
    const services = view.list(apiServices);
    const known = this.groups.get(services);
    if (known?.of === of) return known.groups;
    const groups = apiGroups(of.routes.groups, services);
    this.groups.set(services, { of, groups });
    return groups;
  }

  private of(kinds: KindRegistry): OfKinds {
    let served = this.made.get(kinds);
    if (!served) {
      const routes = new Routes(kinds);
      served = { routes, openApi: new OpenApi(routes, this.server.version) };
      this.made.set(kinds, served);
    }
    return served;
  }
}

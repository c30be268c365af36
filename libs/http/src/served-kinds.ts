import type { KindRegistry, View } from '#model';
import { Discovery } from './discovery/discovery.js';
import { OpenApi } from './openapi/documents.js';
import { Routes } from './routes.js';

/** What a server answers about the kinds of one view. */
export interface Served {
  readonly routes: Routes;
  readonly discovery: Discovery;
  readonly openApi: OpenApi;
}

/** Routes, discovery and OpenAPI of a view, made once for each registry: views with the same definitions share them. */
export class ServedKinds {
  private readonly made = new WeakMap<KindRegistry, Served>();

  constructor(
    private readonly builtIn: KindRegistry,
    private readonly server: { readonly address: string; readonly version: string },
  ) {}

  at(view: View): Served {
    return this.of(this.builtIn.at(view));
  }

  /** Whether a group is one that this build defines, whatever the view. */
  isBuiltIn(group: string): boolean {
    return this.of(this.builtIn).routes.hasGroup(group);
  }

  private of(kinds: KindRegistry): Served {
    let served = this.made.get(kinds);
    if (!served) {
      const routes = new Routes(kinds);
      const { address, version } = this.server;
      served = { routes, discovery: new Discovery(routes, address), openApi: new OpenApi(routes, version) };
      this.made.set(kinds, served);
    }
    return served;
  }
}

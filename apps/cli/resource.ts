import { Fault, isJsonObject } from '#std';
import type { Cluster } from './cluster.js';
import { ask } from './request.js';

/** Where the API has an object. */
export interface Found {
  /** `/apis/apps/v1/namespaces/default/deployments/web` */
  readonly path: string;
  /** `Deployment default/web` */
  readonly words: string;
}

interface Resource {
  readonly resource: string;
  readonly singularResource: string;
  readonly responseKind: { readonly kind: string };
  readonly scope: 'Namespaced' | 'Cluster';
  readonly shortNames?: readonly string[];
}
const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Finds `deployment/web`, `deploy/web`, `deployments.apps/web` as kubectl does: by what the server says that it has. */
export async function findObject(cluster: Cluster, text: string, namespace: string): Promise<Found> {
  const slash = text.indexOf('/');
  const [type, name] = [text.slice(0, slash).toLowerCase(), text.slice(slash + 1)];
  if (slash <= 0 || name === '' || name.includes('/'))
    throw new Fault(`Say which object as TYPE/NAME, like deployment/web; ${JSON.stringify(text)} is none.`, false);
  for (const root of ['/api', '/apis']) {
    const { code, json } = await ask(cluster, { path: root, accept: DISCOVERY });
    if (code !== 200)
      throw new Fault(`The API at ${cluster.server} answered ${code} when it was asked what it has.`, false);
    for (const { group, version, resource } of resourcesOf(json)) {
      if (!namesOf(resource, group).includes(type)) continue;
      const isNamespaced = resource.scope === 'Namespaced';
      const within = isNamespaced ? `/namespaces/${encodeURIComponent(namespace)}` : '';
      const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
      return {
        path: `${base}${within}/${resource.resource}/${encodeURIComponent(name)}`,
        words: `${resource.responseKind.kind} ${isNamespaced ? `${namespace}/` : ''}${name}`,
      };
    }
  }
  throw new Fault(
    `The server has no resource type ${JSON.stringify(type)}; "kubectl api-resources" lists them.`,
    false,
  );
}

function namesOf(resource: Resource, group: string): readonly string[] {
  const { resource: plural, singularResource: singular, responseKind, shortNames = [] } = resource;
  const names = [plural, singular || responseKind.kind.toLowerCase(), ...shortNames];
  return [...names, ...(group === '' ? [] : names.map((name) => `${name}.${group}`))];
}

function resourcesOf(json: unknown) {
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);
  return list(isJsonObject(json) ? json['items'] : []).flatMap((item) => {
    const group = isJsonObject(item) && isJsonObject(item['metadata']) ? String(item['metadata']['name'] ?? '') : '';
    return list(isJsonObject(item) ? item['versions'] : []).flatMap((one) =>
      list(isJsonObject(one) ? one['resources'] : []).map((resource) => ({
        group,
        version: isJsonObject(one) ? String(one['version']) : '',
        resource: resource as Resource,
      })),
    );
  });
}

import { isJsonObject, type Json, type JsonObject } from '#std';

/** Resources of one group version out of an aggregated discovery document; undefined when it does not have the version. */
export function resourcesOf(document: Json, group: string, version: string): readonly JsonObject[] | undefined {
  for (const item of objects(field(document, 'items'))) {
    if (field(item, 'metadata', 'name') !== group) continue;
    for (const one of objects(item['versions']))
      if (one['version'] === version) return objects(one['resources']).flatMap(resourceEntry);
  }
  return undefined;
}

/** The same out of an APIResourceList, for servers that have no aggregated form. */
export function resourcesOfList(list: Json): readonly JsonObject[] {
  const all = objects(field(list, 'resources'));
  const subresources = new Map<string, JsonObject[]>();
  for (const { name, ...sub } of all) {
    const [parent = '', ...rest] = String(name ?? '').split('/');
    if (rest.length === 0) continue;
    const entry = { subresource: rest.join('/'), responseKind: kindOf(sub), verbs: texts(sub['verbs']) };
    const known = subresources.get(parent);
    if (known) known.push(entry);
    else subresources.set(parent, [entry]);
  }
  return all.flatMap(({ name, ...one }) => {
    if (typeof name !== 'string' || name === '' || name.includes('/')) return [];
    const subs = subresources.get(name);
    return resourceEntry({
      ...one,
      resource: name,
      responseKind: kindOf(one),
      scope: one['namespaced'] === true ? 'Namespaced' : 'Cluster',
      singularResource: one['singularName'] ?? '',
      ...(subs && { subresources: subs }),
    });
  });
}

/** A remote server says anything: only what has the form of an entry is passed on. */
function resourceEntry(one: JsonObject): readonly JsonObject[] {
  const { resource, scope, singularResource } = one;
  if (typeof resource !== 'string' || (scope !== 'Namespaced' && scope !== 'Cluster')) return [];
  const [shortNames, categories] = [texts(one['shortNames']), texts(one['categories'])];
  const subresources = objects(one['subresources']).flatMap((sub) =>
    typeof sub['subresource'] === 'string'
      ? [
          {
            subresource: sub['subresource'],
            responseKind: responseKind(sub['responseKind']),
            verbs: texts(sub['verbs']),
          },
        ]
      : [],
  );
  return [
    {
      resource,
      responseKind: responseKind(one['responseKind']),
      scope,
      singularResource: text(singularResource),
      verbs: texts(one['verbs']),
      ...(shortNames.length > 0 && { shortNames }),
      ...(categories.length > 0 && { categories }),
      ...(subresources.length > 0 && { subresources }),
    },
  ];
}

function kindOf(one: JsonObject): JsonObject {
  return { group: one['group'] ?? '', version: one['version'] ?? '', kind: one['kind'] ?? '' };
}
function responseKind(value: Json | undefined): JsonObject {
  const of = isJsonObject(value) ? value : {};
  return { group: text(of['group']), version: text(of['version']), kind: text(of['kind']) };
}
function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((one) => typeof one === 'string') : [];
}
function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isJsonObject) : [];
}
function field(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (at, key) => (isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined),
    value,
  );
}

/** The hash under which an index of OpenAPI v3 offers the document of a group version; undefined when it has none. */
export function openApiHash(index: Json, group: string, version: string): string | undefined {
  const url = field(index, 'paths', `apis/${group}/${version}`, 'serverRelativeURL');
  if (typeof url !== 'string') return undefined;
  return /[?&]hash=([\w-]{1,128})(?:&|$)/.exec(url)?.[1] ?? '';
}

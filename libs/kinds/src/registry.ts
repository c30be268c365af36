import { apiVersionOf, type AdmissionPlugin, type Kind, type KindRegistry } from '#model';

/** A registry of kinds: everything that a server can serve, found by id, by URL and by body. */
export function createRegistry(kinds: readonly Kind[], admission: readonly AdmissionPlugin[] = []): KindRegistry {
  const byId = new Map<string, Kind>();
  const byResource = new Map<string, Kind>();
  const byKind = new Map<string, Kind>();
  for (const kind of kinds) {
    byId.set(kind.id, kind);
    const { group, version } = kind.names;
    for (const served of [{ group, version }, ...kind.served]) {
      const apiVersion = apiVersionOf(served.group, served.version);
      byResource.set(`${apiVersion} ${kind.names.plural}`, kind);
      byKind.set(`${apiVersion} ${kind.names.kind}`, kind);
    }
  }
  return {
    all: kinds,
    admission,
    byId: (id) => byId.get(id),
    byResource: (group, version, plural) => byResource.get(`${apiVersionOf(group, version)} ${plural}`),
    byKind: (group, version, kind) => byKind.get(`${apiVersionOf(group, version)} ${kind}`),
  };
}

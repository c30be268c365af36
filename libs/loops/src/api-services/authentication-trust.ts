import { configMaps, namespaces } from '#kinds';
import type { Loop, Outside } from '#model';
import { caCertificate, create, patch, sides, streamOfObject } from '../shared/index.js';
import { jsonEquals } from '#std';

const KEY = 'cluster';
const NAMESPACE = 'kube-system';
const NAME = 'extension-apiserver-authentication';

/**
 * Publishes how clients of this server are authenticated, for aggregated servers: the CAs of client certificates, and the CAs,
 * name and headers of the front proxy. Who may read it has the role `extension-apiserver-authentication-reader`.
 */
export const authenticationTrust: Loop = {
  name: 'authentication-trust',
  account: 'system:apiserver',
  keysOf(change) {
    const isHome = change.kind === namespaces.id && change.after?.metadata.name === NAMESPACE && !change.before;
    const isIt =
      change.kind === configMaps.id &&
      sides(change).some(({ metadata }) => metadata.namespace === NAMESPACE && metadata.name === NAME);
    return isHome || isIt ? [KEY] : [];
  },
  keysAtStart: () => [KEY],
  reconcile(view, _key, _now, outside) {
    const data = dataOf(outside);
    if (!data || view.get(namespaces, undefined, NAMESPACE) === undefined) return [];
    const known = view.get(configMaps, NAMESPACE, NAME);
    const because = 'aggregated servers authenticate their clients by it';
    if (!known) {
      const metadata = { namespace: NAMESPACE, name: NAME };
      return [create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, { because })];
    }
    const before = known.data ?? {};
    if (jsonEquals(before, data)) return [];
    const gone = Object.fromEntries(Object.keys(before).map((key) => [key, null]));
    const basedOn = [streamOfObject(configMaps, known)];
    return [patch(configMaps, known, { data: { ...gone, ...data } }, { because, basedOn })];
  },
};

const list = (value: string): string => JSON.stringify([value]);

function dataOf(outside: Outside | undefined): Readonly<Record<string, string>> | undefined {
  const clientCa = caCertificate(outside);
  const proxy = outside?.fact('frontProxy');
  if (clientCa === undefined || proxy === undefined) return undefined;
  const { ca, name } = proxy as { readonly ca: string; readonly name: string };
  return {
    'client-ca-file': clientCa,
    'requestheader-allowed-names': list(name),
    'requestheader-client-ca-file': ca,
    'requestheader-extra-headers-prefix': list('X-Remote-Extra-'),
    'requestheader-group-headers': list('X-Remote-Group'),
    'requestheader-uid-headers': list('X-Remote-Uid'),
    'requestheader-username-headers': list('X-Remote-User'),
  };
}

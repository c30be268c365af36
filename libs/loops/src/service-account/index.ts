import { configMaps, namespaces, serviceAccounts } from '#kinds';
import type { Change, KindId, Loop, View } from '#model';
import { jsonEquals, type Json } from '#std';
import { caCertificate, create, patch, sides, streamOfObject } from '../shared/index.js';

const ACCOUNT = 'default';
const CERTIFICATE = 'kube-root-ca.crt';
const CERTIFICATE_KEY = 'ca.crt';
const DESCRIPTION = 'kubernetes.io/description';
const DESCRIPTION_TEXT =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Gives each namespace the service account that pods use when they name none. */
export const serviceAccount: Loop = {
  name: 'service-account',
  account: 'service-account-controller',
  keysOf: (change) => namespaceOf(change, serviceAccounts.id, ACCOUNT),
  keysAtStart: livingNamespaces,
  reconcile(view, key) {
    if (!isLiving(view, key) || view.get(serviceAccounts, key, ACCOUNT)) return [];
    const manifest = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: ACCOUNT, namespace: key } };
    return [create(serviceAccounts, manifest, { because: 'pods of the namespace need an account' })];
  },
};

/** Gives each namespace the certificate by which pods know the API, and mends it when it was changed. */
export const rootCertificate: Loop = {
  name: 'root-certificate',
  account: 'root-ca-cert-publisher',
  keysOf: (change) => namespaceOf(change, configMaps.id, CERTIFICATE),
  keysAtStart: livingNamespaces,
  reconcile(view, key, _now, outside) {
    const pem = caCertificate(outside);
    if (pem === undefined || !isLiving(view, key)) return [];
    const known = view.get(configMaps, key, CERTIFICATE);
    const annotations = { [DESCRIPTION]: DESCRIPTION_TEXT };
    const data = { [CERTIFICATE_KEY]: pem };
    if (!known) {
      const metadata = { name: CERTIFICATE, namespace: key, annotations };
      const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
      return [create(configMaps, manifest, { because: 'pods of the namespace know the API by it' })];
    }
    if (jsonEquals(known.data, data) && known.metadata.annotations?.[DESCRIPTION] === DESCRIPTION_TEXT) return [];
    const extra: Record<string, Json> = {};
    for (const name of Object.keys(known.data ?? {})) if (name !== CERTIFICATE_KEY) extra[name] = null;
    const body = { metadata: { annotations }, data: { ...extra, ...data } };
    return [
      patch(configMaps, known, body, { because: 'it was changed', basedOn: [streamOfObject(configMaps, known)] }),
    ];
  },
};

/** The namespace of a change that concerns it: of itself, or of the object of this name in it. */
function namespaceOf(change: Change, kind: KindId, name: string): readonly string[] {
  const [side] = sides(change).slice(-1);
  if (!side) return [];
  if (change.kind === namespaces.id) return change.after ? [side.metadata.name] : [];
  return change.kind === kind && side.metadata.name === name ? [side.metadata.namespace ?? ''] : [];
}
function livingNamespaces(view: View): readonly string[] {
  return view.list(namespaces).map((found) => found.metadata.name);
}
function isLiving(view: View, name: string): boolean {
  const found = view.get(namespaces, undefined, name);
  return found !== undefined && found.metadata.deletionTimestamp === undefined;
}

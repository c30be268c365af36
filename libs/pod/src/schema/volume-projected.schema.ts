import { boolean, f, type Infer, int32, int64, list, map, object, req, string, labelSelector } from '#model';
import { downwardAPIVolumeFile, keyToPath } from './volume-sources-local.schema.js';

export const clusterTrustBundleProjection = object(
  'io.k8s.api.core.v1.ClusterTrustBundleProjection',
  'Certificates of trust bundles, as a file.',
  {
    name: f(string, 1, 'Name of one bundle.', { pointer: true }),
    signerName: f(string, 2, 'Signer whose bundles are taken.', { pointer: true }),
    labelSelector: f(labelSelector, 3, 'Labels of the bundles; only together with signerName.'),
    optional: f(boolean, 5, 'Whether bundles may be missing.', { pointer: true }),
    path: req(string, 4, 'Path of the file in the volume.'),
  },
);
export type ClusterTrustBundleProjection = Infer<typeof clusterTrustBundleProjection>;

export const configMapProjection = object(
  'io.k8s.api.core.v1.ConfigMapProjection',
  'Values of a ConfigMap, as files.',
  {
    name: f(string, 1, 'Name of the ConfigMap.', { inline: [1] }),
    items: f(list(keyToPath), 2, 'Which values become which files; all of them where nothing is said.', {
      listType: 'atomic',
    }),
    optional: f(boolean, 4, 'Whether the ConfigMap or a key may be missing.', { pointer: true }),
  },
);
export type ConfigMapProjection = Infer<typeof configMapProjection>;

export const downwardAPIProjection = object('io.k8s.api.core.v1.DownwardAPIProjection', 'Parts of the pod, as files.', {
  items: f(list(downwardAPIVolumeFile), 1, 'The files.', { listType: 'atomic' }),
});
export type DownwardAPIProjection = Infer<typeof downwardAPIProjection>;

export const podCertificateProjection = object(
  'io.k8s.api.core.v1.PodCertificateProjection',
  'A private key and a certificate for the pod, as files.',
  {
    signerName: req(string, 1, 'Signer that is asked.', { omitEmpty: true }),
    keyType: req(string, 2, 'Type of the key, such as ED25519 or ECDSAP256.', { omitEmpty: true }),
    maxExpirationSeconds: f(int32, 3, 'Longest life that the certificate may have.', { fill: 86400, pointer: true }),
    credentialBundlePath: f(string, 4, 'File for key and certificates together.'),
    keyPath: f(string, 5, 'File for the key alone.'),
    certificateChainPath: f(string, 6, 'File for the certificates alone.'),
    userAnnotations: f(map(string), 7, 'Further facts for the signer.'),
  },
);
export type PodCertificateProjection = Infer<typeof podCertificateProjection>;

export const secretProjection = object('io.k8s.api.core.v1.SecretProjection', 'Values of a Secret, as files.', {
  name: f(string, 1, 'Name of the Secret.', { inline: [1] }),
  items: f(list(keyToPath), 2, 'Which values become which files; all of them where nothing is said.', {
    listType: 'atomic',
  }),
  optional: f(boolean, 4, 'Whether the Secret or a key may be missing.', { pointer: true }),
});
export type SecretProjection = Infer<typeof secretProjection>;

export const serviceAccountTokenProjection = object(
  'io.k8s.api.core.v1.ServiceAccountTokenProjection',
  "A token of the pod's service account, as a file.",
  {
    audience: f(string, 1, 'For whom the token is; the API server where nothing is said.'),
    expirationSeconds: f(int64, 2, 'How long a token lives; it is renewed before its end.', {
      fill: 3600,
      pointer: true,
    }),
    path: req(string, 3, 'Path of the file in the volume.'),
  },
);
export type ServiceAccountTokenProjection = Infer<typeof serviceAccountTokenProjection>;

export const volumeProjection = object('io.k8s.api.core.v1.VolumeProjection', 'One source of a projected volume.', {
  secret: f(secretProjection, 1, 'Values of a Secret.'),
  downwardAPI: f(downwardAPIProjection, 2, 'Parts of the pod.'),
  configMap: f(configMapProjection, 3, 'Values of a ConfigMap.'),
  serviceAccountToken: f(serviceAccountTokenProjection, 4, "A token of the pod's service account."),
  clusterTrustBundle: f(clusterTrustBundleProjection, 5, 'Certificates of trust bundles.'),
  podCertificate: f(podCertificateProjection, 6, 'A key and certificate for the pod.'),
});
export type VolumeProjection = Infer<typeof volumeProjection>;

export const projectedVolumeSource = object(
  'io.k8s.api.core.v1.ProjectedVolumeSource',
  'Several sources in one folder.',
  {
    sources: f(list(volumeProjection), 1, 'The sources; no two may write the same file.', {
      listType: 'atomic',
      always: null,
    }),
    defaultMode: f(int32, 2, 'Permission bits of the files.', { fill: 420, pointer: true }),
  },
);
export type ProjectedVolumeSource = Infer<typeof projectedVolumeSource>;

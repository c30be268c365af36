import { boolean, f, type Infer, int32, int64, list, map, object, req, string } from '#model';
import { labelSelector } from './meta.schema.js';
import { downwardAPIVolumeFile, keyToPath } from './volume-sources-local.schema.js';

export const clusterTrustBundleProjection = object('io.k8s.api.core.v1.ClusterTrustBundleProjection', '', {
  labelSelector: f(labelSelector, 3, ''),
  name: f(string, 1, '', { pointer: true }),
  optional: f(boolean, 5, '', { pointer: true }),
  path: req(string, 4, ''),
  signerName: f(string, 2, '', { pointer: true }),
});
export type ClusterTrustBundleProjection = Infer<typeof clusterTrustBundleProjection>;

export const configMapProjection = object('io.k8s.api.core.v1.ConfigMapProjection', '', {
  items: f(list(keyToPath), 2, '', { listType: 'atomic' }),
  name: f(string, 1, '', { inline: [1] }),
  optional: f(boolean, 4, '', { pointer: true }),
});
export type ConfigMapProjection = Infer<typeof configMapProjection>;

export const downwardAPIProjection = object('io.k8s.api.core.v1.DownwardAPIProjection', '', {
  items: f(list(downwardAPIVolumeFile), 1, '', { listType: 'atomic' }),
});
export type DownwardAPIProjection = Infer<typeof downwardAPIProjection>;

export const podCertificateProjection = object('io.k8s.api.core.v1.PodCertificateProjection', '', {
  certificateChainPath: f(string, 6, ''),
  credentialBundlePath: f(string, 4, ''),
  keyPath: f(string, 5, ''),
  keyType: req(string, 2, '', { omitEmpty: true }),
  maxExpirationSeconds: f(int32, 3, '', { fill: 86400, pointer: true }),
  signerName: req(string, 1, '', { omitEmpty: true }),
  userAnnotations: f(map(string), 7, ''),
});
export type PodCertificateProjection = Infer<typeof podCertificateProjection>;

export const secretProjection = object('io.k8s.api.core.v1.SecretProjection', '', {
  items: f(list(keyToPath), 2, '', { listType: 'atomic' }),
  name: f(string, 1, '', { inline: [1] }),
  optional: f(boolean, 4, '', { pointer: true }),
});
export type SecretProjection = Infer<typeof secretProjection>;

export const serviceAccountTokenProjection = object('io.k8s.api.core.v1.ServiceAccountTokenProjection', '', {
  audience: f(string, 1, ''),
  expirationSeconds: f(int64, 2, '', { fill: 3600, pointer: true }),
  path: req(string, 3, ''),
});
export type ServiceAccountTokenProjection = Infer<typeof serviceAccountTokenProjection>;

export const volumeProjection = object('io.k8s.api.core.v1.VolumeProjection', '', {
  clusterTrustBundle: f(clusterTrustBundleProjection, 5, ''),
  configMap: f(configMapProjection, 3, ''),
  downwardAPI: f(downwardAPIProjection, 2, ''),
  podCertificate: f(podCertificateProjection, 6, ''),
  secret: f(secretProjection, 1, ''),
  serviceAccountToken: f(serviceAccountTokenProjection, 4, ''),
});
export type VolumeProjection = Infer<typeof volumeProjection>;

export const projectedVolumeSource = object('io.k8s.api.core.v1.ProjectedVolumeSource', '', {
  defaultMode: f(int32, 2, '', { fill: 420, pointer: true }),
  sources: f(list(volumeProjection), 1, '', { listType: 'atomic', always: null }),
});
export type ProjectedVolumeSource = Infer<typeof projectedVolumeSource>;

import { boolean, f, type Infer, int32, list, object, quantity, req, string } from '#model';
import { objectFieldSelector, resourceFieldSelector } from './env.schema.js';

export const keyToPath = object('io.k8s.api.core.v1.KeyToPath', '', {
  key: req(string, 1, ''),
  mode: f(int32, 3, '', { pointer: true }),
  path: req(string, 2, ''),
});
export type KeyToPath = Infer<typeof keyToPath>;

export const configMapVolumeSource = object('io.k8s.api.core.v1.ConfigMapVolumeSource', '', {
  defaultMode: f(int32, 3, '', { fill: 420, pointer: true }),
  items: f(list(keyToPath), 2, '', { listType: 'atomic' }),
  name: f(string, 1, '', { inline: [1] }),
  optional: f(boolean, 4, '', { pointer: true }),
});
export type ConfigMapVolumeSource = Infer<typeof configMapVolumeSource>;

export const downwardAPIVolumeFile = object('io.k8s.api.core.v1.DownwardAPIVolumeFile', '', {
  fieldRef: f(objectFieldSelector, 2, ''),
  mode: f(int32, 4, '', { pointer: true }),
  path: req(string, 1, ''),
  resourceFieldRef: f(resourceFieldSelector, 3, ''),
});
export type DownwardAPIVolumeFile = Infer<typeof downwardAPIVolumeFile>;

export const downwardAPIVolumeSource = object('io.k8s.api.core.v1.DownwardAPIVolumeSource', '', {
  defaultMode: f(int32, 2, '', { fill: 420, pointer: true }),
  items: f(list(downwardAPIVolumeFile), 1, '', { listType: 'atomic' }),
});
export type DownwardAPIVolumeSource = Infer<typeof downwardAPIVolumeSource>;

export const emptyDirVolumeSource = object('io.k8s.api.core.v1.EmptyDirVolumeSource', '', {
  medium: f(string, 1, ''),
  sizeLimit: f(quantity, 2, '', { pointer: true }),
});
export type EmptyDirVolumeSource = Infer<typeof emptyDirVolumeSource>;

export const gitRepoVolumeSource = object('io.k8s.api.core.v1.GitRepoVolumeSource', '', {
  directory: f(string, 3, ''),
  repository: req(string, 1, ''),
  revision: f(string, 2, ''),
});
export type GitRepoVolumeSource = Infer<typeof gitRepoVolumeSource>;

export const hostPathVolumeSource = object('io.k8s.api.core.v1.HostPathVolumeSource', '', {
  path: req(string, 1, ''),
  type: f(string, 2, '', { fill: '', pointer: true }),
});
export type HostPathVolumeSource = Infer<typeof hostPathVolumeSource>;

export const imageVolumeSource = object('io.k8s.api.core.v1.ImageVolumeSource', '', {
  pullPolicy: f(string, 2, ''),
  reference: f(string, 1, ''),
});
export type ImageVolumeSource = Infer<typeof imageVolumeSource>;

export const persistentVolumeClaimVolumeSource = object('io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource', '', {
  claimName: req(string, 1, ''),
  readOnly: f(boolean, 2, ''),
});
export type PersistentVolumeClaimVolumeSource = Infer<typeof persistentVolumeClaimVolumeSource>;

export const secretVolumeSource = object('io.k8s.api.core.v1.SecretVolumeSource', '', {
  defaultMode: f(int32, 3, '', { fill: 420, pointer: true }),
  items: f(list(keyToPath), 2, '', { listType: 'atomic' }),
  optional: f(boolean, 4, '', { pointer: true }),
  secretName: f(string, 1, ''),
});
export type SecretVolumeSource = Infer<typeof secretVolumeSource>;

import { boolean, f, type Infer, int32, list, named, object, quantity, req, string } from '#model';
import { objectFieldSelector, resourceFieldSelector } from './env.schema.js';

export const keyToPath = object('io.k8s.api.core.v1.KeyToPath', 'A value that becomes a file.', {
  key: req(string, 1, 'Key of the value.'),
  path: req(string, 2, 'Path of the file in the volume.'),
  mode: f(int32, 3, "Permission bits of the file; the volume's default where nothing is said.", { pointer: true }),
});
export type KeyToPath = Infer<typeof keyToPath>;

export const configMapVolumeSource = object(
  'io.k8s.api.core.v1.ConfigMapVolumeSource',
  'The values of a ConfigMap, as files.',
  {
    name: f(string, 1, 'Name of the ConfigMap.', { inline: [1] }),
    items: f(list(keyToPath), 2, 'Which values become which files; all of them where nothing is said.', {
      listType: 'atomic',
    }),
    defaultMode: f(int32, 3, 'Permission bits of the files.', { fill: 420, pointer: true }),
    optional: f(boolean, 4, 'Whether the ConfigMap or a key may be missing.', { pointer: true }),
  },
);
export type ConfigMapVolumeSource = Infer<typeof configMapVolumeSource>;

export const downwardAPIVolumeFile = object(
  'io.k8s.api.core.v1.DownwardAPIVolumeFile',
  'A file that shows a part of the pod.',
  {
    path: req(string, 1, 'Path of the file in the volume.'),
    fieldRef: f(objectFieldSelector, 2, 'Field of the pod to show.'),
    resourceFieldRef: f(resourceFieldSelector, 3, 'Limit or request of a container to show.'),
    mode: f(int32, 4, "Permission bits of the file; the volume's default where nothing is said.", { pointer: true }),
  },
);
export type DownwardAPIVolumeFile = Infer<typeof downwardAPIVolumeFile>;

export const downwardAPIVolumeSource = object(
  'io.k8s.api.core.v1.DownwardAPIVolumeSource',
  'Parts of the pod, as files.',
  {
    items: f(list(downwardAPIVolumeFile), 1, 'The files.', { listType: 'atomic' }),
    defaultMode: f(int32, 2, 'Permission bits of the files.', { fill: 420, pointer: true }),
  },
);
export type DownwardAPIVolumeSource = Infer<typeof downwardAPIVolumeSource>;

export const emptyDirVolumeSource = object(
  'io.k8s.api.core.v1.EmptyDirVolumeSource',
  'An empty folder that lives as long as the pod.',
  {
    medium: f(named('v1.StorageMedium'), 1, "Memory keeps it in main memory; empty is the node's disk."),
    sizeLimit: f(quantity, 2, 'The most that may be stored.', { pointer: true }),
  },
);
export type EmptyDirVolumeSource = Infer<typeof emptyDirVolumeSource>;

export const gitRepoVolumeSource = object(
  'io.k8s.api.core.v1.GitRepoVolumeSource',
  'A copy of a git repository; no longer allowed by default.',
  {
    repository: req(string, 1, 'Address of the repository.'),
    revision: f(string, 2, 'Commit to check out.'),
    directory: f(string, 3, 'Folder to copy into.'),
  },
);
export type GitRepoVolumeSource = Infer<typeof gitRepoVolumeSource>;

export const hostPathVolumeSource = object('io.k8s.api.core.v1.HostPathVolumeSource', 'A file or folder of the node.', {
  path: req(string, 1, 'Path on the node.'),
  type: f(named('v1.HostPathType'), 2, 'What must be there, or be made there; empty checks nothing.', {
    fill: '',
    pointer: true,
  }),
});
export type HostPathVolumeSource = Infer<typeof hostPathVolumeSource>;

export const imageVolumeSource = object('io.k8s.api.core.v1.ImageVolumeSource', 'The files of an image.', {
  reference: f(string, 1, 'The image.'),
  pullPolicy: f(named('v1.PullPolicy'), 2, 'When the image is pulled: Always, IfNotPresent or Never.'),
});
export type ImageVolumeSource = Infer<typeof imageVolumeSource>;

export const persistentVolumeClaimVolumeSource = object(
  'io.k8s.api.core.v1.PersistentVolumeClaimVolumeSource',
  'The volume behind a claim.',
  {
    claimName: req(string, 1, "Name of the claim in the pod's namespace."),
    readOnly: f(boolean, 2, 'Whether it cannot be written.'),
  },
);
export type PersistentVolumeClaimVolumeSource = Infer<typeof persistentVolumeClaimVolumeSource>;

export const secretVolumeSource = object('io.k8s.api.core.v1.SecretVolumeSource', 'The values of a Secret, as files.', {
  secretName: f(string, 1, 'Name of the Secret.'),
  items: f(list(keyToPath), 2, 'Which values become which files; all of them where nothing is said.', {
    listType: 'atomic',
  }),
  defaultMode: f(int32, 3, 'Permission bits of the files.', { fill: 420, pointer: true }),
  optional: f(boolean, 4, 'Whether the Secret or a key may be missing.', { pointer: true }),
});
export type SecretVolumeSource = Infer<typeof secretVolumeSource>;

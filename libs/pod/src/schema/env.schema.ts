import { boolean, f, type Infer, object, quantity, req, string } from '#model';

export const configMapKeySelector = object(
  'io.k8s.api.core.v1.ConfigMapKeySelector',
  'One value of a ConfigMap.',
  {
    name: f(string, 1, 'Name of the ConfigMap.', { inline: [1] }),
    key: req(string, 2, 'Key of the value.'),
    optional: f(boolean, 3, 'Whether the ConfigMap or the key may be missing.', { pointer: true }),
  },
  { mapType: 'atomic' },
);
export type ConfigMapKeySelector = Infer<typeof configMapKeySelector>;

export const objectFieldSelector = object(
  'io.k8s.api.core.v1.ObjectFieldSelector',
  'A field of the pod itself.',
  {
    apiVersion: f(string, 1, 'Version in which the path is written.', { fill: 'v1' }),
    fieldPath: req(string, 2, 'Path of the field, such as metadata.name.'),
  },
  { mapType: 'atomic' },
);
export type ObjectFieldSelector = Infer<typeof objectFieldSelector>;

export const fileKeySelector = object(
  'io.k8s.api.core.v1.FileKeySelector',
  'One variable of a file in a volume.',
  {
    volumeName: req(string, 1, 'Volume that holds the file; it must be an emptyDir.'),
    path: req(string, 2, 'Path of the file in the volume.'),
    key: req(string, 3, 'Name of the variable in the file.'),
    optional: f(boolean, 4, 'Whether the file or the variable may be missing.', { default: false, pointer: true }),
  },
  { mapType: 'atomic' },
);
export type FileKeySelector = Infer<typeof fileKeySelector>;

export const resourceFieldSelector = object(
  'io.k8s.api.core.v1.ResourceFieldSelector',
  'A limit or request of a container.',
  {
    containerName: f(string, 1, 'The container; the one itself where nothing is said.'),
    resource: req(string, 2, 'What is asked for, such as limits.cpu.'),
    divisor: f(quantity, 3, 'Unit of the result, such as 1m or 1Mi.', { always: '0' }),
  },
  { mapType: 'atomic' },
);
export type ResourceFieldSelector = Infer<typeof resourceFieldSelector>;

export const secretKeySelector = object(
  'io.k8s.api.core.v1.SecretKeySelector',
  'One value of a Secret.',
  {
    name: f(string, 1, 'Name of the Secret.', { inline: [1] }),
    key: req(string, 2, 'Key of the value.'),
    optional: f(boolean, 3, 'Whether the Secret or the key may be missing.', { pointer: true }),
  },
  { mapType: 'atomic' },
);
export type SecretKeySelector = Infer<typeof secretKeySelector>;

export const envVarSource = object('io.k8s.api.core.v1.EnvVarSource', 'Where the value of a variable comes from.', {
  fieldRef: f(objectFieldSelector, 1, 'A field of the pod.'),
  resourceFieldRef: f(resourceFieldSelector, 2, 'A limit or request of a container.'),
  configMapKeyRef: f(configMapKeySelector, 3, 'A value of a ConfigMap.'),
  secretKeyRef: f(secretKeySelector, 4, 'A value of a Secret.'),
  fileKeyRef: f(fileKeySelector, 5, 'A variable of a file in a volume.'),
});
export type EnvVarSource = Infer<typeof envVarSource>;

export const envVar = object('io.k8s.api.core.v1.EnvVar', "A variable of a container's environment.", {
  name: req(string, 1, 'Name of the variable.'),
  value: f(string, 2, 'Its value; $(NAME) stands for an earlier variable.'),
  valueFrom: f(envVarSource, 3, 'Where the value comes from, instead of value.'),
});
export type EnvVar = Infer<typeof envVar>;

export const configMapEnvSource = object(
  'io.k8s.api.core.v1.ConfigMapEnvSource',
  'All values of a ConfigMap, as variables.',
  {
    name: f(string, 1, 'Name of the ConfigMap.', { inline: [1] }),
    optional: f(boolean, 2, 'Whether the ConfigMap may be missing.', { pointer: true }),
  },
);
export type ConfigMapEnvSource = Infer<typeof configMapEnvSource>;

export const secretEnvSource = object('io.k8s.api.core.v1.SecretEnvSource', 'All values of a Secret, as variables.', {
  name: f(string, 1, 'Name of the Secret.', { inline: [1] }),
  optional: f(boolean, 2, 'Whether the Secret may be missing.', { pointer: true }),
});
export type SecretEnvSource = Infer<typeof secretEnvSource>;

export const envFromSource = object('io.k8s.api.core.v1.EnvFromSource', 'Many variables at once.', {
  prefix: f(string, 1, 'Text put in front of each name.'),
  configMapRef: f(configMapEnvSource, 2, 'A ConfigMap whose values become variables.'),
  secretRef: f(secretEnvSource, 3, 'A Secret whose values become variables.'),
});
export type EnvFromSource = Infer<typeof envFromSource>;

import { boolean, f, type Infer, object, quantity, req, string } from '#model';

export const configMapKeySelector = object(
  'io.k8s.api.core.v1.ConfigMapKeySelector',
  '',
  {
    key: req(string, 2, ''),
    name: f(string, 1, '', { inline: [1] }),
    optional: f(boolean, 3, '', { pointer: true }),
  },
  { mapType: 'atomic' },
);
export type ConfigMapKeySelector = Infer<typeof configMapKeySelector>;

export const objectFieldSelector = object(
  'io.k8s.api.core.v1.ObjectFieldSelector',
  '',
  {
    apiVersion: f(string, 1, '', { fill: 'v1' }),
    fieldPath: req(string, 2, ''),
  },
  { mapType: 'atomic' },
);
export type ObjectFieldSelector = Infer<typeof objectFieldSelector>;

export const fileKeySelector = object(
  'io.k8s.api.core.v1.FileKeySelector',
  '',
  {
    key: req(string, 3, ''),
    optional: f(boolean, 4, '', { pointer: true }),
    path: req(string, 2, ''),
    volumeName: req(string, 1, ''),
  },
  { mapType: 'atomic' },
);
export type FileKeySelector = Infer<typeof fileKeySelector>;

export const resourceFieldSelector = object(
  'io.k8s.api.core.v1.ResourceFieldSelector',
  '',
  {
    containerName: f(string, 1, ''),
    divisor: f(quantity, 3, '', { always: '0' }),
    resource: req(string, 2, ''),
  },
  { mapType: 'atomic' },
);
export type ResourceFieldSelector = Infer<typeof resourceFieldSelector>;

export const secretKeySelector = object(
  'io.k8s.api.core.v1.SecretKeySelector',
  '',
  {
    key: req(string, 2, ''),
    name: f(string, 1, '', { inline: [1] }),
    optional: f(boolean, 3, '', { pointer: true }),
  },
  { mapType: 'atomic' },
);
export type SecretKeySelector = Infer<typeof secretKeySelector>;

export const envVarSource = object('io.k8s.api.core.v1.EnvVarSource', '', {
  configMapKeyRef: f(configMapKeySelector, 3, ''),
  fieldRef: f(objectFieldSelector, 1, ''),
  fileKeyRef: f(fileKeySelector, 5, ''),
  resourceFieldRef: f(resourceFieldSelector, 2, ''),
  secretKeyRef: f(secretKeySelector, 4, ''),
});
export type EnvVarSource = Infer<typeof envVarSource>;

export const envVar = object('io.k8s.api.core.v1.EnvVar', '', {
  name: req(string, 1, ''),
  value: f(string, 2, ''),
  valueFrom: f(envVarSource, 3, ''),
});
export type EnvVar = Infer<typeof envVar>;

export const configMapEnvSource = object('io.k8s.api.core.v1.ConfigMapEnvSource', '', {
  name: f(string, 1, '', { inline: [1] }),
  optional: f(boolean, 2, '', { pointer: true }),
});
export type ConfigMapEnvSource = Infer<typeof configMapEnvSource>;

export const secretEnvSource = object('io.k8s.api.core.v1.SecretEnvSource', '', {
  name: f(string, 1, '', { inline: [1] }),
  optional: f(boolean, 2, '', { pointer: true }),
});
export type SecretEnvSource = Infer<typeof secretEnvSource>;

export const envFromSource = object('io.k8s.api.core.v1.EnvFromSource', '', {
  configMapRef: f(configMapEnvSource, 2, ''),
  prefix: f(string, 1, ''),
  secretRef: f(secretEnvSource, 3, ''),
});
export type EnvFromSource = Infer<typeof envFromSource>;

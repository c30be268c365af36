import { boolean, f, type Infer, int64, list, object, req, string } from '#model';

export const appArmorProfile = object(
  'io.k8s.api.core.v1.AppArmorProfile',
  '',
  {
    localhostProfile: f(string, 2, '', { pointer: true }),
    type: req(string, 1, ''),
  },
  { unions: [{ discriminator: 'type', 'fields-to-discriminateBy': { localhostProfile: 'LocalhostProfile' } }] },
);
export type AppArmorProfile = Infer<typeof appArmorProfile>;

export const capabilities = object('io.k8s.api.core.v1.Capabilities', '', {
  add: f(list(string), 1, '', { listType: 'atomic' }),
  drop: f(list(string), 2, '', { listType: 'atomic' }),
});
export type Capabilities = Infer<typeof capabilities>;

export const seLinuxOptions = object('io.k8s.api.core.v1.SELinuxOptions', '', {
  level: f(string, 4, ''),
  role: f(string, 2, ''),
  type: f(string, 3, ''),
  user: f(string, 1, ''),
});
export type SELinuxOptions = Infer<typeof seLinuxOptions>;

export const seccompProfile = object(
  'io.k8s.api.core.v1.SeccompProfile',
  '',
  {
    localhostProfile: f(string, 2, '', { pointer: true }),
    type: req(string, 1, ''),
  },
  { unions: [{ discriminator: 'type', 'fields-to-discriminateBy': { localhostProfile: 'LocalhostProfile' } }] },
);
export type SeccompProfile = Infer<typeof seccompProfile>;

export const windowsSecurityContextOptions = object('io.k8s.api.core.v1.WindowsSecurityContextOptions', '', {
  gmsaCredentialSpec: f(string, 2, '', { pointer: true }),
  gmsaCredentialSpecName: f(string, 1, '', { pointer: true }),
  hostProcess: f(boolean, 4, '', { pointer: true }),
  runAsUserName: f(string, 3, '', { pointer: true }),
});
export type WindowsSecurityContextOptions = Infer<typeof windowsSecurityContextOptions>;

export const securityContext = object('io.k8s.api.core.v1.SecurityContext', '', {
  allowPrivilegeEscalation: f(boolean, 7, '', { pointer: true }),
  appArmorProfile: f(appArmorProfile, 12, ''),
  capabilities: f(capabilities, 1, ''),
  privileged: f(boolean, 2, '', { pointer: true }),
  procMount: f(string, 9, '', { pointer: true }),
  readOnlyRootFilesystem: f(boolean, 6, '', { pointer: true }),
  runAsGroup: f(int64, 8, '', { pointer: true }),
  runAsNonRoot: f(boolean, 5, '', { pointer: true }),
  runAsUser: f(int64, 4, '', { pointer: true }),
  seLinuxOptions: f(seLinuxOptions, 3, ''),
  seccompProfile: f(seccompProfile, 11, ''),
  windowsOptions: f(windowsSecurityContextOptions, 10, ''),
});
export type SecurityContext = Infer<typeof securityContext>;

export const sysctl = object('io.k8s.api.core.v1.Sysctl', '', {
  name: req(string, 1, ''),
  value: req(string, 2, ''),
});
export type Sysctl = Infer<typeof sysctl>;

export const podSecurityContext = object('io.k8s.api.core.v1.PodSecurityContext', '', {
  appArmorProfile: f(appArmorProfile, 11, ''),
  fsGroup: f(int64, 5, '', { pointer: true }),
  fsGroupChangePolicy: f(string, 9, '', { pointer: true }),
  runAsGroup: f(int64, 6, '', { pointer: true }),
  runAsNonRoot: f(boolean, 3, '', { pointer: true }),
  runAsUser: f(int64, 2, '', { pointer: true }),
  seLinuxChangePolicy: f(string, 13, '', { pointer: true }),
  seLinuxOptions: f(seLinuxOptions, 1, ''),
  seccompProfile: f(seccompProfile, 10, ''),
  supplementalGroups: f(list(int64), 4, '', { listType: 'atomic' }),
  supplementalGroupsPolicy: f(string, 12, '', { pointer: true }),
  sysctls: f(list(sysctl), 7, '', { listType: 'atomic' }),
  windowsOptions: f(windowsSecurityContextOptions, 8, ''),
});
export type PodSecurityContext = Infer<typeof podSecurityContext>;

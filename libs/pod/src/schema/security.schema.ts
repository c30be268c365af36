import { boolean, f, type Infer, int64, list, named, object, req, string } from '#model';

export const appArmorProfile = object(
  'io.k8s.api.core.v1.AppArmorProfile',
  'Which AppArmor profile a process runs under.',
  {
    type: req(named('v1.SeccompProfileType'), 1, 'Localhost, RuntimeDefault or Unconfined.'),
    localhostProfile: f(string, 2, 'Name of a profile loaded on the node; for type Localhost alone.', {
      pointer: true,
    }),
  },
  { unions: [{ discriminator: 'type', 'fields-to-discriminateBy': { localhostProfile: 'LocalhostProfile' } }] },
);
export type AppArmorProfile = Infer<typeof appArmorProfile>;

export const capabilities = object(
  'io.k8s.api.core.v1.Capabilities',
  'POSIX capabilities to add to and drop from what the runtime gives.',
  {
    add: f(list(named('v1.Capability')), 1, 'Capabilities to give.', { listType: 'atomic' }),
    drop: f(list(named('v1.Capability')), 2, 'Capabilities to take away.', { listType: 'atomic' }),
  },
);
export type Capabilities = Infer<typeof capabilities>;

export const seLinuxOptions = object('io.k8s.api.core.v1.SELinuxOptions', 'SELinux labels of a process.', {
  user: f(string, 1, 'The user label.'),
  role: f(string, 2, 'The role label.'),
  type: f(string, 3, 'The type label.'),
  level: f(string, 4, 'The level label.'),
});
export type SELinuxOptions = Infer<typeof seLinuxOptions>;

export const seccompProfile = object(
  'io.k8s.api.core.v1.SeccompProfile',
  'Which system calls a process may make.',
  {
    type: req(named('v1.AppArmorProfileType'), 1, 'Localhost, RuntimeDefault or Unconfined.'),
    localhostProfile: f(string, 2, "File of a profile in the kubelet's folder; for type Localhost alone.", {
      pointer: true,
    }),
  },
  { unions: [{ discriminator: 'type', 'fields-to-discriminateBy': { localhostProfile: 'LocalhostProfile' } }] },
);
export type SeccompProfile = Infer<typeof seccompProfile>;

export const windowsSecurityContextOptions = object(
  'io.k8s.api.core.v1.WindowsSecurityContextOptions',
  'Settings that only Windows knows.',
  {
    gmsaCredentialSpecName: f(string, 1, 'Name of a resource that holds the credential spec.', { pointer: true }),
    gmsaCredentialSpec: f(string, 2, 'The credential spec of a group managed service account.', { pointer: true }),
    runAsUserName: f(string, 3, 'User that the process runs as.', { pointer: true }),
    hostProcess: f(boolean, 4, 'Whether the container runs as a process of the host.', { pointer: true }),
  },
);
export type WindowsSecurityContextOptions = Infer<typeof windowsSecurityContextOptions>;

export const securityContext = object(
  'io.k8s.api.core.v1.SecurityContext',
  "Rights of one container; they take precedence over the pod's.",
  {
    capabilities: f(capabilities, 1, 'Capabilities to add and drop.'),
    privileged: f(boolean, 2, "Whether the container has all rights of the host's root.", { pointer: true }),
    seLinuxOptions: f(seLinuxOptions, 3, 'SELinux labels of the container.'),
    windowsOptions: f(windowsSecurityContextOptions, 10, 'Settings for containers on Windows.'),
    runAsUser: f(int64, 4, 'User number that the process runs as.', { pointer: true }),
    runAsGroup: f(int64, 8, 'Group number that the process runs with.', { pointer: true }),
    runAsNonRoot: f(boolean, 5, 'Whether the container must not start as root.', { pointer: true }),
    readOnlyRootFilesystem: f(boolean, 6, "Whether the container's own file system cannot be written.", {
      pointer: true,
    }),
    allowPrivilegeEscalation: f(boolean, 7, 'Whether a process may gain more rights than its parent has.', {
      pointer: true,
    }),
    procMount: f(named('v1.ProcMountType'), 9, 'How /proc is mounted: Default or Unmasked.', { pointer: true }),
    seccompProfile: f(seccompProfile, 11, 'System calls that the container may make.'),
    appArmorProfile: f(appArmorProfile, 12, 'AppArmor profile of the container.'),
  },
);
export type SecurityContext = Infer<typeof securityContext>;

export const sysctl = object('io.k8s.api.core.v1.Sysctl', "A kernel parameter of the pod's namespaces.", {
  name: req(string, 1, 'Name of the parameter.'),
  value: req(string, 2, 'Its value.'),
});
export type Sysctl = Infer<typeof sysctl>;

export const podSecurityContext = object(
  'io.k8s.api.core.v1.PodSecurityContext',
  'Rights that hold for all containers of a pod.',
  {
    seLinuxOptions: f(seLinuxOptions, 1, 'SELinux labels of all containers.'),
    windowsOptions: f(windowsSecurityContextOptions, 8, 'Settings for pods on Windows.'),
    runAsUser: f(int64, 2, 'User number that processes run as.', { pointer: true }),
    runAsGroup: f(int64, 6, 'Group number that processes run with.', { pointer: true }),
    runAsNonRoot: f(boolean, 3, 'Whether no container may start as root.', { pointer: true }),
    supplementalGroups: f(list(int64), 4, "Further groups of every container's first process.", { listType: 'atomic' }),
    supplementalGroupsPolicy: f(
      named('v1.SupplementalGroupsPolicy'),
      12,
      'Whether groups of the image count too: Merge or Strict.',
      {
        pointer: true,
      },
    ),
    fsGroup: f(int64, 5, "Group that owns the pod's volumes and that all processes are in.", { pointer: true }),
    sysctls: f(list(sysctl), 7, 'Kernel parameters to set for the pod.', { listType: 'atomic' }),
    fsGroupChangePolicy: f(
      named('v1.PodFSGroupChangePolicy'),
      9,
      'When the owner of files in a volume is changed: Always or OnRootMismatch.',
      {
        pointer: true,
      },
    ),
    seccompProfile: f(seccompProfile, 10, 'System calls that the containers may make.'),
    appArmorProfile: f(appArmorProfile, 11, 'AppArmor profile of all containers.'),
    seLinuxChangePolicy: f(
      named('v1.PodSELinuxChangePolicy'),
      13,
      'How volumes get their SELinux label: MountOption or Recursive.',
      {
        pointer: true,
      },
    ),
  },
);
export type PodSecurityContext = Infer<typeof podSecurityContext>;

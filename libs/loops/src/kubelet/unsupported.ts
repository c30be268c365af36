import { allContainersOf } from '#pod';
import type { Container, Pod, SecurityContext } from '#pod';

/** Isolation that the node's container engine can enforce. */
export interface EngineSecurity {
  readonly appArmor: boolean;
  readonly seLinux: boolean;
  readonly seccomp: boolean;
}

export interface Unsupported {
  /** Of the pod's status. */
  readonly reason: string;
  readonly message: string;
}

const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';

/**
 * The first thing that a pod demands and its node cannot do, undefined when there is none. A pod that runs without what it
 * was admitted for runs with more rights than its author and the cluster's policy gave it, so it is rejected instead.
 */
export function unsupportedBy(engine: EngineSecurity, operatingSystem: string, pod: Pod): Unsupported | undefined {
  const { spec } = pod;
  if (spec.os && spec.os.name !== operatingSystem)
    return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
  if (spec.hostUsers === false)
    return {
      reason: 'UserNamespacesNotSupported',
      message: 'hostUsers=false is not supported in this node: its container runtime does not support user namespaces',
    };
  if (spec.securityContext?.supplementalGroupsPolicy === 'Strict')
    return {
      reason: 'SupplementalGroupsPolicyNotSupported',
      message: 'SupplementalGroupsPolicy=Strict is not supported in this node',
    };
  if (Object.keys(spec.resources?.limits ?? {}).length > 0)
    return {
      reason: 'PodLevelResourcesNotSupported',
      message: 'limits of a pod as a whole are not supported in this node: set them for its containers',
    };
  if (spec.resourceClaims?.length)
    return { reason: 'ResourceClaimsNotSupported', message: 'resource claims are not supported in this node' };
  for (const container of allContainersOf(pod)) {
    const found = unsupportedOf(engine, pod, container);
    if (found) return found;
  }
  return undefined;
}

/** The same for one container, an ephemeral one that comes later included. */
export function unsupportedOf(engine: EngineSecurity, pod: Pod, container: Container): Unsupported | undefined {
  const own: SecurityContext = container.securityContext ?? {};
  const common = pod.spec.securityContext ?? {};
  const refused = (reason: string, message: string): Unsupported => ({
    reason,
    message: `${message} (container: ${container.name})`,
  });
  if (!engine.appArmor && demandsAppArmor(pod, container))
    return refused('AppArmor', 'Cannot enforce AppArmor: AppArmor is not enabled on the host');
  if (!engine.seLinux && demandsSeLinux(own.seLinuxOptions ?? common.seLinuxOptions))
    return refused('SELinux', 'Cannot enforce SELinux options: SELinux is not enabled on the host');
  const seccomp = own.seccompProfile ?? common.seccompProfile;
  if (!engine.seccomp && seccomp && seccomp.type !== 'Unconfined' && container.securityContext?.privileged !== true)
    return refused('Seccomp', 'Cannot enforce seccomp: seccomp is not enabled on the host');
  if (own.procMount !== undefined && own.procMount !== '' && own.procMount !== 'Default')
    return refused('ProcMount', `procMount ${own.procMount} is not supported in this node`);
  const mount = container.volumeMounts?.find((one) => one.recursiveReadOnly === 'Enabled');
  if (mount)
    return refused(
      'RecursiveReadOnlyMountsNotSupported',
      `volume "${mount.name}" requires recursive read-only mounts, which are not supported in this node`,
    );
  return undefined;
}

/** The AppArmor profile that counts for a container, as its field or the older annotation says: `type` or `localhost/name`. */
export function appArmorOf(pod: Pod, container: Container): string | undefined {
  const profile = container.securityContext?.appArmorProfile ?? pod.spec.securityContext?.appArmorProfile;
  if (!profile) return pod.metadata.annotations?.[`${APPARMOR_ANNOTATION}${container.name}`];
  return profile.type === 'Localhost' ? `localhost/${profile.localhostProfile ?? ''}` : profile.type;
}
function demandsAppArmor(pod: Pod, container: Container): boolean {
  const profile = appArmorOf(pod, container);
  return profile !== undefined && profile !== '' && profile.toLowerCase() !== 'unconfined';
}
function demandsSeLinux(options: SecurityContext['seLinuxOptions']): boolean {
  return Object.values(options ?? {}).some((value) => value !== '');
}

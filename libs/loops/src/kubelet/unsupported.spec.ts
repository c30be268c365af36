import type { Container, PodSpec } from '#pod';
import { describe, expect, it } from '@jest/globals';
import { aPod } from './testing/given-pod.js';
import { appArmorOf, unsupportedBy, unsupportedOf } from './unsupported.js';

const NOTHING = { appArmor: false, seLinux: false, seccomp: false };
const ALL = { appArmor: true, seLinux: true, seccomp: true };
const own = (context: Container['securityContext'], more: Partial<Container> = {}): Partial<PodSpec> => ({
  containers: [{ name: 'c', image: 'i', ...(context && { securityContext: context }), ...more }],
});

describe('what a node cannot do', () => {
  const never: readonly (readonly [string, Partial<PodSpec>])[] = [
    ['UserNamespacesNotSupported', { hostUsers: false }],
    ['SupplementalGroupsPolicyNotSupported', { securityContext: { supplementalGroupsPolicy: 'Strict' } }],
    ['PodLevelResourcesNotSupported', { resources: { limits: { memory: '1Gi' } } }],
    ['ResourceClaimsNotSupported', { resourceClaims: [{ name: 'gpu' }] }],
    ['PodOSNotSupported', { os: { name: 'windows' } }],
    ['ProcMount', own({ procMount: 'Unmasked' })],
    [
      'RecursiveReadOnlyMountsNotSupported',
      own(undefined, { volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true, recursiveReadOnly: 'Enabled' }] }),
    ],
  ];
  it.each(never)('is a reason to reject a pod: %s', (reason, spec) => {
    expect(unsupportedBy(ALL, 'linux', aPod(spec))).toMatchObject({ reason });
  });

  const byHost: readonly (readonly [string, Partial<PodSpec>])[] = [
    ['AppArmor', { securityContext: { appArmorProfile: { type: 'RuntimeDefault' } } }],
    ['AppArmor', own({ appArmorProfile: { type: 'Localhost', localhostProfile: 'p' } })],
    ['SELinux', { securityContext: { seLinuxOptions: { level: 's0:c1,c2' } } }],
    ['SELinux', own({ seLinuxOptions: { type: 'container_t' } })],
    ['Seccomp', { securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }],
    ['Seccomp', own({ seccompProfile: { type: 'Localhost', localhostProfile: 'p.json' } })],
  ];
  it.each(byHost)('depends on the host: %s %j', (reason, spec) => {
    expect(unsupportedBy(NOTHING, 'linux', aPod(spec))).toMatchObject({ reason });
    expect(unsupportedBy(ALL, 'linux', aPod(spec))).toBeUndefined();
  });

  it('is nothing where nothing is demanded', () => {
    const modest: Partial<PodSpec> = {
      hostUsers: true,
      os: { name: 'linux' },
      securityContext: {
        supplementalGroupsPolicy: 'Merge',
        seccompProfile: { type: 'Unconfined' },
        appArmorProfile: { type: 'Unconfined' },
        seLinuxOptions: {},
      },
      resources: { requests: { cpu: '1' } },
      ...own({ procMount: 'Default' }),
    };
    expect(unsupportedBy(NOTHING, 'linux', aPod(modest))).toBeUndefined();
  });

  it('counts the annotation that came before the AppArmor fields, and the ephemeral containers', () => {
    const annotations = { 'container.apparmor.security.beta.kubernetes.io/c': 'localhost/strict' };
    const pod = aPod({}, { annotations });
    expect(unsupportedBy(NOTHING, 'linux', pod)).toMatchObject({ reason: 'AppArmor' });
    expect(appArmorOf(pod, { name: 'c' })).toBe('localhost/strict');
    const look: Container = { name: 'look', securityContext: { seLinuxOptions: { user: 'u' } } };
    expect(unsupportedOf(NOTHING, aPod(), look)).toEqual({
      reason: 'SELinux',
      message: 'Cannot enforce SELinux options: SELinux is not enabled on the host (container: look)',
    });
    expect(unsupportedBy(NOTHING, 'linux', aPod({ ephemeralContainers: [look] }))).toMatchObject({ reason: 'SELinux' });
  });
});

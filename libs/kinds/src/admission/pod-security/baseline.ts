import type { Check, Violation } from './check.js';
import {
  containersOf,
  named,
  namesWhere,
  quoted,
  setters,
  sortedSet,
  type AnyContainer,
  type Subject,
} from './subject.js';

const baseline = (id: string, test: Check['test'], since = 0): Check => ({ id, level: 'baseline', since, test });
const violation = (control: string, detail: string): Violation => ({ control, detail });
const when = (control: string, who: string | undefined, tail: string): Violation | undefined =>
  who === undefined ? undefined : violation(control, `${who} ${tail}`);

const DEFAULT_CAPABILITIES = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);
const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];
/** Harmless sysctls by the version that came to know them as such. */
const SYSCTLS: readonly (readonly [number, string])[] = [
  [0, 'kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range'],
  [0, 'net.ipv4.ip_unprivileged_port_start'],
  [27, 'net.ipv4.ip_local_reserved_ports'],
  [
    29,
    'net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes',
  ],
  [32, 'net.ipv4.tcp_rmem net.ipv4.tcp_wmem'],
];
const APPARMOR = 'container.apparmor.security.beta.kubernetes.io/';

export const baselineChecks: readonly Check[] = [
  baseline('appArmorProfile', appArmor),
  baseline('capabilities_baseline', (subject) =>
    capabilities(subject, 'non-default capabilities', DEFAULT_CAPABILITIES),
  ),
  baseline('hostNamespaces', ({ spec }) => {
    const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true);
    return shared.length === 0
      ? undefined
      : violation('host namespaces', shared.map((name) => `${name}=true`).join(', '));
  }),
  baseline('hostPathVolumes', ({ spec }) => {
    const volumes = (spec.volumes ?? []).filter((volume) => volume.hostPath !== undefined).map((volume) => volume.name);
    return volumes.length === 0 ? undefined : violation('hostPath volumes', named('volume', volumes));
  }),
  baseline('hostPorts', hostPorts),
  baseline('hostProbesAndHostHooks', probeHosts, 34),
  baseline('privileged', (subject) => {
    const names = namesWhere(subject, (container) => container.securityContext?.privileged === true);
    return when('privileged', setters(false, names), 'must not set securityContext.privileged=true');
  }),
  // `hostUsers: false` relaxes no check, unlike in Kubernetes since 1.35: no node of Shiplog gives a pod users of its own.
  baseline('procMount', procMount),
  baseline('seLinuxOptions', seLinux),
  baseline('seccompProfile_baseline', (subject, minor) =>
    minor < 19 ? seccompAnnotations(subject) : seccomp(subject),
  ),
  baseline('sysctls', ({ spec }, minor) => {
    const known = new Set(SYSCTLS.filter(([since]) => since <= minor).flatMap(([, names]) => names.split(' ')));
    const forbidden = (spec.securityContext?.sysctls ?? []).map((one) => one.name).filter((name) => !known.has(name));
    return forbidden.length === 0 ? undefined : violation('forbidden sysctls', forbidden.join(', '));
  }),
  baseline('windowsHostProcess', (subject) => {
    const isHost = (options: { readonly hostProcess?: boolean } | undefined): boolean => options?.hostProcess === true;
    const names = namesWhere(subject, (container) => isHost(container.securityContext?.windowsOptions));
    const who = setters(isHost(subject.spec.securityContext?.windowsOptions), names);
    return when('hostProcess', who, 'must not set securityContext.windowsOptions.hostProcess=true');
  }),
];

export function capabilities(subject: Subject, control: string, allowed: ReadonlySet<string>): Violation | undefined {
  const extra = (container: AnyContainer): readonly string[] =>
    (container.securityContext?.capabilities?.add ?? []).filter((name) => !allowed.has(name));
  const names = namesWhere(subject, (container) => extra(container).length > 0);
  const added = quoted(sortedSet(containersOf(subject).flatMap(extra)));
  return when(control, setters(false, names), `must not include ${added} in securityContext.capabilities.add`);
}

export function procMount(subject: Subject): Violation | undefined {
  const odd = (container: AnyContainer): string | undefined => {
    const mount = container.securityContext?.procMount;
    return mount === undefined || mount === 'Default' ? undefined : mount;
  };
  const names = namesWhere(subject, (container) => odd(container) !== undefined);
  const values = quoted(sortedSet(containersOf(subject).flatMap((container) => odd(container) ?? [])));
  return when('procMount', setters(false, names), `must not set securityContext.procMount to ${values}`);
}

export function seccomp(subject: Subject): Violation | undefined {
  const isOpen = (profile: { readonly type?: string } | undefined): boolean => profile?.type === 'Unconfined';
  const names = namesWhere(subject, (container) => isOpen(container.securityContext?.seccompProfile));
  const who = setters(isOpen(subject.spec.securityContext?.seccompProfile), names);
  return when('seccompProfile', who, 'must not set securityContext.seccompProfile.type to "Unconfined"');
}
function seccompAnnotations({ metadata }: Subject): Violation | undefined {
  const open = Object.entries(metadata.annotations ?? {}).filter(
    ([key, value]) =>
      (key === 'seccomp.security.alpha.kubernetes.io/pod' ||
        key.startsWith('container.seccomp.security.alpha.kubernetes.io/')) &&
      value === 'unconfined',
  );
  if (open.length === 0) return undefined;
  const texts = open.map(([key, value]) => `${key}="${value}"`).sort();
  return violation('seccompProfile', `forbidden annotation${texts.length === 1 ? '' : 's'} ${texts.join(', ')}`);
}

function appArmor(subject: Subject): Violation | undefined {
  const isOpen = (profile: { readonly type?: string } | undefined): boolean =>
    profile?.type !== undefined && profile.type !== 'RuntimeDefault' && profile.type !== 'Localhost';
  const names = namesWhere(subject, (container) => isOpen(container.securityContext?.appArmorProfile));
  const ofPod = isOpen(subject.spec.securityContext?.appArmorProfile);
  const annotations = Object.entries(subject.metadata.annotations ?? {}).filter(
    ([key, value]) =>
      key.startsWith(APPARMOR) && value !== '' && value !== 'runtime/default' && !value.startsWith('localhost/'),
  );
  const profiles = [
    subject.spec.securityContext?.appArmorProfile,
    ...containersOf(subject).map((container) => container.securityContext?.appArmorProfile),
  ];
  const types = sortedSet(profiles.filter(isOpen).map((profile) => profile?.type ?? ''));
  const values = [...types, ...annotations.map(([key, value]) => `${key}="${value}"`).sort()];
  const who = [
    ...(setters(ofPod, names) ? [setters(ofPod, names)] : []),
    ...(annotations.length > 0 ? [`annotation${annotations.length === 1 ? '' : 's'}`] : []),
  ].join(' and ');
  if (who === '') return undefined;
  const control = `forbidden AppArmor profile${values.length === 1 ? '' : 's'}`;
  return violation(control, `${who} must not set AppArmor profile type to ${quoted(values)}`);
}

function hostPorts(subject: Subject): Violation | undefined {
  const portsOf = (container: AnyContainer): readonly string[] =>
    (container.ports ?? []).flatMap((port) => (port.hostPort ? [String(port.hostPort)] : []));
  const names = namesWhere(subject, (container) => portsOf(container).length > 0);
  if (names.length === 0) return undefined;
  const ports = sortedSet(containersOf(subject).flatMap(portsOf));
  const verb = names.length === 1 ? 'uses' : 'use';
  const detail = `${named('container', names)} ${verb} hostPort${ports.length === 1 ? '' : 's'} ${ports.join(', ')}`;
  return violation('hostPort', detail);
}

function probeHosts(subject: Subject): Violation | undefined {
  const hostsOf = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: AnyContainer): readonly string[] =>
    [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap((handler) =>
      [handler?.httpGet?.host, handler?.tcpSocket?.host].flatMap((host) => host || []),
    );
  const names = sortedSet(namesWhere(subject, (container) => hostsOf(container).length > 0));
  if (names.length === 0) return undefined;
  const hosts = sortedSet(containersOf(subject).flatMap(hostsOf));
  const verb = names.length === 1 ? 'uses' : 'use';
  const what = `probe or lifecycle host${hosts.length === 1 ? '' : 's'}`;
  return violation('probe or lifecycle host', `${named('container', names)} ${verb} ${what} ${quoted(hosts)}`);
}

type SeLinux = { readonly type?: string; readonly user?: string; readonly role?: string } | undefined;
function seLinux(subject: Subject, minor: number): Violation | undefined {
  const types = minor >= 31 ? [...SELINUX_TYPES, 'container_engine_t'] : SELINUX_TYPES;
  const hasType = (options: SeLinux): boolean => !types.includes(options?.type ?? '');
  const isBad = (options: SeLinux): boolean => hasType(options) || Boolean(options?.user) || Boolean(options?.role);
  const ofPod = subject.spec.securityContext?.seLinuxOptions as SeLinux;
  const ofContainer = (container: AnyContainer): SeLinux => container.securityContext?.seLinuxOptions;
  const who = setters(
    isBad(ofPod),
    namesWhere(subject, (container) => isBad(ofContainer(container))),
  );
  if (who === undefined) return undefined;
  const all = [ofPod, ...containersOf(subject).map(ofContainer)];
  const bad = sortedSet(all.filter(hasType).map((options) => options?.type ?? ''));
  const parts = [
    ...(bad.length > 0 ? [named('type', bad)] : []),
    ...(all.some((options) => options?.user) ? ['user may not be set'] : []),
    ...(all.some((options) => options?.role) ? ['role may not be set'] : []),
  ];
  return violation('seLinuxOptions', `${who} set forbidden securityContext.seLinuxOptions: ${parts.join('; ')}`);
}

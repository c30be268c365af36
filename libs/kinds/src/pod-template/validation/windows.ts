import { byteLength, dns1123Subdomain, forbidden, invalid, required } from '#meta';
import type { Problem } from '#model';
import type { PodSpec, SecurityContext, WindowsSecurityContextOptions } from '#pod';
import { each, items, type Problems, supportedOnly } from '../../validation/checks.js';

const CREDENTIAL_BYTES = 64 * 1024;
const DOMAIN_BYTES = 256;
const USER_BYTES = 104;
const NETBIOS_NAME = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

export function windowsOptionProblems(field: string, options: WindowsSecurityContextOptions | undefined): Problems {
  if (!options) return [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  return [
    ...(name === undefined ? [] : each(`${field}.gmsaCredentialSpecName`, name, dns1123Subdomain(name))),
    ...(spec === undefined ? [] : each(`${field}.gmsaCredentialSpec`, spec, credentialWords(spec))),
    ...(user === undefined ? [] : each(`${field}.runAsUserName`, user, userWords(user))),
  ];
}

function credentialWords(spec: string): readonly string[] {
  if (spec === '') return ['gmsaCredentialSpec cannot be an empty string'];
  return byteLength(spec) > CREDENTIAL_BYTES ? ['gmsaCredentialSpec size must be under 64 KiB'] : [];
}

/** `user`, or `domain\\user`. */
function userWords(text: string): readonly string[] {
  if (text === '') return ['runAsUserName cannot be an empty string'];
  if (/[\u0000-\u001f\u007f]/.test(text)) return ['runAsUserName cannot contain control characters'];
  const parts = text.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? parts[0] : undefined;
  const words: string[] = domain === undefined ? [] : [...domainWords(domain)];
  if (user === '') words.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > USER_BYTES)
    words.push(`runAsUserName's User length must not be longer than ${USER_BYTES} characters`);
  if (/^[. ]+$/.test(user)) words.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user))
    words.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  return words;
}

function domainWords(domain: string): readonly string[] {
  const isNamed = NETBIOS_NAME.test(domain) || DNS_NAME.test(domain);
  return [
    ...(byteLength(domain) >= DOMAIN_BYTES
      ? [`runAsUserName's Domain length must be under ${DOMAIN_BYTES} characters`]
      : []),
    ...(isNamed ? [] : ["runAsUserName's Domain doesn't match the NetBios nor the DNS format"]),
  ];
}

/** Processes of the host: all containers of a pod or none, and in the host's network. */
export function validateHostProcess(field: string, spec: PodSpec): Problems {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const containers = containersOf(field, spec);
  const found: Problem[] = containers.flatMap(([path, context]) => {
    const own = context?.windowsOptions?.hostProcess;
    if (ofPod === undefined || own === undefined || own === ofPod) return [];
    const words = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
    return [invalid(`${path}.windowsOptions.hostProcess`, own, words)];
  });
  const count = containers.filter(([, context]) => context?.windowsOptions?.hostProcess ?? ofPod).length;
  if (count === 0) return found;
  if (count < containers.length) {
    const words = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    found.push(invalid(field, '', words));
  }
  if (!spec.hostNetwork) {
    const words = 'hostNetwork must be true if pod contains any hostProcess containers';
    found.push(invalid(`${field}.hostNetwork`, false, words));
  }
  return found;
}

/** Options of one system in a pod for the other. */
export function validateOs(field: string, spec: PodSpec): Problems {
  const name = spec.os?.name;
  if (spec.os === undefined) return [];
  const at = `${field}.os`;
  if (!name) return [required(`${at}.name`)];
  if (name !== 'linux' && name !== 'windows') return supportedOnly(at, name, ['linux', 'windows']);
  const pod = `${field}.securityContext`;
  if (name === 'linux') {
    const words = 'windows options cannot be set for a linux pod';
    return [
      ...(spec.securityContext?.windowsOptions ? [forbidden(`${pod}.windowsOptions`, words)] : []),
      ...containersOf(field, spec).flatMap(([path, context]) =>
        context?.windowsOptions ? [forbidden(`${path}.windowsOptions`, words)] : [],
      ),
    ];
  }
  return windowsProblems(field, spec);
}

/** In the order in which they are looked at; with a dot they are the pod's own fields. */
const NOT_ON_WINDOWS_POD = [
  'appArmorProfile',
  'seLinuxOptions',
  '.hostUsers',
  '.hostPID',
  '.hostIPC',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  '.shareProcessNamespace',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;
const NOT_ON_WINDOWS_CONTAINER = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

function windowsProblems(field: string, spec: PodSpec): Problems {
  const cannot = (at: string): Problem => forbidden(at, 'cannot be set for a windows pod');
  const given = (object: object | undefined, name: string): boolean =>
    (object as Readonly<Record<string, unknown>> | undefined)?.[name] !== undefined;
  return [
    ...NOT_ON_WINDOWS_POD.flatMap((name) => {
      if (name.startsWith('.')) return given(spec, name.slice(1)) ? [cannot(`${field}${name}`)] : [];
      return given(spec.securityContext, name) ? [cannot(`${field}.securityContext.${name}`)] : [];
    }),
    ...containersOf(field, spec).flatMap(([path, context]) =>
      NOT_ON_WINDOWS_CONTAINER.flatMap((name) => (given(context, name) ? [cannot(`${path}.${name}`)] : [])),
    ),
  ];
}

function containersOf(field: string, spec: PodSpec): readonly (readonly [string, SecurityContext | undefined])[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((name) =>
    items(spec[name]).map((c, i) => [`${field}.${name}[${i}].securityContext`, c.securityContext] as const),
  );
}

import type { Check, Violation } from './check.js';
import { capabilities, procMount, seccomp } from './baseline.js';
import { isWindows, named, namesWhere, quoted, setters, sortedSet, type Subject } from './subject.js';

/** Volumes that come from the cluster itself. */
const VOLUMES = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    level: 'restricted',
    since: 8,
    test: (subject, minor) => {
      if (minor >= 25 && isWindows(subject)) return undefined;
      const names = namesWhere(subject, (container) => container.securityContext?.allowPrivilegeEscalation !== false);
      if (names.length === 0) return undefined;
      const detail = `${named('container', names)} must set securityContext.allowPrivilegeEscalation=false`;
      return { control: 'allowPrivilegeEscalation != false', detail };
    },
  },
  {
    id: 'capabilities_restricted',
    level: 'restricted',
    since: 22,
    replaces: 'capabilities_baseline',
    test: (subject, minor) => (minor >= 25 && isWindows(subject) ? undefined : droppedCapabilities(subject)),
  },
  { id: 'procMount_restricted', level: 'restricted', since: 35, replaces: 'procMount', test: procMount },
  { id: 'restrictedVolumes', level: 'restricted', since: 0, replaces: 'hostPathVolumes', test: volumes },
  { id: 'runAsNonRoot', level: 'restricted', since: 0, test: nonRoot },
  {
    id: 'runAsUser',
    level: 'restricted',
    since: 23,
    test: (subject) => {
      const names = namesWhere(subject, (container) => container.securityContext?.runAsUser === 0);
      const who = setters(subject.spec.securityContext?.runAsUser === 0, names);
      return who === undefined ? undefined : { control: 'runAsUser=0', detail: `${who} must not set runAsUser=0` };
    },
  },
  {
    id: 'seccompProfile_restricted',
    level: 'restricted',
    since: 19,
    replaces: 'seccompProfile_baseline',
    test: (subject, minor) => (minor >= 25 && isWindows(subject) ? undefined : seccompSet(subject)),
  },
];

function droppedCapabilities(subject: Subject): Violation | undefined {
  const control = 'unrestricted capabilities';
  const keeping = namesWhere(
    subject,
    (container) => container.securityContext?.capabilities?.drop?.includes('ALL') !== true,
  );
  const added = capabilities(subject, control, new Set(['NET_BIND_SERVICE']));
  const details = [
    ...(keeping.length > 0
      ? [`${named('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`]
      : []),
    ...(added ? [added.detail] : []),
  ];
  return details.length === 0 ? undefined : { control, detail: details.join('; ') };
}

function volumes({ spec }: Subject): Violation | undefined {
  const typeOf = (volume: object): string =>
    Object.entries(volume).find(([name, source]) => name !== 'name' && source !== undefined)?.[0] ?? 'unknown';
  const bad = (spec.volumes ?? []).filter((volume) => !VOLUMES.has(typeOf(volume)));
  if (bad.length === 0) return undefined;
  const types = sortedSet(bad.map(typeOf));
  const names = bad.map((volume) => volume.name);
  const verb = names.length === 1 ? 'uses' : 'use';
  const what = `restricted volume type${types.length === 1 ? '' : 's'}`;
  return { control: 'restricted volume types', detail: `${named('volume', names)} ${verb} ${what} ${quoted(types)}` };
}

function nonRoot(subject: Subject): Violation | undefined {
  const control = 'runAsNonRoot != true';
  const ofPod = subject.spec.securityContext?.runAsNonRoot;
  const explicit = namesWhere(subject, (container) => container.securityContext?.runAsNonRoot === false);
  const who = setters(ofPod === false, explicit);
  if (who !== undefined) return { control, detail: `${who} must not set securityContext.runAsNonRoot=false` };
  if (ofPod === true) return undefined;
  const silent = namesWhere(subject, (container) => container.securityContext?.runAsNonRoot === undefined);
  if (silent.length === 0) return undefined;
  return { control, detail: `pod or ${named('container', silent)} must set securityContext.runAsNonRoot=true` };
}

function seccompSet(subject: Subject): Violation | undefined {
  const open = seccomp(subject);
  if (open !== undefined || subject.spec.securityContext?.seccompProfile !== undefined) return open;
  const silent = namesWhere(subject, (container) => container.securityContext?.seccompProfile === undefined);
  if (silent.length === 0) return undefined;
  const types = '"RuntimeDefault" or "Localhost"';
  const detail = `pod or ${named('container', silent)} must set securityContext.seccompProfile.type to ${types}`;
  return { control: 'seccompProfile', detail };
}

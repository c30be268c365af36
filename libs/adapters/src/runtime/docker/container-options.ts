import { readFileSync } from 'node:fs';
import type Docker from 'dockerode';
import type { ContainerAmounts, ContainerSpec, SandboxSpec } from '#ports';
import { INFRA_IMAGE } from './infra-image.js';
import { containerName, HANDLER_LABEL, toLabels } from './labels.js';
import type { Privileges } from './privileges.js';

const LOG: Docker.HostConfig['LogConfig'] = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } };
const CPU_PERIOD_US = 100_000;

export function sandboxOptions(spec: SandboxSpec, network: string): Docker.ContainerCreateOptions {
  const ports: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of spec.ports) {
    const key = `${port.containerPort}/${port.protocol.toLowerCase()}`;
    (ports[key] ??= []).push({ HostIp: port.hostIp, HostPort: String(port.hostPort) });
  }
  return {
    name: containerName(spec.labels),
    Image: INFRA_IMAGE,
    Labels: { ...toLabels(spec.labels), ...(spec.runtimeHandler && { [HANDLER_LABEL]: spec.runtimeHandler }) },
    ...(!spec.hostNetwork && {
      Hostname: spec.hostname,
      ExposedPorts: Object.fromEntries(Object.keys(ports).map((key) => [key, {}])),
    }),
    HostConfig: {
      NetworkMode: spec.hostNetwork ? 'host' : network,
      IpcMode: spec.hostIpc ? 'host' : 'shareable',
      ...(spec.hostPid && { PidMode: 'host' }),
      ...(!spec.hostNetwork && { PortBindings: ports }),
      LogConfig: LOG,
      Sysctls: { ...spec.sysctls },
      ...(spec.runtimeHandler && { Runtime: spec.runtimeHandler }),
      CpuShares: 2,
      // It only waits: nothing that joins its namespaces finds a right there that it has not itself.
      CapDrop: ['ALL'],
      SecurityOpt: ['seccomp=unconfined', 'no-new-privileges'],
      ReadonlyRootfs: true,
    },
  };
}

export interface EngineFacts {
  readonly imageUser: string;
  readonly privileges: Privileges;
}
export function containerOptions(spec: ContainerSpec, engine: EngineFacts): Docker.ContainerCreateOptions {
  const { security } = spec;
  return {
    name: containerName(spec.labels),
    Image: spec.image,
    Labels: toLabels(spec.labels),
    ...(spec.command && { Entrypoint: [...spec.command] }),
    // With a command but without arguments, the image's own arguments do not count.
    ...(spec.args ? { Cmd: [...spec.args] } : spec.command ? { Cmd: [] } : {}),
    Env: spec.env.map(([name, value]) => `${name}=${value}`),
    ...(spec.workingDir && { WorkingDir: spec.workingDir }),
    ...userOf(spec, engine.imageUser),
    Tty: spec.tty,
    OpenStdin: spec.stdin,
    StdinOnce: spec.stdinOnce,
    ...(spec.stopSignal && { StopSignal: spec.stopSignal }),
    HostConfig: {
      NetworkMode: `container:${spec.sandboxId}`,
      IpcMode: spec.hostIpc ? 'host' : `container:${spec.sandboxId}`,
      ...(spec.pidOf
        ? { PidMode: `container:${spec.pidOf}` }
        : spec.hostPid
          ? { PidMode: 'host' }
          : spec.sharePidNamespace
            ? { PidMode: `container:${spec.sandboxId}` }
            : {}),
      LogConfig: LOG,
      ...(spec.runtimeHandler && { Runtime: spec.runtimeHandler }),
      Binds: [],
      Mounts: spec.mounts.map((mount) => ({
        Type: 'bind',
        Source: mount.source,
        Target: mount.target,
        ReadOnly: mount.readOnly,
        BindOptions: { Propagation: mount.propagation ?? 'rprivate' },
      })) as Docker.MountConfig,
      ...amountsOf(spec),
      // Lowering the score needs a privilege that an agent may lack; raising it does not.
      ...(spec.oomScore > 0 && { OomScoreAdj: spec.oomScore }),
      ...privilegesOf(spec, engine.privileges),
      ReadonlyRootfs: security.readOnlyRootFilesystem,
      SecurityOpt: securityOptions(spec),
      ...((security.unmaskedProc || security.privileged) && { MaskedPaths: [], ReadonlyPaths: [] }),
      GroupAdd: security.supplementalGroups.map(String),
    },
  };
}

export function amountsOf(spec: ContainerAmounts): Docker.HostConfig {
  const limit = spec.cpuMilliLimit;
  return {
    CpuShares: Math.max(2, Math.floor(((spec.cpuMilliRequest ?? 0) * 1024) / 1000)),
    ...(limit && { CpuPeriod: CPU_PERIOD_US, CpuQuota: Math.max(1000, Math.floor((limit * CPU_PERIOD_US) / 1000)) }),
    ...(spec.memoryLimitBytes && { Memory: spec.memoryLimitBytes, MemorySwap: spec.memoryLimitBytes }),
  };
}

/** All that the engine has: where it lacks capabilities itself, a privileged container gets the rest, and the devices. */
function privilegesOf(spec: ContainerSpec, { lacking, devices }: Privileges): Docker.HostConfig {
  const { privileged, capabilitiesAdd, capabilitiesDrop } = spec.security;
  const all = privileged || capabilitiesAdd.some((name) => name.toUpperCase() === 'ALL');
  if (!lacking || !all) return { Privileged: privileged, CapAdd: [...capabilitiesAdd], CapDrop: [...capabilitiesDrop] };
  return {
    CapAdd: ['ALL'],
    CapDrop: [...capabilitiesDrop, ...lacking],
    ...(privileged && {
      DeviceCgroupRules: ['a *:* rwm'],
      Devices: devices.map((path) => ({ PathOnHost: path, PathInContainer: path, CgroupPermissions: 'rwm' })),
    }),
  };
}

function userOf(spec: ContainerSpec, imageUser: string): { User?: string } {
  const { user, group } = spec.security;
  if (user === undefined && group === undefined) return {};
  const name = user ?? (imageUser.split(':')[0] || '0');
  return { User: group === undefined ? String(name) : `${name}:${group}` };
}

function securityOptions(spec: ContainerSpec): string[] {
  const { seccomp, noNewPrivileges } = spec.security;
  const options: string[] = [];
  if (seccomp === 'unconfined') options.push('seccomp=unconfined');
  else if (seccomp !== 'default') options.push(`seccomp=${readFileSync(seccomp, 'utf8')}`);
  if (noNewPrivileges) options.push('no-new-privileges');
  if (spec.security.appArmor !== undefined) options.push(`apparmor=${spec.security.appArmor}`);
  for (const [part, value] of Object.entries(spec.security.seLinux ?? {}))
    if (value !== '') options.push(`label=${part}:${value}`);
  return options;
}

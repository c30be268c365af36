import type Docker from 'dockerode';
import type { ContainerState, RuntimeContainer } from '#ports';
import { fromLabels, HANDLER_LABEL } from './labels.js';

/** A container as the port shows it. One that could not be started counts as ended. */
export function fromInspect(found: Docker.ContainerInspectInfo, network: string): RuntimeContainer {
  const state = found.State;
  const createdAt = Date.parse(found.Created);
  const startedAt = timeOf(state.StartedAt);
  const startError = startedAt === undefined && state.Error ? state.Error : undefined;
  const shown: ContainerState = state.Running
    ? 'running'
    : startedAt === undefined && startError === undefined
      ? 'created'
      : 'exited';
  const finishedAt = timeOf(state.FinishedAt) ?? (shown === 'exited' ? createdAt : undefined);
  const networks = found.NetworkSettings?.Networks ?? {};
  const joined = networks[network]?.IPAddress ? networks[network] : Object.values(networks)[0];
  const ip = joined?.IPAddress;
  const ipv6 = joined?.GlobalIPv6Address;
  return {
    id: found.Id,
    labels: fromLabels(found.Config.Labels ?? {}),
    state: shown,
    createdAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(shown === 'exited' && {
      finishedAt: finishedAt ?? createdAt,
      exitCode: state.ExitCode,
      oomKilled: state.OOMKilled,
    }),
    ...(startError !== undefined && { startError }),
    image: found.Config.Image,
    imageId: found.Image,
    ...(sandboxIdOf(found) && { sandboxId: sandboxIdOf(found) as string }),
    ...(stopSignalOf(found) && { stopSignal: stopSignalOf(found) as string }),
    ...(found.Config.Labels?.[HANDLER_LABEL] && { runtimeHandler: found.Config.Labels[HANDLER_LABEL] }),
    ...(ip && { ips: ipv6 ? [ip, ipv6] : [ip] }),
    ...(shown === 'running' && state.Pid > 0 && { pid: state.Pid }),
    ...(upperDirOf(found) && { writableLayer: upperDirOf(found) as string }),
    ...(found.LogPath && { logFile: found.LogPath }),
  };
}
/** Where the engine says it: storage drivers other than overlay2 do not. */
function upperDirOf(found: Docker.ContainerInspectInfo): string | undefined {
  return (found.GraphDriver as { Data?: { UpperDir?: string } | null } | undefined)?.Data?.UpperDir || undefined;
}
function stopSignalOf(found: Docker.ContainerInspectInfo): string | undefined {
  return (found.Config as { StopSignal?: string }).StopSignal || undefined;
}
/** The engine says it itself, so containers of older builds have it too. */
function sandboxIdOf(found: Docker.ContainerInspectInfo): string | undefined {
  const mode = (found.HostConfig as Partial<typeof found.HostConfig> | undefined)?.NetworkMode ?? '';
  return mode.startsWith(JOINED) ? mode.slice(JOINED.length) : undefined;
}
const JOINED = 'container:';
/** Go's zero time means "never". */
function timeOf(text: string | undefined): number | undefined {
  return !text || text.startsWith('0001-') ? undefined : Date.parse(text);
}

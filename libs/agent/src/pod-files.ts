import { allContainersOf, containerOf } from '#pod';
import type { Container, Pod } from '#pod';
import { kubelet } from '#loops';
import type { ContainerMount, RuntimeContainer } from '#ports';
import type { PodState } from './pod-state.js';
import type { NodeContext } from './node-context.js';

const VOLUME_RETRY_MS = [500, 1000, 2000, 4000, 8000, 16000, 32000, 64000, 122000];
const VOLUME_RETRY_MS_MAX = 122_000;
const KEPT_MS = 10_000;
const MESSAGE_BYTES_MAX = 4096;
const ALL_MESSAGES_BYTES_MAX = 12_288;
const FALLBACK_BYTES_MAX = 2048;
const FALLBACK_LINES_MAX = 80;

/** Volumes, mounts and other files of one pod. */
export class PodFiles {
  private readonly paths = new Map<string, string>();
  private renewal: (() => void) | undefined;
  private refreshing = false;
  private refreshAgain = false;

  constructor(
    private readonly context: NodeContext,
    private readonly worker: PodState,
  ) {}

  end(): void {
    this.renewal?.();
  }

  async makeVolumes(): Promise<void> {
    const { worker } = this;
    if (this.canPlanVolumes()) {
      worker.record = { ...worker.record, volumesPlanned: true };
      worker.look();
    }
    try {
      await this.putVolumes();
      const { volumesRetry: _retry, ...record } = worker.record;
      worker.record = { ...record, volumesReady: true };
    } catch (error) {
      if (!(error instanceof VolumeFailed)) throw error;
      const count = (worker.record.volumesRetry?.count ?? 0) + 1;
      const delay = VOLUME_RETRY_MS[Math.min(count, VOLUME_RETRY_MS.length) - 1] ?? VOLUME_RETRY_MS_MAX;
      const at = worker.now() + delay;
      worker.record = { ...worker.record, volumesRetry: { at, count } };
      // After a start the agent first has to hear what the pod needs: until then nothing is known to be missing.
      if (!this.context.synced) return;
      this.context.reporter.incident(worker.pod, { type: 'Warning', reason: 'FailedMount', message: error.message });
    }
  }
  /** True when nothing that the volumes need is missing; tokens are taken for granted. */
  private canPlanVolumes(): boolean {
    const { pod } = this.worker;
    const tokens = new Map(kubelet.tokenNeedsOf(pod).map((need) => [need.key, '']));
    try {
      for (const volume of pod.spec.volumes ?? [])
        if (kubelet.planVolume(pod, volume, { ...this.inputs([]), tokens }).is === 'host') return false;
      return true;
    } catch {
      return false;
    }
  }
  private async putVolumes(): Promise<void> {
    const { pod } = this.worker;
    const { volumes, clock } = this.context.options;
    if (!this.context.synced && (await this.keepVolumes())) return;
    const { tokens, renewAt } = await this.context.tokens.of(pod, kubelet.tokenNeedsOf(pod)).catch((error: unknown) => {
      throw new VolumeFailed(firstTokenVolume(pod), `failed to fetch token: ${messageOf(error)}`);
    });
    for (const volume of pod.spec.volumes ?? []) {
      try {
        const plan = kubelet.planVolume(pod, volume, { ...this.inputs([]), tokens });
        this.paths.set(volume.name, await volumes.put(pod.metadata.uid, plan));
      } catch (error) {
        throw new VolumeFailed(volume.name, messageOf(error));
      }
    }
    this.renewal?.();
    this.renewal =
      renewAt === undefined ? undefined : clock.after(renewAt - clock.monotonic(), () => this.refreshVolumes());
  }
  /**
   * Takes volumes of files as an earlier agent left them, before this one has heard of the control plane: what they are made of may
   * not be known. Brought up to date soon. False when one is not there.
   */
  private async keepVolumes(): Promise<boolean> {
    const { metadata, spec } = this.worker.pod;
    const { volumes, clock } = this.context.options;
    const found: (readonly [string, string])[] = [];
    for (const volume of spec.volumes ?? []) {
      if (isOfFiles(volume)) {
        const earlier = await volumes.earlier(metadata.uid, volume.name);
        if (earlier === undefined) return false;
        found.push([volume.name, earlier]);
      } else
        found.push([
          volume.name,
          await volumes.put(
            metadata.uid,
            kubelet.planVolume(this.worker.pod, volume, { ...this.inputs([]), tokens: new Map() }),
          ),
        ]);
    }
    for (const [name, path] of found) this.paths.set(name, path);
    this.renewal?.();
    this.renewal = clock.after(KEPT_MS, () => this.refreshVolumes());
    return true;
  }
  /** Brings the files of a running pod up to date. What is missing now keeps its last content. */
  refreshVolumes(): void {
    if (!this.worker.record.volumesReady || this.worker.over || this.worker.record.endBy !== undefined) return;
    if (this.refreshing) {
      this.refreshAgain = true;
      return;
    }
    this.refreshing = true;
    this.putVolumes()
      .catch(() => undefined)
      .finally(() => {
        this.refreshing = false;
        const again = this.refreshAgain;
        this.refreshAgain = false;
        if (again) this.refreshVolumes();
      });
  }

  async mountsOf(
    container: Container,
    action: kubelet.Action & { do: 'start' },
    environment: kubelet.Environment,
  ): Promise<readonly ContainerMount[]> {
    const { volumes, node } = this.context.options;
    const { pod } = this.worker;
    const uid = pod.metadata.uid;
    const mounts: ContainerMount[] = [];
    for (const mount of container.volumeMounts ?? []) {
      const path = this.paths.get(mount.name);
      if (path === undefined) throw new kubelet.ConfigProblem(`volume "${mount.name}" is not there`);
      const subPath = kubelet.subPathOf(mount, environment);
      const prepared = subPath === '' ? path : volumes.subPath(uid, mount.name, path, subPath);
      const source = await Promise.resolve(prepared).catch((cause: unknown) => {
        const which = `volumeMount "${mount.name}" of container "${container.name}"`;
        throw new kubelet.ConfigProblem(`failed to prepare subPath for ${which}: ${messageOf(cause)}`, { cause });
      });
      const propagation =
        mount.mountPropagation === 'Bidirectional'
          ? 'rshared'
          : mount.mountPropagation === 'HostToContainer'
            ? 'rslave'
            : undefined;
      const filesOnly = pod.spec.volumes?.some((v) => v.name === mount.name && isOfFiles(v));
      mounts.push({
        source,
        target: mount.mountPath,
        readOnly: mount.readOnly === true || Boolean(filesOnly),
        ...(propagation && { propagation }),
      });
    }
    const targets = new Set(mounts.map((m) => m.target.replace(/\/+$/, '')));
    const file = async (name: string, text: string, target: string, mode: number): Promise<void> => {
      if (targets.has(target)) return;
      mounts.push({ source: await volumes.putFile(uid, name, text, mode), target, readOnly: false });
    };
    await file('etc-hosts', kubelet.hostsFile(pod, action.ips, node.domain, node.hostsFile), '/etc/hosts', 0o644);
    const clusterDns = this.context.nameServers;
    const resolver = kubelet.resolverConfig(pod, { clusterDns, domain: node.domain, hostFile: node.resolvConf });
    for (const message of resolver.warnings)
      this.context.reporter.incident(pod, { type: 'Warning', reason: 'DNSConfigForming', message });
    await file('resolv.conf', resolver.text, '/etc/resolv.conf', 0o644);
    const path = container.terminationMessagePath || '/dev/termination-log';
    await file(messageFile(container.name, action.attempt), '', path, 0o666);
    return mounts;
  }
  inputs(podIps: readonly string[]): kubelet.PodContext {
    const { objects, node, allocatable } = this.context;
    return { objects, podIps, hostIps: node.hostIps, nodeName: node.name, allocatable };
  }

  /** What a container left to be shown: its file, or the end of its log where the pod asks for that and it failed. */
  async terminationMessage(ended: RuntimeContainer): Promise<string> {
    const { pod } = this.worker;
    const container = containerOf(pod, ended.labels.container);
    const count = allContainersOf(pod).length;
    const bytesMax = Math.min(MESSAGE_BYTES_MAX, Math.floor(ALL_MESSAGES_BYTES_MAX / Math.max(count, 1)));
    const text = await this.context.options.volumes.readFile(
      pod.metadata.uid,
      messageFile(ended.labels.container, ended.labels.attempt),
      bytesMax,
    );
    if (
      text ||
      container?.terminationMessagePolicy !== 'FallbackToLogsOnError' ||
      ended.exitCode === 0 ||
      ended.startError
    )
      return text;
    const parts: Uint8Array[] = [];
    for await (const part of this.context.options.runtime.logs(ended.id, {
      follow: false,
      timestamps: false,
      tailLines: FALLBACK_LINES_MAX,
    }))
      parts.push(part);
    const all = concat(parts);
    return new TextDecoder().decode(all.subarray(Math.max(0, all.length - Math.min(FALLBACK_BYTES_MAX, bytesMax))));
  }
}

class VolumeFailed extends Error {
  constructor(volume: string, why: string) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${why}`);
  }
}
/** Only the agent writes to it: containers have it for reading. */
function isOfFiles(volume: NonNullable<Pod['spec']['volumes']>[number]): boolean {
  return Boolean(volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected);
}
function firstTokenVolume(pod: Pod): string {
  return (pod.spec.volumes ?? []).find((v) => v.projected?.sources?.some((s) => s.serviceAccountToken))?.name ?? '';
}
function messageFile(container: string, attempt: number): string {
  return `containers/${container}/${attempt}`;
}
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

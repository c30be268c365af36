import type { ContainerReading, FileSystemReading, NetworkReading, PodReading, UsageReading } from '#model';
import type { Clock, FileTrees, KernelFiles, MeteredContainer, MeteredPod, MeterReading, NodeMeter } from '#ports';
import { cgroupReader, type CgroupReader } from './cgroup-reader.js';
import { Cgroups } from './cgroups.js';
import { MachineReader, type MachinePlaces } from './machine-reader.js';
import { networkReadings } from './network.js';

export interface KernelMeterOptions {
  readonly files: KernelFiles;
  readonly clock: Clock;
  /** Undefined: file systems are not measured. */
  readonly trees?: FileTrees;
  readonly places: MachinePlaces;
}
/** How old figures may be that change slowly, and after which a cgroup that was not found is looked for again. */
const SLOW_MS = 10_000;
/** A cgroup may be there a moment later than the engine says that its container runs. */
const QUICK_TRIES = 3;
const QUICK_MS = 1000;
/** Spreads the slow reads of containers over the time between two of them. */
const SPREAD = 7;

/**
 * Measures out of the kernel's own files: of each container the few that tell its processor time and memory every time, the
 * rest every ten seconds. It asks no engine.
 */
export class KernelMeter implements NodeMeter {
  private readonly cgroups: Cgroups;
  private readonly machine: MachineReader;
  private readonly containers = new Map<string, MeteredCgroup>();
  private readonly networks = new Map<string, PodNetwork>();
  private machineDueAt: number;
  private opened = 0;

  constructor(private readonly options: KernelMeterOptions) {
    const { files, trees, places, clock } = options;
    this.cgroups = new Cgroups(files);
    this.machine = new MachineReader(files, this.cgroups, trees, places);
    this.machineDueAt = clock.monotonic() + SLOW_MS;
  }

  read(pods: readonly MeteredPod[]): MeterReading {
    const now = this.options.clock.monotonic();
    this.forgetOthers(pods);
    this.options.trees?.step();
    if (now >= this.machineDueAt) {
      this.machineDueAt = now + SLOW_MS;
      this.machine.readSlow();
    }
    const sandboxes = new Map<string, ContainerReading>();
    const readings: PodReading[] = [];
    for (const pod of pods) {
      const containers: ContainerReading[] = [];
      for (const container of pod.containers) {
        const reading = this.readContainer(container, now);
        if (reading === undefined) continue;
        if (container.role === 'infra') sandboxes.set(pod.uid, reading);
        else containers.push(reading);
      }
      if (containers.length > 0) readings.push(this.readPod(pod, containers, now));
    }
    return { machine: this.machine.read(), pods: readings, sandboxes };
  }
  close(): void {
    for (const container of this.containers.values()) container.close();
    this.containers.clear();
    this.machine.close();
    this.options.trees?.watch(new Set());
  }

  private readPod(pod: MeteredPod, containers: readonly ContainerReading[], now: number): PodReading {
    const { uid, namespace, name, startedAt } = pod;
    const network = this.readNetwork(pod, now);
    const volumes = pod.volumes.flatMap((volume) => {
      const usage = this.options.trees?.usage(volume.path);
      return usage ? { name: volume.name, ...usage } : [];
    });
    return {
      uid,
      namespace,
      name,
      startedAt,
      containers,
      ...(network && { network }),
      ...(volumes.length > 0 && { volumes }),
    };
  }
  private readContainer(container: MeteredContainer, now: number): ContainerReading | undefined {
    let known = this.containers.get(container.id);
    if (known === undefined) {
      known = new MeteredCgroup(container, this.options.files, this.cgroups, (1 + (this.opened++ % SPREAD)) / SPREAD);
      this.containers.set(container.id, known);
    }
    const usage = known.read(now);
    if (usage === undefined) return undefined;
    const { id, name, startedAt } = container;
    const rootfs = this.filesOf(container.writableLayer);
    const logs = this.filesOf(container.logFile);
    const { cpu, memory, io, pids } = usage;
    return { id, name, startedAt, cpu, memory, io, pids, rootfs, logs };
  }
  private filesOf(path: string | undefined): FileSystemReading | undefined {
    return path === undefined ? undefined : this.options.trees?.usage(path);
  }
  private readNetwork(pod: MeteredPod, now: number): readonly NetworkReading[] | undefined {
    const infra = pod.hasHostNetwork ? undefined : pod.containers.find(({ role }) => role === 'infra');
    if (infra?.pid === undefined) return undefined;
    let known = this.networks.get(pod.uid);
    if (known?.infraId !== infra.id) {
      known = { infraId: infra.id, dueAt: now, readings: undefined };
      this.networks.set(pod.uid, known);
    }
    if (now < known.dueAt) return known.readings;
    known.dueAt = now + SLOW_MS;
    const text = this.cgroups.isOf(infra.pid, infra.id)
      ? this.options.files.text(`/proc/${infra.pid}/net/dev`)
      : undefined;
    known.readings = text === undefined ? undefined : networkReadings(text);
    return known.readings;
  }

  private forgetOthers(pods: readonly MeteredPod[]): void {
    const ids = new Set<string>();
    const paths = new Set<string>();
    for (const { containers, volumes } of pods) {
      for (const { id, writableLayer, logFile } of containers) {
        ids.add(id);
        if (writableLayer !== undefined) paths.add(writableLayer);
        if (logFile !== undefined) paths.add(logFile);
      }
      for (const { path } of volumes) paths.add(path);
    }
    for (const [id, container] of this.containers) {
      if (ids.has(id)) continue;
      container.close();
      this.containers.delete(id);
    }
    if (this.networks.size > pods.length) {
      const uids = new Set(pods.map(({ uid }) => uid));
      for (const uid of this.networks.keys()) if (!uids.has(uid)) this.networks.delete(uid);
    }
    this.options.trees?.watch(paths);
  }
}

interface PodNetwork {
  readonly infraId: string;
  dueAt: number;
  readings: readonly NetworkReading[] | undefined;
}

/** The cgroup of one container, which is found when it is there. */
class MeteredCgroup {
  private reader: CgroupReader | undefined;
  private dueAt = -Infinity;
  private tries = 0;
  /** Infra containers do nothing, and only few documents show them. */
  private usage: UsageReading | undefined;

  constructor(
    private readonly container: MeteredContainer,
    private readonly files: KernelFiles,
    private readonly cgroups: Cgroups,
    private readonly spread: number,
  ) {}

  read(now: number): UsageReading | undefined {
    if (this.reader === undefined) {
      if (now < this.dueAt) return undefined;
      const folders = this.cgroups.of(this.container.id, this.container.pid);
      this.reader = folders && cgroupReader(this.files, folders);
      const waitMs = this.tries++ < QUICK_TRIES ? QUICK_MS : SLOW_MS;
      this.dueAt = now + (this.reader ? SLOW_MS * this.spread : waitMs);
    } else if (now >= this.dueAt) {
      this.dueAt = now + SLOW_MS;
      this.reader.readSlow();
    } else if (this.container.role === 'infra') {
      return this.usage;
    }
    this.usage = this.reader?.read();
    if (this.usage === undefined) this.close();
    return this.usage;
  }
  close(): void {
    this.reader?.close();
    this.reader = undefined;
  }
}

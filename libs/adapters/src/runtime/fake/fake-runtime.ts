import type {
  Clock,
  ContainerLabels,
  ContainerOwner,
  ContainerRuntime,
  ContainerSpec,
  ExecOptions,
  ExecResult,
  ImportOptions,
  NodeNetwork,
  PodNetwork,
  RegistryCredentials,
  RuntimeChange,
  RuntimeContainer,
  RuntimeImage,
  RuntimeInfo,
  RuntimeLogOptions,
  RuntimeSession,
  SandboxSpec,
  SessionChunk,
  SessionOptions,
} from '#ports';
import { RuntimeFault } from '#ports';
import { hash128 } from '#std';
import type { Instant } from '#std';

export type FakeOperation =
  | 'prepare'
  | 'containers'
  | 'inspect'
  | 'sandbox'
  | 'create'
  | 'start'
  | 'resize'
  | 'signal'
  | 'remove'
  | 'image'
  | 'pull'
  | 'exec'
  | 'logs';

/** How a container's program acts. */
export interface FakeProgram {
  /** It ends by itself after so long; undefined runs for ever. */
  readonly runsForMs?: number;
  readonly exitCode?: number;
  /** How long after SIGTERM it ends; undefined ignores it. */
  readonly stopsAfterMs?: number;
  readonly stopExitCode?: number;
  /** It cannot be started: the engine's words. */
  readonly startError?: string;
  readonly output?: string;
}
export interface FakeRuntimeOptions {
  readonly clock: Clock;
  /** How long an operation takes. */
  readonly takesMs?: (operation: FakeOperation) => number;
  /** An error to fail with, before (`lost`: after) the operation has had its effect. */
  readonly fault?: (operation: FakeOperation, labels: ContainerLabels | undefined) => FakeFault | undefined;
  /** How late news of a change arrives; undefined loses it. */
  readonly newsDelayMs?: () => number | undefined;
  readonly program?: (spec: ContainerSpec) => FakeProgram;
  readonly exec?: (container: RuntimeContainer, command: readonly string[]) => ExecResult;
  readonly hasImage?: (reference: string) => boolean;
  /** The registry's words to these credentials when it does not give the image; undefined gives it. */
  readonly refusesPull?: (reference: string, credentials: RegistryCredentials | undefined) => string | undefined;
  readonly info?: Partial<RuntimeInfo>;
  /** Names of the runtimes that it is configured with. */
  readonly runtimeHandlers?: readonly string[];
  readonly podNetwork?: PodNetwork;
}
export interface FakeFault {
  readonly message: string;
  readonly reason?: RuntimeFault['reason'];
  readonly lost?: boolean;
}

interface Kept {
  shown: RuntimeContainer;
  readonly name: string;
  readonly program: FakeProgram;
  log: string;
  cancel: (() => void) | undefined;
}
const RUNS: FakeProgram = { stopsAfterMs: 10 };
const INFO: RuntimeInfo = {
  version: 'fake://1.0.0',
  operatingSystem: 'linux',
  osImage: 'Simulated',
  architecture: 'amd64',
  kernelVersion: '6.0.0',
  cpus: 4,
  memoryBytes: 8 * 2 ** 30,
  security: { appArmor: false, seLinux: false, seccomp: true },
};

/**
 * An engine of facts for simulation: what it does takes the time it is told to, by the clock, and fails when it is told to.
 * It outlives its agent, as a real engine does.
 */
export class FakeRuntime implements ContainerRuntime {
  readonly scheme = 'fake';
  private readonly all = new Map<string, Kept>();
  private readonly listeners = new Set<{
    readonly owner: ContainerOwner;
    readonly tell: (change: RuntimeChange) => void;
  }>();
  private podCidr = '10.244.0.0/24';
  private podCidrIpv6: string | undefined;
  private addresses = 1;
  private made = 0;

  constructor(private readonly options: FakeRuntimeOptions) {}

  info(): Promise<RuntimeInfo> {
    return Promise.resolve({ ...INFO, ...this.options.info });
  }
  prepare(network: NodeNetwork): Promise<void> {
    return this.carryOut('prepare', undefined, () => {
      this.podCidr = network.podCidr;
      this.podCidrIpv6 = network.podCidrIpv6;
    });
  }
  podNetwork(): Promise<PodNetwork | undefined> {
    return Promise.resolve(this.options.podNetwork);
  }
  containers(owner: ContainerOwner, podUid?: string): Promise<readonly RuntimeContainer[]> {
    return this.carryOut('containers', undefined, () =>
      this.list().filter(
        (c) =>
          c.labels.cluster === owner.cluster &&
          c.labels.node === owner.node &&
          (podUid === undefined || c.labels.uid === podUid),
      ),
    );
  }
  inspect(id: string): Promise<RuntimeContainer | undefined> {
    return this.carryOut('inspect', undefined, () => this.all.get(id)?.shown);
  }
  startSandbox(spec: SandboxSpec): Promise<RuntimeContainer> {
    return this.carryOut('sandbox', spec.labels, () => {
      const { runtimeHandler } = spec;
      if (runtimeHandler !== undefined && this.options.runtimeHandlers?.includes(runtimeHandler) !== true)
        throw new RuntimeFault(`no runtime for "${runtimeHandler}" is configured`, 'other');
      const kept = this.keep(spec.labels, 'infra', RUNS);
      if (kept.shown.state !== 'running') {
        kept.shown = {
          ...kept.shown,
          state: 'running',
          startedAt: this.now(),
          ...(runtimeHandler !== undefined && { runtimeHandler }),
          ...(!spec.hostNetwork && { ips: this.nextAddresses() }),
        };
        this.news(kept, 'started');
      }
      return kept.shown;
    });
  }
  createContainer(spec: ContainerSpec): Promise<string> {
    return this.carryOut(
      'create',
      spec.labels,
      () => this.keep(spec.labels, spec.image, this.options.program?.(spec) ?? RUNS, spec.sandboxId).shown.id,
    );
  }
  startContainer(id: string): Promise<void> {
    return this.carryOut('start', this.all.get(id)?.shown.labels, () => {
      const kept = this.all.get(id);
      if (!kept) throw new RuntimeFault(`no such container: ${id}`, 'notFound');
      if (kept.shown.state !== 'created') return;
      const { runsForMs, output } = kept.program;
      const startError = kept.program.startError ?? this.withoutNetwork(kept.shown.sandboxId);
      if (startError !== undefined) {
        kept.shown = { ...kept.shown, state: 'exited', finishedAt: this.now(), exitCode: 128, startError };
        throw new RuntimeFault(startError, 'start');
      }
      kept.shown = { ...kept.shown, state: 'running', startedAt: this.now() };
      kept.log += output ?? '';
      this.news(kept, 'started');
      if (runsForMs !== undefined) this.later(kept, runsForMs, kept.program.exitCode ?? 0);
    });
  }
  resize(id: string): Promise<void> {
    return this.carryOut('resize', this.all.get(id)?.shown.labels, () => undefined);
  }
  signal(id: string, signal: string): Promise<void> {
    return this.carryOut('signal', this.all.get(id)?.shown.labels, () => {
      const kept = this.all.get(id);
      if (kept?.shown.state !== 'running') return;
      if (signal === 'SIGKILL') this.exit(kept, 137);
      else if (kept.program.stopsAfterMs !== undefined)
        this.later(kept, kept.program.stopsAfterMs, kept.program.stopExitCode ?? 0);
    });
  }
  remove(id: string): Promise<void> {
    return this.carryOut('remove', this.all.get(id)?.shown.labels, () => {
      const kept = this.all.get(id);
      if (!kept) return;
      kept.cancel?.();
      this.all.delete(id);
      this.news(kept, 'removed');
    });
  }
  image(reference: string): Promise<RuntimeImage | undefined> {
    return this.carryOut('image', undefined, () =>
      (this.options.hasImage?.(reference) ?? true) ? imageOf(reference) : undefined,
    );
  }
  images(): Promise<readonly RuntimeImage[]> {
    return Promise.resolve([]);
  }
  pull(reference: string, credentials?: RegistryCredentials): Promise<RuntimeImage> {
    return this.carryOut('pull', undefined, () => {
      const refused = this.options.refusesPull?.(reference, credentials);
      if (refused !== undefined) throw new RuntimeFault(refused, 'pull');
      return imageOf(reference);
    });
  }
  sees(): Promise<boolean> {
    return Promise.resolve(true);
  }
  importImage(reference: string, _archive: Uint8Array, _options: ImportOptions): Promise<RuntimeImage> {
    return Promise.resolve(imageOf(reference));
  }
  exec(id: string, command: readonly string[], _options: ExecOptions): Promise<ExecResult> {
    return this.carryOut('exec', this.all.get(id)?.shown.labels, () => {
      const kept = this.all.get(id);
      if (kept?.shown.state !== 'running') throw new RuntimeFault(`container ${id} is not running`, 'notFound');
      return this.options.exec?.(kept.shown, command) ?? { exitCode: 0, output: '', timedOut: false };
    });
  }
  async session(id: string, { command, stdout }: SessionOptions): Promise<RuntimeSession> {
    const { exitCode, output } = await this.exec(id, command ?? [], { timeoutMs: 0, outputBytesMax: 0 });
    return {
      output: said(stdout ? output : ''),
      write: () => Promise.resolve(),
      endInput: () => undefined,
      resize: () => Promise.resolve(),
      exitCode: () => Promise.resolve(exitCode),
      close: () => undefined,
    };
  }
  connect(_sandboxId: string, port: number): Promise<RuntimeSession> {
    return Promise.reject(new RuntimeFault(`failed to connect to port ${port}: nobody listens in a fake pod`, 'other'));
  }
  async *logs(id: string, options: RuntimeLogOptions): AsyncIterable<Uint8Array> {
    const text = await this.carryOut('logs', undefined, () => this.all.get(id)?.log ?? '');
    const lines = text.split(/(?<=\n)/);
    const wanted =
      options.tailLines === undefined ? lines : options.tailLines === 0 ? [] : lines.slice(-options.tailLines);
    for (const line of wanted) if (line) yield new TextEncoder().encode(line);
  }
  onChange(owner: ContainerOwner, listener: (change: RuntimeChange) => void): () => void {
    const entry = { owner, tell: listener };
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Everything that there is, for checkers. */
  list(): readonly RuntimeContainer[] {
    return [...this.all.values()].map((kept) => kept.shown);
  }
  /** A container ends by itself, now. */
  crash(id: string, exitCode = 1): void {
    const kept = this.all.get(id);
    if (kept?.shown.state === 'running') this.exit(kept, exitCode);
  }
  /** The machine was without power: nothing runs. */
  powerLoss(): void {
    for (const kept of this.all.values()) if (kept.shown.state === 'running') this.exit(kept, 255);
  }

  private withoutNetwork(sandboxId: string | undefined): string | undefined {
    if (sandboxId === undefined || this.all.get(sandboxId)?.shown.state === 'running') return undefined;
    return `cannot join network of a non running container: ${sandboxId}`;
  }
  /** The engine has lost its store: there is no container any more, and nobody is told. */
  loseAll(): void {
    for (const kept of this.all.values()) kept.cancel?.();
    this.all.clear();
  }

  private keep(labels: ContainerLabels, image: string, program: FakeProgram, sandboxId?: string): Kept {
    const name = `${labels.container}_${labels.uid}_${labels.attempt}`;
    for (const kept of this.all.values()) if (kept.name === name) return kept;
    const id = hash128(`${name}/${this.made++}`);
    const shown: RuntimeContainer = {
      id,
      labels,
      state: 'created',
      createdAt: this.now(),
      image,
      imageId: imageOf(image).id,
      ...(sandboxId !== undefined && { sandboxId }),
    };
    const kept: Kept = { shown, name, program, log: '', cancel: undefined };
    this.all.set(id, kept);
    return kept;
  }
  private later(kept: Kept, ms: number, exitCode: number): void {
    kept.cancel?.();
    kept.cancel = this.options.clock.after(ms, () => this.exit(kept, exitCode));
  }
  private exit(kept: Kept, exitCode: number): void {
    if (kept.shown.state !== 'running') return;
    kept.cancel?.();
    kept.shown = { ...kept.shown, state: 'exited', finishedAt: this.now(), exitCode };
    this.news(kept, 'exited');
  }
  private news(kept: Kept, what: RuntimeChange['what']): void {
    const { clock, newsDelayMs } = this.options;
    const { labels, id } = kept.shown;
    for (const { owner, tell } of this.listeners) {
      if (owner.cluster !== labels.cluster || owner.node !== labels.node) continue;
      const delay = newsDelayMs ? newsDelayMs() : 0;
      if (delay !== undefined) clock.after(delay, () => tell({ podUid: labels.uid, containerId: id, what }));
    }
  }
  private async carryOut<T>(
    operation: FakeOperation,
    labels: ContainerLabels | undefined,
    effect: () => T,
  ): Promise<T> {
    const { clock, takesMs, fault } = this.options;
    const ms = takesMs?.(operation) ?? 0;
    if (ms > 0) await new Promise<void>((resolve) => clock.after(ms, resolve));
    const wrong = fault?.(operation, labels);
    if (wrong && !wrong.lost) throw new RuntimeFault(wrong.message, wrong.reason ?? 'other');
    const result = effect();
    if (wrong) throw new RuntimeFault(wrong.message, wrong.reason ?? 'unavailable');
    return result;
  }
  private nextAddresses(): readonly string[] {
    const base = (this.podCidr.split('/')[0] ?? '10.244.0.0').split('.').slice(0, 3).join('.');
    this.addresses = (this.addresses % 250) + 1;
    const ipv6 = this.podCidrIpv6?.replace(/\/\d+$/, (this.addresses + 1).toString(16));
    return [`${base}.${this.addresses + 1}`, ...(ipv6 === undefined ? [] : [ipv6])];
  }
  private now(): Instant {
    return this.options.clock.now();
  }
}

function imageOf(reference: string): RuntimeImage {
  return {
    id: `sha256:${hash128(reference)}${hash128(`${reference}+`)}`,
    names: [reference],
    digests: [],
    sizeBytes: 1000,
    user: '',
  };
}

async function* said(text: string): AsyncIterable<SessionChunk> {
  if (text) yield await Promise.resolve({ channel: 1, data: new TextEncoder().encode(text) });
}

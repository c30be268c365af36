import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type {
  ContainerAmounts,
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
  SessionOptions,
} from '#ports';
import { RuntimeFault } from '#ports';
import { within } from '../../within.js';
import { amountsOf, containerOptions, sandboxOptions } from './container-options.js';
import { watchEvents } from './events.js';
import { execIn } from './exec.js';
import { statusOf, toFault } from './faults.js';
import { INFRA_IMAGE, infraArchive } from './infra-image.js';
import { fromInspect } from './inspect.js';
import { labelNames } from './labels.js';
import { readLogs } from './logs.js';
import { findPrivileges } from './privileges.js';
import type { Privileges } from './privileges.js';
import { bridgeOf, ensureNetwork, sandboxFault } from './network.js';
import { connectTo, openSession } from './session.js';

/** As long as a kubelet waits: starting may take a while, but an engine that hangs must not hold everything else. */
const ANSWER_MS = 120_000;
const REMOVAL_STEP_MS = 50;

export interface DockerRuntimeOptions {
  /** How long one question waits for its answer; pulling, and what streams, is not bound by it. */
  readonly answerMs?: number;
}

/** Docker, and Podman through the same API. Honours DOCKER_HOST as Docker's own clients do. */
export class DockerRuntime implements ContainerRuntime {
  readonly scheme = 'docker';
  private readonly docker: Docker;
  private network = 'bridge';
  private range = 'the bridge';
  private privileges: Promise<Privileges> | undefined;
  private readonly seen = new Map<string, RuntimeContainer>();
  /** Resolves when every removal that was begun and leaves a network has ended. */
  private leaving: Promise<void> = Promise.resolve();

  private readonly answerMs: number;

  constructor(options?: Docker.DockerOptions, { answerMs = ANSWER_MS }: DockerRuntimeOptions = {}) {
    this.docker = newClient(options);
    this.answerMs = answerMs;
  }

  async info(): Promise<RuntimeInfo> {
    const info = (await this.ask(() => this.docker.info())) as Record<string, unknown>;
    const text = (key: string): string => String(info[key] ?? '');
    const architecture = text('Architecture');
    return {
      version: `docker://${text('ServerVersion').replace(/[+~].*$/, '')}`,
      operatingSystem: text('OSType') || 'linux',
      osImage: text('OperatingSystem'),
      architecture: { x86_64: 'amd64', aarch64: 'arm64' }[architecture] ?? architecture,
      kernelVersion: text('KernelVersion'),
      cpus: Number(info.NCPU ?? 1),
      memoryBytes: Number(info.MemTotal ?? 0),
      security: securityOf(info.SecurityOptions),
    };
  }

  async prepare(network: NodeNetwork): Promise<void> {
    const { architecture } = await this.info();
    if (!(await this.image(INFRA_IMAGE))) {
      await this.importImage(INFRA_IMAGE, await infraArchive(architecture), { entrypoint: ['/pause'] });
    }
    this.network = networkName(network);
    this.range = network.podCidr;
    await ensureNetwork(this.docker, this.network, network);
  }

  podNetwork(): Promise<PodNetwork | undefined> {
    return this.ask(() => bridgeOf(this.docker, this.network));
  }

  async containers(owner: ContainerOwner, podUid?: string): Promise<readonly RuntimeContainer[]> {
    const label = [
      `${labelNames.cluster}=${owner.cluster}`,
      `${labelNames.node}=${owner.node}`,
      ...(podUid ? [`${labelNames.uid}=${podUid}`] : []),
    ];
    const found = await this.ask(() => this.docker.listContainers({ all: true, filters: { label } }));
    const ids = new Set(found.map((c) => c.Id));
    if (!podUid) for (const id of this.seen.keys()) if (!ids.has(id)) this.seen.delete(id);
    // A look at each costs: one whose state has not changed is as it was.
    const all = await Promise.all(
      found.map((c) => (this.seen.get(c.Id)?.state === c.State ? this.seen.get(c.Id) : this.inspect(c.Id))),
    );
    return all.filter((c) => c !== undefined);
  }

  async inspect(id: string): Promise<RuntimeContainer | undefined> {
    const found = await this.unlessGone(() => this.docker.getContainer(id).inspect());
    const shown = found && fromInspect(found, this.network);
    if (shown) this.seen.set(shown.id, shown);
    else this.seen.delete(id);
    return shown;
  }

  async startSandbox(spec: SandboxSpec): Promise<RuntimeContainer> {
    if (spec.runtimeHandler) await this.requireHandler(spec.runtimeHandler);
    const id = await this.create(sandboxOptions(spec, this.network));
    await this.startContainer(id).catch((error: unknown) => {
      throw sandboxFault(error, this.range);
    });
    const started = await this.inspect(id);
    if (!started) throw new RuntimeFault('the infra container went away while it was started', 'other');
    return started;
  }

  async createContainer(spec: ContainerSpec): Promise<string> {
    const imageUser =
      spec.security.user === undefined && spec.security.group !== undefined
        ? ((await this.image(spec.image))?.user ?? '')
        : '';
    return this.create(containerOptions(spec, { imageUser, privileges: await this.privilegesFor(spec) }));
  }
  /** Asked each time: an engine takes other runtimes into its configuration without a restart. */
  private async requireHandler(name: string): Promise<void> {
    const { Runtimes } = (await this.ask(() => this.docker.info())) as { readonly Runtimes?: object | null };
    if (Runtimes && Object.hasOwn(Runtimes, name)) return;
    throw new RuntimeFault(`no runtime for ${JSON.stringify(name)} is configured`, 'other');
  }
  /** Tried only when a container asks for everything. */
  private privilegesFor({ security }: ContainerSpec): Promise<Privileges> {
    const all = security.privileged || security.capabilitiesAdd.some((name) => name.toUpperCase() === 'ALL');
    if (!all) return Promise.resolve({ lacking: undefined, devices: [] });
    this.privileges ??= this.ask(() => findPrivileges(this.docker)).catch((error: unknown) => {
      this.privileges = undefined;
      throw error;
    });
    return this.privileges;
  }
  private async create({ name = '', ...options }: Docker.ContainerCreateOptions): Promise<string> {
    try {
      return (await this.timely(this.docker.createContainer(inBody({ name }, options)))).id;
    } catch (error) {
      if (statusOf(error) !== 409) throw toFault(error);
      const taken = await this.unlessGone(() => this.docker.getContainer(name).inspect());
      if (!taken) throw toFault(error);
      return taken.Id;
    }
  }

  async startContainer(id: string): Promise<void> {
    try {
      await this.timely(this.docker.getContainer(id).start());
    } catch (error) {
      const status = statusOf(error);
      if (status === 304) return;
      throw toFault(
        error,
        status === undefined
          ? 'unavailable'
          : status === 404 && !/no such container/i.test(String(error))
            ? 'start'
            : status === 404
              ? 'notFound'
              : 'start',
      );
    }
  }

  async resize(id: string, amounts: ContainerAmounts): Promise<void> {
    // Without a limit the engine is told to forget the one that there was.
    await this.ask(() => this.docker.getContainer(id).update({ CpuQuota: -1, ...amountsOf(amounts) }));
  }
  async signal(id: string, signal: string): Promise<void> {
    try {
      await this.timely(this.docker.getContainer(id).kill({ signal }));
    } catch (error) {
      // Gone, or not running: there is nothing left to tell.
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw toFault(error);
    }
  }
  /**
   * Infra containers go one after the other: an engine of before 23 may hang for good when two containers leave a network at once
   * (moby/moby#46661). Those that joined a network leave none.
   */
  async remove(id: string): Promise<void> {
    if (this.seen.get(id)?.sandboxId !== undefined) return this.removeNow(id);
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    const before = this.leaving;
    this.leaving = before.then(() => left);
    try {
      await this.ask(() => before);
      await this.removeNow(id);
    } finally {
      leave();
    }
  }
  private async removeNow(id: string): Promise<void> {
    try {
      await this.timely(this.docker.getContainer(id).remove({ force: true, v: true }));
    } catch (error) {
      const status = statusOf(error);
      if (status !== 404 && status !== 409) throw toFault(error);
      if (status === 409) await this.removed(id);
    }
  }
  /** Somebody removes it already; how that ends is the engine's matter. */
  private async removed(id: string): Promise<void> {
    for (let waited = 0; await this.inspect(id); waited += REMOVAL_STEP_MS) {
      if (waited >= this.answerMs) throw new RuntimeFault(`container ${id} is still being removed`, 'other');
      await sleep(REMOVAL_STEP_MS);
    }
  }

  async image(reference: string): Promise<RuntimeImage | undefined> {
    const found = await this.unlessGone(() => this.docker.getImage(reference).inspect());
    return found && toImage(found);
  }
  async images(): Promise<readonly RuntimeImage[]> {
    const found = await this.ask(() => this.docker.listImages());
    return found.map((i) => ({
      id: i.Id,
      names: i.RepoTags ?? [],
      digests: i.RepoDigests ?? [],
      sizeBytes: i.Size,
      user: '',
    }));
  }
  async pull(reference: string, credentials?: RegistryCredentials): Promise<RuntimeImage> {
    const authconfig = credentials && {
      username: credentials.username,
      password: credentials.password,
      serveraddress: credentials.server,
    };
    try {
      const stream = await this.docker.pull(reference, authconfig ? { authconfig } : {});
      await new Promise<void>((resolve, reject) =>
        this.docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
      );
    } catch (error) {
      throw toFault(error, statusOf(error) === undefined && isConnectionError(error) ? 'unavailable' : 'pull');
    }
    const image = await this.image(reference);
    if (!image) throw new RuntimeFault(`image ${reference} is not there after it was pulled`, 'pull');
    return image;
  }
  async sees(folder: string, name: string): Promise<boolean> {
    const trial = await this.ask(() =>
      this.docker.createContainer({
        Image: INFRA_IMAGE,
        NetworkDisabled: true,
        HostConfig: { Mounts: [{ Type: 'bind', Source: folder, Target: '/seen', ReadOnly: true }] },
      }),
    ).catch((error: unknown) => {
      // The engine refuses a folder that it does not see.
      if (error instanceof RuntimeFault && /does not exist/.test(error.message)) return undefined;
      throw error;
    });
    if (!trial) return false;
    try {
      return (await this.unlessGone(() => trial.infoArchive({ path: `/seen/${name}` }))) !== undefined;
    } finally {
      await trial.remove({ force: true }).catch(() => undefined);
    }
  }
  async importImage(reference: string, archive: Uint8Array, options: ImportOptions): Promise<RuntimeImage> {
    const changes = [
      ...(options.entrypoint ? [`ENTRYPOINT ${JSON.stringify(options.entrypoint)}`] : []),
      ...(options.command ? [`CMD ${JSON.stringify(options.command)}`] : []),
      ...(options.env ?? []).map((e) => `ENV ${e}`),
    ];
    const [repo, tag] = splitTag(reference);
    const stream = await this.ask(() => importStream(this.docker, Buffer.from(archive), { repo, tag, changes }));
    await new Promise<void>((resolve, reject) => {
      stream
        .on('data', () => undefined)
        .on('end', resolve)
        .on('error', reject);
    });
    const image = await this.image(reference);
    if (!image) throw new RuntimeFault(`image ${reference} is not there after it was imported`, 'other');
    return image;
  }

  exec(id: string, command: readonly string[], options: ExecOptions): Promise<ExecResult> {
    return execIn(this.docker, id, command, { ...options, answerMs: this.answerMs });
  }
  session(id: string, options: SessionOptions): Promise<RuntimeSession> {
    return openSession(this.docker, id, options);
  }
  async connect(sandboxId: string, port: number): Promise<RuntimeSession> {
    const sandbox = await this.inspect(sandboxId);
    if (!sandbox) throw new RuntimeFault('the pod is not running', 'notFound');
    // A pod in the node's own network has no address but the node's.
    return connectTo(sandbox.ips?.[0] ?? '127.0.0.1', port);
  }
  logs(id: string, options: RuntimeLogOptions): AsyncIterable<Uint8Array> {
    return readLogs(this.docker, id, options);
  }
  onChange(owner: ContainerOwner, listener: (change: RuntimeChange) => void): () => void {
    return watchEvents(this.docker, owner, listener);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }

  private timely<T>(work: Promise<T>): Promise<T> {
    return within(work, this.answerMs);
  }
  private async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await this.timely(question());
    } catch (error) {
      throw toFault(error);
    }
  }
  private async unlessGone<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.timely(question());
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw toFault(error);
    }
  }
}

/** The client takes tens of megabytes: it is loaded by the first runtime that is made, so that only agents have it. */
function newClient(options: Docker.DockerOptions | undefined): Docker {
  const Client = createRequire(import.meta.url)('dockerode') as typeof Docker;
  return new Client(options);
}

/** `shiplog-1a2b3c4d`, one network for the pods of one node. */
export function networkName(owner: ContainerOwner): string {
  return `shiplog-${owner.cluster.slice(0, 8)}-${owner.node}`;
}
/**
 * The client would write all that it sends into the address as well, where an engine or a proxy that logs its requests
 * shows what a container's environment got from a Secret.
 */
function inBody(query: object, body: object): Docker.ContainerCreateOptions {
  return { _query: query, _body: body } as Docker.ContainerCreateOptions;
}
function splitTag(reference: string): readonly [string, string] {
  const colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
  return colon < 0 ? [reference, 'latest'] : [reference.slice(0, colon), reference.slice(colon + 1)];
}
function toImage(found: Docker.ImageInspectInfo): RuntimeImage {
  return {
    id: found.Id,
    names: found.RepoTags ?? [],
    digests: found.RepoDigests ?? [],
    sizeBytes: found.Size,
    user: found.Config?.User ?? '',
  };
}
/** `name=seccomp,profile=default`, `name=apparmor`, `name=selinux`. */
function securityOf(options: unknown): RuntimeInfo['security'] {
  const names = (Array.isArray(options) ? options : []).map((option) => /name=([^,]+)/.exec(String(option))?.[1]);
  return {
    appArmor: names.includes('apparmor'),
    seLinux: names.includes('selinux'),
    seccomp: names.includes('seccomp'),
  };
}
function isConnectionError(error: unknown): boolean {
  return ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EACCES', 'EPIPE'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  );
}
/** The client's types know only the form with a callback. */
function importStream(docker: Docker, archive: Buffer, options: object): Promise<NodeJS.ReadableStream> {
  const importing = docker.importImage.bind(docker) as unknown as (
    file: Buffer,
    options: object,
  ) => Promise<NodeJS.ReadableStream>;
  return importing(archive, options);
}

import { kubelet } from '#loops';
import { RuntimeFault } from '#ports';
import type { Instant } from '#std';
import { runHook } from './hooks.js';
import { ensureImage } from './images.js';
import type { PodKeeper } from './keeper.js';
import { messageOf, PodFiles } from './pod-files.js';
import { probeTarget } from './probe-target.js';
import { amountsOf, containerSpec, roleOf, sandboxSpec } from './specs.js';
import { Stopper } from './stopper.js';
import type { Surroundings } from './surroundings.js';

const CONFIG_RETRY_MS = 5000;

/** Carries out for one pod what the loop decided. */
export class Operations {
  readonly files: PodFiles;
  private readonly stopper: Stopper;
  /** Containers that a clean-up has removed. */
  private readonly removed = new Set<string>();

  constructor(
    private readonly around: Surroundings,
    private readonly keeper: PodKeeper,
  ) {
    this.files = new PodFiles(around, keeper);
    this.stopper = new Stopper(around, keeper);
  }

  run(action: Exclude<kubelet.Action, { do: 'stop' }>): Promise<void> {
    switch (action.do) {
      case 'volumes':
        return this.files.makeVolumes();
      case 'sandbox':
        return this.startSandbox(action.attempt);
      case 'start':
        return this.start(action);
      case 'resize':
        return this.resize(action);
      case 'remove':
        return this.remove(action.id);
      case 'probe':
        return this.probe(action);
      case 'cleanup':
        return this.cleanUp();
    }
  }
  stop(action: kubelet.Action & { do: 'stop' }): void {
    this.stopper.stop(action);
  }
  observed(): void {
    this.stopper.observed();
  }
  end(): void {
    this.files.end();
    this.stopper.end();
  }

  private async startSandbox(attempt: number): Promise<void> {
    const { keeper } = this;
    const { options, making } = this.around;
    try {
      const made = await making.hold(() =>
        options.runtime.startSandbox(sandboxSpec(keeper.owner, keeper.pod, attempt, options.node)),
      );
      const { sandboxRetry: _retry, ...record } = keeper.record;
      keeper.record = record;
      await keeper.takeOne(made.id, made);
    } catch (error) {
      const count = (keeper.record.sandboxRetry?.count ?? 0) + 1;
      const at = this.now() + Math.min(1000 * 2 ** count, 30_000);
      keeper.record = { ...keeper.record, sandboxRetry: { at, count } };
      this.tell({
        type: 'Warning',
        reason: 'FailedCreatePodSandBox',
        message: `Failed to create pod sandbox: ${messageOf(error)}`,
      });
      await keeper.observeAll();
    }
  }

  private async start(action: kubelet.Action & { do: 'start' }): Promise<void> {
    const { keeper } = this;
    const container = kubelet.containerOf(keeper.pod, action.container);
    if (!container) return;
    const ephemeral = roleOf(keeper.pod, container.name) === 'ephemeral';
    // What is started for a look into a pod is no part of the pod's story.
    const tell = (incident: kubelet.Incident): void =>
      void (ephemeral || this.tell({ ...incident, container: container.name }));
    const image = await ensureImage(this.around, keeper.pod, container, tell);
    if ('problem' in image) return this.hindered(container.name, image.problem.reason, image.problem.message);
    // Pulling may have taken long: a pod that is to end meanwhile gets no new container.
    if (keeper.record.endBy !== undefined || keeper.over) return;
    const making = `making:${container.name}`;
    keeper.busy.add(making);
    let id: string | undefined;
    try {
      id = await this.make(container, action, image.found.user, tell);
    } finally {
      keeper.busy.delete(making);
    }
    if (id !== undefined && container.lifecycle?.postStart) await this.postStart(container, id, action.ips[0]);
  }
  private async make(
    container: kubelet.Container,
    action: kubelet.Action & { do: 'start' },
    imageUser: string,
    tell: (incident: kubelet.Incident) => void,
  ): Promise<string | undefined> {
    const { keeper } = this;
    const { options, making } = this.around;
    let id: string;
    try {
      const spec = await this.specOf(container, action, imageUser);
      // Pods that were begun are finished before others begin: the first are ready soon, and the engine's work is mixed.
      id = await making.hold(() => options.runtime.createContainer(spec), 'first');
    } catch (error) {
      if (error instanceof RuntimeFault && error.reason === 'unavailable') throw error;
      const config = error instanceof kubelet.ConfigProblem;
      this.around.images.forget(kubelet.withDefaultTag(container.image ?? ''));
      tell({ type: 'Warning', reason: 'Failed', message: `Error: ${messageOf(error)}` });
      this.hindered(container.name, config ? 'CreateContainerConfigError' : 'CreateContainerError', messageOf(error));
      return undefined;
    }
    tell({ type: 'Normal', reason: 'Created', message: 'Container created' });
    keeper.record = kubelet.withContainer(keeper.record, container.name, {
      applied: kubelet.amountsOf(container.resources),
    });
    if (container.lifecycle?.postStart)
      keeper.record = kubelet.withContainer(keeper.record, container.name, { postStart: 'running', postStartFor: id });
    try {
      await making.hold(() => options.runtime.startContainer(id), 'first');
    } catch (error) {
      if (error instanceof RuntimeFault && error.reason === 'unavailable') throw error;
      tell({ type: 'Warning', reason: 'Failed', message: `Error: ${messageOf(error)}` });
      keeper.record = kubelet.withoutProblem(keeper.record, container.name);
      await keeper.observeOne(id);
      return undefined;
    }
    tell({ type: 'Normal', reason: 'Started', message: 'Container started' });
    keeper.record = kubelet.withoutProblem(keeper.record, container.name);
    await keeper.observeOne(id);
    return id;
  }
  /** Not `busy` with starting any more as far as others are concerned, but not running either until the hook has ended. */
  private async postStart(container: kubelet.Container, id: string, ip: string | undefined): Promise<void> {
    const { keeper } = this;
    const handler = container.lifecycle?.postStart;
    const failure = handler && (await runHook(this.around, { pod: keeper.pod, container, handler, id, ip }));
    keeper.record = kubelet.withContainer(keeper.record, container.name, { postStart: 'done' });
    if (failure === undefined) return;
    this.tell({
      type: 'Warning',
      reason: 'FailedPostStartHook',
      message: `PostStartHook failed: ${failure}`,
      container: container.name,
    });
    this.tell({ type: 'Normal', reason: 'Killing', message: 'FailedPostStartHook', container: container.name });
    const graceMs = (keeper.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    this.stopper.stop({ do: 'stop', id, container: container.name, deadline: this.now() + graceMs });
  }
  private hindered(name: string, reason: string, message: string): void {
    const { keeper } = this;
    const now = this.now();
    const known = kubelet.containerRecord(keeper.record, name);
    const pulling = reason === 'ErrImagePull';
    const pull = pulling ? kubelet.nextBackOff(known.pull, now) : { delayMs: CONFIG_RETRY_MS, since: now };
    keeper.record = kubelet.withContainer(keeper.record, name, { problem: { reason, message, at: now }, pull });
  }

  private async specOf(
    container: kubelet.Container,
    action: kubelet.Action & { do: 'start' },
    imageUser: string,
  ): Promise<Parameters<Surroundings['options']['runtime']['createContainer']>[0]> {
    const { pod, owner } = this.keeper;
    refuseRoot(pod, container, imageUser);
    const unsupported = kubelet.unsupportedOf(this.around.info.security, pod, container);
    if (unsupported) throw new kubelet.ConfigProblem(unsupported.message);
    const environment = kubelet.environmentOf(pod, container, this.files.inputs(action.ips));
    const mounts = await this.files.mountsOf(container, action, environment);
    return containerSpec({
      owner,
      pod,
      container,
      attempt: action.attempt,
      sandboxId: action.sandboxId,
      environment,
      mounts,
      node: this.around.options.node,
      memoryBytes: this.around.info.memoryBytes,
      ...this.targetOf(container),
    });
  }
  private targetOf(container: kubelet.Container): { readonly pidOf?: string } {
    const target =
      container.targetContainerName && kubelet.attemptsOf(this.keeper.containers, container.targetContainerName)[0];
    return target ? { pidOf: target.id } : {};
  }
  private async probe(action: kubelet.Action & { do: 'probe' }): Promise<void> {
    const { keeper } = this;
    const container = kubelet.containerOf(keeper.pod, action.container);
    const probe = container && kubelet.probeOf(container, action.kind);
    if (!container || !probe) return;
    const target = probeTarget(container, probe, action);
    const answer =
      typeof target === 'string'
        ? { result: 'unknown' as const, output: target }
        : await this.around.options.prober.probe(target);
    const observed = keeper.containers.find((c) => c.id === action.id && c.state === 'running');
    if (!observed || (action.kind !== 'readiness' && keeper.stopping[action.id] !== undefined)) return;
    const outcome = { kind: action.kind, container: action.container, containerId: action.id, ...answer };
    const now = this.now();
    const taken = kubelet.recordProbe(keeper.pod, keeper.record, observed, outcome, now);
    keeper.record = taken.record;
    for (const incident of taken.incidents) this.tell(incident);
  }

  private async resize(action: kubelet.Action & { do: 'resize' }): Promise<void> {
    const { keeper } = this;
    await this.around.options.runtime.resize(action.id, amountsOf(action.resources));
    keeper.record = kubelet.withContainer(keeper.record, action.container, { applied: action.resources });
    const words = JSON.stringify({
      containers: [{ name: action.container, resources: action.resources }],
      generation: keeper.pod.metadata.generation,
    });
    this.tell({ type: 'Normal', reason: 'ResizeCompleted', message: `Pod resize completed: ${words}` });
  }
  private async remove(id: string): Promise<void> {
    await this.around.options.runtime.remove(id);
    await this.keeper.observeOne(id);
  }
  private async cleanUp(): Promise<void> {
    const { keeper } = this;
    const { runtime, volumes } = this.around.options;
    // What went in an earlier try that failed later is not asked for again.
    const left = keeper.containers.filter((c) => !this.removed.has(c.id));
    const removeAll = (containers: readonly kubelet.Observed[]): Promise<unknown> =>
      Promise.all(
        containers.map(async (c) => {
          await runtime.remove(c.id);
          this.removed.add(c.id);
        }),
      );
    // The sandbox goes last: what still ends may need its network.
    await removeAll(left.filter((c) => c.labels.role !== 'infra'));
    await removeAll(left.filter((c) => c.labels.role === 'infra'));
    await volumes.removePod(keeper.uid);
    this.around.tokens.forget(keeper.uid);
    keeper.record = kubelet.cleaned(keeper.situation());
    keeper.containers = [];
  }

  private tell(incident: kubelet.Incident): void {
    this.around.reporter.incident(this.keeper.pod, incident);
  }
  private now(): Instant {
    return this.keeper.now();
  }
}

function refuseRoot(pod: kubelet.Pod, container: kubelet.Container, imageUser: string): void {
  const own = container.securityContext;
  const common = pod.spec.securityContext;
  if ((own?.runAsNonRoot ?? common?.runAsNonRoot) !== true) return;
  const where = `(pod: "${kubelet.podInWords(pod)}", container: ${container.name})`;
  const user = own?.runAsUser ?? common?.runAsUser;
  if (user !== undefined) {
    if (user === 0) throw new kubelet.ConfigProblem(`container's runAsUser breaks non-root policy ${where}`);
    return;
  }
  const name = imageUser.split(':')[0] ?? '';
  if (name === '' || name === '0')
    throw new kubelet.ConfigProblem(`container has runAsNonRoot and image will run as root ${where}`);
  if (!/^\d+$/.test(name))
    throw new kubelet.ConfigProblem(
      `container has runAsNonRoot and image has non-numeric user (${name}), cannot verify user is non-root ${where}`,
    );
}

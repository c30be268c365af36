import { containerOf, podInWords } from '#pod';
import type { Container, EphemeralContainer, Pod } from '#pod';
import { kubelet } from '#loops';
import { RuntimeFault } from '#ports';
import type { Instant } from '#std';
import { runHook } from './hooks.js';
import { ensureImage } from './images.js';
import type { PodState } from './pod-state.js';
import { messageOf, PodFiles } from './pod-files.js';
import { probeTarget } from './probe-target.js';
import { amountsOf, containerSpec, roleOf, sandboxSpec } from './specs.js';
import { Stopper } from './stopper.js';
import type { NodeContext } from './node-context.js';

const CONFIG_RETRY_MS = 5000;

/** Carries out the actions that the kubelet loop decided for one pod. */
export class PodLifecycle {
  readonly files: PodFiles;
  private readonly stopper: Stopper;
  /** Containers that a clean-up has removed. */
  private readonly removed = new Set<string>();

  constructor(
    private readonly context: NodeContext,
    private readonly worker: PodState,
  ) {
    this.files = new PodFiles(context, worker);
    this.stopper = new Stopper(context, worker);
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
    const { worker } = this;
    const { owner, pod } = worker;
    const { options, making, objects } = this.context;
    try {
      const runtimeHandler = kubelet.runtimeHandlerOf(pod, objects);
      const spec = sandboxSpec({ owner, pod, attempt, node: options.node, runtimeHandler });
      const made = await making.hold(() => options.runtime.startSandbox(spec));
      const { sandboxRetry: _retry, ...record } = worker.record;
      worker.record = record;
      await worker.takeOne(made.id, made);
    } catch (error) {
      const count = (worker.record.sandboxRetry?.count ?? 0) + 1;
      const at = this.now() + Math.min(1000 * 2 ** count, 30_000);
      worker.record = { ...worker.record, sandboxRetry: { at, count } };
      this.tell({
        type: 'Warning',
        reason: 'FailedCreatePodSandBox',
        message: `Failed to create pod sandbox: ${messageOf(error)}`,
      });
      await worker.observeAll();
    }
  }

  private async start(action: kubelet.Action & { do: 'start' }): Promise<void> {
    const { worker } = this;
    const container = containerOf(worker.pod, action.container);
    if (!container) return;
    const ephemeral = roleOf(worker.pod, container.name) === 'ephemeral';
    // What is started for a look into a pod is no part of the pod's story.
    const tell = (incident: kubelet.Incident): void =>
      void (ephemeral || this.tell({ ...incident, container: container.name }));
    const image = await ensureImage(this.context, worker.pod, container, tell);
    if ('problem' in image) return this.hindered(container.name, image.problem.reason, image.problem.message);
    const problem = await this.context.policies.problem(worker.pod);
    if (problem !== undefined) return this.hindered(container.name, 'CreateContainerError', problem);
    // Pulling may have taken long: a pod that is to end meanwhile gets no new container.
    if (this.mayNotStart) return;
    const making = `making:${container.name}`;
    worker.busy.add(making);
    let id: string | undefined;
    try {
      id = await this.make(container, action, image.found.user, tell);
    } finally {
      worker.busy.delete(making);
    }
    if (id !== undefined && container.lifecycle?.postStart) await this.postStart(container, id, action.ips[0]);
  }
  /** The pod is to end, or to stop while its node is cut off. */
  private get mayNotStart(): boolean {
    const { record, fencedUntil, over } = this.worker;
    return record.endBy !== undefined || fencedUntil !== undefined || over;
  }
  private async make(
    container: Container,
    action: kubelet.Action & { do: 'start' },
    imageUser: string,
    tell: (incident: kubelet.Incident) => void,
  ): Promise<string | undefined> {
    const { worker } = this;
    const { options, making } = this.context;
    let id: string;
    try {
      const spec = await this.specOf(container, action, imageUser);
      // Pods that were begun are finished before others begin: the first are ready soon, and the engine's work is mixed.
      id = await making.hold(() => options.runtime.createContainer(spec), 'first');
    } catch (error) {
      if (error instanceof RuntimeFault && error.reason === 'unavailable') throw error;
      const config = error instanceof kubelet.ConfigProblem;
      this.context.images.forget(kubelet.withDefaultTag(container.image ?? ''));
      tell({ type: 'Warning', reason: 'Failed', message: `Error: ${messageOf(error)}` });
      this.hindered(container.name, config ? 'CreateContainerConfigError' : 'CreateContainerError', messageOf(error));
      return undefined;
    }
    tell({ type: 'Normal', reason: 'Created', message: 'Container created' });
    worker.record = kubelet.withContainer(worker.record, container.name, {
      applied: kubelet.amountsOf(container.resources),
    });
    if (container.lifecycle?.postStart)
      worker.record = kubelet.withContainer(worker.record, container.name, { postStart: 'running', postStartFor: id });
    // Mounts, the queue and the engine may have taken long too.
    const start = async (): Promise<boolean> =>
      !this.mayNotStart && (await options.runtime.startContainer(id).then(() => true));
    let isStarted: boolean;
    try {
      isStarted = await making.hold(start, 'first');
    } catch (error) {
      if (error instanceof RuntimeFault && error.reason === 'unavailable') throw error;
      tell({ type: 'Warning', reason: 'Failed', message: `Error: ${messageOf(error)}` });
      worker.record = kubelet.withoutProblem(worker.record, container.name);
      await worker.observeOne(id);
      return undefined;
    }
    if (!isStarted) {
      await worker.observeOne(id);
      return undefined;
    }
    tell({ type: 'Normal', reason: 'Started', message: 'Container started' });
    worker.record = kubelet.withoutProblem(worker.record, container.name);
    await worker.observeOne(id);
    return id;
  }
  /** Not `busy` with starting any more as far as others are concerned, but not running either until the hook has ended. */
  private async postStart(container: Container, id: string, ip: string | undefined): Promise<void> {
    const { worker } = this;
    const handler = container.lifecycle?.postStart;
    const failure = handler && (await runHook(this.context, { pod: worker.pod, container, handler, id, ip }));
    worker.record = kubelet.withContainer(worker.record, container.name, { postStart: 'done' });
    if (failure === undefined) return;
    this.tell({
      type: 'Warning',
      reason: 'FailedPostStartHook',
      message: `PostStartHook failed: ${failure}`,
      container: container.name,
    });
    this.tell({ type: 'Normal', reason: 'Killing', message: 'FailedPostStartHook', container: container.name });
    const graceMs = (worker.pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    this.stopper.stop({ do: 'stop', id, container: container.name, deadline: this.now() + graceMs });
  }
  private hindered(name: string, reason: string, message: string): void {
    const { worker } = this;
    const now = this.now();
    const known = kubelet.containerRecord(worker.record, name);
    const pulling = reason === 'ErrImagePull';
    const pull = pulling ? kubelet.nextBackOff(known.pull, now) : { delayMs: CONFIG_RETRY_MS, since: now };
    worker.record = kubelet.withContainer(worker.record, name, { problem: { reason, message, at: now }, pull });
  }

  private async specOf(
    container: Container,
    action: kubelet.Action & { do: 'start' },
    imageUser: string,
  ): Promise<Parameters<NodeContext['options']['runtime']['createContainer']>[0]> {
    const { pod, owner } = this.worker;
    refuseRoot(pod, container, imageUser);
    const unsupported = kubelet.unsupportedOf(this.context.info.security, pod, container);
    if (unsupported) throw new kubelet.ConfigProblem(unsupported.message);
    const environment = kubelet.environmentOf(pod, container, this.files.inputs(action.ips));
    const mounts = await this.files.mountsOf(container, action, environment);
    return containerSpec({
      owner,
      pod,
      container,
      attempt: action.attempt,
      sandboxId: action.sandboxId,
      runtimeHandler: this.worker.containers.find(({ id }) => id === action.sandboxId)?.runtimeHandler,
      environment,
      mounts,
      node: this.context.options.node,
      memoryBytes: this.context.info.memoryBytes,
      ...this.targetOf(container),
    });
  }
  private targetOf(container: Container | EphemeralContainer): { readonly pidOf?: string } {
    const name = 'targetContainerName' in container ? container.targetContainerName : undefined;
    const target = name && kubelet.attemptsOf(this.worker.containers, name)[0];
    return target ? { pidOf: target.id } : {};
  }
  private async probe(action: kubelet.Action & { do: 'probe' }): Promise<void> {
    const { worker } = this;
    const container = containerOf(worker.pod, action.container);
    const probe = container && kubelet.probeOf(container, action.kind);
    if (!container || !probe) return;
    const target = probeTarget(container, probe, action);
    const answer =
      typeof target === 'string'
        ? { result: 'unknown' as const, output: target }
        : await this.context.options.prober.probe(target);
    const observed = worker.containers.find((c) => c.id === action.id && c.state === 'running');
    if (!observed || (action.kind !== 'readiness' && worker.stopping[action.id] !== undefined)) return;
    const outcome = { kind: action.kind, container: action.container, containerId: action.id, ...answer };
    const now = this.now();
    const taken = kubelet.recordProbe(worker.pod, worker.record, observed, outcome, now);
    worker.record = taken.record;
    for (const incident of taken.incidents) this.tell(incident);
  }

  private async resize(action: kubelet.Action & { do: 'resize' }): Promise<void> {
    const { worker } = this;
    await this.context.options.runtime.resize(action.id, amountsOf(action.resources));
    worker.record = kubelet.withContainer(worker.record, action.container, { applied: action.resources });
    const words = JSON.stringify({
      containers: [{ name: action.container, resources: action.resources }],
      generation: worker.pod.metadata.generation,
    });
    this.tell({ type: 'Normal', reason: 'ResizeCompleted', message: `Pod resize completed: ${words}` });
  }
  private async remove(id: string): Promise<void> {
    await this.context.options.runtime.remove(id);
    await this.worker.observeOne(id);
  }
  private async cleanUp(): Promise<void> {
    const { worker } = this;
    const { runtime, volumes } = this.context.options;
    // What went in an earlier try that failed later is not asked for again.
    const left = worker.containers.filter((c) => !this.removed.has(c.id));
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
    await volumes.removePod(worker.uid);
    this.context.tokens.forget(worker.uid);
    worker.record = kubelet.cleaned(worker.situation());
    worker.containers = [];
  }

  private tell(incident: kubelet.Incident): void {
    this.context.reporter.incident(this.worker.pod, incident);
  }
  private now(): Instant {
    return this.worker.now();
  }
}

function refuseRoot(pod: Pod, container: Container, imageUser: string): void {
  const own = container.securityContext;
  const common = pod.spec.securityContext;
  if ((own?.runAsNonRoot ?? common?.runAsNonRoot) !== true) return;
  const where = `(pod: "${podInWords(pod)}", container: ${container.name})`;
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

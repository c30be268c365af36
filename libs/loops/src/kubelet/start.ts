import { allContainersOf, initContainersOf, isSidecar, podInWords } from '#pod';
import type { Container } from '#pod';
import type { Instant } from '#std';
import { dueProbes } from './due-probes.js';
import { outdated, outdatedSandboxes, stopAction } from './end.js';
import { specHashOf } from './hash.js';
import { earliest } from './part.js';
import type { Part } from './part.js';
import { failedProbe } from './probes.js';
import { containerRecord, nextBackOff, withContainer } from './record.js';
import type { PodRecord } from './record.js';
import { amountsOf, changedAmounts, resizeNeedsRestart } from './resize.js';
import { restartAt, restarts } from './restarts.js';
import { actionKey, attemptsOf, hasStarted, isOfSandbox, podIpsOf, sandboxOf } from './situation.js';
import type { Action, Incident, Observed, Situation } from './situation.js';
import { endOf, isInitialized } from './ends.js';

/** How long a container is shown as ended before it is shown as waiting for its next start. */
export const SHOW_END_MS = 2000;

/** Brings a pod up and keeps it up: volumes, sandbox, init containers in order, then all others; probes; restarts. */
export function planStart(situation: Situation): Part {
  const plan = new Planned(situation);
  const { record, busy, now } = situation;
  if (!record.volumesReady) {
    plan.later(record.volumesRetry?.at);
    if ((record.volumesRetry?.at ?? 0) <= now) plan.act({ do: 'volumes' });
    if (!record.volumesPlanned) return plan.result();
  }
  const sandbox = sandboxOf(situation.containers);
  for (const old of outdatedSandboxes(situation.containers)) plan.act({ do: 'remove', id: old.id });
  if (sandbox?.state !== 'running') {
    plan.later(record.sandboxRetry?.at);
    const newest = Math.max(
      -1,
      ...situation.containers.filter((c) => c.labels.role === 'infra').map((c) => c.labels.attempt),
    );
    if ((record.sandboxRetry?.at ?? 0) <= now) plan.act({ do: 'sandbox', attempt: newest + 1 });
    return plan.result();
  }
  if (busy.has('sandbox') || !record.volumesReady) return plan.result();
  for (const lost of situation.containers) {
    // Its network went with the sandbox that it was made for: it is started anew in the one that runs.
    if (lost.state === 'running' && lost.labels.role !== 'infra' && !isOfSandbox(lost, sandbox))
      plan.stop(lost, now + plan.graceMs(), undefined);
  }
  if (startInits(plan, sandbox))
    for (const container of situation.pod.spec.containers) keepUp(plan, container, sandbox);
  for (const container of situation.pod.spec.ephemeralContainers ?? []) startOnce(plan, container, sandbox);
  const probes = dueProbes(situation, plan.record);
  for (const probe of probes.actions) plan.act(probe);
  plan.later(probes.wakeAt);
  for (const old of outdated(
    situation.containers,
    allContainersOf(situation.pod).map((c) => c.name),
  ))
    plan.act({ do: 'remove', id: old.id });
  return plan.result();
}

/** Starts the next init container, or restarts sidecars. True when all before the app containers is done. */
function startInits(plan: Planned, sandbox: Observed): boolean {
  const { situation } = plan;
  const initialized = isInitialized(situation) && appsAreOf(situation, sandbox);
  for (const container of initContainersOf(situation.pod)) {
    const newest = attemptsOf(situation.containers, container.name)[0];
    if (isSidecar(container)) {
      keepUp(plan, container, sandbox);
      if (!initialized && !hasStarted(container, plan.record, newest)) return false;
      continue;
    }
    if (initialized) continue;
    const end = endOf(situation, container.name);
    if (end?.exitCode === 0 && (newest === undefined || isOfSandbox(newest, sandbox))) continue;
    // What it prepared went with the sandbox that it ran in, whatever its end was.
    keepUp(plan, container, sandbox, newest !== undefined && !isOfSandbox(newest, sandbox));
    return false;
  }
  return true;
}
/** With a new sandbox, initialization begins again; app containers of an old one do not count. */
function appsAreOf(situation: Situation, sandbox: Observed): boolean {
  const apps = situation.pod.spec.containers.flatMap((c) => attemptsOf(situation.containers, c.name).slice(0, 1));
  return apps.length === 0 || apps.some((c) => isOfSandbox(c, sandbox));
}

/** Starts a container that does not run, if it may; stops one that must be made anew. */
function keepUp(plan: Planned, container: Container, sandbox: Observed, anew = false): void {
  const { situation } = plan;
  const { now, pod } = situation;
  const newest = attemptsOf(situation.containers, container.name)[0];
  if (newest?.state === 'running') return stopIfWrong(plan, container, newest);
  if (newest?.state === 'created' && !plan.record.containers[container.name]?.problem)
    return void plan.start(container, newest.labels.attempt, sandbox);
  const end = endOf(situation, container.name);
  const known = containerRecord(plan.record, container.name);
  if (!end) {
    if (plan.waits(container)) return;
    return void plan.start(container, newest?.labels.attempt ?? 0, sandbox);
  }
  const again = anew || (newest !== undefined && known.again === newest.id);
  if (!again && !restarts(pod, container, end.exitCode)) return;
  const served = known.restartFor === end.attempt + 1;
  const at = Math.max(
    served ? 0 : restartAt(known.restart, end.finishedAt),
    known.problem ? known.problem.at + known.pull.delayMs : 0,
  );
  if (at > now) {
    plan.backingOff(container, end.attempt);
    return plan.later(at, end.finishedAt + SHOW_END_MS);
  }
  if (plan.start(container, end.attempt + 1, sandbox) && !served)
    plan.record = withContainer(plan.record, container.name, {
      restart: nextBackOff(known.restart, now),
      restartFor: end.attempt + 1,
    });
}

/** An ephemeral container runs once. */
function startOnce(plan: Planned, container: Container, sandbox: Observed): void {
  const { situation } = plan;
  if (attemptsOf(situation.containers, container.name).length > 0 || endOf(situation, container.name)) return;
  if (!plan.waits(container)) plan.start(container, 0, sandbox);
}

function stopIfWrong(plan: Planned, container: Container, running: Observed): void {
  const { situation } = plan;
  const { pod, now } = situation;
  if (running.labels.specHash !== specHashOf(container)) {
    plan.record = withContainer(plan.record, container.name, { again: running.id });
    return plan.stop(
      running,
      now + plan.graceMs(),
      `Container ${container.name} definition changed, will be restarted`,
    );
  }
  const failed = failedProbe(plan.record, container, running);
  if (!failed) return resizeIfAsked(plan, container, running);
  const again = restarts(pod, container, 137);
  const alone = !situation.containers.some(
    (c) => c.state === 'running' && c.labels.role !== 'infra' && c.id !== running.id,
  );
  // Nothing is left to run after this one: it is the pod that ends, with the pod's own grace period.
  if (!again && alone) return plan.stop(running, now + plan.graceMs(), `Stopping container ${container.name}`);
  const probe = failed === 'startup' ? container.startupProbe : container.livenessProbe;
  const graceMs =
    probe?.terminationGracePeriodSeconds === undefined ? plan.graceMs() : probe.terminationGracePeriodSeconds * 1000;
  plan.stop(
    running,
    now + graceMs,
    `Container ${container.name} failed ${failed} probe${again ? ', will be restarted' : ''}`,
  );
}

/** Gives a running container the amounts that its pod asks for now, if the node has them. */
function resizeIfAsked(plan: Planned, container: Container, running: Observed): void {
  const changed = changedAmounts(plan.record, container);
  if (changed.length === 0 || plan.situation.resizeRefused) return;
  if (!resizeNeedsRestart(container, changed)) {
    plan.act({ do: 'resize', container: container.name, id: running.id, resources: amountsOf(container.resources) });
    return;
  }
  plan.record = withContainer(plan.record, container.name, { again: running.id });
  plan.stop(running, plan.situation.now + plan.graceMs(), `Container ${container.name} resize requires restart`);
}

/** Gathers what one look at a pod leads to. */
class Planned {
  record: PodRecord;
  private readonly actions: Action[] = [];
  private readonly incidents: Incident[] = [];
  private wakeAt: Instant | undefined;

  constructor(readonly situation: Situation) {
    this.record = situation.record;
  }
  act(action: Action): boolean {
    if (this.situation.busy.has(actionKey(action))) return false;
    this.actions.push(action);
    return true;
  }
  start(container: Container, attempt: number, sandbox: Observed): boolean {
    return this.act({
      do: 'start',
      container: container.name,
      attempt,
      sandboxId: sandbox.id,
      ips: podIpsOf(this.situation),
    });
  }
  stop(running: Observed, deadline: Instant, message: string | undefined): void {
    const known = this.situation.stopping[running.id];
    if (known !== undefined) return;
    if (message !== undefined)
      this.incidents.push({ type: 'Normal', reason: 'Killing', message, container: running.labels.container });
    this.actions.push(stopAction(this.situation, running, deadline));
  }
  /** True while something hinders the container and it is too early to try again. */
  waits(container: Container): boolean {
    const known = containerRecord(this.record, container.name);
    const { now } = this.situation;
    if (!known.problem || known.problem.at + known.pull.delayMs <= now) return false;
    const shownAt = known.problem.at + SHOW_END_MS;
    this.later(known.problem.at + known.pull.delayMs, shownAt);
    if (known.problem.reason === 'ErrImagePull' && shownAt <= now && known.pullTold !== known.problem.at) {
      this.record = withContainer(this.record, container.name, { pullTold: known.problem.at });
      this.incidents.push({
        type: 'Normal',
        reason: 'BackOff',
        message: `Back-off pulling image "${container.image ?? ''}"`,
        container: container.name,
      });
      this.incidents.push({
        type: 'Warning',
        reason: 'Failed',
        message: 'Error: ImagePullBackOff',
        container: container.name,
      });
    }
    return true;
  }
  /** One `BackOff` event for each time that a restart is held back. */
  backingOff(container: Container, attempt: number): void {
    const known = containerRecord(this.record, container.name);
    if (known.backOffTold === attempt) return;
    this.record = withContainer(this.record, container.name, { backOffTold: attempt });
    const message = `Back-off restarting failed container ${container.name} in pod ${podInWords(this.situation.pod)}`;
    this.incidents.push({ type: 'Warning', reason: 'BackOff', message, container: container.name });
  }
  later(...instants: readonly (Instant | undefined)[]): void {
    const { now } = this.situation;
    this.wakeAt = earliest(this.wakeAt, ...instants.filter((at) => at !== undefined && at > now));
  }
  graceMs(): number {
    return Math.max(this.situation.pod.spec.terminationGracePeriodSeconds ?? 30, 1) * 1000;
  }
  result(): Part {
    return { actions: this.actions, record: this.record, incidents: this.incidents, wakeAt: this.wakeAt };
  }
}

import type { Container, Pod, Probe } from '#pod';
import type { Instant } from '#std';
import { containerRecord, withContainer } from './record.js';
import type { PodRecord, ProbeKind, ProbeState } from './record.js';
import { hasStarted } from './situation.js';
import type { Incident, Observed } from './situation.js';
import { datedBy } from './wall-step.js';

const KINDS: readonly ProbeKind[] = ['startup', 'liveness', 'readiness'];

export function probeOf(container: Container, kind: ProbeKind): Probe | undefined {
  if (kind === 'startup') return container.startupProbe;
  return kind === 'liveness' ? container.livenessProbe : container.readinessProbe;
}

interface Asked {
  readonly record: PodRecord;
  readonly observed: Observed;
  readonly now: Instant;
}
/** The state of a probe of a running container; a new container begins anew, after the initial delay. */
export function probeState({ record, observed, now }: Asked, container: Container, kind: ProbeKind): ProbeState {
  const known = containerRecord(record, container.name).probes[kind];
  if (known?.containerId === observed.id) return known;
  const delayMs = (probeOf(container, kind)?.initialDelaySeconds ?? 0) * 1000;
  return {
    containerId: observed.id,
    dueAt: datedBy(observed.startedAt ?? observed.createdAt, now) + delayMs,
    result: 'unknown',
    run: undefined,
  };
}

export interface DueProbe {
  readonly kind: ProbeKind;
  readonly dueAt: Instant;
}
/** Probes that a running container is to be asked: only the startup probe until it has succeeded. */
export function probesOf(asked: Asked, container: Container): readonly DueProbe[] {
  const { record, observed } = asked;
  const started = hasStarted(container, record, observed);
  const due: DueProbe[] = [];
  for (const kind of KINDS) {
    if (!probeOf(container, kind)) continue;
    if (kind === 'startup' ? started : !started) continue;
    const state = probeState(asked, container, kind);
    if (kind !== 'readiness' && state.result === 'failure') continue;
    due.push({ kind, dueAt: state.dueAt });
  }
  return due;
}

export function isReady(record: PodRecord, container: Container, observed: Observed | undefined): boolean {
  if (!hasStarted(container, record, observed) || observed === undefined) return false;
  if (!container.readinessProbe) return true;
  const state = containerRecord(record, container.name).probes.readiness;
  return state?.containerId === observed.id && state.result === 'success';
}
/** The probe that says that the container must be killed. */
export function failedProbe(
  record: PodRecord,
  container: Container,
  observed: Observed,
): 'liveness' | 'startup' | undefined {
  const { liveness, startup } = containerRecord(record, container.name).probes;
  if (startup?.containerId === observed.id && startup.result === 'failure') return 'startup';
  return liveness?.containerId === observed.id && liveness.result === 'failure' ? 'liveness' : undefined;
}

export interface ProbeOutcome {
  readonly kind: ProbeKind;
  readonly container: string;
  readonly containerId: string;
  readonly result: 'success' | 'warning' | 'failure' | 'unknown';
  readonly output: string;
}
/** Takes in an answer: counts it in its row and turns the result when the threshold is reached. */
export function recordProbe(
  pod: Pod,
  record: PodRecord,
  observed: Observed | undefined,
  outcome: ProbeOutcome,
  now: Instant,
): { readonly record: PodRecord; readonly incidents: readonly Incident[] } {
  const container = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find(
    (c) => c.name === outcome.container,
  );
  const probe = container && probeOf(container, outcome.kind);
  if (!container || !probe || observed?.id !== outcome.containerId) return { record, incidents: [] };
  const before = probeState({ record, observed, now }, container, outcome.kind);
  const after = counted(probe, before, outcome, now);
  const probes = { ...containerRecord(record, container.name).probes, [outcome.kind]: after };
  return { record: withContainer(record, container.name, { probes }), incidents: incidentsOf(outcome) };
}

function counted(probe: Probe, before: ProbeState, outcome: ProbeOutcome, now: Instant): ProbeState {
  const periodMs = (probe.periodSeconds ?? 10) * 1000;
  const dueAt = Math.max(before.dueAt + periodMs, now);
  if (outcome.result === 'unknown') return { ...before, dueAt };
  const result = outcome.result === 'failure' ? 'failure' : 'success';
  const count = before.run?.result === result ? before.run.count + 1 : 1;
  const threshold = result === 'failure' ? (probe.failureThreshold ?? 3) : (probe.successThreshold ?? 1);
  return { ...before, dueAt, run: { result, count }, result: count >= threshold ? result : before.result };
}

function incidentsOf({ kind, container, result, output }: ProbeOutcome): readonly Incident[] {
  const probe = `${kind.charAt(0).toUpperCase()}${kind.slice(1)} probe`;
  const incident = (reason: string, message: string): Incident => ({ type: 'Warning', reason, message, container });
  switch (result) {
    case 'success':
      return [];
    case 'warning':
      return [incident('ProbeWarning', `${probe} warning: ${output}`)];
    case 'failure':
      return [incident('Unhealthy', `${probe} failed: ${output}`)];
    case 'unknown':
      return [incident('Unhealthy', `${probe} errored and resulted in unknown state: ${output}`)];
  }
}

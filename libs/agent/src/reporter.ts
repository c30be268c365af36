import { fieldPathOf } from '#pod';
import type { Pod, PodStatus } from '#pod';
import type { kubelet } from '#loops';
import { kubelet as loop } from '#loops';
import type { IncidentReport, KubeObject, PodReport, ReportAnswer } from '#model';
import { jsonEquals } from '#std';
import type { JsonObject } from '#std';
import { Semaphore, decodeMessage, encodeMessage, subjects } from '#engine';
import type { AgentOptions } from './options.js';
import { EventCorrelator } from './event-correlator.js';

const REQUEST_MS = 10_000;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;
const SENDING_MAX = 32;
/** Incidents come after statuses: they share a few places of their own. */
const INCIDENTS_SENDING_MAX = 4;
const SOON_MS = 500;
const INCIDENTS_WAITING_MAX = 1000;

/** What a worker reports of its pod. */
export interface WorkerReport {
  readonly pod: Pod;
  readonly status: PodStatus;
  readonly finished: boolean;
  readonly event?: PodReport['event'];
}

interface PodSide {
  wanted: WorkerReport | undefined;
  taken: WorkerReport | undefined;
  /** The pod's version since then. */
  takenAt: number | undefined;
  sending: boolean;
  retryMs: number;
  wake: (() => void) | undefined;
  /** Set while a report that nobody waits for is held back. */
  soon: (() => void) | undefined;
}
/**
 * Tells the control plane what happens on the node: of each pod only the newest status, again and again until it was
 * taken, and nothing when it has not changed, unless somebody else wrote over it. Incidents are told as {@link EventCorrelator} counts them.
 */
export class Reporter {
  private readonly pods = new Map<string, PodSide>();
  private readonly correlator = new EventCorrelator();
  private readonly sending = new Semaphore(SENDING_MAX);
  private readonly sendingIncidents = new Semaphore(INCIDENTS_SENDING_MAX);
  /** The last incident of each object that is on its way. */
  private readonly lines = new Map<string, Promise<void>>();
  private sequence = 0;
  private incidentsWaiting = 0;
  private stopped = false;

  constructor(
    private readonly options: AgentOptions,
    private readonly boot: string,
    private readonly taken: (uid: string, report: WorkerReport, answer: ReportAnswer) => void,
  ) {}

  status(report: WorkerReport): void {
    const uid = report.pod.metadata.uid;
    const side = this.pods.get(uid) ?? {
      wanted: undefined,
      taken: undefined,
      takenAt: undefined,
      sending: false,
      retryMs: RETRY_MS_MIN,
      wake: undefined,
      soon: undefined,
    };
    this.pods.set(uid, side);
    const known = side.wanted ?? side.taken;
    const isTold = known && known.finished === report.finished && jsonEquals(known.status, report.status);
    if (isTold && !isOverwritten(side, report)) return;
    // What happened since the last report that was taken is not lost by a newer one.
    const event = report.event ?? side.wanted?.event;
    side.wanted = { ...report, ...(event && { event }) };
    if (known && !report.finished && essence(known.status) === essence(report.status)) this.sendSoon(uid, side);
    else void this.send(uid, side);
  }
  /** Nothing that anybody waits for has changed: what comes next may say it too. */
  private sendSoon(uid: string, side: PodSide): void {
    const { clock } = this.options;
    side.soon ??= clock.after(SOON_MS, () => {
      side.soon = undefined;
      void this.send(uid, side);
    });
  }
  /** All that there is to say of the pod was taken. */
  isSettled(uid: string): boolean {
    const side = this.pods.get(uid);
    return side === undefined || (side.wanted === undefined && !side.sending);
  }
  forget(uid: string): void {
    this.pods.get(uid)?.wake?.();
    this.pods.get(uid)?.soon?.();
    this.pods.delete(uid);
    this.correlator.forget(uid);
  }
  /** The bus is back: what waits is tried at once. */
  connected(): void {
    for (const [uid, side] of this.pods) {
      side.retryMs = RETRY_MS_MIN;
      side.wake?.();
      side.wake = undefined;
      void this.send(uid, side);
    }
  }
  stop(): void {
    this.stopped = true;
    for (const side of this.pods.values()) {
      side.wake?.();
      side.soon?.();
    }
  }

  private async send(uid: string, side: PodSide): Promise<void> {
    if (side.sending || side.wake || side.wanted === undefined || this.stopped) return;
    side.soon?.();
    side.soon = undefined;
    side.sending = true;
    const report = side.wanted;
    let answer: ReportAnswer | undefined;
    try {
      answer = await this.sending.hold(() => this.ask(report));
    } catch {
      answer = undefined;
    }
    side.sending = false;
    if (this.stopped || this.pods.get(uid) !== side) return;
    if (answer?.taken || answer?.gone) {
      side.retryMs = RETRY_MS_MIN;
      side.taken = report;
      // Whoever took it before, when its answer was lost, does not say when: any other status may be a newer one.
      side.takenAt = answer.position ?? (answer.taken && !report.finished ? 0 : undefined);
      if (side.wanted === report) side.wanted = undefined;
      else if (side.wanted) side.wanted = withoutTold(side.wanted, report);
      this.taken(uid, report, answer);
    } else {
      const { clock } = this.options;
      side.wake = clock.after(side.retryMs, () => {
        side.wake = undefined;
        void this.send(uid, side);
      });
      side.retryMs = Math.min(side.retryMs * 2, RETRY_MS_MAX);
      return;
    }
    if (side.wanted) void this.send(uid, side);
  }
  private async ask(report: WorkerReport): Promise<ReportAnswer> {
    const { metadata } = report.pod;
    const message: PodReport = {
      boot: this.boot,
      sequence: ++this.sequence,
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      uid: metadata.uid,
      status: report.status as unknown as JsonObject,
      ...(report.finished && { finished: true }),
      ...assignedAt(metadata.resourceVersion),
      ...(report.event && { event: report.event }),
    };
    const answer = await this.options.bus.request(
      subjects.report(this.options.node.name, 'pod'),
      encodeMessage(message),
      REQUEST_MS,
    );
    return decodeMessage(answer) as unknown as ReportAnswer;
  }

  incident(pod: Pod, incident: kubelet.Incident): void {
    const { metadata } = pod;
    const object = {
      apiVersion: pod.apiVersion,
      kind: pod.kind,
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      name: metadata.name,
      uid: metadata.uid,
      ...(incident.container !== undefined && { fieldPath: fieldPathOf(pod, incident.container) }),
    };
    this.tell(object, incident);
  }
  /** An incident of the node itself, as the control plane last showed it; without one there is nothing to tell it of. */
  ofNode(node: KubeObject | undefined, incident: Pick<kubelet.Incident, 'type' | 'reason' | 'message'>): void {
    if (!node) return;
    const { apiVersion, kind, metadata } = node;
    this.tell({ apiVersion, kind, name: metadata.name, uid: metadata.uid }, incident);
  }
  private tell(
    object: IncidentReport['object'],
    incident: Pick<kubelet.Incident, 'type' | 'reason' | 'message'>,
  ): void {
    const report = this.correlator.correlate(object, incident, this.options.clock.now());
    if (!report) return;
    if (this.incidentsWaiting >= INCIDENTS_WAITING_MAX) return;
    this.incidentsWaiting++;
    // Those of one object one after another: their rows are named in the order in which they arrive.
    const before = this.lines.get(object.uid) ?? Promise.resolve();
    const line = before
      .then(() => this.deliver(report, 0))
      .finally(() => {
        this.incidentsWaiting--;
        if (this.lines.get(object.uid) === line) this.lines.delete(object.uid);
      });
    this.lines.set(object.uid, line);
  }
  private async deliver(report: IncidentReport, tries: number): Promise<void> {
    const { bus, clock, node } = this.options;
    try {
      await this.sendingIncidents.hold(() =>
        bus.request(subjects.report(node.name, 'incident'), encodeMessage(report), REQUEST_MS),
      );
    } catch {
      if (this.stopped || tries >= 8) return;
      await new Promise<void>((resolve) => clock.after(Math.min(500 * 2 ** tries, 30_000), resolve));
      await this.deliver(report, tries + 1);
    }
  }
}

function assignedAt(resourceVersion: string | undefined): Pick<PodReport, 'assigned'> {
  const position = Number(resourceVersion);
  return Number.isSafeInteger(position) && position > 0 ? { assigned: position } : {};
}

/** What happened was told with the report that was on its way meanwhile. */
function withoutTold(wanted: WorkerReport, told: WorkerReport): WorkerReport {
  if (wanted.event === undefined || wanted.event !== told.event) return wanted;
  const { event: _event, ...rest } = wanted;
  return rest;
}

/** The pod has a version that is newer than the report, and says something else. */
function isOverwritten({ wanted, taken, takenAt }: PodSide, { pod }: WorkerReport): boolean {
  if (wanted || !taken || takenAt === undefined) return false;
  return Number(pod.metadata.resourceVersion ?? 0) > takenAt && !loop.isStillSaid(pod.status, taken.status);
}

/** The parts of a status that others act on. */
function essence(status: PodStatus): string {
  const containers = [
    ...(status.initContainerStatuses ?? []),
    ...(status.containerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  const conditions = (status.conditions ?? [])
    .filter((c) => c.type === 'Ready' || c.type === 'Initialized')
    .map((c) => c.status);
  return JSON.stringify([
    status.phase,
    status.reason,
    status.observedGeneration,
    conditions,
    containers.map((c) => [c.name, c.state, c.ready, c.restartCount]),
  ]);
}

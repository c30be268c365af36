import type { CommandPort, ReadModel } from '#engine';
import { nodeUser, Recurrences } from '#engine';
import type {
  AssignmentSync,
  Change,
  Command,
  CommandResult,
  Heartbeat,
  IncidentReport,
  KubeObject,
  NodeReport,
  PodReport,
  RegisterRequest,
  ReportAnswer,
  SyncRequest,
  TokenAnswer,
  TokenForPod,
  TokenWish,
  NamedFacts,
  UnloggedQuestion,
} from '#model';
import { isRefusal, kindRef, objectClaim, streamOf } from '#model';
import { podClaims } from '#pod';
import type { Clock, Ids } from '#ports';
import type { Json, JsonObject } from '#std';
import { Fault, isJsonObject, uuidOf } from '#std';
import { Assignments } from './assignments.js';
import { GonePods } from './gone-pods.js';
import { TICK_MS, type Heartbeats } from './heartbeats.js';
import { mergedStatus, replaced } from './merged-status.js';
import { NodeLeases } from './node-leases.js';
import { accountOf, nodeOf, tokensOf } from './pod-tokens.js';
import { registrationProblem } from './node-restriction.js';
import { NumberedChanges, type PublishChange } from './numbered-changes.js';
import { FRESH_MS, catchUp, catchUpOn, causesOf, isOlderThanItsEnd, podOn, withEndKept } from './node-pods.js';
import { FOLLOWED, ReportOrder } from './report-order.js';

export interface HealthOptions {
  readonly reads: ReadModel;
  readonly commands: CommandPort;
  readonly heartbeats: Heartbeats;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly publish: PublishChange;
  /** The network of all pods, which agents are told. */
  readonly podCidr?: string;
  readonly podCidrIpv6?: string | undefined;
  /** Addresses of load balancers that nodes answer for, which agents are told. */
  readonly loadBalancerPool?: string | undefined;
  /** Signs a token for a pod's service account; the claims are made from the pod as the log has it. */
  readonly signToken: (wish: TokenWish) => Promise<TokenAnswer>;
  /** Receives what went wrong for one pod or one node, the 1st, 2nd, 4th, 8th … time; the others go on. */
  readonly onFault?: (what: string, cause: unknown) => void;
}

const nodes = kindRef('core.nodes');
const pods = kindRef('core.pods');
const accounts = kindRef('core.serviceaccounts');

const FIELD_PATH_MAX = 1024;

/**
 * The agents' counterpart: registers nodes, takes heartbeats and reports, hands out assignments. Each message of an agent is
 * a sign of life of its node at the moment it arrives, whatever becomes of it: a report that the full log refuses shows
 * that the node lives, too.
 */
export class Health {
  private readonly faults = new Recurrences();
  private readonly assignments: Assignments;
  private readonly nodeLeases: NodeLeases;
  private readonly changes: NumberedChanges;
  private readonly order: ReportOrder;
  private readonly gonePods = new GonePods();
  private readonly unsubscribe: () => void;
  private cancelTick: () => void = () => undefined;

  constructor(private readonly options: HealthOptions) {
    this.assignments = new Assignments(options.reads.projection, (stream, cause) => this.fault(stream, cause));
    this.changes = new NumberedChanges(options.publish, (what, cause) => this.fault(what, cause));
    this.nodeLeases = new NodeLeases(options.clock);
    this.order = new ReportOrder(options.clock);
    this.unsubscribe = options.reads.onChanges((changes) => this.hand(changes));
    this.tick();
  }

  get clock(): Clock {
    return this.options.clock;
  }

  stop(): void {
    this.unsubscribe();
    this.cancelTick();
  }

  private tick(): void {
    this.options.heartbeats.tick();
    this.cancelTick = this.options.clock.after(TICK_MS, () => this.tick());
  }

  /** A sign of life. Called with each message of a node's agent, before anything else is done with it. */
  hear(node: string): void {
    this.options.heartbeats.note(node);
  }

  heartbeat(beat: Heartbeat): void {
    this.options.heartbeats.beat(beat.node, beat.everyMs);
    this.order.begin(beat.node, beat.boot);
    this.nodeLeases.renew(beat.node);
  }

  /** Answers `query.health.leases`: node leases are no events, so whoever shows them asks here. */
  async leases(question: UnloggedQuestion): Promise<NamedFacts> {
    const answer = await this.nodeLeases.answer(question);
    return { ...answer, position: this.options.reads.projection.position };
  }

  async register(node: string, request: RegisterRequest): Promise<ReportAnswer> {
    this.hear(node);
    const body = request.node;
    const problem = registrationProblem(node, body);
    if (problem !== undefined) return { taken: false, reason: problem };
    this.order.begin(node, request.boot);
    const created = await this.submit(node, {
      verb: 'create',
      kind: nodes.id,
      name: node,
      body: { ...body, status: mergedStatus(undefined, statusOf(body)) } as unknown as Json,
      because: `the agent of ${node} registered it`,
    });
    if (!isRefusal(created)) return { taken: true };
    if (created.reason !== 'AlreadyExists') return { taken: false, reason: created.message };
    return this.registerAgain(node, body);
  }

  async sync(request: SyncRequest): Promise<AssignmentSync> {
    const { reads } = this.options;
    this.hear(request.node);
    this.order.begin(request.node, request.boot);
    await catchUp(reads);
    // No await from here on: set, position and sequence belong together.
    const { position, cluster } = reads.projection;
    const numbers = this.changes.at(request.node, position);
    // Each node asks again and again, and mostly it has everything.
    const { podCidr, podCidrIpv6, loadBalancerPool } = this.options;
    return {
      cluster,
      position,
      ...numbers,
      ...this.assignments.of(request.node, request.held),
      ...(podCidr && { podCidr }),
      ...(podCidrIpv6 && { podCidrIpv6 }),
      ...(loadBalancerPool && { loadBalancerPool }),
    };
  }

  async podReport(node: string, report: PodReport): Promise<ReportAnswer> {
    this.hear(node);
    this.order.begin(node, report.boot);
    const stream = streamOf(pods.id, report.namespace, report.name);
    for (let attempt = 0; attempt < 5; attempt++) {
      await catchUpOn(this.options.reads, node, report);
      // No await from here to the command: status and revision belong together.
      const pod = podOn(this.options.reads.projection, node, report);
      if (!pod) return { taken: false, gone: true, reason: 'no such pod on this node' };
      if (this.order.isOver(node, report.boot)) return FOLLOWED;
      if (!this.order.isNew({ node, boot: report.boot, subject: report.uid, sequence: report.sequence })) {
        // The status was taken; the deletion that follows on it may have been refused.
        if (report.finished) return this.finish(node, pod, report);
        return { taken: true, reason: 'a newer report was taken already' };
      }
      if (isOlderThanItsEnd(pod, report)) return { taken: true, reason: 'the pod has ended' };
      const result = await this.takeReport(node, stream, pod, report);
      if (!isRefusal(result)) {
        this.order.take({ node, boot: report.boot, subject: report.uid, sequence: report.sequence });
        return report.finished ? this.finish(node, pod, report) : { taken: true, position: result.position };
      }
      if (result.reason === 'NotFound') return { taken: false, gone: true, reason: result.message };
      if (result.reason !== 'Stale' && result.reason !== 'Conflict') return { taken: false, reason: result.message };
      await this.options.reads.fresh(FRESH_MS);
    }
    return { taken: false, reason: 'the pod kept changing; report again' };
  }

  async nodeReport(node: string, report: NodeReport): Promise<ReportAnswer> {
    this.hear(node);
    this.order.begin(node, report.boot);
    const { reads } = this.options;
    const stream = streamOf(nodes.id, undefined, node);
    for (let attempt = 0; attempt < 5; attempt++) {
      if (this.order.isOver(node, report.boot)) return FOLLOWED;
      if (!this.order.isNew({ node, boot: report.boot, subject: '', sequence: report.sequence }))
        return { taken: true };
      const current = reads.projection.get(nodes, undefined, node);
      if (!current) return { taken: false, reason: 'the node is not registered' };
      const result = await this.submit(node, {
        verb: 'patch',
        kind: nodes.id,
        name: node,
        subresource: 'status',
        patchType: 'merge',
        body: { status: mergedStatus(statusOf(current), report.status) },
        because: `${node} reported its state`,
        basedOn: [{ stream, revision: reads.projection.stream(stream)?.revision ?? -1 }],
      });
      if (!isRefusal(result)) {
        this.order.take({ node, boot: report.boot, subject: '', sequence: report.sequence });
        return { taken: true };
      }
      if (result.reason !== 'Stale' && result.reason !== 'Conflict') return { taken: false, reason: result.message };
      await reads.fresh(FRESH_MS);
    }
    return { taken: false, reason: 'the node kept changing; report again' };
  }

  async incident(node: string, report: IncidentReport): Promise<ReportAnswer> {
    this.hear(node);
    const object = await this.ownObject(node, report.object);
    if (!object) return { taken: false, gone: true, reason: `what it happened to is not on ${node}` };
    const namespace = object.namespace ?? 'default';
    const { uid, name, fieldPath = '' } = object;
    // What is combined has one row, whatever it says now.
    const words = report.isCombined ? '' : report.message;
    const result = await this.submit(node, {
      verb: 'create',
      kind: 'core.events',
      namespace,
      name,
      uid: uuidOf(`${uid}/${fieldPath}/${report.reason}/${words}`),
      event: { type: 'IncidentRecorded' },
      because: `${node} observed it`,
      body: {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace },
        involvedObject: object as unknown as Json,
        type: report.type,
        reason: report.reason,
        message: report.message,
        count: report.count,
        firstTimestamp: report.first,
        lastTimestamp: report.last,
        source: { component: 'kubelet', host: node },
        reportingComponent: 'kubelet',
        reportingInstance: node,
      },
    });
    return isRefusal(result) ? { taken: false, reason: result.message } : { taken: true };
  }

  /** What the pod's volumes ask for, its node gets: no other account, audience or time. */
  async token(node: string, request: TokenForPod): Promise<TokenAnswer> {
    this.hear(node);
    const { namespace, audience, expirationSeconds } = request;
    const { projection } = this.options.reads;
    const named = { namespace, name: request.pod, uid: request.podUid };
    await catchUpOn(this.options.reads, node, named);
    const pod = podOn(projection, node, named);
    if (!pod) throw new Fault(`pod ${namespace}/${request.pod} is not on ${node}`, false);
    const isAskedFor = tokensOf(pod).some(
      (wanted) => (wanted.audience ?? '') === audience && wanted.expirationSeconds === expirationSeconds,
    );
    if (!isAskedFor) throw new Fault(`no volume of pod ${namespace}/${request.pod} asks for this token`, false);
    const name = accountOf(pod);
    const account = projection.get(accounts, namespace, name);
    if (!account) throw new Fault(`service account ${namespace}/${name} does not exist`, true);
    const audiences = audience === '' ? [] : [audience];
    return this.options.signToken({
      namespace,
      account: objectClaim(account),
      audiences,
      expirationSeconds,
      bound: podClaims(pod, projection),
    });
  }

  /** The object of an incident, by what the log says of it: the node itself, or a pod that is or was a moment ago on it. */
  private async ownObject(
    node: string,
    named: IncidentReport['object'],
  ): Promise<IncidentReport['object'] | undefined> {
    const { kind, namespace, name, uid, fieldPath } = named;
    if (![kind, name, uid].every((text) => typeof text === 'string')) return undefined;
    if (kind === 'Node' && name === node) return { apiVersion: 'v1', kind, name, uid: node };
    if (kind !== 'Pod' || typeof namespace !== 'string') return undefined;
    const isGone = (): boolean => this.gonePods.has({ node, namespace, name, uid });
    if (!isGone()) await catchUpOn(this.options.reads, node, { namespace, name, uid });
    const isHere = podOn(this.options.reads.projection, node, { namespace, name, uid }) !== undefined;
    if (!isHere && !isGone()) return undefined;
    const isPath = typeof fieldPath === 'string' && fieldPath.length <= FIELD_PATH_MAX;
    return { apiVersion: 'v1', kind, namespace, name, uid, ...(isPath && { fieldPath }) };
  }

  private async registerAgain(node: string, body: KubeObject): Promise<ReportAnswer> {
    const current = this.options.reads.projection.get(nodes, undefined, node);
    const labels = await this.submit(node, {
      verb: 'patch',
      kind: nodes.id,
      name: node,
      patchType: 'merge',
      body: { metadata: { labels: body.metadata.labels ?? {} } },
      because: `the agent of ${node} started`,
    });
    if (isRefusal(labels)) return { taken: false, reason: labels.message };
    const status = await this.submit(node, {
      verb: 'patch',
      kind: nodes.id,
      name: node,
      subresource: 'status',
      patchType: 'merge',
      body: { status: mergedStatus(current && statusOf(current), statusOf(body)) },
      because: `the agent of ${node} started`,
    });
    return isRefusal(status) ? { taken: false, reason: status.message } : { taken: true };
  }

  private takeReport(node: string, stream: string, pod: KubeObject, report: PodReport): Promise<CommandResult> {
    return this.submit(node, {
      verb: 'patch',
      kind: pods.id,
      namespace: report.namespace,
      name: report.name,
      subresource: 'status',
      patchType: 'merge',
      // The agent's status is whole: what it leaves out is gone, but for what others keep there.
      body: { status: replaced(statusOf(pod), mergedStatus(statusOf(pod), withEndKept(pod, report.status))) },
      ...(report.event && { event: report.event }),
      because: `${node} reported the pod's state`,
      ...causesOf(report, this.options.reads),
      basedOn: [{ stream, revision: this.options.reads.projection.stream(stream)?.revision ?? -1 }],
    });
  }

  /** Every container has stopped: the object may go, if it was to be deleted at all. */
  private async finish(node: string, pod: KubeObject, report: PodReport): Promise<ReportAnswer> {
    if (!pod.metadata.deletionTimestamp) return { taken: true };
    const result = await this.submit(node, {
      verb: 'delete',
      kind: pods.id,
      namespace: report.namespace,
      name: report.name,
      body: { gracePeriodSeconds: 0, preconditions: { uid: report.uid } },
      because: `${node} has stopped every container of the pod`,
      ...causesOf(report, this.options.reads),
    });
    return isRefusal(result) && result.reason !== 'NotFound'
      ? { taken: false, reason: result.message }
      : { taken: true };
  }

  private hand(changes: readonly Change[]): void {
    for (const change of changes) this.forgetGone(change);
    const { cluster, position } = this.options.reads.projection;
    this.changes.send(this.assignments.take(changes), { cluster, position });
  }

  private fault(what: string, cause: unknown): void {
    if (this.faults.add(what)) this.options.onFault?.(what, cause);
  }

  /** What was kept of pods and nodes that are no more. */
  private forgetGone({ kind, before, after }: Change): void {
    if (!before || before.metadata.uid === after?.metadata.uid) return;
    if (kind === pods.id) {
      const node = nodeOf(before);
      if (node === undefined) return;
      const { namespace = '', name, uid } = before.metadata;
      this.order.forgetSubject(node, uid);
      this.gonePods.add({ node, namespace, name, uid });
    }
    if (kind === nodes.id && !after) {
      this.order.forgetNode(before.metadata.name);
      this.changes.forget(before.metadata.name);
      this.nodeLeases.forget(before.metadata.name);
    }
  }

  private submit(node: string, command: HealthCommand): Promise<CommandResult> {
    return this.options.commands.submit({
      apiVersion: 'v1',
      options: { fieldManager: 'kubelet' },
      actor: nodeUser(node),
      via: 'health',
      correlationId: this.options.ids.uid(),
      ...command,
    });
  }
}

type HealthCommand = Pick<Command, 'verb' | 'kind' | 'name' | 'because'> & Partial<Command>;

function statusOf(object: KubeObject): JsonObject {
  const status = (object as { status?: Json }).status;
  return isJsonObject(status) ? status : {};
}

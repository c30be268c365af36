import { groupOf, versionOf } from '#meta';
import { builtinKinds, createRegistry, namespaces, registry } from '#kinds';
import {
  answersOf,
  applyDefaults,
  CREATED,
  decideCommand,
  isQuestions,
  isRefusal,
  isUndecided,
  kindOfStream,
  RecordedOutside,
  streamOf,
  submitsOf,
  type Answer,
  type Change,
  type Command,
  type Decision,
  type KindId,
  type KindRef,
  type KubeObject,
  type Loop,
  type LoopRefusal,
  type OutsideFacts,
  type Question,
  type Refusal,
  type Submit,
} from '#model';
import { TestView } from '#model/testing';
import { isJsonObject, toEventTime, toTime, uuidOf, type Instant, type Json, type JsonObject } from '#std';
import { requireRole } from './roles.js';

export const NOW: Instant = Date.UTC(2026, 0, 1, 12);

/** What a reconcile asked for, with the revisions it was decided on. */
export interface Batch {
  readonly loop: Loop;
  readonly key: string;
  readonly decisions: readonly Decision[];
  readonly revisions: ReadonlyMap<string, number>;
}

/** What a submit rests on: revisions that were looked at, and streams that the submits wrote which it follows on. */
interface Rests {
  readonly revisions: ReadonlyMap<string, number>;
  readonly written: readonly string[];
}

type Wish = Pick<Command, 'kind' | 'verb' | 'name'> & Partial<Command>;

/** A cluster for specs of loops: the writer and the runner in the fewest lines, without defaults, validation or a log. */
export class TestCluster {
  readonly view = new TestView(registry);
  readonly refused: LoopRefusal[] = [];
  now: Instant = NOW;
  /** Refuses what it names: a quota, a missing account. */
  refuse: (submit: Submit) => string | undefined = () => undefined;
  /** What those say whom decisions ask. */
  answer: ((question: Question) => Answer) | undefined;
  /** Called after every change. */
  onChange: (change: Change) => void = () => undefined;
  private readonly queue = new Map<string, { loop: Loop; key: string }>();
  private readonly wakes = new Map<string, { loop: Loop; key: string; at: Instant }>();
  private readonly refusals = new Map<string, LoopRefusal[]>();
  private position = 0;
  private uids = 0;

  constructor(
    readonly loops: readonly Loop[],
    readonly outside: OutsideFacts = {},
  ) {
    this.giveNamespace('default');
    for (const loop of loops) for (const key of loop.keysAtStart(this.view)) this.enqueue(loop, key);
  }
  /** What is created needs a namespace with an account. No loop hears of these. */
  private giveNamespace(name: string): void {
    if (this.view.stream(streamOf(namespaces.id, undefined, name))) return;
    this.view.put({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, uid: `namespace-${name}` },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    this.view.put({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: name, uid: `account-${name}` },
    });
  }

  // ---- what people and nodes do

  put<T extends KubeObject>(
    object: Omit<T, 'metadata'> & { readonly metadata: Partial<T['metadata']> & { readonly name: string } },
  ): T {
    const { metadata } = object;
    if (metadata.namespace !== undefined) this.giveNamespace(metadata.namespace);
    const given = {
      ...object,
      metadata: {
        uid: uuidOf(`${this.view.position} ${metadata.name}`),
        generation: 1,
        creationTimestamp: toTime(this.now),
        ...metadata,
      },
    } as unknown as T;
    const born = {
      ...this.defaulted(given),
      metadata: given.metadata,
      ...('status' in object && { status: object['status'] }),
    } as T;
    this.append(streamFor(born), CREATED, { object: born } as unknown as JsonObject);
    return born;
  }
  /** With the defaults of its kind: a spec may say less of an object than a client has to. */
  private defaulted(object: KubeObject): KubeObject {
    const kind = kindIdOf(object);
    const { namespace, name, uid } = object.metadata;
    const command: Command = {
      ...{ verb: 'create', kind, name, apiVersion: object.apiVersion, body: object as unknown as Json, options: {} },
      ...(namespace !== undefined && { namespace }),
      ...{ actor: { name: 'kubernetes-admin', groups: ['system:masters'] }, via: 'test', correlationId: uid },
    };
    const decided = decideCommand(withoutAdmission, command, new TestView(registry), { now: this.now, uid });
    const schema = registry.byId(kind)?.schema;
    if (isUndecided(decided)) return schema ? (applyDefaults(schema, object) as KubeObject) : object;
    return decided.object;
  }
  /** What a person patches: of a status by its subresource, of the node of a pod as the scheduler binds it. */
  edit(ref: KindRef, namespace: string | undefined, name: string, patch: JsonObject): void {
    const { status, ...rest } = patch;
    const { nodeName, ...spec } = isJsonObject(rest['spec']) ? rest['spec'] : {};
    if (typeof nodeName === 'string') this.bind(ref, namespace, name, nodeName);
    const { spec: _, ...others } = rest;
    const body = Object.keys(spec).length > 0 ? { ...others, spec } : others;
    const target = { kind: ref.id, name, ...(namespace !== undefined && { namespace }) };
    if (Object.keys(body).length > 0) this.wish({ ...target, verb: 'patch', patchType: 'merge', body });
    if (status !== undefined)
      this.wish({ ...target, verb: 'patch', patchType: 'merge', subresource: 'status', body: { status } });
  }
  private bind(ref: KindRef, namespace = 'default', name: string, node: string): void {
    const now = this.view.get(ref, namespace, name)?.['spec'] as { nodeName?: string } | undefined;
    if (now?.nodeName === node) return;
    const body = { metadata: { name, namespace }, target: { kind: 'Node', name: node } };
    this.wish({ kind: ref.id, name, namespace, verb: 'create', subresource: 'binding', body });
  }
  /** Deletes as a person does. What has finalizers, and a pod on a node, is marked and waits for others. */
  delete(object: KubeObject, propagationPolicy?: string): void {
    this.wish({ ...targetOf(object), verb: 'delete', body: { ...(propagationPolicy && { propagationPolicy }) } });
  }
  /** The last step of what was waited for: a kubelet has stopped the pod. */
  gone(object: KubeObject): void {
    this.wish({ ...targetOf(object), verb: 'delete', body: { gracePeriodSeconds: 0 } });
  }
  /** Asks for the eviction of a pod, as a drain does; what it is refused for. */
  evict(ref: KindRef, namespace: string, name: string): Refusal | undefined {
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } };
    return this.ask({ kind: ref.id, namespace, name, verb: 'create', subresource: 'eviction', body });
  }
  /** A command of a person who may do everything; a refusal is a mistake of the spec. */
  private wish(wish: Wish): void {
    const refusal = this.ask(wish);
    if (refusal) throw new Error(`${wish.verb} ${wish.kind} ${wish.name}: ${refusal.code} ${refusal.message}`);
  }
  private ask(wish: Wish): Refusal | undefined {
    return this.command({
      ...{ apiVersion: apiVersionOf(wish.kind), options: {}, correlationId: `command-${this.uids}`, via: 'test' },
      ...{ actor: { name: 'kubernetes-admin', groups: ['system:masters'] }, ...wish },
    });
  }

  // ---- the runner

  decide(loop: Loop, key: string): Batch {
    const refusals = this.refusals.get(`${loop.name} ${key}`);
    const outside = new RecordedOutside({ ...this.outside, ...(refusals && { refusals }) });
    const decisions = loop.reconcile(this.view, key, this.now, outside);
    const revisions = new Map<string, number>();
    for (const { basedOn = [] } of submitsOf(decisions))
      for (const stream of basedOn) revisions.set(stream, this.view.stream(stream)?.revision ?? -1);
    return { loop, key, decisions, revisions };
  }
  carryOut({ loop, key, decisions, revisions }: Batch): void {
    const refused: LoopRefusal[] = [];
    for (const decision of decisions) {
      if (decision.is === 'wake') this.wake({ loop, key, at: decision.at });
      if (decision.is === 'submit') this.submit(loop, decision, { revisions, written: [] }, refused);
      if (decision.is === 'submit') requireRole(loop, decision);
    }
    this.refused.push(...refused);
    if (refused.length > 0) {
      this.refusals.set(`${loop.name} ${key}`, refused);
      this.enqueue(loop, key);
    } else this.refusals.delete(`${loop.name} ${key}`);
  }
  /** As the runner does: the earliest of a key's wakes counts. */
  private wake(wake: { loop: Loop; key: string; at: Instant }): void {
    const name = `${wake.loop.name} ${wake.key}`;
    const planned = this.wakes.get(name);
    if (!planned || wake.at < planned.at) this.wakes.set(name, wake);
  }
  /** The next key to look at, in the order of arrival; undefined when all is quiet. */
  next(): { loop: Loop; key: string } | undefined {
    for (const [name, entry] of this.queue) {
      this.queue.delete(name);
      return entry;
    }
    return undefined;
  }
  pending(): readonly { loop: Loop; key: string }[] {
    return [...this.queue.values()];
  }
  take(entry: { loop: Loop; key: string }): void {
    this.queue.delete(`${entry.loop.name} ${entry.key}`);
  }
  /** Lets the loops work until nothing is left to do at this moment. */
  settle(rounds = 500): this {
    for (let i = 0; i < rounds; i++) {
      const next = this.next();
      if (!next) return this;
      this.carryOut(this.decide(next.loop, next.key));
    }
    const pending = this.pending().map(({ loop, key }) => `${loop.name} ${key}`);
    const refused = this.refused.slice(-3).map(({ message }) => message);
    throw new Error([`the loops do not come to rest: ${pending.join(', ')}`, ...refused].join('\n'));
  }
  /** Time passes; loops that asked to be woken by then are. */
  pass(ms: number): this {
    this.now += ms;
    for (const [name, wake] of this.wakes) {
      if (wake.at > this.now) continue;
      this.wakes.delete(name);
      this.enqueue(wake.loop, wake.key);
    }
    return this.settle();
  }
  get nextWake(): Instant | undefined {
    const moments = [...this.wakes.values()].map((wake) => wake.at);
    return moments.length > 0 ? Math.min(...moments) : undefined;
  }

  // ---- the writer

  private submit(loop: Loop, submit: Submit, rests: Rests, refused: LoopRefusal[]): void {
    const refusal = this.carry(loop, submit, rests);
    if (refusal) {
      const { verb, kind, name } = submit.command;
      const { code, reason, message } = refusal;
      refused.push({ verb, kind, name, code, reason, message });
      return;
    }
    const { kind, namespace, name } = submit.command;
    const written = [...rests.written, streamOf(kind, namespace, name)];
    for (const next of submit.then ?? []) this.submit(loop, next, { ...rests, written }, refused);
  }
  private carry(loop: Loop, submit: Submit, { revisions, written }: Rests): Refusal | undefined {
    for (const stream of submit.basedOn ?? []) {
      const own = written.filter((one) => one === stream).length;
      if ((this.view.stream(stream)?.revision ?? -1) !== (revisions.get(stream) ?? -1) + own) return STALE;
    }
    const why = this.refuse(submit);
    if (why !== undefined) return { refused: true, code: 403, reason: 'Forbidden', message: why };
    return this.command({
      apiVersion: 'v1',
      options: {},
      actor: { name: `system:serviceaccount:kube-system:${loop.account}`, groups: [] },
      via: loop.name,
      correlationId: `command-${this.uids}`,
      ...submit.command,
    });
  }
  /** Decides a command as the writer does, and appends what was decided. */
  private command(command: Command, isAdmitted = false): Refusal | undefined {
    const uid = command.uid ?? uuidOf(`object ${this.uids++}`);
    const given = { now: this.now, uid, isAdmitted };
    let decided = decideCommand(registry, command, this.view, given);
    const { answer } = this;
    if (answer && !isRefusal(decided) && isQuestions(decided)) {
      const answered = decided.questions.map((question) => ({ question, answer: answer(question) }));
      decided = decideCommand(registry, command, this.view, { ...given, answers: answersOf(answered) });
    }
    if (isRefusal(decided)) return decided;
    if (isUndecided(decided)) throw new Error('nobody answers what is asked here, and no loop creates reviews');
    const { event, object, name, then = [] } = decided;
    if (event) this.append(streamOf(command.kind, object.metadata.namespace, name), event.type, event.data);
    for (const next of then) {
      const refusal = this.command(next, true);
      if (refusal) return refusal;
    }
    return undefined;
  }

  private append(stream: string, type: string, data: JsonObject): void {
    const before = this.view.stream(stream)?.object;
    this.view.append(stream, type, data, { time: toEventTime(this.now) });
    const after = this.view.stream(stream)?.object;
    const change: Change = { kind: kindOfStream(stream), position: ++this.position, before, after };
    for (const loop of this.loops) for (const key of loop.keysOf(change, this.view)) this.enqueue(loop, key);
    this.onChange(change);
  }
  private enqueue(loop: Loop, key: string): void {
    const name = `${loop.name} ${key}`;
    if (!this.queue.has(name)) this.queue.set(name, { loop, key });
  }
}

const withoutAdmission = createRegistry(builtinKinds);
const STALE: Refusal = { refused: true, code: 409, reason: 'Stale', message: 'what it was decided on has moved' };

function streamFor(object: KubeObject): string {
  return streamOf(kindIdOf(object), object.metadata.namespace, object.metadata.name);
}
function kindIdOf({ apiVersion, kind }: KubeObject): KindId {
  const found = registry.byKind(groupOf(apiVersion), versionOf(apiVersion), kind);
  if (!found) throw new Error(`no kind is ${kind} of ${apiVersion}`);
  return found.id;
}
function targetOf(object: KubeObject): Pick<Command, 'kind' | 'name' | 'namespace'> {
  const { namespace, name } = object.metadata;
  return { kind: kindIdOf(object), name, ...(namespace !== undefined && { namespace }) };
}
function apiVersionOf(kind: KindId): string {
  const { group = '', version = '' } = registry.byId(kind)?.names ?? {};
  return group === '' ? version : `${group}/${version}`;
}

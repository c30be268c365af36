import { applyMergePatch } from '#meta';
import { accessPolicy, bootstrapObjects, registry } from '#kinds';
import {
  RecordedOutside,
  objectsByUid,
  streamOf,
  type Change,
  type Decision,
  type KindRef,
  type KubeObject,
  type Loop,
  type LoopRefusal,
  type OutsideFacts,
  type Submit,
} from '#model';
import { TestView } from '#model/testing';
import { isJsonObject, jsonEquals, toEventTime, toTime, uuidOf, type Instant, type JsonObject } from '#std';

export const NOW: Instant = Date.UTC(2026, 0, 1, 12);

/** What a reconcile asked for, with the revisions it was decided on. */
export interface Batch {
  readonly loop: Loop;
  readonly key: string;
  readonly decisions: readonly Decision[];
  readonly revisions: ReadonlyMap<string, number>;
}

/** A cluster for specs of loops: the writer and the runner in the fewest lines, without defaults, validation or a log. */
export class TestCluster {
  readonly view = new TestView();
  readonly refused: LoopRefusal[] = [];
  now: Instant = NOW;
  /** Refuses what it names: a quota, a missing account. */
  refuse: (submit: Submit) => string | undefined = () => undefined;
  /** Called after every change. */
  onChange: (change: Change) => void = () => undefined;
  private readonly queue = new Map<string, { loop: Loop; key: string }>();
  private readonly wakes = new Map<string, { loop: Loop; key: string; at: Instant }>();
  private readonly refusals = new Map<string, LoopRefusal[]>();
  private position = 0;
  private rows = 1000;

  constructor(
    readonly loops: readonly Loop[],
    readonly outside: OutsideFacts = {},
  ) {
    for (const loop of loops) for (const key of loop.keysAtStart(this.view)) this.enqueue(loop, key);
  }

  // ---- what people and nodes do

  put<T extends KubeObject>(
    object: Omit<T, 'metadata'> & { readonly metadata: Partial<T['metadata']> & { readonly name: string } },
  ): T {
    const { metadata } = object;
    const born = {
      ...object,
      metadata: {
        uid: uuidOf(`${this.view.position} ${metadata.name}`),
        generation: 1,
        creationTimestamp: toTime(this.now),
        ...metadata,
      },
    } as unknown as T;
    this.write(born);
    return born;
  }
  edit(ref: KindRef, namespace: string | undefined, name: string, patch: JsonObject): void {
    const object = this.view.get(ref, namespace, name);
    if (object) this.write(patched(object, patch));
  }
  /** Deletes as the API does: at once, or by a mark that somebody else has to act on. */
  delete(object: KubeObject, policy?: string): void {
    const keeps = policy === 'Foreground' ? ['foregroundDeletion'] : policy === 'Orphan' ? ['orphan'] : [];
    const finalizers = [...new Set([...(object.metadata.finalizers ?? []), ...keeps])];
    const isPlaced =
      object.kind === 'Pod' && (object['spec'] as { nodeName?: string } | undefined)?.nodeName !== undefined;
    const waits = finalizers.length > 0 || isPlaced || object.kind === 'Namespace';
    if (!waits) this.write(object, true);
    else if (object.metadata.deletionTimestamp === undefined || keeps.length > 0) {
      this.write({
        ...object,
        metadata: {
          ...object.metadata,
          ...(finalizers.length > 0 && { finalizers }),
          deletionTimestamp: toTime(this.now),
        },
      });
    }
  }
  gone(object: KubeObject): void {
    this.write(object, true);
  }

  // ---- the runner

  decide(loop: Loop, key: string): Batch {
    const refusals = this.refusals.get(`${loop.name} ${key}`);
    const outside = new RecordedOutside({ ...this.outside, ...(refusals && { refusals }) });
    const decisions = loop.reconcile(this.view, key, this.now, outside);
    const revisions = new Map<string, number>();
    for (const decision of decisions) {
      if (decision.is !== 'submit') continue;
      for (const stream of decision.basedOn ?? []) revisions.set(stream, this.view.stream(stream)?.revision ?? -1);
    }
    return { loop, key, decisions, revisions };
  }
  carryOut({ loop, key, decisions, revisions }: Batch): void {
    const refused: LoopRefusal[] = [];
    for (const decision of decisions) {
      if (decision.is === 'wake') this.wake({ loop, key, at: decision.at });
      if (decision.is === 'submit') this.submit(decision, revisions, refused);
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
    throw new Error(
      `the loops do not come to rest: ${this.pending()
        .map(({ loop, key }) => `${loop.name} ${key}`)
        .join(', ')}`,
    );
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

  private submit(submit: Submit, revisions: ReadonlyMap<string, number>, refused: LoopRefusal[]): void {
    const reason = this.carry(submit, revisions);
    if (reason !== undefined) {
      const { verb, kind, name } = submit.command;
      const race = reason === 'Stale' || reason === 'AlreadyExists' || reason === 'NotFound';
      refused.push({ verb, kind, name, code: 409, reason: race ? reason : 'Forbidden', message: reason });
      return;
    }
    for (const next of submit.then ?? []) this.submit(next, revisions, refused);
  }
  private carry(submit: Submit, revisions: ReadonlyMap<string, number>): string | undefined {
    const { command } = submit;
    for (const stream of submit.basedOn ?? []) {
      if ((this.view.stream(stream)?.revision ?? -1) !== revisions.get(stream)) return 'Stale';
    }
    const refused = this.refuse(submit);
    if (refused !== undefined) return refused;
    const isIncident = command.event?.type === 'IncidentRecorded';
    const known = isIncident
      ? this.view.by(objectsByUid, command.uid ?? '')[0]
      : this.view.get({ id: command.kind }, command.namespace, command.name);
    if (command.verb === 'create') {
      if (known && !isIncident) return 'AlreadyExists';
      const body = command.body as unknown as KubeObject;
      // As the kind names the rows of incidents: in the order in which they came.
      const name = known?.metadata.name ?? (isIncident ? `${command.name}.${this.rows++}` : body.metadata.name);
      this.put({ ...body, metadata: { ...body.metadata, name, ...(command.uid && { uid: command.uid }) } });
      return undefined;
    }
    if (!known) return 'NotFound';
    if (command.verb === 'patch' && isJsonObject(command.body)) this.write(patched(known, command.body));
    else if (command.verb === 'update' && isJsonObject(command.body)) this.write(patched(known, command.body));
    else if (command.verb === 'delete') {
      const options = isJsonObject(command.body) ? command.body : {};
      if (options['gracePeriodSeconds'] === 0 && !known.metadata.finalizers?.length) this.write(known, true);
      else
        this.delete(known, typeof options['propagationPolicy'] === 'string' ? options['propagationPolicy'] : undefined);
    }
    return undefined;
  }

  private write(object: KubeObject, gone = false): void {
    const before = this.view.stream(streamFor(object))?.object;
    const isLetGo =
      isFinalized(object) &&
      registry.all.every(({ ref, names }) => !names.namespaced || !this.view.list(ref, object.metadata.name).length);
    if (!gone && !isLetGo && before && jsonEquals(without(before), without(object))) return;
    const { deletionTimestamp, finalizers } = object.metadata;
    const isEnding =
      before !== undefined &&
      deletionTimestamp !== undefined &&
      before.metadata.finalizers !== undefined &&
      !finalizers?.length;
    const isFinal = gone || (isEnding && object.kind !== 'Pod') || isLetGo;
    const stream = streamFor(object);
    const time = { time: toEventTime(this.now) };
    if (isFinal) this.view.append(stream, 'Deleted', { uid: object.metadata.uid }, time);
    else
      this.view.append(
        stream,
        before ? 'SpecChanged' : 'Created',
        { object: without(object) } as unknown as JsonObject,
        time,
      );
    const after = this.view.stream(stream)?.object;
    const kind = stream.slice(0, stream.indexOf('/'));
    const change: Change = { kind, position: ++this.position, before, after };
    for (const loop of this.loops) for (const key of loop.keysOf(change, this.view)) this.enqueue(loop, key);
    this.onChange(change);
  }
  private enqueue(loop: Loop, key: string): void {
    const name = `${loop.name} ${key}`;
    if (!this.queue.has(name)) this.queue.set(name, { loop, key });
  }
}

const roles = new TestView(registry);
for (const object of bootstrapObjects) roles.put(object as unknown as KubeObject);

/** The role of a loop's account covers everything that the loop asks for, what follows on it included. */
function requireRole(loop: Loop, { command, then = [] }: Submit): void {
  const { verb, namespace = '', subresource = '', name } = command;
  const names = registry.byId(command.kind)?.names;
  const { group = '', version = '', plural = '' } = names ?? {};
  if (loop.account === 'system:apiserver') return;
  const who = loop.account.startsWith('system:') ? loop.account : `system:serviceaccount:kube-system:${loop.account}`;
  const user = { name: who, groups: [] };
  const asked = { verb, isResource: true, path: '', group, version, namespace, resource: plural, subresource, name };
  if (!accessPolicy.authorize(user, asked, roles).allowed)
    throw new Error(`the role of ${loop.account} does not let ${loop.name} ${verb} ${command.kind} ${subresource}`);
  for (const next of then) requireRole(loop, next);
}

function isFinalized(object: KubeObject): boolean {
  const spec = object['spec'] as { finalizers?: readonly string[] } | undefined;
  return (
    object.kind === 'Namespace' && object.metadata.deletionTimestamp !== undefined && spec?.finalizers?.length === 0
  );
}

function patched(object: KubeObject, patch: JsonObject): KubeObject {
  const result = applyMergePatch(without(object) as unknown as JsonObject, patch);
  if (!result.ok) throw new Error('a patch that cannot be applied');
  const next = result.value as unknown as KubeObject;
  if (jsonEquals(next['spec'], object['spec'])) return next;
  return { ...next, metadata: { ...next.metadata, generation: (object.metadata.generation ?? 0) + 1 } };
}
function without(object: KubeObject): KubeObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

const PLURALS: Readonly<Record<string, string>> = {
  EndpointSlice: 'discovery.k8s.io.endpointslices',
  Endpoints: 'core.endpoints',
  ReplicaSet: 'apps.replicasets',
  Deployment: 'apps.deployments',
};
function streamFor(object: KubeObject): string {
  const id = PLURALS[object.kind] ?? `core.${object.kind.toLowerCase()}s`;
  return streamOf(id, object.metadata.namespace, object.metadata.name);
}
